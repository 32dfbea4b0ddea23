//! Only the program, the exchange and the intake of furnishers' files know JSON: nothing that is stored, hashed or signed
//! passes through it.

use super::Report;
use super::manifest::{Use, manifests};
use crate::tree::Tree;

const KNOW_JSON: &[&str] = &["exchange", "intake", "tallystick", "testkit", "xtask"];

pub(super) fn check(tree: &Tree) -> Report {
    let mut report = Report::default();
    for manifest in manifests(tree) {
        let folder = manifest.folder.as_str();
        if KNOW_JSON.contains(&folder) {
            continue;
        }
        for dependency in &manifest.dependencies {
            if dependency.package == "serde_json" && dependency.used != Use::Tests {
                let message = format!("`{folder}` may name `serde_json` under [dev-dependencies] only");
                report.find(&manifest.path, dependency.line, message);
            }
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_for_the_program_and_for_tests() {
        let always = "[dependencies]\nserde_json.workspace = true\n";
        let tests = "[dev-dependencies]\nserde_json.workspace = true\n";
        let tree = Tree::of(&[
            ("crates/tallystick/Cargo.toml", always),
            ("crates/exchange/Cargo.toml", always),
            ("crates/testkit/Cargo.toml", always),
            ("crates/intake/Cargo.toml", always),
            ("crates/store/Cargo.toml", tests),
            ("crates/audit/Cargo.toml", always),
        ]);
        assert_eq!(check(&tree).places(), ["crates/audit/Cargo.toml:2"]);
    }
}
