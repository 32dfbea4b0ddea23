//! How delimited text is marked, and where in a row as delivered its fields and its end stand.
//!
//! [`Walk`] says of each byte what a CSV reader makes of it: a quote counts at the start of a field alone, is doubled or
//! escaped inside, and text after the closing one belongs to the field. The values of quoted rows are `csv-core`'s.

/// The marks of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// Between fields.
    pub(super) delimiter: u8,
    /// Around fields that hold delimiters or line ends; `None` if the file has no such thing.
    pub(super) quote: Option<u8>,
    /// Before a quote inside a quoted field, beside doubling it.
    pub(super) escape: Option<u8>,
    /// A line that begins with it says nothing.
    pub(super) comment: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    Plain,
    Quoted,
    Escaped,
    /// After a quote in a quoted field: its end, or the first of two.
    Quote,
}

/// What a byte of a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Within,
    Delimiter,
    End,
}

/// Walks a row from its first byte on.
struct Walk<'a> {
    dialect: &'a Dialect,
    state: State,
}

impl<'a> Walk<'a> {
    const fn new(dialect: &'a Dialect) -> Self {
        Self { dialect, state: State::Start }
    }

    fn step(&mut self, byte: u8) -> Step {
        let quote = self.dialect.quote == Some(byte);
        let (state, step) = match self.state {
            State::Start | State::Quote if quote => (State::Quoted, Step::Within),
            State::Quoted if quote => (State::Quote, Step::Within),
            State::Quoted if self.dialect.escape == Some(byte) => (State::Escaped, Step::Within),
            State::Quoted | State::Escaped => (State::Quoted, Step::Within),
            _ if byte == self.dialect.delimiter => (State::Start, Step::Delimiter),
            _ if matches!(byte, b'\r' | b'\n') => (State::Start, Step::End),
            _ => (State::Plain, Step::Within),
        };
        self.state = state;
        step
    }
}

/// How a row ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowEnd {
    /// With the line end at this offset.
    At(usize),
    /// Not within the bytes given, which end outside of quotes.
    Open,
    /// Not within the bytes given, which end inside of quotes.
    OpenQuoted,
}

impl Dialect {
    /// Where the row ends whose first byte is the first of `bytes`.
    pub(super) fn row_end(&self, bytes: &[u8]) -> RowEnd {
        let mut walk = Walk::new(self);
        for (offset, &byte) in bytes.iter().enumerate() {
            if walk.step(byte) == Step::End {
                return RowEnd::At(offset);
            }
        }
        match walk.state {
            State::Quoted | State::Escaped => RowEnd::OpenQuoted,
            State::Start | State::Plain | State::Quote => RowEnd::Open,
        }
    }

    /// Where in the row `row` its field `place` begins: at its first byte as delivered, which is the opening quote of a
    /// quoted field and the first blank of a padded one. `None` if the row has no such field.
    pub(super) fn field_start(&self, row: &[u8], place: usize) -> Option<usize> {
        let (mut walk, mut left) = (Walk::new(self), place);
        for (offset, &byte) in row.iter().enumerate() {
            if left == 0 {
                return Some(offset);
            }
            match walk.step(byte) {
                Step::Within => {}
                Step::Delimiter => left -= 1,
                Step::End => return None,
            }
        }
        (left == 0).then_some(row.len())
    }
}
