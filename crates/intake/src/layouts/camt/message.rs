//! Statements, balances and entries out of the elements of a message: one reading for all versions.
//!
//! What differs between versions is only where a value stands: `Sts` or `Sts/Cd`, `PrtryAcct` or `Othr`, `Tp/Cd` or
//! `Tp/CdOrPrtry/Cd`, `DtTm` or `Dt`. Each place is in the table of [`Parts::take`].

use std::io::BufRead;

use tallystick_model::fact::RecordPlace;
use tallystick_model::money::{DecimalMarks, NotAnAmount, parse_minor};
use tallystick_model::{Currency, Date};

use super::xml::{Elements, Open, Step, wrong};
use crate::layouts::months::Direction;
use crate::read::Refused;
use crate::reject::{Found, Reject, RejectCode};

/// Longest account number, in bytes: an IBAN has 34 characters, other numbers too.
const ACCOUNT_BYTES_MAX: usize = 64;

/// Most balances of one statement.
const BALANCES_MAX: usize = 1_000;

/// Most statements of one file: the totals and the period of each are kept.
const STATEMENTS_MAX: u64 = 1 << 16;

/// The kinds of message of this family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// camt.052: what was booked so far today.
    Report,
    /// camt.053: what was booked until the end of a day.
    Statement,
    /// camt.054: single debits and credits.
    Notification,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Report, Self::Statement, Self::Notification];

    /// The message's name in the namespace.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Report => "camt.052",
            Self::Statement => "camt.053",
            Self::Notification => "camt.054",
        }
    }

    /// The element under the root; version 1 has `V01` behind it.
    pub(super) const fn element(self) -> &'static str {
        match self {
            Self::Report => "BkToCstmrAcctRpt",
            Self::Statement => "BkToCstmrStmt",
            Self::Notification => "BkToCstmrDbtCdtNtfctn",
        }
    }

    /// The element of one statement.
    const fn part(self) -> &'static str {
        match self {
            Self::Report => "Rpt",
            Self::Statement => "Stmt",
            Self::Notification => "Ntfctn",
        }
    }
}

/// Highest version that is read.
pub(super) const VERSION_MAX: u8 = 8;

/// Kind and version in a namespace such as `urn:iso:std:iso:20022:tech:xsd:camt.053.001.08`; a version of two digits.
pub(super) fn of_namespace(namespace: &str) -> Option<(Kind, u8)> {
    let (_, name) = namespace.rsplit_once(':')?;
    let name = name.trim_start_matches('$');
    let kind = Kind::ALL.into_iter().find(|kind| name.starts_with(kind.code()))?;
    let version = name.strip_prefix(kind.code())?.strip_prefix(".001.")?;
    (version.len() == 2 && version.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| version.parse().ok())
        .flatten()
        .map(|version| (kind, version))
}

/// How far an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Booked,
    Pending,
    Information,
    Future,
}

impl Status {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Booked => "BOOK",
            Self::Pending => "PDNG",
            Self::Information => "INFO",
            Self::Future => "FUTR",
        }
    }
}

/// A bank transaction code of ISO 20022: domain, family, sub-family, e.g. `PMNT` `ICDT` `ESCT`. Blank where not told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TransactionCode {
    pub(super) domain: String,
    pub(super) family: String,
    pub(super) sub_family: String,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) place: RecordPlace,
    /// Never negative.
    pub(super) minor: i64,
    pub(super) currency: Currency,
    pub(super) direction: Direction,
    pub(super) status: Status,
    pub(super) reversal: bool,
    pub(super) booked: Option<Date>,
    pub(super) valued: Option<Date>,
    pub(super) code: TransactionCode,
}

/// One balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Balance {
    /// `OPBD`, `CLBD` ...; of an own type nothing.
    pub(super) kind: String,
    /// Below zero if the account is overdrawn.
    pub(super) minor: i64,
    pub(super) currency: Currency,
    pub(super) date: Option<Date>,
}

/// What a statement says of its own entries (`TxsSummry`), as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    /// Of all entries, credits, debits: number and sum.
    pub(super) stated: [(Option<String>, Option<String>); 3],
}

/// What stands before the entries of a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Statement {
    /// Counted from 1 in the file.
    pub(super) number: u64,
    /// The account's number: IBAN or other.
    pub(super) account: Option<String>,
    /// The account's currency.
    pub(super) currency: Option<String>,
    /// From when to when it reaches, as written.
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) balances: Vec<Balance>,
    pub(super) summary: Summary,
}

