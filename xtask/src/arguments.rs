//! The words after a command: flags, values, and the rest. Anything left over is refused.

use anyhow::{Context, Result, bail};

/// What the caller typed and no one has taken yet.
pub(crate) struct Arguments {
    words: Vec<String>,
}

impl Arguments {
    pub(crate) fn new(words: Vec<String>) -> Self {
        Self { words }
    }

    pub(crate) fn help(&mut self) -> bool {
        self.flag("--help") || self.flag("-h")
    }

    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let before = self.words.len();
        self.words.retain(|word| word != name);
        self.words.len() < before
    }

    /// Every value of a flag that may be repeated: `--only a --only b`, `--only=c`.
    pub(crate) fn values(&mut self, name: &str) -> Result<Vec<String>> {
        let mut values = Vec::new();
        let mut left = Vec::new();
        let mut words = std::mem::take(&mut self.words).into_iter();
        while let Some(word) = words.next() {
            if word == name {
                let value = words.next();
                values.push(value.with_context(|| format!("`{name}` needs a value"))?);
            } else if let Some(value) = word.strip_prefix(&format!("{name}=")) {
                values.push(value.to_owned());
            } else {
                left.push(word);
            }
        }
        self.words = left;
        Ok(values)
    }

    /// The words that are not flags.
    pub(crate) fn rest(self) -> Result<Vec<String>> {
        if let Some(flag) = self.words.iter().find(|word| word.starts_with('-')) {
            bail!("unexpected `{flag}`; see --help");
        }
        Ok(self.words)
    }

    pub(crate) fn finish(self) -> Result<()> {
        match self.words.first() {
            Some(word) => bail!("unexpected `{word}`; see --help"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Arguments {
        Arguments::new(line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn values_are_taken_in_both_spellings() {
        let mut arguments = of("--only tidy --list --only=tests");
        assert_eq!(arguments.values("--only").unwrap(), ["tidy", "tests"]);
        assert!(arguments.flag("--list"));
        assert!(arguments.finish().is_ok());
    }

    #[test]
    fn a_flag_without_its_value_is_refused() {
        assert!(of("--only").values("--only").is_err());
    }

    #[test]
    fn what_nobody_takes_is_refused() {
        assert!(of("--fast").finish().is_err());
        assert!(of("floats --fast").rest().is_err());
        assert_eq!(of("floats prints").rest().unwrap(), ["floats", "prints"]);
    }
}
