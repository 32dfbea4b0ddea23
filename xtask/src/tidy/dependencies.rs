//! Dependencies between our crates point one way; ARCHITECTURE.md has the picture.

use super::Report;
use super::manifest::{Dependency, Manifest, Use, manifests};
use crate::tree::Tree;

const MIDDLE: &[&str] = &["model"];

/// Which of ours a crate may name. `testkit` comes on top, for tests, everywhere.
const ALLOWED: &[(&str, &[&str])] = &[
    ("audit", &[]),
    ("cluster", ABOVE_OPERATIONS),
    ("exchange", MIDDLE),
    ("intake", MIDDLE),
    ("matching", MIDDLE),
    ("model", &[]),
    ("operations", BELOW_OPERATIONS),
    ("policy", MIDDLE),
    ("receipt", &["audit", "model"]),
    ("scoring", MIDDLE),
    ("store", &["audit", "model"]),
    ("tallystick", BY_THE_PROGRAM),
    ("testkit", BY_TESTKIT),
    ("town", MIDDLE),
    ("xtask", &[]),
];

#[rustfmt::skip]
const BELOW_OPERATIONS: &[&str] =
    &["audit", "exchange", "intake", "matching", "model", "policy", "receipt", "scoring", "store"];

#[rustfmt::skip]
const ABOVE_OPERATIONS: &[&str] =
    &["audit", "exchange", "intake", "matching", "model", "operations", "policy", "receipt", "scoring", "store"];

#[rustfmt::skip]
const BY_THE_PROGRAM: &[&str] =
    &["audit", "exchange", "intake", "matching", "model", "operations", "policy", "receipt", "scoring", "store",
      "town"];

#[rustfmt::skip]
const BY_TESTKIT: &[&str] =
    &["audit", "cluster", "exchange", "intake", "matching", "model", "operations", "policy",
      "receipt", "scoring", "store", "tallystick", "town"];

pub(super) fn check(tree: &Tree) -> Report {
    let mut report = Report::default();
    for manifest in manifests(tree) {
        let folder = manifest.folder.as_str();
        let allowed = ALLOWED.iter().find(|(name, _)| *name == folder);
        let Some((_, allowed)) = allowed else {
            let message =
                format!("`{folder}` has no place yet: say in xtask/src/tidy/dependencies.rs what it may name");
            report.find(&manifest.path, 1, message);
            continue;
        };
        check_crate(&manifest, allowed, &mut report);
    }
    report
}

fn check_crate(manifest: &Manifest, allowed: &[&str], report: &mut Report) {
    let folder = &manifest.folder;
    for dependency in &manifest.dependencies {
        let Some(named) = ours(dependency) else {
            continue;
        };
        let for_tests = named == "testkit" && dependency.used == Use::Tests && folder != "testkit";
        if for_tests || allowed.contains(&named) {
            continue;
        }
        let message = match named {
            "testkit" => format!("`{folder}` may name `testkit` under [dev-dependencies] only"),
            _ => format!("`{folder}` may not depend on `{named}`"),
        };
        report.find(&manifest.path, dependency.line, message);
    }
}

/// The folder of a dependency that is one of our crates.
fn ours(dependency: &Dependency) -> Option<&str> {
    match dependency.package.as_str() {
        name @ ("tallystick" | "xtask") => Some(name),
        name => name.strip_prefix("tallystick-"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(folder: &str, sections: &str) -> Vec<String> {
        let path = format!("crates/{folder}/Cargo.toml");
        check(&Tree::of(&[(path.as_str(), sections)])).places()
    }

    #[test]
    fn the_one_way_is_free() {
        let rows = [
            ("tallystick", "tallystick-operations"),
            ("operations", "tallystick-store"),
            ("operations", "tallystick-model"),
            ("store", "tallystick-audit"),
            ("intake", "tallystick-model"),
            ("town", "tallystick-model"),
            ("tallystick", "tallystick-town"),
            ("testkit", "tallystick"),
            ("model", "thiserror"),
        ];
        for (folder, package) in rows {
            let sections = format!("[dependencies]\n{package}.workspace = true\n");
            assert!(found(folder, &sections).is_empty(), "{folder} {package}");
        }
    }

    #[test]
    fn siblings_and_the_way_back_are_found() {
        let rows = [
            ("intake", "tallystick-policy"),
            ("town", "tallystick-intake"),
            ("operations", "tallystick-town"),
            ("model", "tallystick-audit"),
            ("audit", "tallystick-model"),
            ("store", "tallystick-operations"),
            ("operations", "tallystick"),
            ("xtask", "tallystick-model"),
        ];
        for (folder, package) in rows {
            let sections = format!("[dependencies]\n{package}.workspace = true\n");
            let place = format!("crates/{folder}/Cargo.toml:2");
            assert_eq!(found(folder, &sections), [place], "{folder} {package}");
        }
    }

    #[test]
    fn siblings_are_found_in_tests_too() {
        let sections = "[dev-dependencies]\ntallystick-policy.workspace = true\n";
        assert_eq!(found("intake", sections), ["crates/intake/Cargo.toml:2"]);
    }

    #[test]
    fn the_testkit_is_for_tests() {
        let tests = "[dev-dependencies]\ntallystick-testkit.workspace = true\n";
        let always = "[dependencies]\ntallystick-testkit.workspace = true\n";
        for folder in ["model", "operations", "tallystick"] {
            assert!(found(folder, tests).is_empty(), "{folder}");
            assert_eq!(found(folder, always).len(), 1, "{folder}");
        }
    }

    #[test]
    fn a_crate_without_a_place_is_found() {
        assert_eq!(found("ledger", ""), ["crates/ledger/Cargo.toml:1"]);
    }
}
