//! One word per concept in names; a format's own words stay inside its layout. docs/GLOSSARY.md has them all.

use super::Report;
use crate::source;
use crate::tree::{File, Tree};

/// The words of others, in singular and split as in `account_line`, and ours.
const INSTEAD: &[(&[&str], &str)] =
    &[(&["consumer"], "subject"), (&["borrower"], "subject"), (&["account", "line"], "tradeline")];

pub(super) fn check(tree: &Tree) -> Report {
    let mut report = Report::default();
    for (file, source) in tree.rust().filter(|(file, _)| speaks_our_words(file)) {
        for (number, line) in source::numbered(&source.code) {
            for name in source::words(line) {
                if let Some(ours) = instead_of(name) {
                    report.find(&file.path, number, format!("`{name}`: our word is `{ours}`"));
                }
            }
        }
    }
    report
}

fn speaks_our_words(file: &File) -> bool {
    file.path.starts_with("crates/") && !file.path.contains("/layouts/")
}

fn instead_of(name: &str) -> Option<&'static str> {
    let parts = parts(name);
    let holds = |foreign: &[&str]| parts.windows(foreign.len()).any(|part| part == foreign);
    let found = INSTEAD.iter().find(|(foreign, _)| holds(foreign));
    found.map(|(_, ours)| *ours)
}

/// `AccountLines`, `account_lines` and `ACCOUNT_LINES` are `account`, `line`.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut after_small = false;
    for c in name.chars() {
        let begins = c == '_' || (c.is_uppercase() && after_small);
        if begins {
            parts.push(String::new());
        }
        after_small = !c.is_uppercase() && c != '_';
        if let Some(part) = parts.last_mut()
            && c != '_'
        {
            part.extend(c.to_lowercase());
        }
    }
    parts.iter().map(|part| part.strip_suffix('s').unwrap_or(part).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_others_are_found_in_names() {
        let code = "//! The consumer of a format.\nstruct ConsumerReport;\nfn borrowers() {}\n\
                    const ACCOUNT_LINES_MAX: u32 = 1;\nlet a = \"consumer\";\nfn account_deadline() {}\n";
        let tree = Tree::of(&[("crates/model/src/fact.rs", code), ("crates/intake/src/layouts/metro2.rs", code)]);
        let found = check(&tree).places();
        assert_eq!(found, ["crates/model/src/fact.rs:2", "crates/model/src/fact.rs:3", "crates/model/src/fact.rs:4"]);
    }

    #[test]
    fn names_are_split_at_cases_and_underscores() {
        assert_eq!(parts("creditFile_Ids"), ["credit", "file", "id"]);
        assert_eq!(instead_of("AccountLine"), Some("tradeline"));
        assert_eq!(instead_of("consumed"), None);
    }
}
