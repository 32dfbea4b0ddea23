//! Which platform's bill a file is, by content alone.
//!
//! What the beginning shows is enough for text; of a spreadsheet or an archive the whole file is needed, whose table of parts
//! stands at its end. A bill in an archive with a password can't be told from any other: its reason says so.

use std::io::BufReader;

use super::header::Header;
use super::text::Text;
use super::{Platform, source};
use crate::file::{Bytes, DeliveryFile};

/// Why `head`, the first bytes of a file, is a bill of the platform, in one phrase; `None` if it does not show that.
pub(in crate::layouts) fn recognise(platform: &'static Platform, head: &[u8]) -> Option<String> {
    if source::is_archive(head) {
        return None;
    }
    reason(platform, &[source::beginning(head)?])
}

/// Why a file is a bill of the platform, in one phrase: also of spreadsheets and archives without a password.
pub(in crate::layouts) fn recognise_file(platform: &'static Platform, file: &dyn DeliveryFile) -> Option<String> {
    let mut head = [0; 4];
    let read = file.read_at(0, &mut head).ok()?;
    if !source::is_archive(head.get(..read)?) || file.length().ok()? > source::BILL_BYTES_MAX {
        return None;
    }
    let texts = source::open(&mut BufReader::new(Bytes::new(file)), None).ok()?;
    reason(platform, &texts)
}

/// The heading row decides; a title confirms, and is told if it is there.
fn reason(platform: &'static Platform, texts: &[Text]) -> Option<String> {
    texts.iter().find_map(|text| {
        let header = Header::find(text, platform).ok()?;
        let title = platform.titles.iter().find(|title| has_before(text, header.start, title));
        let columns: Vec<_> = platform.required.iter().map(|column| format!("`{}`", header.name(*column))).collect();
        let columns = format!("a heading row with {}", columns.join(", "));
        Some(match title {
            Some(title) => format!("`{title}`, and {columns}"),
            None => columns,
        })
    })
}

/// Whether a word stands before the heading row.
fn has_before(text: &Text, end: usize, word: &str) -> bool {
    let mut at = text.start;
    while at < end
        && let Some(line) = text.line(at)
    {
        if text.decode(line.raw).is_ok_and(|line| line.contains(word)) {
            return true;
        }
        at = line.next;
    }
    false
}
