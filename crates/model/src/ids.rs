//! Identifiers of data subjects: which schemes there are, and which texts are valid in each.
//!
//! A text becomes an [`Identifier`] only through [`Identifier::parse`], which normalises it and checks what
//! the scheme lets one check (length, alphabet, check digit). Sources: GB 11643-1999 (resident id), GB 32100-2015
//! (unified social credit code), ISO 17442 (LEI), ICAO 9303 (passport number), SSA rules since 2011-06-25 (SSN).

use std::fmt;

use thiserror::Error;

use crate::canonical::coded_enum;
use crate::{Sensitive, SubjectKind};

coded_enum! {
    /// Who issued an identifier, and by which rules it is valid. The number takes part in the pseudonym.
    pub enum IdScheme {
        CnResidentId = 1, "cn-resident-id", "Resident identity number of the People's Republic of China (GB 11643)";
        CnCreditCode = 2, "cn-credit-code", "Unified social credit code of a Chinese organisation (GB 32100)";
        UsSsn = 3, "us-ssn", "Social security number of the United States";
        Lei = 4, "lei", "Legal entity identifier (ISO 17442)";
        Passport = 5, "passport", "Passport: issuing state, a slash, and the number (ICAO 9303)";
        MemberNumber = 6, "member-number", "A member's own number for its customer: the member's code, a slash, and the number";
        CnDocument = 7, "cn-document", "Another identity document accepted in the People's Republic of China: its type's code, a slash, and the number";
    }
}

impl IdScheme {
    /// Whom this scheme identifies; `None` where the identifier does not tell.
    pub const fn subject_kind(self) -> Option<SubjectKind> {
        match self {
            Self::CnResidentId | Self::UsSsn | Self::Passport | Self::CnDocument => Some(SubjectKind::Person),
            Self::CnCreditCode | Self::Lei => Some(SubjectKind::Firm),
            Self::MemberNumber => None,
        }
    }
}

/// Why a text is no valid identifier of a scheme. Says nothing of the text itself: it is personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidIdentifier {
    /// No scheme before the colon, or one we do not know.
    #[error("expected `SCHEME:IDENTIFIER` with a known scheme such as `cn-resident-id`")]
    Scheme,
    /// Wrong length for the scheme.
    #[error("wrong length for `{0}`")]
    Length(IdScheme),
    /// A character the scheme does not have.
    #[error("character not allowed in `{0}`")]
    Character(IdScheme),
    /// The check digit does not fit the rest.
    #[error("check digit of `{0}` does not fit")]
    CheckDigit(IdScheme),
    /// A part out of range: a date of birth that does not exist, a number never issued.
    #[error("impossible `{0}`")]
    Impossible(IdScheme),
}

impl InvalidIdentifier {
    /// What the text should have been, for a reject.
    pub fn expected(self) -> String {
        match self {
            Self::Scheme => "SCHEME:IDENTIFIER".to_owned(),
            Self::Length(scheme) | Self::Character(scheme) | Self::CheckDigit(scheme) | Self::Impossible(scheme) => {
                format!("valid {}", scheme.code())
            }
        }
    }

    /// What is wrong, in two words, without the text itself.
    pub const fn fault(self) -> &'static str {
        match self {
            Self::Scheme => "unknown scheme",
            Self::Length(_) => "wrong length",
            Self::Character(_) => "character not allowed",
            Self::CheckDigit(_) => "check digit does not fit",
            Self::Impossible(_) => "impossible value",
        }
    }
}

/// Longest normalised identifier, in bytes.
pub const IDENTIFIER_BYTES_MAX: usize = 64;

/// A valid identifier, normalised. Its text is personal data.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Identifier {
    scheme: IdScheme,
    text: Sensitive<String>,
}

impl Identifier {
    /// Normalises and checks `text` as an identifier of `scheme`.
    ///
    /// # Errors
    /// See [`InvalidIdentifier`].
    pub fn parse(scheme: IdScheme, text: &str) -> Result<Self, InvalidIdentifier> {
        let text = text.trim();
        if text.len() > IDENTIFIER_BYTES_MAX {
            return Err(InvalidIdentifier::Length(scheme));
        }
        let text = match scheme {
            IdScheme::CnResidentId => resident_id(text)?,
            IdScheme::CnCreditCode => credit_code(text)?,
            IdScheme::UsSsn => ssn(text)?,
            IdScheme::Lei => lei(text)?,
            IdScheme::Passport => passport(text)?,
            IdScheme::MemberNumber => member_number(text)?,
            IdScheme::CnDocument => document(text)?,
        };
        Ok(Self { scheme, text: Sensitive::new(text) })
    }

