//! What a record must satisfy, and what it then says: a segment becomes its validated form, or the first fault in it.
//!
//! Faults are told in field order and one for each segment: a shifted segment would otherwise give thirty. Rules stand
//! here and in `codes` only where a public description of the format states them; `docs/formats/metro2.md` lists them.

use jiff::civil::{Date, DateTime};
use tallystick_model::tradeline::PaymentRating;
use tallystick_model::{IdScheme, Identifier, Month};

use super::codes::{self, Ecoa, Portfolio, StatusRule};
use super::fields::{Field, FieldKind, Form, Presence, SegmentKind, base, header, j1, j2, k1, k2, k3, k4, l1, n1};
use super::frame::Frame;
use super::segment::{Change, Malformed, Segment, decimal};
use crate::read::Refused;
use crate::reject::{Found, RejectCode};

/// The first fault of a segment.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) code: RejectCode,
    pub(super) byte: u64,
    pub(super) field: String,
    pub(super) expected: String,
    pub(super) found: Found,
}

type Checked<T> = Result<T, Box<Fault>>;

/// A base segment that holds to the rules. Amounts are in cents.
pub(super) struct Base<'a> {
    pub(super) account_number: &'a str,
    pub(super) portfolio: Portfolio,
    pub(super) account_type: [u8; 2],
    pub(super) opened: Date,
    pub(super) credit_limit: Option<i64>,
    pub(super) highest_credit: Option<i64>,
    /// Months, where the duration is a number.
    pub(super) term_months: Option<u16>,
    pub(super) scheduled: Option<i64>,
    pub(super) paid: Option<i64>,
    pub(super) status: &'static StatusRule,
    pub(super) rating: Option<PaymentRating>,
    pub(super) history: [PaymentRating; HISTORY_MONTHS],
    pub(super) balance: Option<i64>,
    pub(super) past_due: Option<i64>,
    pub(super) reported_month: Month,
    pub(super) first_delinquency: Option<Date>,
    pub(super) closed: Option<Date>,
    pub(super) consumer: Consumer<'a>,
    pub(super) address: Address<'a>,
}

/// Months in a payment history profile.
pub(super) const HISTORY_MONTHS: usize = 24;

/// A consumer of an account.
pub(super) struct Consumer<'a> {
    pub(super) surname: &'a str,
    pub(super) first_name: &'a str,
    pub(super) middle_name: &'a str,
    pub(super) generation: u8,
    /// `None` if the field is blank or zeros.
    pub(super) social_security_number: Option<Identifier>,
    pub(super) born: Option<Date>,
    /// Ten digits.
    pub(super) telephone: Option<[u8; 10]>,
    pub(super) ecoa: Ecoa,
}

/// A postal address, its parts in the order they are written.
#[derive(Clone, Copy)]
pub(super) struct Address<'a> {
    pub(super) parts: [&'a str; 6],
}

/// Which fields of a segment describe a consumer.
struct ConsumerFields {
    surname: Field,
    first_name: Field,
    middle_name: Field,
    generation: Field,
    social_security_number: Field,
    born: Field,
    telephone: Field,
    ecoa: Field,
}

macro_rules! consumer_fields {
    ($segment:ident) => {
        ConsumerFields {
            surname: $segment::SURNAME,
            first_name: $segment::FIRST_NAME,
            middle_name: $segment::MIDDLE_NAME,
            generation: $segment::GENERATION_CODE,
            social_security_number: $segment::SOCIAL_SECURITY_NUMBER,
            born: $segment::DATE_BIRTH,
            telephone: $segment::TELEPHONE_NUMBER,
            ecoa: $segment::ECOA_CODE,
        }
    };
}

macro_rules! address_fields {
    ($segment:ident) => {
        [
            $segment::FIRST_LINE_ADDRESS,
            $segment::SECOND_LINE_ADDRESS,
            $segment::CITY,
            $segment::STATE,
            $segment::ZIP_CODE,
            $segment::COUNTRY_CODE,
        ]
    };
}

static BASE_CONSUMER: ConsumerFields = consumer_fields!(base);
static J1_CONSUMER: ConsumerFields = consumer_fields!(j1);
static J2_CONSUMER: ConsumerFields = consumer_fields!(j2);
static BASE_ADDRESS: [Field; 6] = address_fields!(base);
static J2_ADDRESS: [Field; 6] = address_fields!(j2);

