//! No unfinished places: no marks to come back to, no macros that stand for code.

use super::Report;
use crate::source::{calls_macro, numbered, words};
use crate::tree::Tree;

const MARKS: &[&str] = &["TODO", "FIXME", "XXX"];
const MACROS: &[&str] = &["todo", "unimplemented"];

pub(super) fn check(tree: &Tree) -> Report {
    let mut report = Report::default();
    for (file, source) in tree.rust() {
        for (number, line) in numbered(&source.prose) {
            for mark in words(line).filter(|word| MARKS.contains(word)) {
                report.find(&file.path, number, format!("`{mark}`: finish it, or file it"));
            }
        }
        for (number, line) in numbered(&source.code) {
            for name in MACROS.iter().filter(|name| calls_macro(line, name)) {
                report.find(&file.path, number, format!("`{name}!` stands for code"));
            }
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_stand_ins_are_found() {
        let tree = Tree::of(&[(
            "a.rs",
            "// TODO: later\n/* FIXME */\nlet a = \"XXX\"; // no currency\n// XXXL\n\
             fn b() { todo!() }\nfn c() { unimplemented!(\"d\") }\n",
        )]);
        assert_eq!(check(&tree).places(), ["a.rs:1", "a.rs:2", "a.rs:5", "a.rs:6"]);
    }
}
