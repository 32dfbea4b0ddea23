//! A Rust file as the tidy rules see it: which characters are code, comment or literal, which lines are tests.
//!
//! No parser: a scanner of literals and comments, enough to ask for a word without being fooled by a string.

/// One Rust file. The views have the lines of the original, with blanks for what is left out.
#[derive(Debug)]
pub(crate) struct Source {
    /// Without comments and without what stands between the quotes of literals.
    pub code: String,
    /// Code and comments, without what stands between the quotes of literals.
    pub prose: String,
    /// Per line: inside an item under `#[cfg(test)]`, or the whole file is tests.
    tests: Vec<bool>,
    /// Names of the modules declared `#[cfg(test)] mod name;`.
    pub test_modules: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

impl Source {
    pub(crate) fn read(text: &str) -> Self {
        let characters: Vec<char> = text.chars().collect();
        let kinds = Scanner::new(&characters).scan();
        let code = view(&characters, &kinds, |kind| kind == Kind::Code);
        let prose = view(&characters, &kinds, |kind| kind != Kind::Literal);
        let (tests, test_modules) = test_regions(&code);
        Self { code, prose, tests, test_modules }
    }

    pub(crate) fn mark_all_tests(&mut self) {
        self.tests.fill(true);
    }

    /// Lines are counted from 1.
    pub(crate) fn is_test(&self, line: usize) -> bool {
        let index = line.saturating_sub(1);
        self.tests.get(index).copied().unwrap_or(false)
    }

    /// Lines of code from 1, tests left out.
    pub(crate) fn lines_outside_tests(&self) -> impl Iterator<Item = (usize, &str)> {
        numbered(&self.code).filter(|(line, _)| !self.is_test(*line))
    }
}

/// Lines with their number, from 1.
pub(crate) fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// The identifiers and numbers of a line.
pub(crate) fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !is_word(c)).filter(|word| !word.is_empty())
}

/// Whether `name!` is called in the line.
pub(crate) fn calls_macro(line: &str, name: &str) -> bool {
    line.match_indices('!').any(|(at, _)| {
        let before = line.get(..at).unwrap_or("").trim_end();
        let start = before.trim_end_matches(is_word).len();
        before.get(start..) == Some(name) && !line.get(at..).unwrap_or("").starts_with("!=")
    })
}

pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn view(characters: &[char], kinds: &[Kind], keep: impl Fn(Kind) -> bool) -> String {
    let pairs = characters.iter().zip(kinds);
    pairs.map(|(&c, &kind)| if c == '\n' || keep(kind) { c } else { ' ' }).collect()
}

struct Scanner<'a> {
    characters: &'a [char],
    at: usize,
    kinds: Vec<Kind>,
}

impl<'a> Scanner<'a> {
    fn new(characters: &'a [char]) -> Self {
        Self { characters, at: 0, kinds: Vec::with_capacity(characters.len()) }
    }

    fn scan(mut self) -> Vec<Kind> {
        while let Some(c) = self.peek(0) {
            match c {
                '/' if self.peek(1) == Some('/') => self.line_comment(),
                '/' if self.peek(1) == Some('*') => self.block_comment(),
                '"' => self.string(),
                '\'' => self.quote(),
                c if is_word(c) => self.word(),
                _ => self.take(Kind::Code),
            }
        }
        self.kinds
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).copied()
    }

    fn take(&mut self, kind: Kind) {
        if self.at < self.characters.len() {
            self.kinds.push(kind);
            self.at += 1;
        }
    }

    fn take_many(&mut self, count: usize, kind: Kind) {
        for _ in 0..count {
            self.take(kind);
        }
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|c| c != '\n') {
            self.take(Kind::Comment);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while self.at < self.characters.len() {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => {
                    depth += 1;
                    self.take_many(2, Kind::Comment);
                }
                (Some('*'), Some('/')) => {
                    depth -= 1;
                    self.take_many(2, Kind::Comment);
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.take(Kind::Comment),
            }
        }
    }

    fn string(&mut self) {
        self.take(Kind::Code);
        while let Some(c) = self.peek(0) {
            match c {
                '"' => return self.take(Kind::Code),
                '\\' => self.take_many(2, Kind::Literal),
                _ => self.take(Kind::Literal),
            }
        }
    }

    /// A character literal or a lifetime.
    fn quote(&mut self) {
        let escaped = self.peek(1) == Some('\\');
        if !escaped && self.peek(2) != Some('\'') {
            return self.take(Kind::Code);
        }
        self.take(Kind::Code);
        // The character after a backslash may itself be the quote.
        self.take_many(if escaped { 2 } else { 1 }, Kind::Literal);
        while self.peek(0).is_some_and(|c| c != '\'') {
            self.take(Kind::Literal);
        }
        self.take(Kind::Code);
    }

    fn word(&mut self) {
        let start = self.at;
        while self.peek(0).is_some_and(is_word) {
            self.take(Kind::Code);
        }
        let word = self.characters.get(start..self.at).unwrap_or(&[]);
        if matches!(word, ['r'] | ['b' | 'c', 'r']) {
            self.raw_string();
        }
    }

    /// What follows `r`, `br` or `cr`: a raw string, or the name of a raw identifier, which is code.
    fn raw_string(&mut self) {
        let mut hashes = 0;
        while self.peek(hashes) == Some('#') {
            hashes += 1;
        }
        if self.peek(hashes) != Some('"') {
            return;
        }
        self.take_many(hashes + 1, Kind::Code);
        while self.at < self.characters.len() {
            let closes = self.peek(0) == Some('"') && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#'));
            if closes {
                return self.take_many(hashes + 1, Kind::Code);
            }
            self.take(Kind::Literal);
        }
    }
}

