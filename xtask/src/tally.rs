//! What passed, what failed, what was skipped: the figures of the last line.

use std::fmt::Write;

/// The sum over tests and checks. Failures and skips carry the sentence that is repeated at the end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub passed: usize,
    pub failed: Vec<String>,
    pub skipped: Vec<String>,
}

impl Tally {
    pub(crate) fn pass() -> Self {
        Self { passed: 1, ..Self::default() }
    }

    pub(crate) fn fail(what: impl Into<String>) -> Self {
        Self { failed: vec![what.into()], ..Self::default() }
    }

    pub(crate) fn skip(what: impl Into<String>) -> Self {
        Self { skipped: vec![what.into()], ..Self::default() }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed.extend(other.failed);
        self.skipped.extend(other.skipped);
    }

    /// A run in which nothing ran proves nothing, so it is no success.
    pub(crate) fn is_success(&self) -> bool {
        self.failed.is_empty() && self.passed > 0
    }

    /// `12 passed, 0 failed`, with `, 2 skipped` only when something was.
    pub(crate) fn count(&self) -> String {
        let mut line = format!("{} passed, {} failed", self.passed, self.failed.len());
        if !self.skipped.is_empty() {
            write!(line, ", {} skipped", self.skipped.len()).ok();
        }
        line
    }

    /// Skips and failures by name, then the count as the last line.
    pub(crate) fn summary(&self) -> String {
        let mut text = String::from("\n");
        for what in &self.skipped {
            writeln!(text, "skipped  {what}").ok();
        }
        for what in &self.failed {
            writeln!(text, "FAILED   {what}").ok();
        }
        writeln!(text, "{}", self.count()).ok();
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_the_count() {
        let mut tally = Tally::pass();
        tally.add(Tally::fail("format: not formatted"));
        assert_eq!(
            tally.summary().lines().last(),
            Some("1 passed, 1 failed"),
            "without skips the count has two figures"
        );
        tally.add(Tally::skip("samples: no folder"));
        assert_eq!(tally.summary().lines().last(), Some("1 passed, 1 failed, 1 skipped"));
    }

    #[test]
    fn nothing_run_is_no_success() {
        assert!(!Tally::default().is_success());
        assert!(!Tally::skip("all of it").is_success());
        assert!(!Tally::fail("one").is_success());
        assert!(Tally::pass().is_success());
    }
}
