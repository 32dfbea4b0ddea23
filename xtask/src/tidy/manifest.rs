//! The Cargo.toml files of our crates, as the rules about dependencies read them.

use toml::{Table, Value};

use crate::source::numbered;
use crate::tree::Tree;

/// When a dependency is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Normal,
    Build,
    Tests,
}

#[derive(Debug)]
pub(super) struct Dependency {
    /// The package, also where the crate calls it by another name.
    pub package: String,
    pub used: Use,
    /// Line in the Cargo.toml.
    pub line: usize,
}

/// One crate's Cargo.toml.
#[derive(Debug)]
pub(super) struct Manifest {
    pub path: String,
    /// `model` for `crates/model`, `xtask` for ours.
    pub folder: String,
    pub dependencies: Vec<Dependency>,
}

const SECTIONS: [(&str, Use); 3] =
    [("dependencies", Use::Normal), ("build-dependencies", Use::Build), ("dev-dependencies", Use::Tests)];

/// Our crates. One that is no TOML has no dependencies here; cargo itself refuses it.
pub(super) fn manifests(tree: &Tree) -> Vec<Manifest> {
    let mut found = Vec::new();
    for file in &tree.files {
        let Some(folder) = file.crate_folder() else {
            continue;
        };
        let is_manifest =
            file.path == format!("crates/{folder}/Cargo.toml") || file.path == format!("{folder}/Cargo.toml");
        if let Some(text) = file.text()
            && is_manifest
        {
            found.push(Manifest {
                path: file.path.clone(),
                folder: folder.to_owned(),
                dependencies: dependencies(text),
            });
        }
    }
    found
}

fn dependencies(text: &str) -> Vec<Dependency> {
    let table: Table = text.parse().unwrap_or_default();
    let mut tables = vec![&table];
    if let Some(targets) = table.get("target").and_then(Value::as_table) {
        tables.extend(targets.values().filter_map(Value::as_table));
    }
    let mut found = Vec::new();
    for table in tables {
        for (section, used) in SECTIONS {
            let Some(entries) = table.get(section).and_then(Value::as_table) else {
                continue;
            };
            for (key, value) in entries {
                let renamed = value.get("package").and_then(Value::as_str);
                found.push(Dependency {
                    package: renamed.unwrap_or(key).to_owned(),
                    used,
                    line: line_of(text, section, key),
                });
            }
        }
    }
    found
}

/// Where a key stands: below its section's head, or as a head of its own (`[dependencies.key]`).
fn line_of(text: &str, section: &str, key: &str) -> usize {
    let mut inside = false;
    for (number, line) in numbered(text) {
        let line = line.trim();
        if let Some(head) = line.strip_prefix('[') {
            let head = head.trim_end_matches(']');
            inside = head == section || head.ends_with(&format!(".{section}"));
            if head.ends_with(&format!("{section}.{key}")) {
                return number;
            }
        } else if inside && names(line, key) {
            return number;
        }
    }
    1
}

fn names(line: &str, key: &str) -> bool {
    let after = line.trim_start_matches('"').strip_prefix(key);
    after.is_some_and(|rest| rest.starts_with(['.', ' ', '=', '"']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_is_read_with_its_lines() {
        let tree = Tree::of(&[(
            "crates/store/Cargo.toml",
            "[package]\nname = \"tallystick-store\"\n\n[dependencies]\nfjall-extra = \"1\"\n\
             fjall.workspace = true\n\n[dev-dependencies]\n\
             testkit = { package = \"tallystick-testkit\", path = \"../testkit\" }\n\n\
             [target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n\n[build-dependencies.cc]\n\
             version = \"1\"\n",
        )]);
        let manifests = manifests(&tree);
        let [store] = manifests.as_slice() else {
            panic!("one manifest expected, found {manifests:?}");
        };
        assert_eq!(store.folder, "store");
        let mut found: Vec<(&str, Use, usize)> = store
            .dependencies
            .iter()
            .map(|dependency| (dependency.package.as_str(), dependency.used, dependency.line))
            .collect();
        found.sort_by_key(|(_, _, line)| *line);
        assert_eq!(
            found,
            [
                ("fjall-extra", Use::Normal, 5),
                ("fjall", Use::Normal, 6),
                ("tallystick-testkit", Use::Tests, 9),
                ("libc", Use::Normal, 12),
                ("cc", Use::Build, 14),
            ]
        );
    }

    #[test]
    fn only_the_crate_s_own_manifest_counts() {
        let tree = Tree::of(&[
            ("Cargo.toml", "[workspace]\n"),
            ("crates/model/tests/data/Cargo.toml", "[package]\n"),
            ("xtask/Cargo.toml", "[package]\n"),
        ]);
        let folders: Vec<String> = manifests(&tree).into_iter().map(|manifest| manifest.folder).collect();
        assert_eq!(folders, ["xtask"]);
    }
}
