//! CHANGELOG.md has an `Unreleased` section, so that a change has where to be written down.

use super::Report;
use crate::tree::Tree;

const PAGE: &str = "CHANGELOG.md";

pub(super) fn check(tree: &Tree) -> Report {
    let mut report = Report::default();
    let text = tree.file(PAGE).and_then(|file| file.text()).unwrap_or("");
    let is_there = text.lines().any(|line| line.starts_with('#') && line.contains("Unreleased"));
    if !is_there {
        report.find(PAGE, 1, "no section `Unreleased`");
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_has_to_be_there() {
        let found = |text: &str| check(&Tree::of(&[("CHANGELOG.md", text)])).places();
        assert!(found("# Changes\n\n## Unreleased\n").is_empty());
        assert!(found("# Changes\n\n## [Unreleased]\n").is_empty());
        assert_eq!(found("# Changes\n\nUnreleased\n"), ["CHANGELOG.md:1"]);
        assert_eq!(check(&Tree::of(&[])).places(), ["CHANGELOG.md:1"]);
    }
}
