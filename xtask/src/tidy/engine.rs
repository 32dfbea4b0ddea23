//! Only the store's engine module names the storage engine, so that it can be changed in one place.

use super::Report;
use super::manifest::manifests;
use crate::source::{numbered, words};
use crate::tree::Tree;

const ENGINE: &str = "fjall";

pub(super) fn check(tree: &Tree) -> Report {
    let mut report = Report::default();
    for manifest in manifests(tree) {
        for dependency in &manifest.dependencies {
            if dependency.package == ENGINE && manifest.folder != "store" {
                let message = format!("only `store` depends on `{ENGINE}`");
                report.find(&manifest.path, dependency.line, message);
            }
        }
    }
    for (file, source) in tree.rust() {
        if file.crate_folder().is_none() || is_engine(&file.path) {
            continue;
        }
        for (number, line) in numbered(&source.code) {
            if words(line).any(|word| word == ENGINE) {
                let message = format!("`{ENGINE}` is named in crates/store/src/engine only");
                report.find(&file.path, number, message);
            }
        }
    }
    report
}

fn is_engine(path: &str) -> bool {
    path == "crates/store/src/engine.rs" || path.starts_with("crates/store/src/engine/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_is_named_in_its_module_only() {
        let code = "//! Keeps.\nuse fjall::Keyspace;\n";
        let tree = Tree::of(&[
            ("crates/store/src/engine.rs", code),
            ("crates/store/src/engine/bulk.rs", code),
            ("crates/store/src/commit.rs", code),
            ("crates/operations/src/find.rs", "// fjall\nlet a = \"fjall\";\n"),
        ]);
        assert_eq!(check(&tree).places(), ["crates/store/src/commit.rs:2"]);
    }

    #[test]
    fn only_the_store_depends_on_it() {
        let section = "[dependencies]\nfjall.workspace = true\n";
        let tree = Tree::of(&[("crates/store/Cargo.toml", section), ("crates/operations/Cargo.toml", section)]);
        assert_eq!(check(&tree).places(), ["crates/operations/Cargo.toml:2"]);
    }
}