/// Takes what a message holds, in its order.
pub(super) trait Visitor {
    /// An entry, or why it is none; with what could be read of it either way.
    fn entry(&mut self, statement: &Statement, entry: Result<Entry, Box<Reject>>, moved: &Moved)
    -> Result<(), Refused>;

    /// A statement ends.
    fn statement(&mut self, statement: &Statement);
}

/// What an entry adds to totals, rejected or not: each part by itself, if it could be read.
pub(super) struct Moved {
    /// Never negative.
    pub(super) amount: Option<(i64, Currency)>,
    pub(super) direction: Option<Direction>,
    pub(super) status: Option<Status>,
}

impl Moved {
    /// What comes to the booked balance, or goes off it.
    pub(super) fn booked(&self) -> Option<(i64, Currency)> {
        let ((minor, currency), direction) = (self.amount?, self.direction?);
        (self.status? == Status::Booked).then_some((signed(direction, minor), currency))
    }
}

/// Texts with places of one entry or balance.
#[derive(Default)]
struct Parts {
    amount: Option<(Open, u64)>,
    direction: Option<Open>,
    reversal: Option<Open>,
    status: Option<Open>,
    booked: Option<Open>,
    valued: Option<Open>,
    kind: Option<Open>,
    date: Option<Open>,
    code: TransactionCode,
    detail_code: TransactionCode,
}

impl Parts {
    /// Takes an element that ended, by its path below the entry or balance.
    fn take(&mut self, path: &[&str], open: &Open) {
        let copy = || Open {
            name: open.name.clone(),
            byte: open.byte,
            currency: open.currency.clone(),
            text: open.text.clone(),
        };
        match path {
            ["Amt"] => self.amount = Some((copy(), open.byte)),
            ["CdtDbtInd"] => self.direction = Some(copy()),
            ["RvslInd"] => self.reversal = Some(copy()),
            // An element that holds others has no text of its own.
            ["Sts"] if !open.text.is_empty() => self.status = Some(copy()),
            ["Sts", "Cd" | "Prtry"] => self.status = Some(copy()),
            ["BookgDt", "Dt" | "DtTm"] => self.booked = Some(copy()),
            ["ValDt", "Dt" | "DtTm"] => self.valued = Some(copy()),
            ["Tp", "Cd"] | ["Tp", "CdOrPrtry", "Cd"] => self.kind = Some(copy()),
            ["Dt"] if !open.text.is_empty() => self.date = Some(copy()),
            ["Dt", "Dt" | "DtTm"] => self.date = Some(copy()),
            ["BkTxCd", rest @ ..] => self.code.take(rest, &open.text),
            // Version 1 has the details of a transaction without `NtryDtls` around them.
            ["NtryDtls", "TxDtls", "BkTxCd", rest @ ..] | ["TxDtls", "BkTxCd", rest @ ..] => {
                self.detail_code.take(rest, &open.text);
            }
            _ => {}
        }
    }
}

impl TransactionCode {
    fn take(&mut self, path: &[&str], text: &str) {
        let part = match path {
            ["Domn", "Cd"] => &mut self.domain,
            ["Domn", "Fmly", "Cd"] => &mut self.family,
            ["Domn", "Fmly", "SubFmlyCd"] => &mut self.sub_family,
            _ => return,
        };
        // Of several transactions of one entry the first speaks.
        if part.is_empty() {
            text.clone_into(part);
        }
    }
}

/// Reads a message and hands what it holds to `visitor`; gives its kind, version and number of entries.
///
/// # Errors
/// [`Refused`] if it is none of this family, or whatever `visitor` says.
pub(super) fn read(
    input: &mut dyn BufRead,
    admit: impl FnOnce(Kind, u64) -> Result<(), Refused>,
    visitor: &mut dyn Visitor,
) -> Result<(Kind, u8, u64), Refused> {
    let mut elements = Elements::new(input);
    let (kind, version) = root(&mut elements)?;
    admit(kind, elements.byte())?;
    let mut reading = Reading { kind, statement: None, statements: 0, entries: 0, part: None, visitor };
    loop {
        match elements.step()? {
            Step::Begin => reading.begin(elements.path())?,
            Step::End => reading.end(elements.path(), elements.byte())?,
            Step::Eof => return Ok((kind, version, reading.entries)),
        }
    }
}

