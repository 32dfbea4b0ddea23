//! One segment by its table: names, order, types, counts.

use tallystick_model::money::{DecimalMarks, NotAnAmount, parse_minor};
use tallystick_model::registry::{Element, Group, Holds, Segment, Table, Value};
use tallystick_model::{Currency, Date, Month, Sensitive};

use super::tree::{Fault, Node};
use crate::reject::{Found, RejectCode};

/// What must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Completeness {
    /// Everything required.
    Whole,
    /// A correction of whose it is says only that: the rest stays.
    Part,
}

/// Reads a segment.
pub(super) fn read(
    table: &'static Table,
    node: &Node<'_>,
    reported: Option<Date>,
    completeness: Completeness,
) -> Result<Segment, Fault> {
    let mut segment = Segment { kind: table.kind, reported, values: Vec::new(), groups: Vec::new() };
    let mut order = Order::new(table.elements);
    for child in &node.children {
        if let Some(group) = table.group.filter(|group| group.name == child.name) {
            segment.groups.push(read_group(&group, child)?);
            continue;
        }
        let element = order.next(child)?;
        segment.values.extend(value(element, child)?);
    }
    if completeness == Completeness::Whole {
        require(table.elements, &segment.values, node)?;
    }
    if let Some(counted_by) = table.group.and_then(|group| group.counted_by) {
        check_count(table, counted_by, &segment, node)?;
    }
    Ok(segment)
}

/// Reads elements that stand in a record without a segment of their own.
pub(super) fn read_group(group: &Group, node: &Node<'_>) -> Result<Vec<Value>, Fault> {
    let mut order = Order::new(group.elements);
    let mut values = Vec::with_capacity(node.children.len());
    for child in &node.children {
        let element = order.next(child)?;
        values.extend(value(element, child)?);
    }
    require(group.elements, &values, node)?;
    Ok(values)
}

/// Walks along the elements of a table.
struct Order {
    elements: &'static [Element],
    next: usize,
    seen: u64,
}

impl Order {
    const fn new(elements: &'static [Element]) -> Self {
        Self { elements, next: 0, seen: 0 }
    }

    fn next(&mut self, child: &Node<'_>) -> Result<&'static Element, Fault> {
        let place =
            |from: usize| self.elements.iter().enumerate().skip(from).find(|(_, element)| element.name == child.name);
        let Some((at, element)) = place(self.next) else {
            let Some(_) = place(0) else {
                let found = Found::quoted(child.name);
                let expected = "an element of this segment";
                return Err(Fault::new(child.open, RejectCode::UnknownElement, child.name, expected, found));
            };
            return Err(out_of_order(child));
        };
        let bit = 1_u64 << (element.number % 64);
        if self.seen & bit != 0 {
            return Err(out_of_order(child));
        }
        self.seen |= bit;
        self.next = at + 1;
        Ok(element)
    }
}

pub(super) fn out_of_order(child: &Node<'_>) -> Fault {
    let found = Found::phrase("it after what follows it, or again");
    Fault::new(child.open, RejectCode::ElementOrder, child.name, "each once, in the order of the format", found)
}

fn require(elements: &'static [Element], values: &[Value], node: &Node<'_>) -> Result<(), Fault> {
    let missing =
        elements.iter().find(|element| element.required && !values.iter().any(|(number, _)| *number == element.number));
    match missing {
        None => Ok(()),
        Some(element) => {
            let at = node.child(element.name).map_or(node.open, |child| child.inside);
            Err(Fault::new(at, RejectCode::Required, element.name, "a value", Found::text(b"")))
        }
    }
}

fn check_count(table: &'static Table, counted_by: u8, segment: &Segment, node: &Node<'_>) -> Result<(), Fault> {
    let Some(element) = table.element(counted_by) else { return Ok(()) };
    let stated = segment.text(element.name).and_then(|text| text.parse::<usize>().ok());
    if stated.is_none_or(|stated| stated == segment.groups.len()) {
        return Ok(());
    }
    let found = Found::phrase(format!("{} of them", segment.groups.len()));
    let expected = format!("as many as `{}` says", element.name);
    Err(Fault::new(node.place(element.name), RejectCode::Contradiction, element.name, expected, found))
}

/// The value of an element; `None` if it is blank.
pub(super) fn value(element: &Element, node: &Node<'_>) -> Result<Option<Value>, Fault> {
    if let Some(child) = node.children.first() {
        let found = Found::quoted(child.name);
        return Err(Fault::new(child.open, RejectCode::UnknownElement, node.name, "text", found));
    }
    let text = &*node.text;
    if text.is_empty() {
        return Ok(None);
    }
    let shown = if element.personal { Found::shape(text.as_bytes()) } else { Found::text(text.as_bytes()) };
    let (code, expected) = match fault(element.holds, text) {
        None => return Ok(Some((element.number, Sensitive::new(text.to_owned())))),
        Some(fault) => fault,
    };
    Err(Fault::new(node.inside, code, element.name, expected, shown))
}

/// What is wrong with a text that is not blank.
fn fault(holds: Holds, text: &str) -> Option<(RejectCode, String)> {
    let too_long = |max: usize| (text.len() > max).then(|| (RejectCode::OutOfRange, format!("at most {max} bytes")));
    match holds {
        Holds::Code(codes) => {
            (!codes.contains(&text)).then(|| (RejectCode::UnknownCode, format!("one of {}", codes.join(" "))))
        }
        Holds::Word(max) => too_long(max).or_else(|| {
            let fits = |character: char| !character.is_whitespace() && !character.is_control();
            (!text.chars().all(fits)).then(|| (RejectCode::UnknownCode, "a word without spaces".to_owned()))
        }),
        Holds::Date => {
            let is_date = text.len() == 10 && text.is_ascii() && text.parse::<Date>().is_ok();
            (!is_date).then(|| (RejectCode::NotADate, "a date YYYY-MM-DD".to_owned()))
        }
        Holds::Month => Month::parse(text).is_err().then(|| (RejectCode::NotAMonth, "a month YYYY-MM".to_owned())),
        Holds::Amount => match parse_minor(text.as_bytes(), 2, DecimalMarks::PLAIN) {
            Ok(_) => None,
            Err(NotAnAmount::OutOfRange) => {
                Some((RejectCode::OutOfRange, "an amount below 2^63 minor units".to_owned()))
            }
            Err(_) => Some((RejectCode::NotAnAmount, "an amount with at most 2 decimal places".to_owned())),
        },
        Holds::Count(max) => {
            if !text.bytes().all(|byte| byte.is_ascii_digit()) {
                return Some((RejectCode::NotANumber, "a whole number".to_owned()));
            }
            let fits = text.parse::<u32>().is_ok_and(|number| number <= max);
            (!fits).then(|| (RejectCode::OutOfRange, format!("0 to {max}")))
        }
        Holds::Text(max) => too_long(max).or_else(|| {
            text.chars().any(char::is_control).then(|| (RejectCode::OutOfRange, "no control characters".to_owned()))
        }),
        Holds::Currency => Currency::from_code(text)
            .is_err()
            .then(|| (RejectCode::UnknownCode, "an ISO 4217 code that this version knows".to_owned())),
    }
}
