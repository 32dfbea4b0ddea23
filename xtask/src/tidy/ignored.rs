//! An ignored test says why, and with that when it runs.

use super::Report;
use crate::source::numbered;
use crate::tree::Tree;

pub(super) fn check(tree: &Tree) -> Report {
    let mut report = Report::default();
    for (file, source) in tree.rust() {
        for (number, line) in numbered(&source.code) {
            if ignores_without_reason(line) {
                let message = "write `#[ignore = \"why, and the command that runs it\"]`";
                report.find(&file.path, number, message);
            }
        }
    }
    report
}

/// What stands between quotes is blank here: an empty reason is two quotes side by side.
fn ignores_without_reason(line: &str) -> bool {
    let mut after = line.split("#[ignore").skip(1);
    after.any(|rest| {
        let reason = rest.trim_start().strip_prefix('=').map(str::trim_start);
        reason.is_none_or(|reason| reason.starts_with("\"\"") || reason.starts_with(']'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignored_test_without_a_reason_is_found() {
        let tree = Tree::of(&[(
            "a.rs",
            "#[ignore]\nfn a() {}\n#[ignore = \"\"]\nfn b() {}\n\
             #[ignore = \"ten minutes: cargo test -- --ignored\"]\nfn c() {}\n",
        )]);
        assert_eq!(check(&tree).places(), ["a.rs:1", "a.rs:3"]);
    }
}
