//! ARCHITECTURE.md names every crate.

use super::Report;
use super::manifest::manifests;
use crate::tree::Tree;

const PAGE: &str = "ARCHITECTURE.md";

pub(super) fn check(tree: &Tree) -> Report {
    let mut report = Report::default();
    let text = tree.file(PAGE).and_then(|file| file.text());
    let Some(text) = text else {
        report.find(PAGE, 1, "there is no such page");
        return report;
    };
    for manifest in manifests(tree) {
        if !names(text, &manifest.folder) {
            let message = format!("`{}` is not named", manifest.folder);
            report.find(PAGE, 1, message);
        }
    }
    report
}

/// As a folder, `crates/model` or `model/`, or as code, `` `model` ``.
fn names(text: &str, folder: &str) -> bool {
    let as_code = format!("`{folder}`");
    let as_folder = text.match_indices(folder).any(|(at, _)| {
        let before = text.get(..at).unwrap_or("");
        let after = text.get(at + folder.len()..).unwrap_or("");
        let begins = !before.ends_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_');
        let ends = !after.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_');
        begins && ends && (before.ends_with("crates/") || after.starts_with('/'))
    });
    as_folder || text.contains(&as_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_that_is_not_named_is_found() {
        let tree = Tree::of(&[
            ("ARCHITECTURE.md", "crates/\n  model/  the words\n\n`store`, the data-model, remodel/\n"),
            ("crates/model/Cargo.toml", ""),
            ("crates/store/Cargo.toml", ""),
            ("crates/audit/Cargo.toml", ""),
        ]);
        let report = check(&tree);
        let messages: Vec<&str> = report.findings.iter().map(|found| found.message.as_str()).collect();
        assert_eq!(messages, ["`audit` is not named"]);
    }

    #[test]
    fn a_longer_name_does_not_name_it() {
        assert!(!names("remodel/ and model-x/ and a model", "model"));
        assert!(names("see crates/model.", "model"));
    }

    #[test]
    fn the_page_has_to_be_there() {
        assert_eq!(check(&Tree::of(&[])).places(), ["ARCHITECTURE.md:1"]);
    }
}
