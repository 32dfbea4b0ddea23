//! Valid identifiers for people and firms who do not exist: each index has its own.
//!
//! They hold to the check digits that intake checks. That no real person has such a number can't be promised of any valid
//! resident id; social security numbers begin in area 899, which was not issued before 2011.

use tallystick_model::Date;
use tallystick_model::ids::{credit_code_check, lei_check, resident_id_check};

use super::line::put_digits;
use super::random::permuted;

/// Division codes of counties (GB/T 2260).
const AREAS: [u32; 64] = [
    110_101, 110_105, 120_102, 130_102, 140_105, 150_102, 210_102, 220_102, 230_102, 310_101, 310_104, 310_115,
    320_102, 320_505, 330_102, 330_106, 340_102, 350_102, 350_203, 360_102, 370_102, 370_202, 410_102, 420_102,
    420_106, 430_102, 440_103, 440_106, 440_305, 440_304, 450_102, 460_105, 500_103, 510_104, 510_107, 520_102,
    530_102, 540_102, 610_102, 610_113, 620_102, 630_102, 640_104, 650_102, 330_212, 320_211, 370_602, 440_605,
    330_302, 210_202, 130_203, 410_302, 420_502, 430_202, 350_502, 360_402, 340_202, 510_703, 450_302, 220_202,
    230_602, 321_002, 110_108, 310_110,
];

/// Births are from 1950-01-01 on, this many days: to the end of 2005.
const BIRTH_DAYS: u64 = 20_454;

/// Days from 1970-01-01 to 1950-01-01.
const FIRST_BIRTH: i64 = -7305;

/// Sequence numbers within an area and a day: 001 to 999.
const SEQUENCES: u64 = 999;

/// So many people have a resident id of their own: 1,307,747,000 and some.
pub(super) const PEOPLE_MAX: u64 = AREAS.len() as u64 * BIRTH_DAYS * SEQUENCES;

/// What a resident id says.
#[derive(Clone, Copy, Debug)]
pub(super) struct ResidentNumber {
    pub(super) text: [u8; 18],
    pub(super) born: Date,
    /// Odd sequence numbers are men's.
    pub(super) is_male: bool,
}

pub(super) fn resident_number(index: u64, key: u64) -> ResidentNumber {
    let place = permuted(index, PEOPLE_MAX, key);
    let (sequence, rest) = (place % SEQUENCES + 1, place / SEQUENCES);
    let born = civil(FIRST_BIRTH + i64::try_from(rest % BIRTH_DAYS).unwrap_or(0));
    let area = usize::try_from(rest / BIRTH_DAYS).ok().and_then(|place| AREAS.get(place)).copied().unwrap_or(110_101);
    let date = u64::from(born.year().unsigned_abs()) * 10_000
        + u64::from(born.month().unsigned_abs()) * 100
        + u64::from(born.day().unsigned_abs());
    let mut text = [b'0'; 18];
    let [digits @ .., check] = &mut text;
    put_digits((u64::from(area) * 100_000_000 + date) * 1000 + sequence, digits);
    *check = resident_id_check(digits).unwrap_or(b'0');
    ResidentNumber { text, born, is_male: sequence % 2 == 1 }
}

/// The date so many days after 1970-01-01 (Hinnant's algorithm, days of the years 1 to 9999).
fn civil(days: i64) -> Date {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let part = |number| i8::try_from(number).unwrap_or(1);
    Date::new(i16::try_from(year).unwrap_or(1), part(month), part(day)).unwrap_or(Date::ZERO)
}

/// Areas that social security numbers had before 2011 or never: 001 to 899 without 666.
const SSN_AREAS: u64 = 898;
const SSNS_OF_AREA: u64 = 99 * 9999;

/// A social security number: area 899 first, then downwards.
pub(super) fn social_security_number(index: u64, key: u64) -> [u8; 9] {
    let area = 899 - index / SSNS_OF_AREA % SSN_AREAS;
    let area = if area <= 666 { area - 1 } else { area };
    let within = permuted(index % SSNS_OF_AREA, SSNS_OF_AREA, key);
    let mut text = [b'0'; 9];
    put_digits((area * 100 + within / 9999 + 1) * 10_000 + within % 9999 + 1, &mut text);
    text
}

