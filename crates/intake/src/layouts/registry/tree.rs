//! One record's XML as a tree, with where each part stands. The library parses; this bounds and gathers.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::reject::{Found, RejectCode};

/// Elements inside elements: a record, what it corrects, a segment, a group, an element.
const DEPTH_MAX: usize = 5;
/// Most elements of one record.
const ELEMENTS_MAX: usize = 8_192;

/// An element.
#[derive(Debug)]
pub(super) struct Node<'t> {
    pub(super) name: &'t str,
    /// Offset of its `<`.
    pub(super) open: usize,
    /// Offset of what follows its start tag.
    pub(super) inside: usize,
    /// Its text, without blanks around it.
    pub(super) text: Cow<'t, str>,
    pub(super) children: Vec<Node<'t>>,
}

/// What is wrong with a record, at an offset in its text.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) code: RejectCode,
    pub(super) field: String,
    pub(super) expected: String,
    pub(super) found: Found,
}

impl Fault {
    pub(super) fn new(at: usize, code: RejectCode, field: &str, expected: impl Into<String>, found: Found) -> Self {
        let field: String = field.chars().take(40).collect();
        Self { at, code, field, expected: expected.into(), found }
    }
}

impl<'t> Node<'t> {
    /// The child of this name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Where the value of the child of this name stands, or this element if there is none.
    pub(super) fn place(&self, name: &str) -> usize {
        self.child(name).map_or(self.open, |child| child.inside)
    }

    fn new(start: &BytesStart<'t>, open: usize, inside: usize, text: &'t str) -> Result<Self, Fault> {
        let name = text.get(open + 1..open + 1 + start.name().as_ref().len()).unwrap_or_default();
        if !start.attributes_raw().trim().is_empty() {
            let found = Found::phrase("attributes");
            return Err(Fault::new(open, RejectCode::UnknownElement, name, "an element without attributes", found));
        }
        Ok(Self { name, open, inside, text: Cow::Borrowed(""), children: Vec::new() })
    }
}

/// Parses `text`, which is one element.
pub(super) fn parse(text: &str) -> Result<Node<'_>, Fault> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Node<'_>> = Vec::new();
    let mut elements = 0_usize;
    loop {
        let from = position(&reader);
        let event = reader.read_event().map_err(|_| malformed(usize_of(reader.error_position())))?;
        let to = position(&reader);
        match event {
            Event::Start(start) => {
                elements += 1;
                if open.len() >= DEPTH_MAX || elements > ELEMENTS_MAX {
                    let expected = format!("at most {DEPTH_MAX} levels and {ELEMENTS_MAX} elements");
                    let found = Found::phrase("more");
                    return Err(Fault::new(from, RejectCode::OutOfRange, "record", expected, found));
                }
                open.push(Node::new(&start, from, to, text)?);
            }
            Event::Empty(start) => {
                elements += 1;
                let node = Node::new(&start, from, to, text)?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(node),
                    None => return Ok(node),
                }
            }
            Event::End(_) => {
                let Some(mut node) = open.pop() else { return Err(malformed(from)) };
                node.text = trimmed(node.text);
                if !node.text.is_empty() && !node.children.is_empty() {
                    let found = Found::phrase("text beside elements");
                    return Err(Fault::new(node.open, RejectCode::UnknownElement, node.name, "elements only", found));
                }
                match open.last_mut() {
                    Some(parent) => parent.children.push(node),
                    None => return Ok(node),
                }
            }
            Event::Text(_) => add(&mut open, text.get(from..to).unwrap_or_default()),
            Event::GeneralRef(reference) => {
                let Some(character) = character(&reference) else {
                    let found = Found::phrase("another entity");
                    let expected = "one of the five entities of XML, or a character's number";
                    return Err(Fault::new(from, RejectCode::Encoding, "text", expected, found));
                };
                if let Some(node) = open.last_mut() {
                    node.text.to_mut().push(character);
                }
            }
            Event::CData(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Eof => {
                return Err(malformed(from));
            }
        }
    }
}

fn usize_of(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize_of(reader.buffer_position())
}

fn malformed(at: usize) -> Fault {
    let found = Found::phrase("tags that do not fit together");
    Fault::new(at, RejectCode::RecordLength, "record", "well-formed elements", found)
}

/// Appends text; blanks before the first other character are dropped, so that indented files cost nothing.
fn add<'t>(open: &mut [Node<'t>], text: &'t str) {
    let Some(node) = open.last_mut() else { return };
    if node.text.is_empty() {
        node.text = Cow::Borrowed(text.trim_start());
    } else {
        node.text.to_mut().push_str(text);
    }
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

fn character(reference: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    match &**reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => reference.resolve_char_ref().ok().flatten(),
    }
}
