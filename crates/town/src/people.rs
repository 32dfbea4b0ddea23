//! Who lives in the town.

use tallystick_model::{Date, IdScheme, Identifier, Month};

use super::names::{ChineseName, LatinPerson, firm_name};
use super::numbers::{self, resident_number};
use super::wallet::Platform;
use super::{Purpose, Town, TownSize};

/// How a person tends to pay. No delivery says it; behaviour follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Risk {
    /// Three quarters of the people: late once in a long while.
    Low,
    /// Late now and then.
    Medium,
    /// Often late; a third ends in charge-off.
    High,
}

impl Risk {
    /// One of three values by risk.
    pub(super) const fn of<T: Copy>(self, [low, medium, high]: [T; 3]) -> T {
        match self {
            Self::Low => low,
            Self::Medium => medium,
            Self::High => high,
        }
    }
}

/// A person with a resident id.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// Place in the town, from 0.
    pub index: u64,
    /// Date of birth, as the resident id says it.
    pub born: Date,
    /// As the resident id says it.
    pub is_male: bool,
    /// Hidden: what deliveries are made from.
    pub risk: Risk,
    /// Has a card of the card lender.
    pub has_card: bool,
    /// Takes loans of the micro-lender from time to time.
    pub has_loans: bool,
    /// Where the person has a wallet.
    pub wallet: Option<Platform>,
    id: [u8; 18],
    name: ChineseName,
    passport: Option<u64>,
}

impl Person {
    /// The resident id.
    pub fn resident_id(&self) -> &str {
        std::str::from_utf8(&self.id).unwrap_or_default()
    }

    /// The resident id as an identifier.
    pub fn identifier(&self) -> Option<Identifier> {
        Identifier::parse(IdScheme::CnResidentId, self.resident_id()).ok()
    }

    /// The passport, of those who have one.
    pub fn passport(&self) -> Option<String> {
        self.passport.map(|key| numbers::passport(self.index, key))
    }

    /// Family name first, in characters.
    pub fn name(&self) -> String {
        self.name_parts().concat()
    }

    /// The name in pieces.
    pub(super) fn name_parts(&self) -> [&'static str; 3] {
        self.name.parts()
    }

    /// Family and given name by sound, in small letters.
    pub fn name_by_sound(&self) -> (&'static str, String) {
        self.name.sounds()
    }

    /// The first month in which the person may owe: after the eighteenth birthday.
    pub(super) fn of_age(&self) -> i32 {
        Month::of(self.born).map_or(0, |month| i32::from(month.number())) + 18 * 12 + 1
    }
}

/// A person with a social security number.
#[derive(Clone, Debug)]
pub struct AmericanPerson {
    /// Place in the town, from 0.
    pub index: u64,
    /// Nine digits.
    pub social_security_number: [u8; 9],
    /// Date of birth.
    pub born: Date,
    /// Name and address. Two neighbours by index, 2n and 2n + 1, share a home.
    pub who: LatinPerson,
    /// Ten digits of the range kept free for fiction (555-0100 to 555-0199).
    pub telephone: [u8; 10],
    /// Hidden: what deliveries are made from.
    pub risk: Risk,
}

impl AmericanPerson {
    /// The number as text.
    pub fn number(&self) -> &str {
        std::str::from_utf8(&self.social_security_number).unwrap_or_default()
    }

    /// The number as an identifier.
    pub fn identifier(&self) -> Option<Identifier> {
        Identifier::parse(IdScheme::UsSsn, self.number()).ok()
    }
}

/// A firm.
#[derive(Clone, Debug)]
pub struct Firm {
    /// Place in the town, from 0.
    pub index: u64,
    /// In characters.
    pub name: String,
    /// Unified social credit code.
    pub credit_code: String,
    /// Every twentieth firm has one.
    pub legal_entity_identifier: Option<String>,
}

impl Town {
    /// The person at `index`, who lives here if that is below the town's size. Indices from [`TownSize::PEOPLE_MAX`] on
    /// wrap around.
    pub fn person(&self, index: u64) -> Person {
        let index = index % TownSize::PEOPLE_MAX;
        let mut chance = self.chance(Purpose::Person, index);
        let number = resident_number(index, self.seed());
        let risk = match chance.below(1000) {
            0..750 => Risk::Low,
            750..930 => Risk::Medium,
            _ => Risk::High,
        };
        let has_card = chance.per_mille(700);
        let has_loans = chance.per_mille(risk.of([250, 450, 650]));
        let wallet = match chance.below(100) {
            0..50 => Some(Platform::Wechat),
            50..92 => Some(Platform::Alipay),
            _ => None,
        };
        Person {
            index,
            born: number.born,
            is_male: number.is_male,
            risk,
            has_card,
            has_loans,
            wallet,
            id: number.text,
            name: ChineseName::draw(self.chance(Purpose::Name, index)),
            passport: chance.per_mille(120).then_some(self.seed()),
        }
    }

    /// The people in order of their index.
    pub fn people(&self) -> impl Iterator<Item = Person> {
        let town = *self;
        (0..town.size().people).map(move |index| town.person(index))
    }

    /// The person with a social security number at `index`, in the same way.
    pub fn american(&self, index: u64) -> AmericanPerson {
        let index = index % TownSize::PEOPLE_MAX;
        let mut chance = self.chance(Purpose::American, index);
        let who = LatinPerson::draw(self.chance(Purpose::American, index).at(1), self.chance(Purpose::Home, index / 2));
        let risk = match chance.below(1000) {
            0..750 => Risk::Low,
            750..930 => Risk::Medium,
            _ => Risk::High,
        };
        let born = Date::new(
            i16::try_from(chance.between(1950, 2002)).unwrap_or(1950),
            i8::try_from(chance.between(1, 12)).unwrap_or(1),
            i8::try_from(chance.between(1, 28)).unwrap_or(1),
        );
        let mut telephone = *b"0005550100";
        let [area @ .., _, _, _, _, _, tens, ones] = &mut telephone;
        super::line::put_digits(200 + chance.below(800), area);
        let last = u8::try_from(chance.below(100)).unwrap_or(0);
        (*tens, *ones) = (b'0' + last / 10, b'0' + last % 10);
        AmericanPerson {
            index,
            social_security_number: numbers::social_security_number(index, self.seed()),
            born: born.unwrap_or(Date::ZERO),
            who,
            telephone,
            risk,
        }
    }

    /// The firm at `index`; indices from [`TownSize::FIRMS_MAX`] on wrap around.
    pub fn firm(&self, index: u64) -> Firm {
        let index = index % TownSize::FIRMS_MAX;
        let identifier = index.is_multiple_of(20).then(|| numbers::legal_entity_identifier(index, self.seed()));
        Firm {
            index,
            name: firm_name(self.chance(Purpose::Firm, index)),
            credit_code: numbers::credit_code(index, self.seed()),
            legal_entity_identifier: identifier,
        }
    }
}
