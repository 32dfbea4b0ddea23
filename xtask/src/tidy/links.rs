//! Relative links in the documentation resolve.

use super::Report;
use crate::source::numbered;
use crate::tree::Tree;

pub(super) fn check(tree: &Tree) -> Report {
    let mut report = Report::default();
    for (file, text) in tree.with_extension("md") {
        for (number, target) in targets(text) {
            let resolved = resolve(&file.path, &target);
            if !resolved.is_some_and(|path| path.is_empty() || tree.holds(&path)) {
                report.find(&file.path, number, format!("`{target}` leads nowhere"));
            }
        }
    }
    report
}

/// The relative targets of links and of link definitions, outside of code.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fence: Option<String> = None;
    for (number, line) in numbered(text) {
        let mark = fence_mark(line);
        match (&fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if mark.starts_with(open.as_str()) => fence = None,
            (None, None) => {
                let line = without_code(line);
                let all = links(&line).chain(definition(&line));
                found.extend(all.filter_map(relative).map(|target| (number, target)));
            }
            (Some(_), _) => {}
        }
    }
    found
}

fn fence_mark(line: &str) -> Option<String> {
    let line = line.trim_start();
    let first = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let mark: String = line.chars().take_while(|c| *c == first).collect();
    (mark.len() >= 3).then_some(mark)
}

/// Every second part between backticks is code.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

/// What stands in `](...)`.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// What stands after `[name]:` at the beginning of a line.
fn definition(line: &str) -> Option<&str> {
    let (name, target) = line.strip_prefix('[')?.split_once("]:")?;
    (!name.starts_with('^')).then_some(target)
}

/// The file part of a target on this side of the network; none for addresses and for places on the page.
fn relative(target: &str) -> Option<String> {
    let target = target.split_whitespace().next()?;
    let target = target.trim_start_matches('<').trim_end_matches('>');
    let path = target.split('#').next().unwrap_or("");
    let is_address = path.contains("://") || path.starts_with("mailto:");
    (!path.is_empty() && !is_address).then(|| path.to_owned())
}

/// The path from the repository's root; none when it leaves the repository. The root itself is empty.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    if target.starts_with('/') {
        parts.clear();
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let text = "[a](docs/STYLE.md) [b](docs/NONE.md#top) [c](https://example.org/x)\n\
                    [d](#here) `[e](nowhere.md)` ![f](<docs>) [g](docs/)\n\
                    ```\n[h](nowhere.md)\n```\n[i]: nowhere.md \"title\"\n[^1]: a note\n\
                    [j](../outside.md)\n";
        let tree = Tree::of(&[("README.md", text), ("docs/STYLE.md", "[up](../README.md) [root](..)\n")]);
        assert_eq!(check(&tree).places(), ["README.md:1", "README.md:6", "README.md:8"]);
    }

    #[test]
    fn a_longer_fence_holds_a_shorter_one() {
        let text = "````\n```\n[a](b.md)\n````\n[c](d.md)\n";
        assert_eq!(targets(text), [(5, "d.md".to_owned())]);
    }
}
