//! No paths of one machine in what everyone gets.

use super::Report;
use crate::tree::Tree;

/// Split, so that this file does not find itself.
const PLACES: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/tmp/", "bash_jobs")];

pub(super) fn check(tree: &Tree) -> Report {
    let mut report = Report::default();
    for file in &tree.files {
        let text = String::from_utf8_lossy(&file.bytes);
        for place in PLACES {
            if let Some(at) = text.match_indices(place).map(|(at, _)| at).find(|at| begins_path(&text, *at)) {
                let before = text.get(..at).unwrap_or("");
                let line = before.matches('\n').count() + 1;
                report.find(&file.path, line, format!("`{place}` is a path of one machine"));
            }
        }
    }
    report
}

/// Whether the path begins here: not in the middle of an address or of a longer path.
fn begins_path(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|text| text.chars().next_back());
    before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '~' | '}')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_a_machine_are_found_in_every_kind_of_file() {
        let script = format!("cd a\ncd {}main\n", concat!("/wo", "rk/"));
        let data = format!("name,path\na,{}x\n", concat!("/ro", "ot/"));
        let tree = Tree::of(&[(".ci/run", script.as_str()), ("samples/a.csv", data.as_str())]);
        assert_eq!(check(&tree).places(), [".ci/run:2", "samples/a.csv:2"]);
    }

    #[test]
    fn addresses_and_longer_paths_are_free() {
        let text = format!("https://example.org{0}x ../net{0}x $HOME{0} ~{0}", concat!("/wo", "rk/"));
        assert!(check(&Tree::of(&[("a.md", text.as_str())])).places().is_empty());
    }
}
