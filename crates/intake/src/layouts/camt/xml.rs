//! The XML of a message as a stream of elements with their paths, texts and places.
//!
//! Bounded in depth, in the length of a tag or text, and in what is kept. No document type, so no entities but the five of
//! XML itself and character references; nothing is fetched from anywhere.

use std::io::{self, BufRead, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::read::Refused;
use crate::reject::Found;

/// Deepest nesting of elements: the messages have 14 at most.
pub(super) const DEPTH_MAX: usize = 32;

/// Longest tag or text, in bytes: the schema's longest text has 500 characters.
pub(super) const TOKEN_BYTES_MAX: u64 = 64 << 10;

/// Longest element name that is kept; the schema's longest has 23 letters.
const NAME_BYTES_MAX: usize = 64;

/// Reads, and gives up where one token grows past the limit.
struct Limited<'a> {
    inner: &'a mut dyn BufRead,
    since_token: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("a tag or text above the limit")]
struct TokenTooLong;

impl Read for Limited<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.since_token += count as u64;
        Ok(count)
    }
}

impl BufRead for Limited<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.since_token > TOKEN_BYTES_MAX {
            return Err(io::Error::other(TokenTooLong));
        }
        let left = usize::try_from(TOKEN_BYTES_MAX + 1 - self.since_token).unwrap_or(usize::MAX);
        let bytes = self.inner.fill_buf()?;
        Ok(bytes.get(..left).unwrap_or(bytes))
    }

    fn consume(&mut self, count: usize) {
        self.since_token += count as u64;
        self.inner.consume(count);
    }
}

/// An open element.
#[derive(Debug)]
pub(super) struct Open {
    /// Its name without prefix.
    pub(super) name: String,
    /// Where its `<` stands.
    pub(super) byte: u64,
    /// Its attribute `Ccy`, the only one that counts.
    pub(super) currency: Option<String>,
    /// Its own text, the white space around it taken off.
    pub(super) text: String,
}

/// What was read last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// An element begins; it is the last of [`Elements::path`].
    Begin,
    /// The last element of the path ends; its text is complete. It leaves the path at the next step.
    End,
    /// The document ends.
    Eof,
}

/// The elements of a document, one step after another.
pub(super) struct Elements<'a> {
    reader: Reader<Limited<'a>>,
    buffer: Vec<u8>,
    path: Vec<Open>,
    /// The last element has ended and is to be taken off the path.
    ended: bool,
    /// The last element was begun and ended by one tag.
    empty: bool,
    /// Namespace of the root.
    pub(super) namespace: String,
    rooted: bool,
    /// Where the last token begins.
    byte: u64,
    /// Bytes of the mark of the encoding, which the parser does not count.
    mark_bytes: u64,
}

impl<'a> Elements<'a> {
    pub(super) fn new(input: &'a mut dyn BufRead) -> Self {
        const MARK: &[u8] = b"\xef\xbb\xbf";
        // A file that can't be read says so at the first step.
        let marked = input.fill_buf().is_ok_and(|bytes| bytes.starts_with(MARK));
        let mut reader = Reader::from_reader(Limited { inner: input, since_token: 0 });
        reader.config_mut().check_comments = false;
        Self {
            reader,
            buffer: Vec::new(),
            path: Vec::new(),
            ended: false,
            empty: false,
            namespace: String::new(),
            rooted: false,
            byte: 0,
            mark_bytes: if marked { MARK.len() as u64 } else { 0 },
        }
    }

    /// The open elements, the root first.
    pub(super) fn path(&self) -> &[Open] {
        &self.path
    }

    /// Where the last token begins.
    pub(super) const fn byte(&self) -> u64 {
        self.byte
    }

