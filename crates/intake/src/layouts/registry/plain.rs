//! Elements of records that have no segments: verbs that name what they change.

use tallystick_model::{Date, Sensitive};

use super::segment::out_of_order;
use super::tree::{Fault, Node};
use crate::reject::{Found, RejectCode};

/// Elements of records that have no segments, in the order of each: what is required, and the longest texts.
const PLAIN: &[(&str, &[&str], &[&str])] = &[
    ("InBsInfDlt", &["InfRecType", "Name", "IDType", "IDNum", "InfSurcCode"], &["IDType", "IDNum"]),
    ("InIDEfctInfDlt", &["InfRecType", "Name", "IDType", "IDNum", "InfSurcCode"], &["IDType", "IDNum"]),
    ("InAcctIDCagsInf", &["InfRecType", "OdBnesCode", "NwBnesCode"], &["OdBnesCode", "NwBnesCode"]),
    ("InCtrctIDCagsInf", &["InfRecType", "OdBnesCode", "NwBnesCode"], &["OdBnesCode", "NwBnesCode"]),
    ("InAcctEntDel", &["InfRecType", "DelRecCode"], &["DelRecCode"]),
    ("InCtrctEntDel", &["InfRecType", "InfRecTpTp", "DelRecCode"], &["DelRecCode"]),
    (
        "InAcctDel",
        &["InfRecType", "DelRecCode", "DelSgmtCode", "DelStartDate", "DelEndDate"],
        &["DelRecCode", "DelSgmtCode"],
    ),
    (
        "InCtrctDel",
        &["InfRecType", "DelRecCode", "DelSgmtCode", "DelStartDate", "DelEndDate"],
        &["DelRecCode", "DelSgmtCode"],
    ),
    (
        "InSpcEvtDscInf",
        &["InfRecType", "AcctCode", "OpetnType", "Month", "Flag", "RptDate"],
        &["AcctCode", "OpetnType", "Month", "Flag", "RptDate"],
    ),
    (
        "InAcctMdfc/BsSgmt",
        &["InfRecType", "ModRecCode", "RptDate", "AcctType", "MdfcSgmtCode"],
        &["ModRecCode", "RptDate", "AcctType", "MdfcSgmtCode"],
    ),
    (
        "InCtrctMdfc/BsSgmt",
        &["InfRecType", "ModRecCode", "RptDate", "MdfcSgmtCode"],
        &["ModRecCode", "RptDate", "MdfcSgmtCode"],
    ),
];

/// Longest text of a plain element, in bytes.
const PLAIN_BYTES_MAX: usize = 240;

/// Elements that stand beside each other, each checked for its name, order and length.
pub(super) struct Plain<'a, 't> {
    node: &'a Node<'t>,
}

impl<'a, 't> Plain<'a, 't> {
    pub(super) fn read(name: &str, node: &'a Node<'t>) -> Result<Self, Fault> {
        let Some((_, order, required)) = PLAIN.iter().find(|(known, ..)| *known == name) else {
            return Ok(Self { node });
        };
        let mut next = 0;
        for child in &node.children {
            let place = |from: usize| order.iter().skip(from).position(|known| *known == child.name);
            let Some(at) = place(next) else {
                let known = place(0).is_some();
                let found = Found::quoted(child.name);
                let unknown =
                    Fault::new(child.open, RejectCode::UnknownElement, child.name, "an element of this record", found);
                return Err(if known { out_of_order(child) } else { unknown });
            };
            next += at + 1;
            if let Some(inner) = child.children.first() {
                let found = Found::quoted(inner.name);
                return Err(Fault::new(inner.open, RejectCode::UnknownElement, child.name, "text", found));
            }
            if child.text.len() > PLAIN_BYTES_MAX || child.text.chars().any(char::is_control) {
                let expected = format!("at most {PLAIN_BYTES_MAX} bytes and no control characters");
                let found = Found::shape(child.text.as_bytes());
                return Err(Fault::new(child.inside, RejectCode::OutOfRange, child.name, expected, found));
            }
        }
        let plain = Self { node };
        match required.iter().find(|name| plain.text(name).is_none()) {
            Some(missing) => Err(Fault {
                found: Found::text(b""),
                ..plain.fault(missing, RejectCode::Required, "a value".to_owned())
            }),
            None => Ok(plain),
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.node.child(name).map(|child| &*child.text).filter(|text| !text.is_empty())
    }

    pub(super) fn code(&self, name: &str) -> Option<Sensitive<Vec<u8>>> {
        self.text(name).map(|code| Sensitive::new(code.as_bytes().to_vec()))
    }

    pub(super) fn coded(&self, name: &str, codes: &[&str]) -> Result<String, Fault> {
        let text = self.text(name).unwrap_or_default();
        if codes.contains(&text) {
            return Ok(text.to_owned());
        }
        Err(self.fault(name, RejectCode::UnknownCode, format!("one of {}", codes.join(" "))))
    }

    pub(super) fn date(&self, name: &str) -> Result<Date, Fault> {
        let text = self.text(name).unwrap_or_default();
        let date = text.parse().ok().filter(|_| text.len() == 10);
        date.ok_or_else(|| self.fault(name, RejectCode::NotADate, "a date YYYY-MM-DD".to_owned()))
    }

    pub(super) fn fault(&self, name: &str, code: RejectCode, expected: String) -> Fault {
        Fault::new(
            self.node.place(name),
            code,
            name,
            expected,
            Found::text(self.text(name).unwrap_or_default().as_bytes()),
        )
    }
}