/// What a header must hold: every date a date, every required field something. Its descriptor word and the reporter's
/// telephone number are not judged: real files have other text there, and nothing depends on them.
///
/// # Errors
/// [`Refused::NotThisLayout`] with the first field at fault.
pub(super) fn header(frame: &Frame<'_>, form: Form) -> Result<(), Refused> {
    let segment = Segment { kind: SegmentKind::Header, form, bytes: frame.bytes, byte: frame.byte };
    for field in header::FIELDS {
        let is_date = field.place(form).kind == FieldKind::Date;
        let expected = match field.presence {
            Presence::Required if segment.text(field).is_empty() => "a value",
            Presence::Required if is_date && !matches!(segment.date(field), Ok(Some(_))) => "a date (MMDDYYYY)",
            _ if is_date && segment.date(field).is_err() => "a date (MMDDYYYY) or blank",
            _ => continue,
        };
        return Err(Refused::NotThisLayout {
            byte: segment.byte_of(field),
            field: field.name.to_owned(),
            expected: expected.to_owned(),
            found: Found::shape(segment.raw(field)),
        });
    }
    Ok(())
}

/// Validates a base segment.
///
/// # Errors
/// The first [`Fault`] in field order; faults between two fields come where the later one stands.
pub(super) fn base<'a>(segment: &Segment<'a>) -> Checked<Base<'a>> {
    number(segment, &base::PROCESSING_INDICATOR, RejectCode::NotANumber)?;
    timestamp(segment, &base::TIME_STAMP)?;
    number(segment, &base::CORRECTION_INDICATOR, RejectCode::NotANumber)?;
    required_text(segment, &base::IDENTIFICATION_NUMBER)?;
    let account_number = required_text(segment, &base::CONSUMER_ACCOUNT_NUMBER)?;
    let portfolio = Portfolio::from_code(segment.letter(&base::PORTFOLIO_TYPE))
        .ok_or_else(|| unknown_code(segment, &base::PORTFOLIO_TYPE, "C, I, L, M, O or R"))?;
    let account_type = account_type(segment)?;
    let opened = required_date(segment, &base::DATE_OPENED)?;
    let credit_limit = amount(segment, &base::CREDIT_LIMIT)?;
    let highest_credit = amount(segment, &base::HIGHEST_CREDIT)?;
    let term = required_text(segment, &base::TERMS_DURATION)?;
    let scheduled = amount(segment, &base::SCHEDULED_MONTHLY_PAYMENT_AMOUNT)?;
    let paid = amount(segment, &base::ACTUAL_PAYMENT_AMOUNT)?;
    let status = codes::status_place(segment.raw(&base::ACCOUNT_STATUS))
        .and_then(|place| codes::STATUSES.get(place))
        .ok_or_else(|| unknown_code(segment, &base::ACCOUNT_STATUS, "an account status"))?;
    let rating = rating(segment, status)?;
    let history = history(segment)?;
    let balance = amount(segment, &base::CURRENT_BALANCE)?;
    let past_due = amount(segment, &base::AMOUNT_PAST_DUE)?;
    amount(segment, &base::ORIGINAL_CHARGE_OFF_AMOUNT)?;
    let reported_month = reported_month(segment)?;
    let first_delinquency = date(segment, &base::DATE_FIRST_DELINQUENCY)?;
    if status.delinquency_required && first_delinquency.is_none() {
        return Err(required_for_status(segment, &base::DATE_FIRST_DELINQUENCY, status));
    }
    let closed = date(segment, &base::DATE_CLOSED)?;
    if closed.is_some_and(|closed| closed < opened) {
        return Err(fault(
            segment,
            RejectCode::Contradiction,
            &base::DATE_CLOSED,
            "a date not before `DateOpened`",
            Found::phrase("an earlier date"),
        ));
    }
    date(segment, &base::DATE_LAST_PAYMENT)?;
    let consumer = consumer(segment, &BASE_CONSUMER)?;
    let address = address(segment, &BASE_ADDRESS)?;
    texts(segment)?;
    Ok(Base {
        account_number,
        portfolio,
        account_type,
        opened,
        credit_limit,
        highest_credit,
        term_months: term.parse().ok().filter(|&months| months > 0),
        scheduled,
        paid,
        status,
        rating,
        history,
        balance,
        past_due,
        reported_month,
        first_delinquency,
        closed,
        consumer,
        address,
    })
}