    /// Reads on to the next beginning or end of an element.
    ///
    /// # Errors
    /// [`Refused`] if the document is not well-formed, has a document type, or is above a limit.
    pub(super) fn step(&mut self) -> Result<Step, Refused> {
        if self.ended {
            self.path.pop();
            self.ended = false;
        }
        if std::mem::take(&mut self.empty) {
            self.ended = true;
            return Ok(Step::End);
        }
        loop {
            self.buffer.clear();
            self.reader.get_mut().since_token = 0;
            let byte = self.mark_bytes + self.reader.buffer_position();
            self.byte = byte;
            let event = self.reader.read_event_into(&mut self.buffer);
            match event {
                Ok(Event::Start(tag)) => {
                    let open = open(&tag, byte)?;
                    let namespace = namespace_of(&tag);
                    return self.begin(open, namespace, byte);
                }
                Ok(Event::Empty(tag)) => {
                    let open = open(&tag, byte)?;
                    let namespace = namespace_of(&tag);
                    self.empty = true;
                    return self.begin(open, namespace, byte);
                }
                Ok(Event::End(_)) => {
                    self.ended = true;
                    if let Some(open) = self.path.last_mut() {
                        let trimmed = open.text.trim();
                        if trimmed.len() != open.text.len() {
                            open.text = trimmed.to_owned();
                        }
                    }
                    return Ok(Step::End);
                }
                Ok(Event::Text(text)) => keep(&mut self.path, &text.xml10_content(), byte)?,
                Ok(Event::CData(text)) => keep(&mut self.path, &text.xml10_content(), byte)?,
                Ok(Event::GeneralRef(reference)) => {
                    let character = match reference.resolve_char_ref() {
                        Ok(Some(character)) => Some(character),
                        Ok(None) => match &*reference.xml10_content() {
                            "amp" => Some('&'),
                            "lt" => Some('<'),
                            "gt" => Some('>'),
                            "quot" => Some('"'),
                            "apos" => Some('\''),
                            _ => None,
                        },
                        Err(_) => None,
                    };
                    let Some(character) = character else {
                        return Err(wrong(byte, "entity", "one of the five entities of XML or a character", "another"));
                    };
                    keep(&mut self.path, character.encode_utf8(&mut [0; 4]), byte)?;
                }
                Ok(Event::DocType(_)) => {
                    return Err(wrong(byte, "DOCTYPE", "no document type", "one"));
                }
                Ok(Event::Eof) if !self.path.is_empty() => {
                    let name = self.path.last().map(|open| open.name.clone()).unwrap_or_default();
                    return Err(Refused::Truncated { byte, expected: format!("`</{name}>`") });
                }
                Ok(Event::Eof) => return Ok(Step::Eof),
                Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => {}
                Err(error) => return Err(refused(&error, (self.mark_bytes + self.reader.error_position()).max(byte))),
            }
        }
    }

    fn begin(&mut self, open: Open, namespace: Option<String>, byte: u64) -> Result<Step, Refused> {
        if self.path.is_empty() {
            if self.rooted {
                return Err(wrong(byte, "document", "one root element", "a second one"));
            }
            self.rooted = true;
            self.namespace = namespace.unwrap_or_default();
        }
        if self.path.len() >= DEPTH_MAX {
            let found = format!("{} levels of elements", self.path.len() + 1);
            return Err(wrong(byte, "document", &format!("at most {DEPTH_MAX} levels of elements"), &found));
        }
        self.path.push(open);
        Ok(Step::Begin)
    }
}

/// Adds to the text of the innermost element.
fn keep(path: &mut [Open], text: &str, byte: u64) -> Result<(), Refused> {
    let Some(open) = path.last_mut() else {
        if text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty() {
            return Ok(());
        }
        return Err(wrong(byte, "document", "an element", "text"));
    };
    if open.text.is_empty() && text.trim().is_empty() {
        return Ok(());
    }
    if open.text.len() + text.len() > usize::try_from(TOKEN_BYTES_MAX).unwrap_or(usize::MAX) {
        return Err(Refused::TooLarge { byte, what: "the text of an element", limit_bytes: TOKEN_BYTES_MAX });
    }
    open.text.push_str(text);
    Ok(())
}

fn open(tag: &BytesStart<'_>, byte: u64) -> Result<Open, Refused> {
    let name = tag.local_name().into_inner();
    if name.len() > NAME_BYTES_MAX {
        return Err(wrong(byte, "element", &format!("a name of at most {NAME_BYTES_MAX} bytes"), "a longer one"));
    }
    let currency = match tag.try_get_attribute("Ccy") {
        Ok(attribute) => attribute.map(|attribute| attribute.value.into_owned()),
        Err(_) => return Err(wrong(byte, "attribute", "attributes as `name=\"value\"`", "something else")),
    };
    Ok(Open { name: name.to_owned(), byte, currency, text: String::new() })
}

/// The namespace that a root element's tag declares for itself.
fn namespace_of(tag: &BytesStart<'_>) -> Option<String> {
    let attribute = match tag.name().prefix() {
        Some(prefix) => format!("xmlns:{}", prefix.into_inner()),
        None => "xmlns".to_owned(),
    };
    tag.try_get_attribute(&attribute).ok().flatten().map(|attribute| attribute.value.into_owned())
}

/// A file that is not what it claims.
pub(super) fn wrong(byte: u64, field: &str, expected: &str, found: &str) -> Refused {
    Refused::NotThisLayout { byte, field: field.to_owned(), expected: expected.to_owned(), found: Found::phrase(found) }
}

fn refused(error: &quick_xml::Error, byte: u64) -> Refused {
    use quick_xml::Error;
    match error {
        Error::Io(error) if error.get_ref().is_some_and(|error| error.is::<TokenTooLong>()) => {
            Refused::TooLarge { byte, what: "a tag or text", limit_bytes: TOKEN_BYTES_MAX }
        }
        Error::Io(error) => Refused::Io(io::Error::new(error.kind(), error.to_string())),
        Error::Encoding(_) => wrong(byte, "document", "UTF-8 text", "a malformed byte"),
        // Their texts repeat names and values of the file.
        Error::Syntax(_) => wrong(byte, "document", "well-formed XML", "a piece that never ends or begins wrongly"),
        Error::IllFormed(_) => wrong(byte, "document", "well-formed XML", "an end that fits no beginning"),
        _ => wrong(byte, "document", "well-formed XML", "something else"),
    }
}