fn root(elements: &mut Elements<'_>) -> Result<(Kind, u8), Refused> {
    let expected = "a `Document` of a namespace `…:camt.052.001.01` to `…:camt.053.001.08`";
    if elements.step()? != Step::Begin {
        return Err(wrong(elements.byte(), "document", expected, "no element at all"));
    }
    let byte = elements.byte();
    let known = elements.path().first().is_some_and(|open| open.name == "Document");
    let Some((kind, version)) = of_namespace(&elements.namespace).filter(|_| known) else {
        return Err(wrong(byte, "Document", expected, "another root element or namespace"));
    };
    if !(1..=VERSION_MAX).contains(&version) {
        let found = format!("`{}` version {version}", kind.code());
        return Err(wrong(byte, "Document", &format!("version 1 to {VERSION_MAX}"), &found));
    }
    if elements.step()? != Step::Begin {
        return Err(wrong(elements.byte(), "Document", &format!("`{}`", kind.element()), "nothing in it"));
    }
    let name = elements.path().last().map(|open| open.name.as_str()).unwrap_or_default();
    if name.strip_prefix(kind.element()).is_none_or(|rest| !rest.is_empty() && rest != format!("V{version:02}")) {
        return Err(wrong(elements.byte(), "Document", &format!("`{}`", kind.element()), "another element"));
    }
    Ok((kind, version))
}

struct Reading<'v> {
    kind: Kind,
    statement: Option<Statement>,
    statements: u64,
    entries: u64,
    part: Option<(RecordPlace, Parts)>,
    visitor: &'v mut dyn Visitor,
}

/// The names below `Document/BkToCstmrStmt/Stmt`.
fn below(path: &[Open]) -> Vec<&str> {
    path.iter().skip(3).map(|open| open.name.as_str()).collect()
}