/// Validates a J1 or J2 segment; the address is that of a J2, a J1 having none of its own.
///
/// # Errors
/// The first [`Fault`] in field order. An associated consumer without a social security number can't be told from
/// others, so its absence is one.
pub(super) fn associated<'a>(segment: &Segment<'a>) -> Checked<(Identifier, Consumer<'a>, Option<Address<'a>>)> {
    let fields = if segment.kind == SegmentKind::J2 { &J2_CONSUMER } else { &J1_CONSUMER };
    let mut consumer = consumer(segment, fields)?;
    let Some(identifier) = consumer.social_security_number.take() else {
        let field = &fields.social_security_number;
        let found = Found::phrase("blank or zeros");
        return Err(fault(segment, RejectCode::InvalidIdentifier, field, "a social security number", found));
    };
    let address = if segment.kind == SegmentKind::J2 { Some(address(segment, &J2_ADDRESS)?) } else { None };
    texts(segment)?;
    Ok((identifier, consumer, address))
}

/// Validates an N1 segment and gives what it says: employer, then occupation. The employer's address is not kept.
///
/// # Errors
/// The first [`Fault`] in field order.
pub(super) fn employment<'a>(segment: &Segment<'a>) -> Checked<[&'a str; 2]> {
    plain(segment, n1::FIELDS)?;
    Ok([text(segment, &n1::EMPLOYER_NAME)?, text(segment, &n1::OCCUPATION)?])
}

/// Validates an L1 segment and gives what it says.
///
/// # Errors
/// A [`Fault`] if its indicator is none, or the number that it names is missing or in no encoding we read.
pub(super) fn change<'a>(segment: &Segment<'a>) -> Checked<Change<'a>> {
    segment.change().map_err(|field| {
        if *field == l1::CHANGE_INDICATOR {
            return match segment.number(field) {
                Ok(None) => missing(segment, field),
                _ => unknown_code(segment, field, "1, 2 or 3"),
            };
        }
        match text(segment, field) {
            Ok(_) => {
                fault(segment, RejectCode::Required, field, "a value for the change indicator", Found::phrase("blank"))
            }
            Err(encoding) => encoding,
        }
    })
}

/// Validates a K1, K2, K3 or K4 segment, of which nothing is kept.
///
/// # Errors
/// The first [`Fault`] in field order; one of its code before others.
pub(super) fn not_kept(segment: &Segment<'_>) -> Checked<()> {
    match segment.kind {
        SegmentKind::K1 => {
            plain(segment, &[k1::ORIGINAL_CREDITOR_NAME])?;
            const BUSINESSES: [u64; 15] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
            code(segment, &k1::CREDITOR_CLASSIFICATION, &BUSINESSES, "01 to 15")?;
        }
        SegmentKind::K2 => {
            // 9 takes back what an earlier K2 said, and names nobody.
            let indicator = code(segment, &k2::PURCHASED_INDICATOR, &[1, 2, 9], "1, 2 or 9")?;
            if indicator == 9 {
                text(segment, &k2::PURCHASED_NAME)?;
            } else {
                plain(segment, k2::FIELDS)?;
            }
        }
        SegmentKind::K3 => {
            if !segment.text(&k3::AGENCY_IDENTIFIER).is_empty() {
                code(segment, &k3::AGENCY_IDENTIFIER, &[0, 1, 2], "00, 01, 02 or blank")?;
            }
            plain(segment, k3::FIELDS)?;
        }
        _ => {
            code(segment, &k4::SPECIALIZED_PAYMENT_INDICATOR, &[1, 2], "01 or 02")?;
            plain(segment, k4::FIELDS)?;
        }
    }
    Ok(())
}

/// Holds the texts of which nothing is kept to their encoding too.
fn texts(segment: &Segment<'_>) -> Checked<()> {
    if segment.bytes.is_ascii() {
        return Ok(());
    }
    for field in segment.kind.fields().iter().filter(|field| is_judged(field)) {
        if field.place(segment.form).kind == FieldKind::Alphanumeric {
            text(segment, field)?;
        }
    }
    Ok(())
}

/// Reserved fields hold what they hold.
fn is_judged(field: &Field) -> bool {
    !field.name.starts_with("Reserved")
}

/// Holds each of `fields` to its kind and presence, as the table has them.
fn plain(segment: &Segment<'_>, fields: &[Field]) -> Checked<()> {
    for field in fields.iter().filter(|field| is_judged(field)) {
        match field.place(segment.form).kind {
            FieldKind::Alphanumeric => {
                text(segment, field)?;
            }
            FieldKind::Date | FieldKind::PackedDate => {
                date(segment, field)?;
            }
            FieldKind::Timestamp | FieldKind::PackedTimestamp => {
                timestamp(segment, field)?;
            }
            FieldKind::Numeric | FieldKind::PackedNumber if field.name.ends_with("Amount") => {
                amount(segment, field)?;
            }
            FieldKind::Numeric | FieldKind::PackedNumber => {
                number(segment, field, RejectCode::NotANumber)?;
            }
            // Words of length are the framing's: on lines they hold anything.
            FieldKind::Descriptor => {}
        }
        if field.presence == Presence::Required && segment.text(field).is_empty() {
            return Err(missing(segment, field));
        }
    }
    Ok(())
}