    /// Reads `SCHEME:IDENTIFIER`, the form used on command lines.
    ///
    /// # Errors
    /// See [`InvalidIdentifier`].
    pub fn parse_tagged(text: &str) -> Result<Self, InvalidIdentifier> {
        let (scheme, text) = text.split_once(':').ok_or(InvalidIdentifier::Scheme)?;
        Self::parse(IdScheme::from_code(scheme.trim()).ok_or(InvalidIdentifier::Scheme)?, text)
    }

    /// The scheme.
    pub const fn scheme(&self) -> IdScheme {
        self.scheme
    }

    /// The date of birth, where the identifier tells it (GB 11643: the 7th to the 14th digit).
    pub fn born(&self) -> Option<crate::Date> {
        if self.scheme != IdScheme::CnResidentId {
            return None;
        }
        let text = self.text.expose();
        let (year, month, day) = (text.get(6..10)?, text.get(10..12)?, text.get(12..14)?);
        crate::Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
    }

    /// The normalised text.
    pub const fn text(&self) -> &Sensitive<String> {
        &self.text
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{:?}", self.scheme.code(), self.text)
    }
}

/// Value of a byte in base 36; `None` if it is neither a digit nor an upper-case letter.
fn base36(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'A'..=b'Z' => Some(u32::from(byte - b'A') + 10),
        _ => None,
    }
}

const RESIDENT_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const RESIDENT_CHECKS: [u8; 11] = *b"10X98765432";

/// The check character of a resident id's first 17 digits (ISO 7064 MOD 11-2), or `None` if they are not 17 digits.
pub fn resident_id_check(digits: &[u8]) -> Option<u8> {
    let digits: &[u8; 17] = digits.try_into().ok()?;
    let mut sum = 0;
    for (digit, weight) in digits.iter().zip(RESIDENT_WEIGHTS) {
        sum += u32::from(digit.is_ascii_digit().then(|| digit - b'0')?) * weight;
    }
    RESIDENT_CHECKS.get(usize::try_from(sum % 11).ok()?).copied()
}

fn resident_id(text: &str) -> Result<String, InvalidIdentifier> {
    const SCHEME: IdScheme = IdScheme::CnResidentId;
    let text = text.to_ascii_uppercase();
    let (digits, check) = text.as_bytes().split_last_chunk::<1>().ok_or(InvalidIdentifier::Length(SCHEME))?;
    if digits.len() != 17 {
        return Err(InvalidIdentifier::Length(SCHEME));
    }
    if !digits.iter().all(u8::is_ascii_digit) || !(check[0].is_ascii_digit() || check[0] == b'X') {
        return Err(InvalidIdentifier::Character(SCHEME));
    }
    // At most four digits, each known to be one.
    let number = |range: std::ops::Range<usize>| {
        digits.get(range).unwrap_or_default().iter().fold(0, |number, digit| number * 10 + i16::from(digit - b'0'))
    };
    let day = i8::try_from(number(12..14)).unwrap_or(0);
    let month = i8::try_from(number(10..12)).unwrap_or(0);
    let (year, province) = (number(6..10), number(0..2));
    // Provinces are 11 to 82 (GB/T 2260), 83 for Taiwan residents' permits and 91 abroad; births before 1850 never had one.
    if !(11..=91).contains(&province) || year < 1850 || crate::Date::new(year, month, day).is_err() {
        return Err(InvalidIdentifier::Impossible(SCHEME));
    }
    if resident_id_check(digits) != Some(check[0]) {
        return Err(InvalidIdentifier::CheckDigit(SCHEME));
    }
    Ok(text)
}

const CREDIT_ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const CREDIT_WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// The check character of a unified social credit code's first 17 characters, or `None` if they are not of its alphabet.
pub fn credit_code_check(characters: &[u8]) -> Option<u8> {
    let characters: &[u8; 17] = characters.try_into().ok()?;
    let mut sum = 0;
    for (character, weight) in characters.iter().zip(CREDIT_WEIGHTS) {
        sum += CREDIT_ALPHABET.iter().position(|known| known == character)? * weight;
    }
    CREDIT_ALPHABET.get((31 - sum % 31) % 31).copied()
}

