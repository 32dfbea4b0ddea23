//! A file fits in a reader's head.

use super::Report;
use crate::tree::Tree;

const LINES_MAX: usize = 900;
const LINES_NOTED: usize = 600;

pub(super) fn check(tree: &Tree) -> Report {
    let mut report = Report::default();
    for (file, text) in tree.with_extension("rs") {
        let lines = text.lines().count();
        if lines > LINES_MAX {
            let message = format!("{lines} lines, at most {LINES_MAX}: split it by what it answers");
            report.find(&file.path, lines, message);
        } else if lines > LINES_NOTED {
            let message = format!("{lines} lines; at {LINES_MAX} it has to be split");
            report.note(&file.path, lines, message);
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_noted_and_too_long_ones_found() {
        let lines = |count: usize| "fn a() {}\n".repeat(count);
        let texts = [lines(600), lines(601), lines(900), lines(901)];
        let [at_note, noted, at_most, too_long] = texts.each_ref().map(String::as_str);
        let tree =
            Tree::of(&[("a.rs", at_note), ("b.rs", noted), ("c.rs", at_most), ("d.rs", too_long), ("e.md", too_long)]);
        let report = check(&tree);
        assert_eq!(report.places(), ["d.rs:901"]);
        let notes: Vec<&str> = report.notes.iter().map(|note| note.path.as_str()).collect();
        assert_eq!(notes, ["b.rs", "c.rs"]);
    }
}
