//! Finds a heading row by some of its columns, in text of either encoding that bills come in.

use std::borrow::Cow;

/// The heading stands within so many lines.
const LINES_MAX: usize = 100;

/// Why the beginning of a file has a line with all these `columns`; `None` if it has none.
pub(super) fn line_with(head: &[u8], columns: &[&str]) -> Option<String> {
    let text = decoded(head);
    let has = |line: &str, column: &&str| {
        line.split(',').any(|cell| cell.trim_matches(['"', ' ', '\t', '\r', '\u{feff}']) == *column)
    };
    let line = text.lines().take(LINES_MAX).position(|line| columns.iter().all(|column| has(line, column)))?;
    let (last, before) = columns.split_last()?;
    let before: Vec<_> = before.iter().map(|column| format!("`{column}`")).collect();
    Some(format!("line {} is a heading with {} and `{last}`", line + 1, before.join(", ")))
}

fn decoded(head: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(head) {
        Ok(text) => Cow::Borrowed(text),
        // The head may end within a character.
        Err(error) if error.error_len().is_none() => {
            String::from_utf8_lossy(head.get(..error.valid_up_to()).unwrap_or_default())
        }
        Err(_) => encoding_rs::GB18030.decode_without_bom_handling(head).0,
    }
}
