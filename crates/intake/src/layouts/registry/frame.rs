//! The file's frame: an optional heading line, then documents; and the bytes of each record in them, one at a time.
//!
//! Here only `<`, `>` and the names of tags are looked at, so that one broken record does not take the others with it, and
//! memory is bounded by one record. `<` and `>` are no part of any longer character in GB18030 or UTF-8.

use std::io::BufRead;

use memchr::memchr;

use crate::read::Refused;
use crate::reject::Found;

/// Longest record, in bytes.
pub(super) const RECORD_BYTES_MAX: u64 = 1 << 20;
/// Longest tag, in bytes.
const TAG_BYTES_MAX: u64 = 1 << 10;
/// Longest text between records, in bytes; it is blank.
const BLANK_BYTES_MAX: u64 = 1 << 16;
/// Longest heading line, in bytes.
const HEADING_BYTES_MAX: u64 = 256;
const DOCUMENT: &[u8] = b"Document";

/// What comes next in a file.
pub(super) enum Frame {
    /// A record's element from `<` to `>`, the record's own tags included; offset of its first byte.
    Record(u64, Vec<u8>),
    /// A record whose end tag is missing: the next document begins, or its own ends. Offsets of its first byte and of what came
    /// instead, and the end tag that was expected.
    Unended { at: u64, instead: u64, expected: String },
    /// The end of the file.
    End,
}

/// Cuts a file.
pub(super) struct Frames<'a> {
    input: &'a mut dyn BufRead,
    /// Offset of the next byte.
    at: u64,
    in_document: bool,
    /// The encoding that an XML declaration names.
    pub(super) declared: Option<String>,
}

/// A tag without its angle brackets.
struct Tag {
    at: u64,
    bytes: Vec<u8>,
}

impl Tag {
    fn is_end(&self) -> bool {
        self.bytes.starts_with(b"/")
    }

    /// `<name/>`
    fn is_empty(&self) -> bool {
        self.bytes.ends_with(b"/")
    }

    fn name(&self) -> &[u8] {
        let name = self.bytes.strip_prefix(b"/").unwrap_or(&self.bytes);
        let end = name.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'/').unwrap_or(name.len());
        name.get(..end).unwrap_or_default()
    }
}

impl<'a> Frames<'a> {
    pub(super) fn new(input: &'a mut dyn BufRead) -> Self {
        Self { input, at: 0, in_document: false, declared: None }
    }

