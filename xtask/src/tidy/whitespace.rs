//! No tabs and no trailing blanks in Rust and TOML, where no one sees them.

use super::Report;
use crate::source::numbered;
use crate::tree::Tree;

pub(super) fn check(tree: &Tree) -> Report {
    let mut report = Report::default();
    let rust = tree.with_extension("rs");
    for (file, text) in rust.chain(tree.with_extension("toml")) {
        for (number, line) in numbered(text) {
            if line.contains('\t') {
                report.find(&file.path, number, "a tab; write `\\t` in a literal");
            } else if line.trim_end() != line {
                report.find(&file.path, number, "a blank at the end of the line");
            }
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_that_no_one_sees_are_found() {
        let tree = Tree::of(&[
            ("a.rs", "fn a() {}\n\tfn b() {}\nfn c() {} \n"),
            ("b.toml", "a = 1  \n"),
            ("c.md", "two blanks break a line  \n"),
        ]);
        assert_eq!(check(&tree).places(), ["a.rs:2", "a.rs:3", "b.toml:1"]);
    }
}
