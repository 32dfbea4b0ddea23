//! Every fuzz target is in the manifest that builds it. `fuzz/` is a workspace of its own, which no check compiles: a manifest that
//! does not parse would be noticed only by whoever fuzzes next.

use toml::{Table, Value};

use super::Report;
use crate::tree::Tree;

const MANIFEST: &str = "fuzz/Cargo.toml";

pub(super) fn check(tree: &Tree) -> Report {
    let mut report = Report::default();
    let Some(text) = tree.file(MANIFEST).and_then(|file| file.text()) else {
        return Report::skip("no fuzz/Cargo.toml");
    };
    let manifest = match text.parse::<Table>() {
        Ok(manifest) => manifest,
        Err(error) => {
            report.find(MANIFEST, 1, format!("is no TOML: {}", error.message()));
            return report;
        }
    };
    let built: Vec<&str> = manifest
        .get("bin")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|bin| bin.get("path")?.as_str())
        .collect();
    for (file, source) in tree.rust() {
        let target = file.path.strip_prefix("fuzz/").filter(|_| source.code.contains("fuzz_target!"));
        if target.is_some_and(|target| !built.contains(&target)) {
            report.find(&file.path, 1, "no `[[bin]]` of fuzz/Cargo.toml builds this target");
        }
    }
    for path in built.iter().filter(|path| !tree.holds(&format!("fuzz/{path}"))) {
        report.find(MANIFEST, 1, format!("`{path}` is not there"));
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: &str = "libfuzzer_sys::fuzz_target!(|file: &[u8]| {});\n";

    #[test]
    fn a_manifest_that_is_broken_or_builds_too_little_or_too_much_is_found() {
        let found = |manifest: &str| {
            let files =
                [(MANIFEST, manifest), ("fuzz/targets/a.rs", TARGET), ("fuzz/targets/common.rs", "fn a() {}\n")];
            check(&Tree::of(&files)).places()
        };
        let a = "[[bin]]\nname = \"a\"\npath = \"targets/a.rs\"\n";
        assert_eq!(found(a), [""; 0]);
        assert_eq!(found("[package]\nname = \"fuzz\"\n"), ["fuzz/targets/a.rs:1"]);
        assert_eq!(found(&format!("{a}name = \"b\"\n")), ["fuzz/Cargo.toml:1"]);
        assert_eq!(found(&format!("{a}[[bin]]\nname = \"b\"\npath = \"targets/b.rs\"\n")), ["fuzz/Cargo.toml:1"]);
    }
}
