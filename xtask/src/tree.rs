//! The repository's files as the tidy rules see them, read once.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::source::Source;

/// Folders that hold what is built or fetched, where git can't say so.
const NOT_OURS: [&str; 5] = [".git", "target", "corpus", "artifacts", "node_modules"];

/// Files of others that are near this checkout on some machines and must not be copied into it.
const FOREIGN: &str = "../shared/data";

/// One file. `path` is relative to the repository, with `/`.
#[derive(Debug)]
pub(crate) struct File {
    pub path: String,
    pub bytes: Vec<u8>,
    /// Only of `.rs` files.
    pub source: Option<Source>,
}

impl File {
    /// None when the bytes are no UTF-8.
    pub(crate) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// The folder name of the crate it belongs to: `model` for `crates/model/src/lib.rs`, `xtask` for ours.
    pub(crate) fn crate_folder(&self) -> Option<&str> {
        if self.path.starts_with("xtask/") {
            return Some("xtask");
        }
        let (folder, _) = self.path.strip_prefix("crates/")?.split_once('/')?;
        Some(folder)
    }
}

/// All files that are tracked, or would be once added.
#[derive(Debug)]
pub(crate) struct Tree {
    pub files: Vec<File>,
    /// The files beside the checkout, when there are any.
    pub foreign: Option<Vec<File>>,
}

impl Tree {
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let paths = match tracked(root) {
            Some(paths) => paths,
            None => walk(root)?,
        };
        let foreign = root.join(FOREIGN);
        let foreign = foreign.is_dir().then(|| read_files(&foreign, walk(&foreign)?));
        Ok(Self::new(read_files(root, paths)?, foreign.transpose()?))
    }

    fn new(mut files: Vec<File>, foreign: Option<Vec<File>>) -> Self {
        mark_tests(&mut files);
        Self { files, foreign }
    }

    /// A tree for the tests of the rules.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| file((*path).to_owned(), text.as_bytes().to_vec());
        Self::new(files.iter().map(file).collect(), None)
    }

    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether a file or a folder of that name is there.
    pub(crate) fn holds(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files.iter().any(|file| file.path == path || file.path.starts_with(&folder))
    }

    pub(crate) fn rust(&self) -> impl Iterator<Item = (&File, &Source)> {
        self.files.iter().filter_map(|file| Some((file, file.source.as_ref()?)))
    }

    pub(crate) fn with_extension(&self, extension: &str) -> impl Iterator<Item = (&File, &str)> {
        let end = format!(".{extension}");
        self.files.iter().filter(move |file| file.path.ends_with(&end)).filter_map(|file| Some((file, file.text()?)))
    }
}

/// What git tracks or would track; none where there is no git or no repository.
fn tracked(root: &Path) -> Option<Vec<String>> {
    let mut command = Command::new("git");
    command.current_dir(root).args(["ls-files", "-z"]);
    command.args(["--cached", "--others", "--exclude-standard"]);
    let output = command.output().ok()?;
    let listed = String::from_utf8_lossy(&output.stdout);
    let mut paths: Vec<String> =
        listed.split('\0').filter(|path| !path.is_empty() && root.join(path).is_file()).map(str::to_owned).collect();
    paths.sort_unstable();
    paths.dedup();
    (output.status.success() && !paths.is_empty()).then_some(paths)
}

fn walk(root: &Path) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let place = root.join(&folder);
        let entries = std::fs::read_dir(&place).with_context(|| format!("could not list {}", place.display()))?;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            let kind = entry.file_type()?;
            if kind.is_dir() && !NOT_OURS.contains(&name.as_str()) {
                folders.push(path);
            } else if kind.is_file() {
                paths.push(path);
            }
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

fn read_files(root: &Path, paths: Vec<String>) -> Result<Vec<File>> {
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        let place = root.join(&path);
        let bytes = std::fs::read(&place).with_context(|| format!("could not read {}", place.display()))?;
        files.push(file(path, bytes));
    }
    Ok(files)
}

fn file(path: String, bytes: Vec<u8>) -> File {
    let source = path.ends_with(".rs").then(|| Source::read(&String::from_utf8_lossy(&bytes)));
    File { path, bytes, source }
}

/// Files that are tests as a whole: by their folder, or by a declaration `#[cfg(test)] mod name;`.
fn mark_tests(files: &mut [File]) {
    let mut declared = Vec::new();
    for file in files.iter() {
        let Some(source) = &file.source else { continue };
        let folder = module_folder(&file.path);
        for name in &source.test_modules {
            declared.push(format!("{folder}/{name}"));
        }
    }
    for file in files {
        let by_place = ["/tests/", "/benches/", "/examples/"].iter().any(|folder| file.path.contains(folder));
        let stem = file.path.trim_end_matches(".rs");
        let by_name = declared.iter().any(|module| stem == module || stem.starts_with(&format!("{module}/")));
        if let Some(source) = &mut file.source
            && (by_place || by_name)
        {
            source.mark_all_tests();
        }
    }
}

/// Where the modules a file declares are: beside `lib.rs`, below `name.rs`.
fn module_folder(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    match name {
        "lib.rs" | "main.rs" | "mod.rs" => folder.to_owned(),
        _ => path.trim_end_matches(".rs").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crate_is_the_folder() {
        let tree = Tree::of(&[("crates/model/src/money.rs", ""), ("xtask/src/main.rs", ""), ("README.md", "")]);
        let folders: Vec<_> = tree.files.iter().map(File::crate_folder).collect();
        assert_eq!(folders, [Some("model"), Some("xtask"), None]);
    }

    #[test]
    fn folders_and_files_are_held() {
        let tree = Tree::of(&[("docs/formats/metro2.md", "")]);
        assert!(tree.holds("docs/formats/metro2.md"));
        assert!(tree.holds("docs/formats"));
        assert!(tree.holds("docs/"));
        assert!(!tree.holds("docs/for"));
    }

    #[test]
    fn declared_test_files_and_test_folders_are_tests() {
        let tree = Tree::of(&[
            ("crates/model/src/lib.rs", "//! a\nmod money;\n#[cfg(test)]\nmod known;\n"),
            ("crates/model/src/known.rs", "fn a() {}\n"),
            ("crates/model/src/money.rs", "fn a() {}\n"),
            ("crates/model/tests/whole.rs", "fn a() {}\n"),
        ]);
        let tests: Vec<&str> =
            tree.rust().filter(|(_, source)| source.is_test(1)).map(|(file, _)| file.path.as_str()).collect();
        assert_eq!(tests, ["crates/model/src/known.rs", "crates/model/tests/whole.rs"]);
    }
}