/// A code of digits.
fn code(segment: &Segment<'_>, field: &Field, known: &[u64], expected: &str) -> Checked<u64> {
    match segment.number(field) {
        Ok(Some(code)) if known.contains(&code) => Ok(code),
        Ok(None) => Err(missing(segment, field)),
        _ => Err(unknown_code(segment, field, expected)),
    }
}

fn account_type(segment: &Segment<'_>) -> Checked<[u8; 2]> {
    match <[u8; 2]>::try_from(segment.raw(&base::ACCOUNT_TYPE)) {
        Ok(code) if code != *b"  " => Ok(code),
        _ => Err(missing(segment, &base::ACCOUNT_TYPE)),
    }
}

/// A rating under a status that needs none is read and not judged: the format wants a blank there, files differ.
fn rating(segment: &Segment<'_>, status: &StatusRule) -> Checked<Option<PaymentRating>> {
    match segment.letter(&base::PAYMENT_RATING) {
        b' ' if status.rating_required => Err(required_for_status(segment, &base::PAYMENT_RATING, status)),
        b' ' => Ok(None),
        code => match codes::payment_rating(code) {
            None => Err(unknown_code(segment, &base::PAYMENT_RATING, "0 to 6, G, L or blank")),
            rating => Ok(rating),
        },
    }
}

fn history(segment: &Segment<'_>) -> Checked<[PaymentRating; HISTORY_MONTHS]> {
    let field = &base::PAYMENT_HISTORY_PROFILE;
    let mut history = [PaymentRating::Unknown; HISTORY_MONTHS];
    for (place, (rating, code)) in history.iter_mut().zip(segment.raw(field)).enumerate() {
        match codes::history_rating(*code) {
            Some(known) => *rating = known,
            None if segment.text(field).is_empty() => return Err(missing(segment, field)),
            None => {
                let expected = "0 to 6, B, D, E, G, H, J, K, L or Z in each month";
                let found = Found::text(std::slice::from_ref(code));
                let mut fault = fault(segment, RejectCode::UnknownCode, field, expected, found);
                fault.byte += place as u64;
                return Err(fault);
            }
        }
    }
    Ok(history)
}

fn reported_month(segment: &Segment<'_>) -> Checked<Month> {
    let field = &base::DATE_ACCOUNT_INFORMATION;
    let reported = required_date(segment, field)?;
    Month::of(reported).ok_or_else(|| {
        fault(segment, RejectCode::OutOfRange, field, "a date before the year 5461", Found::phrase("a later date"))
    })
}

fn consumer<'a>(segment: &Segment<'a>, fields: &ConsumerFields) -> Checked<Consumer<'a>> {
    let ecoa_code = segment.letter(&fields.ecoa);
    let ecoa = codes::ecoa(ecoa_code);
    let is_firm = ecoa.is_some_and(|ecoa| ecoa.is_firm);
    let surname = required_text(segment, &fields.surname)?;
    let first_name = match fields.first_name.presence {
        Presence::Required if !is_firm => required_text(segment, &fields.first_name)?,
        _ => text(segment, &fields.first_name)?,
    };
    let middle_name = text(segment, &fields.middle_name)?;
    let social_security_number = social_security_number(segment, &fields.social_security_number)?;
    let born = date(segment, &fields.born)?;
    let telephone = number(segment, &fields.telephone, RejectCode::NotANumber)?.filter(|&number| number > 0);
    let ecoa = match ecoa {
        Some(ecoa) => ecoa,
        None if ecoa_code == b' ' => return Err(missing(segment, &fields.ecoa)),
        None => return Err(unknown_code(segment, &fields.ecoa, "1, 2, 3, 5, 7, T, W, X or Z")),
    };
    Ok(Consumer {
        surname,
        first_name,
        middle_name,
        generation: segment.letter(&fields.generation),
        social_security_number,
        born,
        telephone: telephone.map(decimal),
        ecoa,
    })
}

