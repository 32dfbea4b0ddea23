//! What decides does no I/O and reads no clock, environment or chance: all of it comes in as arguments.

use super::{Report, in_sources};
use crate::source::{Source, is_word, words};
use crate::tree::{File, Tree};

const PURE: &[&str] = &["model", "matching", "policy", "receipt", "scoring"];
const STD_MODULES: &[&str] = &["fs", "net", "env"];
const WORDS: &[&str] = &["SystemTime", "Instant", "rand"];

pub(super) fn check(tree: &Tree) -> Report {
    let mut report = Report::default();
    for (file, source) in tree.rust().filter(|(file, _)| is_pure(file)) {
        for (number, line) in source.lines_outside_tests() {
            for word in words(line).filter(|word| WORDS.contains(word)) {
                report.find(&file.path, number, message(word));
            }
        }
        for (number, module) in std_modules(source) {
            report.find(&file.path, number, message(&format!("std::{module}")));
        }
    }
    report
}

fn message(what: &str) -> String {
    format!("`{what}` here: what decides takes it as an argument")
}

fn is_pure(file: &File) -> bool {
    PURE.iter().any(|folder| in_sources(file, folder))
        || file.path == "crates/audit/src/verify.rs"
        || file.path.starts_with("crates/audit/src/verify/")
}

/// `std::fs` and the like, also out of `use std::{fs, io}`, with their lines.
fn std_modules(source: &Source) -> Vec<(usize, String)> {
    let tokens: Vec<(usize, &str)> = source
        .lines_outside_tests()
        .flat_map(|(number, line)| tokens(line).map(move |token| (number, token)))
        .collect();
    let mut found = Vec::new();
    for (at, (_, token)) in tokens.iter().enumerate() {
        let rest = tokens.get(at + 1..).unwrap_or(&[]);
        if *token == "std" && starts_path(rest) {
            named_first(rest.get(2..).unwrap_or(&[]), &mut found);
        }
    }
    found
}

fn starts_path(tokens: &[(usize, &str)]) -> bool {
    matches!(tokens, [(_, ":"), (_, ":"), ..])
}

/// The names directly after `std::`: one, or each of a group.
fn named_first(tokens: &[(usize, &str)], found: &mut Vec<(usize, String)>) {
    let mut depth = 0_usize;
    let mut expects_name = true;
    for (number, token) in tokens {
        match *token {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            "," if depth == 1 => expects_name = true,
            name => {
                if expects_name && STD_MODULES.contains(&name) {
                    found.push((*number, name.to_owned()));
                }
                expects_name = false;
            }
        }
        if depth == 0 {
            return;
        }
    }
}

/// Words and single marks.
fn tokens(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let first = rest.chars().next()?;
        let length = match rest.find(|c| !is_word(c)) {
            _ if !is_word(first) => first.len_utf8(),
            Some(end) => end,
            None => rest.len(),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        Some(token)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, code: &str) -> Vec<String> {
        check(&Tree::of(&[(path, code)])).places()
    }

    #[test]
    fn input_output_clock_and_chance_are_found() {
        let path = "crates/policy/src/decision.rs";
        for code in [
            "use std::fs::File;",
            "use std::{fmt, fs};",
            "use std::{fmt::{self, Write}, net::TcpStream};",
            "let a = std::env::args();",
            "use std::time::SystemTime;",
            "use std::time::{Duration, Instant};",
            "let a = rand::random();",
        ] {
            assert_eq!(found(path, code), [format!("{path}:1")], "{code}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_free() {
        let path = "crates/policy/src/decision.rs";
        for code in [
            "use std::{fmt, io::Read};",
            "use std::collections::{BTreeMap};\nlet env = 1;",
            "// std::fs\nlet a = \"std::fs\";",
            "let a = env!(\"CARGO_PKG_VERSION\");",
            "let brand = 1;",
            "#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n",
        ] {
            assert!(found(path, code).is_empty(), "{code}");
        }
    }

    #[test]
    fn groups_over_several_lines_are_read() {
        let code = "use std::{\n    fmt,\n    fs,\n};\n";
        assert_eq!(found("crates/model/src/ids.rs", code), ["crates/model/src/ids.rs:3"]);
    }

    #[test]
    fn others_may() {
        let code = "use std::fs;";
        assert!(found("crates/store/src/engine.rs", code).is_empty());
        assert!(found("crates/audit/src/tiles.rs", code).is_empty());
        assert!(found("crates/policy/tests/cases.rs", code).is_empty());
        assert_eq!(found("crates/audit/src/verify.rs", code).len(), 1);
    }
}
