//! The bytes of a Metro 2 file in the character format: where each field stands, and what the trailer counts.
//!
//! Places count from 0 at the record descriptor word, or at a segment's identifier.

use tallystick_model::Date;

use super::line::put_digits;

/// Bytes of a base segment, a header and a trailer.
pub(super) const BASE_BYTES: usize = 426;
const J1_BYTES: usize = 100;
const J2_BYTES: usize = 200;

/// Start and length of a field.
pub(super) type Place = (usize, usize);

pub(super) mod header {
    use super::Place;

    pub(crate) const IDENTIFIER: Place = (4, 6);
    pub(crate) const PROGRAM: Place = (22, 10);
    pub(crate) const ACTIVITY_DATE: Place = (47, 8);
    pub(crate) const DATE_CREATED: Place = (55, 8);
    pub(crate) const REPORTER_NAME: Place = (79, 40);
    pub(crate) const REPORTER_ADDRESS: Place = (119, 96);
    pub(crate) const REPORTER_TELEPHONE: Place = (215, 10);
    pub(crate) const SOFTWARE_NAME: Place = (225, 40);
}

pub(super) mod base {
    use super::Place;

    pub(crate) const PROCESSING: Place = (4, 1);
    pub(crate) const TIME_STAMP: Place = (5, 14);
    pub(crate) const CORRECTION: Place = (19, 1);
    pub(crate) const IDENTIFICATION_NUMBER: Place = (20, 20);
    pub(crate) const ACCOUNT_NUMBER: Place = (42, 30);
    pub(crate) const PORTFOLIO_TYPE: Place = (72, 1);
    pub(crate) const ACCOUNT_TYPE: Place = (73, 2);
    pub(crate) const DATE_OPENED: Place = (75, 8);
    pub(crate) const CREDIT_LIMIT: Place = (83, 9);
    pub(crate) const HIGHEST_CREDIT: Place = (92, 9);
    pub(crate) const TERMS_DURATION: Place = (101, 3);
    pub(crate) const TERMS_FREQUENCY: Place = (104, 1);
    pub(crate) const SCHEDULED_PAYMENT: Place = (105, 9);
    pub(crate) const ACTUAL_PAYMENT: Place = (114, 9);
    pub(crate) const ACCOUNT_STATUS: Place = (123, 2);
    pub(crate) const PAYMENT_RATING: Place = (125, 1);
    pub(crate) const PAYMENT_HISTORY: Place = (126, 24);
    pub(crate) const CURRENT_BALANCE: Place = (154, 9);
    pub(crate) const PAST_DUE: Place = (163, 9);
    pub(crate) const ORIGINAL_CHARGE_OFF: Place = (172, 9);
    pub(crate) const DATE_INFORMATION: Place = (181, 8);
    pub(crate) const DATE_FIRST_DELINQUENCY: Place = (189, 8);
    pub(crate) const DATE_CLOSED: Place = (197, 8);
    pub(crate) const DATE_LAST_PAYMENT: Place = (205, 8);
    pub(crate) const COUNTRY: Place = (327, 2);
}

/// Where a person's fields stand.
pub(super) struct PersonPlaces {
    pub(super) surname: Place,
    pub(super) first_name: Place,
    pub(super) middle_name: Place,
    pub(super) number: Place,
    pub(super) born: Place,
    pub(super) telephone: Place,
    pub(super) ecoa: Place,
    pub(super) address: Option<AddressPlaces>,
}

/// Where an address stands.
pub(super) struct AddressPlaces {
    pub(super) street: Place,
    pub(super) city: Place,
    pub(super) state: Place,
    pub(super) zip_code: Place,
}

pub(super) const BASE_PERSON: PersonPlaces = PersonPlaces {
    surname: (231, 25),
    first_name: (256, 20),
    middle_name: (276, 20),
    number: (297, 9),
    born: (306, 8),
    telephone: (314, 10),
    ecoa: (324, 1),
    address: Some(AddressPlaces { street: (329, 32), city: (393, 20), state: (413, 2), zip_code: (415, 9) }),
};

pub(super) const J1_PERSON: PersonPlaces = PersonPlaces {
    surname: (3, 25),
    first_name: (28, 20),
    middle_name: (48, 20),
    number: (69, 9),
    born: (78, 8),
    telephone: (86, 10),
    ecoa: (96, 1),
    address: None,
};

pub(super) const J2_PERSON: PersonPlaces = PersonPlaces {
    address: Some(AddressPlaces { street: (101, 32), city: (165, 20), state: (185, 2), zip_code: (187, 9) }),
    ..J1_PERSON
};

/// Place of the country in a J2 segment.
pub(super) const J2_COUNTRY: Place = (99, 2);

/// A record or segment being filled; blank where nothing was put.
pub(super) struct Fields(Vec<u8>);

impl Fields {
    pub(super) fn base() -> Self {
        Self(vec![b' '; BASE_BYTES])
    }

    pub(super) fn j1() -> Self {
        Self::segment(b"J1", J1_BYTES)
    }

    pub(super) fn j2() -> Self {
        Self::segment(b"J2", J2_BYTES)
    }

    fn segment(identifier: &[u8], length: usize) -> Self {
        let mut fields = Self(vec![b' '; length]);
        fields.text((0, identifier.len()), identifier);
        fields
    }