fn credit_code(text: &str) -> Result<String, InvalidIdentifier> {
    const SCHEME: IdScheme = IdScheme::CnCreditCode;
    let text = text.to_ascii_uppercase();
    let bytes = text.as_bytes();
    let (body, check) = bytes.split_last_chunk::<1>().ok_or(InvalidIdentifier::Length(SCHEME))?;
    if body.len() != 17 {
        return Err(InvalidIdentifier::Length(SCHEME));
    }
    if !bytes.iter().all(|byte| CREDIT_ALPHABET.contains(byte)) {
        return Err(InvalidIdentifier::Character(SCHEME));
    }
    if credit_code_check(body) != Some(check[0]) {
        return Err(InvalidIdentifier::CheckDigit(SCHEME));
    }
    Ok(text)
}

fn ssn(text: &str) -> Result<String, InvalidIdentifier> {
    const SCHEME: IdScheme = IdScheme::UsSsn;
    let text: String = text.chars().filter(|&character| character != '-').collect();
    if text.len() != 9 {
        return Err(InvalidIdentifier::Length(SCHEME));
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidIdentifier::Character(SCHEME));
    }
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or("");
    // Never issued: area 000, 666 and 900-999, group 00, serial 0000.
    if matches!(part(0..3), "000" | "666") || text.starts_with('9') || part(3..5) == "00" || part(5..9) == "0000" {
        return Err(InvalidIdentifier::Impossible(SCHEME));
    }
    Ok(text)
}

/// The remainder of ISO 7064 MOD 97-10 over base-36 characters; `None` for another character.
fn mod_97(characters: &[u8]) -> Option<u32> {
    let mut remainder = 0;
    for &character in characters {
        let value = base36(character)?;
        remainder = (remainder * if value >= 10 { 100 } else { 10 } + value) % 97;
    }
    Some(remainder)
}

/// The two check digits of an LEI's first 18 characters, or `None` if they are not base-36.
pub fn lei_check(body: &[u8]) -> Option<[u8; 2]> {
    let padded: Vec<u8> = body.iter().chain(b"00").copied().collect();
    let check = 98 - mod_97(&padded)?;
    let digit = |value: u32| u8::try_from(value).ok().map(|value| b'0' + value);
    Some([digit(check / 10)?, digit(check % 10)?])
}

fn lei(text: &str) -> Result<String, InvalidIdentifier> {
    const SCHEME: IdScheme = IdScheme::Lei;
    let text = text.to_ascii_uppercase();
    if text.len() != 20 {
        return Err(InvalidIdentifier::Length(SCHEME));
    }
    match mod_97(text.as_bytes()) {
        None => Err(InvalidIdentifier::Character(SCHEME)),
        Some(1) => Ok(text),
        Some(_) => Err(InvalidIdentifier::CheckDigit(SCHEME)),
    }
}

fn passport(text: &str) -> Result<String, InvalidIdentifier> {
    const SCHEME: IdScheme = IdScheme::Passport;
    let text = text.to_ascii_uppercase();
    let (state, number) = text.split_once('/').ok_or(InvalidIdentifier::Character(SCHEME))?;
    if !(2..=3).contains(&state.len()) || !(5..=12).contains(&number.len()) {
        return Err(InvalidIdentifier::Length(SCHEME));
    }
    if !state.bytes().all(|byte| byte.is_ascii_uppercase()) || !number.bytes().all(|byte| base36(byte).is_some()) {
        return Err(InvalidIdentifier::Character(SCHEME));
    }
    Ok(text)
}

/// Type: one or two characters of the registry's list; number: letters, digits and marks that documents print.
fn document(text: &str) -> Result<String, InvalidIdentifier> {
    const SCHEME: IdScheme = IdScheme::CnDocument;
    let text = text.to_ascii_uppercase();
    let (kind, number) = text.split_once('/').ok_or(InvalidIdentifier::Character(SCHEME))?;
    let is_of_type = (1..=2).contains(&kind.len()) && kind.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let fits = |character: char| character.is_alphanumeric() || matches!(character, '-' | '(' | ')' | '/');
    if !is_of_type || !number.chars().all(fits) {
        return Err(InvalidIdentifier::Character(SCHEME));
    }
    if number.is_empty() {
        return Err(InvalidIdentifier::Length(SCHEME));
    }
    Ok(text)
}