/// `None` if the field is blank or zeros; a number that was never issued is a fault.
fn social_security_number(segment: &Segment<'_>, field: &Field) -> Checked<Option<Identifier>> {
    if !segment.says_something(field) {
        return Ok(None);
    }
    let Ok(Some(number)) = segment.number(field) else {
        return Err(fault_of_shape(segment, RejectCode::InvalidIdentifier, field, "nine digits, or zeros"));
    };
    let digits = decimal::<9>(number);
    let parsed = Identifier::parse(IdScheme::UsSsn, std::str::from_utf8(&digits).unwrap_or_default());
    parsed.map(Some).map_err(|invalid| {
        let found = Found::phrase(invalid.fault());
        fault(segment, RejectCode::InvalidIdentifier, field, &invalid.expected(), found)
    })
}

/// State and postal code are required of addresses in the United States only.
fn address<'a>(segment: &Segment<'a>, fields: &[Field; 6]) -> Checked<Address<'a>> {
    let [.., country] = fields;
    let country = segment.text(country);
    let is_domestic = country.is_empty() || country == b"US";
    let mut parts = [""; 6];
    for (part, field) in parts.iter_mut().zip(fields) {
        let is_of_state = matches!(field.name, "State" | "ZipCode");
        *part = match field.presence {
            Presence::Required if is_domestic || !is_of_state => required_text(segment, field)?,
            _ => text(segment, field)?,
        };
    }
    Ok(Address { parts })
}

fn text<'a>(segment: &Segment<'a>, field: &Field) -> Checked<&'a str> {
    std::str::from_utf8(segment.text(field))
        .map_err(|_| fault_of_shape(segment, RejectCode::Encoding, field, "ASCII or UTF-8"))
}

fn required_text<'a>(segment: &Segment<'a>, field: &Field) -> Checked<&'a str> {
    match text(segment, field)? {
        "" => Err(missing(segment, field)),
        text => Ok(text),
    }
}

fn number(segment: &Segment<'_>, field: &Field, code: RejectCode) -> Checked<Option<u64>> {
    segment.number(field).map_err(|Malformed| fault_of_shape(segment, code, field, "digits, or blank"))
}

/// Whole dollars as cents.
fn amount(segment: &Segment<'_>, field: &Field) -> Checked<Option<i64>> {
    let dollars = number(segment, field, RejectCode::NotAnAmount)?;
    // Nine digits at most.
    Ok(dollars.and_then(|dollars| i64::try_from(dollars).ok()).map(|dollars| dollars.saturating_mul(100)))
}

fn date(segment: &Segment<'_>, field: &Field) -> Checked<Option<Date>> {
    segment
        .date(field)
        .map_err(|Malformed| fault_of_shape(segment, RejectCode::NotADate, field, "a date (MMDDYYYY) or zeros"))
}

fn timestamp(segment: &Segment<'_>, field: &Field) -> Checked<Option<DateTime>> {
    let expected = "a timestamp (MMDDYYYYhhmmss) or zeros";
    segment.timestamp(field).map_err(|Malformed| fault_of_shape(segment, RejectCode::NotADate, field, expected))
}

fn required_date(segment: &Segment<'_>, field: &Field) -> Checked<Date> {
    date(segment, field)?.ok_or_else(|| missing(segment, field))
}

fn missing(segment: &Segment<'_>, field: &Field) -> Box<Fault> {
    fault(segment, RejectCode::Required, field, "a value", Found::phrase("blank or zeros"))
}

fn unknown_code(segment: &Segment<'_>, field: &Field, expected: &str) -> Box<Fault> {
    fault(segment, RejectCode::UnknownCode, field, expected, Found::text(segment.raw(field)))
}

fn required_for_status(segment: &Segment<'_>, field: &Field, status: &StatusRule) -> Box<Fault> {
    let code = String::from_utf8_lossy(&status.code);
    let expected = format!("a value for status `{code}`");
    fault(segment, RejectCode::RequiredForStatus, field, &expected, Found::phrase("blank or zeros"))
}

/// Of any field longer than a code only the shape is told: in a shifted record it may hold what belongs elsewhere.
fn fault_of_shape(segment: &Segment<'_>, code: RejectCode, field: &Field, expected: &str) -> Box<Fault> {
    fault(segment, code, field, expected, Found::shape(segment.raw(field)))
}

fn fault(segment: &Segment<'_>, code: RejectCode, field: &Field, expected: &str, found: Found) -> Box<Fault> {
    Box::new(Fault { code, byte: segment.byte_of(field), field: field.path(), expected: expected.to_owned(), found })
}