impl Reading<'_> {
    fn begin(&mut self, path: &[Open]) -> Result<(), Refused> {
        let Some(open) = path.last() else { return Ok(()) };
        match (path.len(), open.name.as_str()) {
            (3, name) if name == self.kind.part() => {
                self.statements += 1;
                if self.statements > STATEMENTS_MAX {
                    return Err(wrong(open.byte, name, &format!("at most {STATEMENTS_MAX} of them"), "more"));
                }
                self.statement = Some(Statement { number: self.statements, ..Statement::default() });
            }
            (3, "GrpHdr" | "SplmtryData") => {}
            (3, _) => {
                let expected = format!("`GrpHdr`, `{}` or `SplmtryData`", self.kind.part());
                return Err(wrong(open.byte, self.kind.element(), &expected, "another element"));
            }
            (4, "Bal") => self.part = Some((RecordPlace { record: 0, byte: open.byte }, Parts::default())),
            (4, "Ntry") => {
                self.entries += 1;
                let place = RecordPlace { record: self.entries, byte: open.byte };
                self.part = Some((place, Parts::default()));
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, path: &[Open], byte: u64) -> Result<(), Refused> {
        let Some(open) = path.last() else { return Ok(()) };
        if path.len() == 2 && self.statements == 0 {
            let part = self.kind.part();
            return Err(wrong(byte, self.kind.element(), &format!("at least one `{part}`"), "none"));
        }
        let Some(statement) = &mut self.statement else { return Ok(()) };
        match below(path).as_slice() {
            [] if path.len() == 3 => {
                self.visitor.statement(statement);
                self.statement = None;
            }
            ["Bal"] => {
                if let Some((place, parts)) = self.part.take() {
                    if statement.balances.len() >= BALANCES_MAX {
                        return Err(wrong(place.byte, "Bal", &format!("at most {BALANCES_MAX} of them"), "more"));
                    }
                    statement.balances.push(balance(&parts, place.byte)?);
                }
            }
            ["Ntry"] => {
                if let Some((place, parts)) = self.part.take() {
                    self.visitor.entry(statement, entry(&parts, place), &moved(&parts))?;
                }
            }
            ["Bal" | "Ntry", rest @ ..] => {
                if let Some((_, parts)) = &mut self.part {
                    parts.take(rest, open);
                }
            }
            ["Acct", "Id", "IBAN" | "BBAN" | "UPIC"]
            | ["Acct", "Id", "Othr", "Id"]
            | ["Acct", "Id", "PrtryAcct", "Id"] => {
                if open.text.is_empty() || open.text.len() > ACCOUNT_BYTES_MAX {
                    return Err(Refused::NotThisLayout {
                        byte: open.byte,
                        field: "Acct/Id".to_owned(),
                        expected: format!("an account number of 1 to {ACCOUNT_BYTES_MAX} bytes"),
                        found: Found::shape(open.text.as_bytes()),
                    });
                }
                statement.account = Some(open.text.clone());
            }
            ["Acct", "Ccy"] => statement.currency = Some(open.text.clone()),
            ["FrToDt", "FrDtTm" | "FrDt"] => statement.from = Some(open.text.clone()),
            ["FrToDt", "ToDtTm" | "ToDt"] => statement.to = Some(open.text.clone()),
            ["TxsSummry", of, what] => {
                let stated = &mut statement.summary.stated;
                let [all, credits, debits] = stated;
                let pair = match *of {
                    "TtlNtries" => all,
                    "TtlCdtNtries" => credits,
                    "TtlDbtNtries" => debits,
                    _ => return Ok(()),
                };
                match *what {
                    "NbOfNtries" => pair.0 = Some(open.text.clone()),
                    "Sum" => pair.1 = Some(open.text.clone()),
                    _ => {}
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Why a part of an entry or balance is wrong.
struct Fault {
    code: RejectCode,
    byte: Option<u64>,
    field: &'static str,
    expected: String,
    found: Found,
}

impl Fault {
    fn missing(field: &'static str, expected: &str) -> Self {
        let (code, expected) = (RejectCode::Required, expected.to_owned());
        Self { code, byte: None, field, expected, found: Found::phrase("none") }
    }

    fn of(code: RejectCode, open: &Open, field: &'static str, expected: String) -> Self {
        Self { code, byte: Some(open.byte), field, expected, found: Found::text(open.text.as_bytes()) }
    }

    fn reject(self, place: RecordPlace) -> Box<Reject> {
        let Self { code, byte, field, expected, found } = self;
        let place = RecordPlace { record: place.record, byte: byte.unwrap_or(place.byte) };
        Box::new(Reject { code, place, field: field.to_owned(), expected, found })
    }

    fn refuse(self, byte: u64) -> Refused {
        let Self { byte: at, field, expected, found, .. } = self;
        Refused::NotThisLayout { byte: at.unwrap_or(byte), field: field.to_owned(), expected, found }
    }
}

fn amount(parts: &Parts) -> Result<(i64, Currency), Fault> {
    let Some((open, _)) = &parts.amount else { return Err(Fault::missing("Amt", "an amount")) };
    let Some(code) = &open.currency else {
        return Err(Fault { byte: Some(open.byte), ..Fault::missing("Amt", "an attribute `Ccy`") });
    };
    let Ok(currency) = Currency::from_code(code) else {
        let found = Found::text(code.as_bytes());
        let expected = "the code of a currency that is known here".to_owned();
        return Err(Fault { code: RejectCode::UnknownCode, byte: Some(open.byte), field: "Amt/@Ccy", expected, found });
    };
    let digits = currency.minor_digits();
    // The schema's decimals have no sign here: the direction stands in `CdtDbtInd`.
    let minor = parse_minor(open.text.as_bytes(), digits, DecimalMarks::PLAIN);
    let (code, expected) = match minor {
        Ok(minor) if minor >= 0 => return Ok((minor, currency)),
        Ok(_) => (RejectCode::OutOfRange, "an amount not below zero".to_owned()),
        Err(NotAnAmount::Malformed) => (RejectCode::NotAnAmount, "an amount".to_owned()),
        Err(NotAnAmount::TooPrecise) => (RejectCode::NotAnAmount, format!("at most {digits} decimal places")),
        Err(NotAnAmount::OutOfRange) => (RejectCode::OutOfRange, "an amount below 2^63 minor units".to_owned()),
    };
    Err(Fault::of(code, open, "Amt", expected))
}

fn direction(parts: &Parts) -> Result<Direction, Fault> {
    let Some(open) = &parts.direction else { return Err(Fault::missing("CdtDbtInd", "`CRDT` or `DBIT`")) };
    match open.text.as_str() {
        "CRDT" => Ok(Direction::Credit),
        "DBIT" => Ok(Direction::Debit),
        _ => Err(Fault::of(RejectCode::UnknownCode, open, "CdtDbtInd", "`CRDT` or `DBIT`".to_owned())),
    }
}

fn status(parts: &Parts) -> Result<Status, Fault> {
    let Some(open) = &parts.status else { return Err(Fault::missing("Sts", "a status")) };
    let all = [Status::Booked, Status::Pending, Status::Information, Status::Future];
    let expected = || "`BOOK`, `PDNG`, `INFO` or `FUTR`".to_owned();
    let found = all.into_iter().find(|status| status.code() == open.text);
    found.ok_or_else(|| Fault::of(RejectCode::UnknownCode, open, "Sts", expected()))
}

fn reversal(parts: &Parts) -> Result<bool, Fault> {
    match &parts.reversal {
        None => Ok(false),
        Some(open) => match open.text.as_str() {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(Fault::of(RejectCode::UnknownCode, open, "RvslInd", "`true` or `false`".to_owned())),
        },
    }
}

/// The day of `YYYY-MM-DD` or `YYYY-MM-DDThh:mm:ss…`, as printed: the day is the bank's, not that of UTC.
fn day(open: Option<&Open>, field: &'static str) -> Result<Option<Date>, Fault> {
    let Some(open) = open else { return Ok(None) };
    let fault = || Fault {
        found: Found::shape(open.text.as_bytes()),
        ..Fault::of(RejectCode::NotADate, open, field, "a date `YYYY-MM-DD`, perhaps with a time".to_owned())
    };
    day_of(&open.text).map(Some).ok_or_else(fault)
}

fn day_of(text: &str) -> Option<Date> {
    let (date, rest) = text.split_at_checked(10)?;
    (rest.is_empty() || rest.starts_with(['T', 'Z', '+', '-'])).then(|| date.parse::<Date>().ok()).flatten()
}

impl Statement {
    /// A balance of the first of these kinds that the statement has.
    fn balance_of(&self, kinds: &[&str]) -> Option<&Balance> {
        kinds.iter().find_map(|kind| self.balances.iter().find(|balance| balance.kind == *kind))
    }

    /// The balance that its booked entries begin with. A closing balance of the day before is an opening one.
    pub(super) fn opening(&self) -> Option<&Balance> {
        self.balance_of(&["OPBD", "PRCD"])
    }

    /// The balance that they end with. Of an account report the interim balance is the last.
    pub(super) fn closing(&self) -> Option<&Balance> {
        self.balance_of(&["CLBD", "ITBD"])
    }

    /// The first and the last day that it covers: as `FrToDt` says, else from its opening balance to its closing one. `None` if
    /// it says neither, or an end before the beginning.
    pub(super) fn period(&self) -> Option<(Date, Date)> {
        let stated = || Some((day_of(self.from.as_deref()?)?, day_of(self.to.as_deref()?)?));
        let of_balances = || {
            let (opening, last) = (self.opening()?, self.closing()?.date?);
            let first = opening.date?;
            // That balance is of the end of its day, unless the bank gives it the day of the statement.
            let is_day_before = opening.kind == "PRCD" && first < last;
            Some((if is_day_before { first.tomorrow().ok()? } else { first }, last))
        };
        let in_order = |(first, last): &(Date, Date)| first <= last;
        stated().filter(in_order).or_else(of_balances).filter(in_order)
    }
}

const fn signed(direction: Direction, minor: i64) -> i64 {
    match direction {
        Direction::Credit => minor,
        Direction::Debit => -minor,
    }
}

fn moved(parts: &Parts) -> Moved {
    Moved { amount: amount(parts).ok(), direction: direction(parts).ok(), status: status(parts).ok() }
}

fn entry(parts: &Parts, place: RecordPlace) -> Result<Entry, Box<Reject>> {
    let read = || {
        let (minor, currency) = amount(parts)?;
        let (direction, reversal, status) = (direction(parts)?, reversal(parts)?, status(parts)?);
        let booked = day(parts.booked.as_ref(), "BookgDt")?;
        let valued = day(parts.valued.as_ref(), "ValDt")?;
        let code = if parts.code.domain.is_empty() { parts.detail_code.clone() } else { parts.code.clone() };
        Ok(Entry { place, minor, currency, direction, status, reversal, booked, valued, code })
    };
    read().map_err(|fault: Fault| fault.reject(place))
}

/// A balance. One that can't be read refuses the message: what it was to prove would stay unproven in silence.
fn balance(parts: &Parts, byte: u64) -> Result<Balance, Refused> {
    let read = || {
        let (minor, currency) = amount(parts)?;
        let minor = signed(direction(parts)?, minor);
        let kind = parts.kind.as_ref().map(|open| open.text.clone()).unwrap_or_default();
        Ok(Balance { kind, minor, currency, date: day(parts.date.as_ref(), "Bal/Dt")? })
    };
    read().map_err(|fault: Fault| fault.refuse(byte))
}
