//! Every Rust file begins by saying what it is for.

use super::Report;
use crate::tree::Tree;

pub(super) fn check(tree: &Tree) -> Report {
    let mut report = Report::default();
    for (file, text) in tree.with_extension("rs") {
        if !text.starts_with("//!") {
            report.find(&file.path, 1, "begin with `//!`: what the module answers");
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_head_is_found() {
        let tree = Tree::of(&[
            ("crates/model/src/lib.rs", "//! The words of the field.\n"),
            ("crates/model/src/money.rs", "\n//! Late.\n"),
            ("crates/model/src/month.rs", ""),
            ("docs/STYLE.md", "# Style\n"),
        ]);
        assert_eq!(check(&tree).places(), ["crates/model/src/money.rs:1", "crates/model/src/month.rs:1"]);
    }
}