/// So many firms have a credit code of their own.
pub(super) const FIRMS_MAX: u64 = 31_u64.pow(6);

const CREDIT_ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const ORGANISATION_WEIGHTS: [u64; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// The characters of `number` in an alphabet, most significant first.
fn characters<const N: usize>(mut number: u64, alphabet: &[u8]) -> [u8; N] {
    let mut text = [b'0'; N];
    for character in text.iter_mut().rev() {
        let place = usize::try_from(number % alphabet.len() as u64).unwrap_or(0);
        *character = alphabet.get(place).copied().unwrap_or(b'0');
        number /= alphabet.len() as u64;
    }
    text
}

/// A unified social credit code of a firm (`91`), with the organisation code in it (GB 11714) valid too.
pub(super) fn credit_code(index: u64, key: u64) -> String {
    let number = permuted(index, FIRMS_MAX, key);
    let area = usize::try_from(number % AREAS.len() as u64).ok().and_then(|place| AREAS.get(place)).copied();
    let organisation = [b"MA".as_slice(), &characters::<6>(number, CREDIT_ALPHABET)].concat();
    let value =
        |character: &u8| u64::from(if character.is_ascii_digit() { character - b'0' } else { character - b'A' + 10 });
    let sum: u64 =
        organisation.iter().zip(ORGANISATION_WEIGHTS).map(|(character, weight)| value(character) * weight).sum();
    let check = match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(u32::try_from(digit).unwrap_or(0), 10).unwrap_or('0'),
    };
    let mut code = format!("91{:06}{}{check}", area.unwrap_or(110_101), String::from_utf8_lossy(&organisation));
    let last = credit_code_check(code.as_bytes()).unwrap_or(b'0');
    code.push(char::from(last));
    code
}

/// A legal entity identifier under a prefix that no issuer has.
pub(super) fn legal_entity_identifier(index: u64, key: u64) -> String {
    let number = permuted(index, 1 << 40, key);
    let body = format!(
        "TWN000{}",
        String::from_utf8_lossy(&characters::<12>(number, b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    );
    let check = lei_check(body.as_bytes()).unwrap_or(*b"00");
    format!("{body}{}", String::from_utf8_lossy(&check))
}

/// First letters of passports; each has eight digits of its own.
const PASSPORT_LETTERS: &[u8; 14] = b"EGHKLMNPQRSTUV";
const PASSPORTS_OF_LETTER: u64 = 100_000_000;

/// A Chinese passport: `CN/`, a letter and eight digits.
pub(super) fn passport(index: u64, key: u64) -> String {
    let letter = usize::try_from(index / PASSPORTS_OF_LETTER).ok().and_then(|place| PASSPORT_LETTERS.get(place));
    let number = permuted(index % PASSPORTS_OF_LETTER, PASSPORTS_OF_LETTER, key);
    format!("CN/{}{number:08}", char::from(letter.copied().unwrap_or(b'E')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        assert_eq!(civil(0), Date::constant(1970, 1, 1));
        assert_eq!(civil(FIRST_BIRTH), Date::constant(1950, 1, 1));
        assert_eq!(civil(11_016), Date::constant(2000, 2, 29));
        assert_eq!(civil(FIRST_BIRTH + 20_453), Date::constant(2005, 12, 31));
    }

    #[test]
    fn no_area_666_and_all_areas_reached() {
        let area = |block: u64| social_security_number(block * SSNS_OF_AREA, 5)[..3].to_vec();
        assert_eq!(area(0), b"899");
        assert_eq!((area(232), area(233), area(897)), (b"667".to_vec(), b"665".to_vec(), b"001".to_vec()));
    }

    #[test]
    fn there_are_ids_for_more_than_a_billion_people() {
        assert_eq!(PEOPLE_MAX, 1_307_746_944);
    }
}