fn member_number(text: &str) -> Result<String, InvalidIdentifier> {
    const SCHEME: IdScheme = IdScheme::MemberNumber;
    let (member, number) = text.split_once('/').ok_or(InvalidIdentifier::Character(SCHEME))?;
    if member.is_empty() || number.is_empty() {
        return Err(InvalidIdentifier::Length(SCHEME));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(InvalidIdentifier::Character(SCHEME));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_resident_id_needs_its_check_character_and_a_real_birthday() {
        let parse = |text| Identifier::parse(IdScheme::CnResidentId, text).map(|id| id.text().expose().clone());
        // The worked example of GB 11643-1999, annex A.
        assert_eq!(parse("11010519491231002X"), Ok("11010519491231002X".to_owned()));
        assert_eq!(parse("11010519491231002x"), Ok("11010519491231002X".to_owned()));
        assert_eq!(parse("440524188001010014"), Ok("440524188001010014".to_owned()));
        assert_eq!(parse("110105194912310021"), Err(InvalidIdentifier::CheckDigit(IdScheme::CnResidentId)));
        assert_eq!(parse("110105194902300027"), Err(InvalidIdentifier::Impossible(IdScheme::CnResidentId)));
        assert_eq!(parse("11010519491231"), Err(InvalidIdentifier::Length(IdScheme::CnResidentId)));
        assert_eq!(parse("1101051949123100二"), Err(InvalidIdentifier::Length(IdScheme::CnResidentId)));
        assert_eq!(parse("1101051949X2310021"), Err(InvalidIdentifier::Character(IdScheme::CnResidentId)));
    }

    #[test]
    fn another_document_is_its_type_and_number() {
        let parse = |text| Identifier::parse(IdScheme::CnDocument, text).map(|id| id.text().expose().clone());
        assert_eq!(parse("1/e12345678"), Ok("1/E12345678".to_owned()));
        assert_eq!(parse("20/军字第12号"), Ok("20/军字第12号".to_owned()));
        assert_eq!(parse("1/"), Err(InvalidIdentifier::Length(IdScheme::CnDocument)));
        for text in ["e12345678", "/e1", "100/e1", "1/e 1", "1/e\u{7}"] {
            assert_eq!(parse(text), Err(InvalidIdentifier::Character(IdScheme::CnDocument)), "{text}");
        }
    }

    #[test]
    fn a_credit_code_needs_its_check_character_and_alphabet() {
        let parse = |text| Identifier::parse(IdScheme::CnCreditCode, text).map(|id| id.text().expose().clone());
        // The worked example of GB 32100-2015.
        assert_eq!(parse("91350100M000100Y43"), Ok("91350100M000100Y43".to_owned()));
        assert_eq!(parse("91350100M000100Y44"), Err(InvalidIdentifier::CheckDigit(IdScheme::CnCreditCode)));
        assert_eq!(parse("91350100I000100Y43"), Err(InvalidIdentifier::Character(IdScheme::CnCreditCode)));
    }

    #[test]
    fn an_lei_satisfies_mod_97() {
        let parse = |text| Identifier::parse(IdScheme::Lei, text);
        // The legal entity identifier of the foundation that registers them.
        assert!(parse("506700GE1G29325QX363").is_ok());
        assert_eq!(parse("506700GE1G29325QX364"), Err(InvalidIdentifier::CheckDigit(IdScheme::Lei)));
        assert_eq!(lei_check(b"506700GE1G29325QX3"), Some(*b"63"));
    }

    #[test]
    fn numbers_never_issued_are_no_ssn() {
        let parse = |text| Identifier::parse(IdScheme::UsSsn, text).map(|id| id.text().expose().clone());
        assert_eq!(parse("219-09-9998"), Ok("219099998".to_owned()));
        for text in ["000123456", "666123456", "900123456", "123004567", "123450000"] {
            assert_eq!(parse(text), Err(InvalidIdentifier::Impossible(IdScheme::UsSsn)), "{text}");
        }
        assert_eq!(parse("12345678"), Err(InvalidIdentifier::Length(IdScheme::UsSsn)));
    }

    #[test]
    fn tagged_texts_name_their_scheme() {
        let id = Identifier::parse_tagged("passport:CN/E12345678").unwrap();
        assert_eq!(id.scheme(), IdScheme::Passport);
        assert_eq!(format!("{id:?}"), "passport:[sensitive]");
        assert_eq!(Identifier::parse_tagged("11010519491231002X"), Err(InvalidIdentifier::Scheme));
        assert_eq!(Identifier::parse_tagged("iris:1"), Err(InvalidIdentifier::Scheme));
    }

    proptest! {
        #[test]
        fn no_text_makes_any_scheme_panic(text in ".{0,80}") {
            for scheme in IdScheme::ALL {
                let _ = Identifier::parse(*scheme, &text);
            }
        }

        #[test]
        fn one_changed_digit_of_a_resident_id_is_found(place in 0_usize..17, change in 1_u8..10) {
            let mut digits = *b"11010519491231002";
            digits[place] = b'0' + (digits[place] - b'0' + change) % 10;
            prop_assert_ne!(resident_id_check(&digits), Some(b'X'));
        }
    }
}
