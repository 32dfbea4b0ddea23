//! No floats where bytes are stored, hashed or decided on: they are not the same on every machine.

use super::{Report, in_sources};
use crate::source::words;
use crate::tree::Tree;

const WITHOUT_FLOATS: &[&str] = &["model", "policy", "audit", "store"];

pub(super) fn check(tree: &Tree) -> Report {
    let mut report = Report::default();
    for (file, source) in tree.rust() {
        if !WITHOUT_FLOATS.iter().any(|folder| in_sources(file, folder)) {
            continue;
        }
        for (number, line) in source.lines_outside_tests() {
            for word in words(line).filter(|word| is_float(word)) {
                let message = format!("`{word}`: whole units and thousandths only");
                report.find(&file.path, number, message);
            }
        }
    }
    report
}

/// The type, or a number that carries it: `f64`, `0_f32`, `1f64`.
fn is_float(word: &str) -> bool {
    let number = word.starts_with(|c: char| c.is_ascii_digit());
    matches!(word, "f32" | "f64") || (number && !is_hexadecimal(word) && ends_with_type(word))
}

fn is_hexadecimal(word: &str) -> bool {
    word.starts_with("0x") || word.starts_with("0X")
}

fn ends_with_type(word: &str) -> bool {
    word.ends_with("f32") || word.ends_with("f64")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_found_outside_tests() {
        let code = "//! a\nfn a(b: f64) {}\nlet c = 1_f32;\nlet d = 0x1f32;\n// f64\nlet e = \"f64\";\n\
                    #[cfg(test)]\nmod tests {\n    fn b(c: f64) {}\n}\n";
        let tree = Tree::of(&[
            ("crates/model/src/money.rs", code),
            ("crates/scoring/src/scorecard.rs", code),
            ("crates/model/tests/money.rs", code),
        ]);
        assert_eq!(check(&tree).places(), ["crates/model/src/money.rs:2", "crates/model/src/money.rs:3"]);
    }
}
