//! Nothing is copied from beside the checkout: those files have terms of their own.

use std::collections::HashMap;

use super::Report;
use crate::tree::{File, Tree};

pub(super) fn check(tree: &Tree) -> Report {
    let Some(foreign) = &tree.foreign else {
        return Report::skip("no data beside this checkout to compare with");
    };
    let mut by_bytes: HashMap<&[u8], &File> = HashMap::new();
    for file in foreign.iter().filter(|file| !file.bytes.is_empty()) {
        by_bytes.insert(&file.bytes, file);
    }
    let mut report = Report::default();
    for file in tree.files.iter().filter(|file| is_compared(file)) {
        if let Some(original) = by_bytes.get(file.bytes.as_slice()) {
            report.find(&file.path, 1, format!("a copy of `{}`", original.path));
        }
    }
    report
}

fn is_compared(file: &File) -> bool {
    file.path.starts_with("samples/") || file.path.starts_with("crates/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_found() {
        let mut tree = Tree::of(&[
            ("samples/bill.csv", "a,b\n"),
            ("samples/own.csv", "c,d\n"),
            ("crates/intake/tests/data/empty.csv", ""),
            ("docs/bill.csv", "a,b\n"),
        ]);
        tree.foreign = Some(Tree::of(&[("bills/bill.csv", "a,b\n"), ("empty.csv", "")]).files);
        assert_eq!(check(&tree).places(), ["samples/bill.csv:1"]);
    }

    #[test]
    fn without_the_folder_it_is_skipped() {
        let tree = Tree::of(&[("samples/bill.csv", "a,b\n")]);
        assert!(check(&tree).skipped.is_some());
    }
}