    fn place(&mut self, (start, length): Place) -> &mut [u8] {
        self.0.get_mut(start..start + length).unwrap_or_default()
    }

    /// Left-aligned; what has no room is lost.
    pub(super) fn text(&mut self, place: Place, text: &[u8]) {
        for (to, from) in self.place(place).iter_mut().zip(text) {
            *to = *from;
        }
    }

    /// Right-aligned with leading zeros; less than nothing counts as nothing.
    pub(super) fn number(&mut self, place: Place, number: i64) {
        put_digits(u64::try_from(number).unwrap_or(0), self.place(place));
    }

    /// `MMDDYYYY`, or zeros.
    pub(super) fn date(&mut self, place: Place, date: Option<Date>) {
        let number = date.map_or(0, |date| {
            i64::from(date.month()) * 1_000_000 + i64::from(date.day()) * 10_000 + i64::from(date.year())
        });
        self.number(place, number);
    }

    /// Puts the length of the record into its descriptor word and gives the bytes.
    pub(super) fn record(mut self, appended: &[Self]) -> Vec<u8> {
        let length = self.0.len() + appended.iter().map(|segment| segment.0.len()).sum::<usize>();
        self.number((0, 4), i64::try_from(length).unwrap_or(0));
        for segment in appended {
            self.0.extend_from_slice(&segment.0);
        }
        self.0
    }

    fn says_something(&self, (start, length): Place) -> bool {
        self.0.get(start..start + length).unwrap_or_default().iter().any(|byte| !matches!(byte, b'0' | b' '))
    }

    fn bytes(&self, (start, length): Place) -> &[u8] {
        self.0.get(start..start + length).unwrap_or_default()
    }
}

/// Account statuses and the place in the trailer where each is counted.
const STATUS_TOTALS: [(&[u8; 2], usize); 23] = [
    (b"DF", 29),
    (b"DA", 65),
    (b"05", 74),
    (b"11", 83),
    (b"13", 92),
    (b"61", 101),
    (b"62", 110),
    (b"63", 119),
    (b"64", 128),
    (b"65", 137),
    (b"71", 146),
    (b"78", 155),
    (b"80", 164),
    (b"82", 173),
    (b"83", 182),
    (b"84", 191),
    (b"88", 200),
    (b"89", 209),
    (b"93", 218),
    (b"94", 227),
    (b"95", 236),
    (b"96", 245),
    (b"97", 254),
];

/// The control totals of a file: of what stands in it, faulty records too.
#[derive(Debug, Default)]
pub(super) struct Totals {
    base: i64,
    statuses: [i64; STATUS_TOTALS.len()],
    /// J1, then J2.
    segments: [i64; 2],
    /// In base, J1 and J2 segments each.
    numbers: [i64; 3],
    births: [i64; 3],
    telephones: i64,
}

impl Totals {
    pub(super) fn count_base(&mut self, fields: &Fields) {
        self.base += 1;
        let status = fields.bytes(base::ACCOUNT_STATUS);
        let counts = self.statuses.iter_mut().zip(STATUS_TOTALS);
        for (count, _) in counts.filter(|(_, (code, _))| code.as_slice() == status) {
            *count += 1;
        }
        self.count_person(fields, &BASE_PERSON, 0);
    }

    pub(super) fn count_j1(&mut self, fields: &Fields) {
        self.count_segment(0);
        self.count_person(fields, &J1_PERSON, 1);
    }

    pub(super) fn count_j2(&mut self, fields: &Fields) {
        self.count_segment(1);
        self.count_person(fields, &J2_PERSON, 2);
    }

    fn count_segment(&mut self, place: usize) {
        if let Some(count) = self.segments.get_mut(place) {
            *count += 1;
        }
    }

    fn count_person(&mut self, fields: &Fields, places: &PersonPlaces, place: usize) {
        for (counts, field) in [(&mut self.numbers, places.number), (&mut self.births, places.born)] {
            if let Some(count) = counts.get_mut(place) {
                *count += i64::from(fields.says_something(field));
            }
        }
        self.telephones += i64::from(fields.says_something(places.telephone));
    }

    /// The trailer record. A file of lines is one block for each record, the header and the trailer too.
    pub(super) fn trailer(&self) -> Vec<u8> {
        let mut fields = Fields::base();
        fields.text((4, 7), b"TRAILER");
        // Every total from the first to the last stands there, if only as zeros.
        for start in (29..407).step_by(9) {
            fields.number((start, 9), 0);
        }
        let [j1, j2] = self.segments;
        let [base_numbers, j1_numbers, j2_numbers] = self.numbers;
        let [base_births, j1_births, j2_births] = self.births;
        let totals = [
            (11, self.base),
            (38, j1),
            (47, j2),
            (56, self.base + 2),
            (326, self.numbers.iter().sum()),
            (335, base_numbers),
            (344, j1_numbers),
            (353, j2_numbers),
            (362, self.births.iter().sum()),
            (371, base_births),
            (380, j1_births),
            (389, j2_births),
            (398, self.telephones),
        ];
        for (start, total) in totals {
            fields.number((start, 9), total);
        }
        for ((_, start), total) in STATUS_TOTALS.into_iter().zip(self.statuses) {
            fields.number((start, 9), total);
        }
        fields.record(&[])
    }
}
