//! `samples/` is what the testkit's synthetic town writes: this writes it, and tells when it is not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process;
use crate::tally::Tally;
use crate::workspace::Workspace;

pub(crate) const USAGE: &str = "\
usage: cargo xtask regen [--check]

Writes samples/ with the synthetic town of crates/testkit.

  --check   write to a temporary folder and compare; changes nothing
";

const PROGRAM: &str = "town";
const FOLDER: &str = "samples";

pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    ensure!(workspace.has_program(PROGRAM), "crates/testkit has no program `{PROGRAM}`");
    let mut command = workspace.cargo();
    command.args(["run", "--package", "tallystick-testkit", "--bin", PROGRAM, "--"]);
    command.args([FOLDER, "--folder", FOLDER]);
    let status = process::run(&mut command)?;
    ensure!(status.success(), "the town could not write {FOLDER}/");
    Ok(())
}

/// One check: the tracked files and the town's are the same. The programs have to be built.
pub(crate) fn check(workspace: &Workspace) -> Result<Tally> {
    if !workspace.has_program(PROGRAM) {
        let why = format!("samples: crates/testkit has no program `{PROGRAM}`");
        println!("SKIPPED {why}");
        return Ok(Tally::skip(why));
    }
    let folder = std::env::temp_dir().join(format!("tallystick-samples-{}", std::process::id()));
    std::fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    let compared = compare(workspace, &folder);
    std::fs::remove_dir_all(&folder).ok();
    let differences = compared?;
    for difference in &differences {
        println!("{FOLDER}/{difference}");
    }
    if differences.is_empty() {
        return Ok(Tally::pass());
    }
    let what = "samples: not what the town writes; `cargo xtask regen` writes them";
    Ok(Tally::fail(what))
}

fn compare(workspace: &Workspace, folder: &Path) -> Result<Vec<String>> {
    let mut command = Command::new(workspace.program(PROGRAM));
    command.current_dir(&workspace.root);
    command.args([FOLDER, "--folder"]).arg(folder);
    let status = process::run(&mut command)?;
    ensure!(status.success(), "the town could not write the samples");
    let tracked = contents(&workspace.file(FOLDER))?;
    Ok(differences(&tracked, &contents(folder)?))
}

/// A file's bytes by its path below a folder.
type Contents = BTreeMap<PathBuf, Vec<u8>>;

/// What is written by hand: the page that explains the folder, and the layouts of banks' statements.
const BY_HAND: [&str; 2] = ["README.md", "layouts/statements"];

fn contents(folder: &Path) -> Result<Contents> {
    let mut found = Contents::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(place) = folders.pop() {
        let entries = std::fs::read_dir(&place).with_context(|| format!("could not list {}", place.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).with_context(|| format!("could not read {}", path.display()))?;
                let name = path.strip_prefix(folder).unwrap_or(&path).to_owned();
                found.insert(name, bytes);
            }
        }
    }
    found.retain(|path, _| !BY_HAND.iter().any(|by_hand| path.starts_with(by_hand)));
    Ok(found)
}

fn differences(tracked: &Contents, written: &Contents) -> Vec<String> {
    let mut found = Vec::new();
    for (path, bytes) in written {
        let what = match tracked.get(path) {
            None => "written by the town and not here".to_owned(),
            Some(here) if here != bytes => first_change(here, bytes),
            Some(_) => continue,
        };
        found.push(format!("{}: {what}", path.display()));
    }
    for path in tracked.keys().filter(|path| !written.contains_key(*path)) {
        found.push(format!("{}: here and not written by the town", path.display()));
    }
    found
}

fn first_change(here: &[u8], written: &[u8]) -> String {
    let same = here.iter().zip(written).take_while(|(a, b)| a == b);
    let line = same.filter(|(byte, _)| **byte == b'\n').count() + 1;
    format!("differs from line {line} on, {} bytes here, {} written", here.len(), written.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Contents {
        let file = |(path, text): &(&str, &str)| (PathBuf::from(path), text.as_bytes().to_vec());
        files.iter().map(file).collect()
    }

    #[test]
    fn the_same_files_do_not_differ() {
        let files = of(&[("a.csv", "1\n"), ("b/c.csv", "")]);
        assert!(differences(&files, &files).is_empty());
    }

    #[test]
    fn changed_missing_and_left_over_files_differ() {
        let tracked = of(&[("a.csv", "1\n2\n3\n"), ("old.csv", "")]);
        let written = of(&[("a.csv", "1\n2\n4\n"), ("new.csv", "")]);
        assert_eq!(
            differences(&tracked, &written),
            [
                "a.csv: differs from line 3 on, 6 bytes here, 6 written",
                "new.csv: written by the town and not here",
                "old.csv: here and not written by the town",
            ]
        );
    }
}
