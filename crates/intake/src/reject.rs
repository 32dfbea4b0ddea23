//! Rejects: reported records that intake refused, with code and place.
//!
//! A reject is data for the furnisher, who gets it back to mend the record. It never repeats personal data: of a
//! sensitive field it tells the shape of what was found, not the text; and of any other field too, if the text looks like
//! one that has slipped there from a sensitive one.

use std::fmt;

use tallystick_model::fact::RecordPlace;

macro_rules! reject_codes {
    ($($(#[doc = $doc:literal])* $case:ident = $number:literal, $meaning:literal;)*) => {
        /// Why a record was refused. The code is stable: furnishers program against it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum RejectCode {
            $(#[doc = $meaning] $case = $number,)*
        }

        impl RejectCode {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$case),*];

            /// One plain sentence for the furnisher.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$case => $meaning,)*
                }
            }
        }
    };
}

reject_codes! {
    RecordLength = 1, "The record is shorter or longer than its layout says";
    ColumnCount = 2, "The row has another number of columns than the header";
    Encoding = 3, "The text is not in the file's encoding";
    Required = 4, "A required field is blank";
    NotANumber = 5, "A number was expected";
    NotAnAmount = 6, "An amount of money was expected";
    NotADate = 7, "A date was expected";
    NotAMonth = 8, "A month was expected";
    UnknownCode = 9, "The code is not in the field's list";
    InvalidIdentifier = 10, "The subject's identifier is not valid in its scheme";
    OutOfRange = 11, "The value is outside the field's range";
    UnknownSegment = 12, "A segment of this name is not known here";
    SegmentLength = 13, "A segment ends before its last field";
    Contradiction = 14, "Two fields of the record contradict each other";
    Duplicate = 15, "The delivery already has a record for this subject, account and month";
    MisplacedRecord = 16, "A header, trailer or heading row where a record was expected";
    RequiredForStatus = 17, "The field is required for the account's status";
    NoConsent = 18, "The rulebook asks for a consent of the subject that is not on record";
    NotAdmitted = 19, "The rulebook admits nothing of this category about this kind of subject";
    FutureMonth = 20, "The record is about a month that has not begun";
    DuplicateKey = 25, "A key stands twice in one record";
    Syntax = 26, "The record is not written as its format says";
    WrongType = 27, "A value of another type was expected";
    UnknownAccount = 40, "The furnisher has nothing on record under the code that the record names";
    AccountType = 41, "The account's type is not the one on record";
    ClosedTooEarly = 42, "A record that closes is older than what is on record";
    NewWithoutTerms = 43, "A new account or agreement comes without the segment that says its terms";
    NothingHeld = 44, "Nothing is on record that the record would correct or take back";
    SegmentNotAllowed = 45, "The segment has no place in this record, or is not the one the record names";
    TouchedBefore = 46, "Another record of this delivery is about the same account, agreement or person";
    ElementOrder = 47, "An element or segment stands out of its order, or twice";
    UnknownElement = 48, "An element of this name is not known here";
    HeldOtherwise = 49, "The code is on record for another subject, or is taken";
}

impl fmt::Display for RejectCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "R{:03}", *self as u8)
    }
}

/// What stood where something else was expected, told without personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found(String);

/// Longest text that is repeated in a reject, in characters.
const SHOWN_CHARACTERS_MAX: usize = 32;
/// Most digits in a text that is repeated: a month has six, a date of birth or a telephone number has more.
pub(crate) const SHOWN_DIGITS_MAX: usize = 6;
/// Longest run of letters in a text that is repeated.
const SHOWN_LETTERS_RUN_MAX: usize = 12;

impl Found {
    /// The text itself, of a field that should hold nothing personal (a code, a month, an amount), if it looks so; else its
    /// shape. Where columns have slipped, a name, a telephone number or an identifier may stand there.
    pub fn text(field: &[u8]) -> Self {
        let field = field.trim_ascii();
        match std::str::from_utf8(field) {
            Ok(text) if !text.is_empty() && may_be_shown(text) => Self::quoted(text),
            _ => Self::shape(field),
        }
    }

