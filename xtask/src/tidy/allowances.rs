//! A lint is expected with a reason, which ends when its cause does; never allowed.

use super::Report;
use crate::source::numbered;
use crate::tree::Tree;

const BEGINNINGS: &[&str] = &["#[allow(", "#![allow("];

pub(super) fn check(tree: &Tree) -> Report {
    let mut report = Report::default();
    for (file, source) in tree.rust() {
        for (number, line) in numbered(&source.code) {
            if BEGINNINGS.iter().any(|beginning| line.contains(beginning)) {
                let message = "write `#[expect(lint, reason = \"...\")]`";
                report.find(&file.path, number, message);
            }
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowances_are_found() {
        let tree = Tree::of(&[(
            "a.rs",
            "#![allow(missing_docs)]\n#[allow(dead_code)]\nfn a() {}\n// #[allow(b)]\n\
             #[expect(dead_code, reason = \"read by the debugger\")]\nfn c() {}\n",
        )]);
        assert_eq!(check(&tree).places(), ["a.rs:1", "a.rs:2"]);
    }
}
