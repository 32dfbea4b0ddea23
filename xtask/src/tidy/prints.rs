//! Only programs and tests print: a library that prints can't be asked not to.

use super::Report;
use crate::source::calls_macro;
use crate::tree::{File, Tree};

const MACROS: &[&str] = &["println", "eprintln", "print", "eprint"];

pub(super) fn check(tree: &Tree) -> Report {
    let mut report = Report::default();
    for (file, source) in tree.rust().filter(|(file, _)| !is_program(file)) {
        for (number, line) in source.lines_outside_tests() {
            for name in MACROS.iter().filter(|name| calls_macro(line, name)) {
                report.find(&file.path, number, format!("`{name}!` outside a program"));
            }
        }
    }
    report
}

/// The programs, and build scripts: those speak to cargo by printing.
fn is_program(file: &File) -> bool {
    match file.crate_folder() {
        Some("tallystick" | "xtask") => true,
        Some("testkit") => {
            file.path.starts_with("crates/testkit/src/bin/") || file.path == "crates/testkit/src/main.rs"
        }
        Some(folder) => file.path == format!("crates/{folder}/build.rs"),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_do_not_print() {
        let code = "//! a\nfn a() { println!(\"b\"); }\n// println!\n\
                    #[cfg(test)]\nmod tests {\n    fn b() { eprintln!(\"c\"); }\n}\n";
        let tree = Tree::of(&[
            ("crates/store/src/check.rs", code),
            ("crates/testkit/src/town.rs", code),
            ("crates/testkit/src/bin/town.rs", code),
            ("crates/tallystick/src/cli/inquire.rs", code),
            ("crates/store/tests/check.rs", code),
            ("crates/store/build.rs", code),
        ]);
        assert_eq!(check(&tree).places(), ["crates/store/src/check.rs:2", "crates/testkit/src/town.rs:2"]);
    }
}