    /// The text itself, whatever it is, cut to 32 characters: for text that the caller knows not to be personal, such as a
    /// column's name.
    pub(crate) fn quoted(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self("blank".to_owned());
        }
        let plain = |character: char| if character.is_control() { '\u{fffd}' } else { character };
        let mut characters = text.chars();
        let shown: String = characters.by_ref().take(SHOWN_CHARACTERS_MAX).map(plain).collect();
        let cut = if characters.next().is_some() { "…" } else { "" };
        Self(format!("`{shown}{cut}`"))
    }

    /// The shape of a field that may be personal: how many bytes of what, e.g. `9 digits`.
    pub fn shape(field: &[u8]) -> Self {
        let field = field.trim_ascii();
        let what = if field.is_empty() {
            return Self("blank".to_owned());
        } else if field.iter().all(u8::is_ascii_digit) {
            "digits"
        } else if field.iter().all(u8::is_ascii_alphabetic) {
            "letters"
        } else if field.iter().all(u8::is_ascii_alphanumeric) {
            "letters and digits"
        } else if field.is_ascii() {
            "characters"
        } else {
            "bytes beyond ASCII"
        };
        Self(format!("{} {what}", field.len()))
    }

    /// A phrase of our own, e.g. `431 bytes`.
    pub fn phrase(phrase: impl Into<String>) -> Self {
        Self(phrase.into())
    }
}

impl fmt::Display for Found {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Whether a text is too short and too plain to be a name of several words or in another script, an address, a date of birth,
/// a telephone number or an identifier.
fn may_be_shown(text: &str) -> bool {
    text.is_ascii()
        && text.len() <= SHOWN_CHARACTERS_MAX
        && !text.contains(|character: char| character.is_ascii_whitespace() || character == '@')
        && text.bytes().filter(u8::is_ascii_digit).count() <= SHOWN_DIGITS_MAX
        && text
            .split(|character: char| !character.is_ascii_alphabetic())
            .all(|letters| letters.len() <= SHOWN_LETTERS_RUN_MAX)
}

/// One refused record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Why.
    pub code: RejectCode,
    /// Which record, and the byte offset of the field (or of the record where no single field is at fault).
    pub place: RecordPlace,
    /// The field under its layout's own name.
    pub field: String,
    /// What should have stood there.
    pub expected: String,
    /// What stood there.
    pub found: Found,
}

impl fmt::Display for Reject {
    /// `R017 record 482 byte 90311 `first_delinquency`: required for status `97`, found blank`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, place, field, expected, found } = self;
        write!(out, "{code} record {} byte {} `{field}`: expected {expected}, found {found}", place.record, place.byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reject_names_code_place_field_expected_and_found() {
        let reject = Reject {
            code: RejectCode::RequiredForStatus,
            place: RecordPlace { record: 482, byte: 90_311 },
            field: "DateFirstDelinquency".to_owned(),
            expected: "a date for status `97`".to_owned(),
            found: Found::text(b"        "),
        };
        assert_eq!(
            reject.to_string(),
            "R017 record 482 byte 90311 `DateFirstDelinquency`: expected a date for status `97`, found blank"
        );
    }

    #[test]
    fn found_repeats_no_personal_text_and_no_long_or_control_text() {
        assert_eq!(Found::shape(b"445112877").to_string(), "9 digits");
        assert_eq!(Found::shape("张三".as_bytes()).to_string(), "6 bytes beyond ASCII");
        assert_eq!(Found::text(b"a\x07b").to_string(), "`a\u{fffd}b`");
        assert_eq!(Found::text(b" \t").to_string(), "blank");
        for told in ["97", "2026-13", "12.345", "-1,234.56", "credit_card_x", "twelve_twelve"] {
            assert_eq!(Found::text(told.as_bytes()).to_string(), format!("`{told}`"));
        }
        for (text, shape) in [
            ("张三", "6 bytes beyond ASCII"),
            ("Zhang San", "9 characters"),
            ("13800138000", "11 digits"),
            ("138-0013-8000", "13 characters"),
            ("219-09-9999", "11 characters"),
            ("11010519491231002X", "18 letters and digits"),
            ("110105194912310021", "18 digits"),
            ("02.01.1980", "10 characters"),
            ("a@b.cn", "6 characters"),
            ("Wolfeschlegel", "13 letters"),
            ("a_b_c_d_e_f_g_h_i_j_k_l_m_n_o_p_q", "33 characters"),
        ] {
            assert_eq!(Found::text(text.as_bytes()).to_string(), shape);
        }
        assert_eq!(Found::text(&[0xff, 0xfe]).to_string(), "2 bytes beyond ASCII");
        assert_eq!(Found::quoted("姓名").to_string(), "`姓名`");
        assert_eq!(Found::quoted(&"x".repeat(40)).to_string(), format!("`{}…`", "x".repeat(32)));
    }

    #[test]
    fn codes_print_as_r_and_three_digits_and_are_distinct() {
        let printed: std::collections::BTreeSet<_> = RejectCode::ALL.iter().map(RejectCode::to_string).collect();
        assert_eq!(printed.len(), RejectCode::ALL.len());
        assert_eq!(RejectCode::RecordLength.to_string(), "R001");
    }
}