/// Which lines lie in an item under `#[cfg(test)]`, and the test modules that are files of their own.
fn test_regions(code: &str) -> (Vec<bool>, Vec<String>) {
    let mut tests = vec![false; code.lines().count()];
    let mut modules = Vec::new();
    for (start, _) in code.match_indices("#[cfg(") {
        let item = code.get(start..).unwrap_or("");
        if !is_test_attribute(item) {
            continue;
        }
        let length = item_length(item);
        let first = line_of(code, start);
        let last = line_of(code, start + length.saturating_sub(1));
        for line in tests.iter_mut().take(last).skip(first - 1) {
            *line = true;
        }
        let head = item.get(..length).unwrap_or("");
        if head.ends_with(';') {
            modules.extend(module_name(head));
        }
    }
    (tests, modules)
}

fn is_test_attribute(item: &str) -> bool {
    let attribute = item.split(']').next().unwrap_or("");
    let has = |wanted: &str| words(attribute).any(|word| word == wanted);
    has("test") && !has("not")
}

/// Up to the `;` or the closing brace of the item that begins here, its attributes included.
fn item_length(item: &str) -> usize {
    let mut braces = 0_usize;
    let mut brackets = 0_usize;
    for (at, c) in item.char_indices() {
        match c {
            '{' => braces += 1,
            '}' => {
                braces = braces.saturating_sub(1);
                if braces == 0 {
                    return at + 1;
                }
            }
            '[' | '(' => brackets += 1,
            ']' | ')' => brackets = brackets.saturating_sub(1),
            ';' if braces == 0 && brackets == 0 => return at + 1,
            _ => {}
        }
    }
    item.len()
}

fn module_name(head: &str) -> Option<String> {
    let mut words = words(head.rsplit(']').next().unwrap_or(""));
    words.find(|word| *word == "mod")?;
    words.next().map(str::to_owned)
}

fn line_of(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or("");
    before.matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_words(text: &str) -> Vec<String> {
        let source = Source::read(text);
        words(&source.code).map(str::to_owned).collect()
    }

    #[test]
    fn comments_and_literals_are_no_code() {
        assert_eq!(
            code_words("let a = \"b \\\" c\"; // d\n/* e /* f */ g */ let h = b\"i\";"),
            ["let", "a", "let", "h", "b"]
        );
    }

    #[test]
    fn raw_strings_end_at_their_own_hashes() {
        assert_eq!(code_words("r#\"a \"quoted\" b\"# c br\"d\" r#type"), ["r", "c", "br", "r", "type"]);
    }

    #[test]
    fn a_lifetime_is_no_character() {
        assert_eq!(
            code_words("fn f<'a>(x: &'a str) { '\"' ; '\\'' ; '\\u{41}' ; y }"),
            ["fn", "f", "a", "x", "a", "str", "y"]
        );
    }

    #[test]
    fn prose_keeps_comments() {
        let source = Source::read("// why\nlet a = \"text\";");
        assert!(source.prose.contains("why"));
        assert!(!source.prose.contains("text"));
        assert_eq!(source.prose.lines().count(), 2);
    }

    #[test]
    fn test_items_are_marked_to_their_closing_brace() {
        let source = Source::read("fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { { } }\n}\nfn c() {}\n");
        let marked: Vec<usize> = (1..=6).filter(|line| source.is_test(*line)).collect();
        assert_eq!(marked, [2, 3, 4, 5]);
    }

    #[test]
    fn a_test_module_in_its_own_file_is_named() {
        let source = Source::read("#[cfg(test)]\n#[path = \"x.rs\"]\nmod tests;\nfn a() {}\n");
        assert_eq!(source.test_modules, ["tests"]);
        assert!(source.is_test(3));
        assert!(!source.is_test(4));
    }

    #[test]
    fn what_is_compiled_without_tests_is_no_test() {
        let source = Source::read("#[cfg(not(test))]\nfn a() {}\n");
        assert!(!source.is_test(2));
    }

    #[test]
    fn macros_are_told_from_comparisons_and_longer_names() {
        assert!(calls_macro("    println!(\"a\");", "println"));
        assert!(!calls_macro("    eprintln!(\"a\");", "println"));
        assert!(!calls_macro("if println != other {", "println"));
    }
}