    /// The heading line with the offset of its first byte, if the file begins with one. To be asked once, first.
    pub(super) fn heading(&mut self) -> Result<Option<(u64, Vec<u8>)>, Refused> {
        if self.input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            self.input.consume(3);
            self.at += 3;
        }
        match self.input.fill_buf()?.first() {
            None | Some(b'<') => return Ok(None),
            Some(byte) if byte.is_ascii_whitespace() => return Ok(None),
            Some(_) => {}
        }
        let (at, mut line) = (self.at, Vec::new());
        self.take_until(b'\n', &mut line, HEADING_BYTES_MAX, "heading line")?;
        Ok(Some((at, line.trim_ascii_end().to_vec())))
    }

    /// The next record.
    pub(super) fn next(&mut self) -> Result<Frame, Refused> {
        loop {
            let Some(tag) = self.between_records()? else { return Ok(Frame::End) };
            let refuse = |expected: &str, found: &str| {
                Err(Refused::NotThisLayout {
                    byte: tag.at,
                    field: "document".to_owned(),
                    expected: expected.to_owned(),
                    found: Found::phrase(found),
                })
            };
            if tag.bytes.starts_with(b"?") {
                self.declared = self.declared.take().or_else(|| declared_encoding(&tag.bytes));
                continue;
            }
            match (tag.name() == DOCUMENT, tag.is_end(), self.in_document) {
                (true, true, true) => self.in_document = false,
                (true, false, false) => self.in_document = !tag.is_empty(),
                (true, true, false) => return refuse("`<Document>`", "`</Document>`"),
                (true, false, true) => return refuse("`</Document>` or a record", "`<Document>`"),
                (false, _, false) => return refuse("`<Document>`", "another element"),
                (false, true, true) => return refuse("`</Document>` or a record", "the end of another element"),
                (false, false, true) => return self.record(tag),
            }
        }
    }

    fn between_records(&mut self) -> Result<Option<Tag>, Refused> {
        let (start, mut text) = (self.at, Vec::new());
        let more = self.take_until(b'<', &mut text, BLANK_BYTES_MAX, "text between records")?;
        if let Some(offset) = text.iter().position(|byte| !byte.is_ascii_whitespace()) {
            return Err(Refused::NotThisLayout {
                byte: start + offset as u64,
                field: "document".to_owned(),
                expected: "an element".to_owned(),
                found: Found::phrase("text outside of records"),
            });
        }
        if !more {
            if self.in_document {
                return Err(Refused::Truncated { byte: self.at, expected: "`</Document>`".to_owned() });
            }
            return Ok(None);
        }
        self.tag().map(Some)
    }

    /// The rest of a tag whose `<` was taken.
    fn tag(&mut self) -> Result<Tag, Refused> {
        let (at, mut bytes) = (self.at - 1, Vec::new());
        if !self.take_until(b'>', &mut bytes, TAG_BYTES_MAX, "tag")? {
            return Err(Refused::Truncated { byte: self.at, expected: "`>`".to_owned() });
        }
        if bytes.starts_with(b"!") {
            return Err(Refused::NotThisLayout {
                byte: at,
                field: "document".to_owned(),
                expected: "elements and text".to_owned(),
                found: Found::phrase("a declaration, comment or section `<!`"),
            });
        }
        Ok(Tag { at, bytes })
    }

    fn record(&mut self, first: Tag) -> Result<Frame, Refused> {
        let at = first.at;
        let expected = format!("`</{}>`", String::from_utf8_lossy(first.name()).chars().take(32).collect::<String>());
        let mut depth = u32::from(!first.is_empty());
        let mut record = [b"<".as_slice(), &first.bytes, b">"].concat();
        while depth > 0 {
            let room = RECORD_BYTES_MAX.saturating_sub(record.len() as u64);
            if !self.take_until(b'<', &mut record, room, "record")? {
                return Err(Refused::Truncated { byte: self.at, expected });
            }
            let tag = self.tag()?;
            if tag.name() == DOCUMENT {
                self.in_document = !tag.is_end();
                return Ok(Frame::Unended { at, instead: tag.at, expected });
            }
            record.push(b'<');
            record.extend_from_slice(&tag.bytes);
            record.push(b'>');
            if tag.is_end() {
                depth -= 1;
            } else if !tag.is_empty() && !tag.bytes.starts_with(b"?") {
                depth += 1;
            }
        }
        Ok(Frame::Record(at, record))
    }

    /// Takes bytes up to `end` into `kept`, and `end` away; tells whether it came before the end of the file.
    fn take_until(&mut self, end: u8, kept: &mut Vec<u8>, limit: u64, what: &'static str) -> Result<bool, Refused> {
        let mut room = limit;
        loop {
            let available = self.input.fill_buf()?;
            if available.is_empty() {
                return Ok(false);
            }
            let found = memchr(end, available);
            let taken = available.get(..found.unwrap_or(available.len())).unwrap_or_default();
            room = room.checked_sub(taken.len() as u64).ok_or(Refused::TooLarge {
                byte: self.at,
                what,
                limit_bytes: if what == "record" { RECORD_BYTES_MAX } else { limit },
            })?;
            kept.extend_from_slice(taken);
            let count = taken.len() + usize::from(found.is_some());
            self.input.consume(count);
            self.at += count as u64;
            if found.is_some() {
                return Ok(true);
            }
        }
    }
}

/// `encoding="..."` of an XML declaration.
fn declared_encoding(declaration: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(declaration).ok()?;
    let (_, rest) = text.strip_prefix("?xml")?.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    rest.get(1..)?.split_once(quote).map(|(name, _)| name.to_owned())
}
