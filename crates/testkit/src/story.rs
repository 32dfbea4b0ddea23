//! What scenario tests begin with: one subject, the keys of a bureau, and chance from a seed.

#![expect(clippy::expect_used, reason = "a scenario with a wrong constant fails by panicking")]

use tallystick_model::{Identifier, Sensitive, Timestamp};
use tallystick_operations::bureau::Keys;

use crate::simulation::chance::{Fuse, SeededEntropy};

/// The instant that a text says.
///
/// # Panics
/// If it says none.
pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("an instant")
}

/// A synthetic person.
///
/// # Panics
/// Never: the identifier is valid.
pub fn subject() -> Identifier {
    Identifier::parse_tagged("cn-resident-id:11010519491231002X").expect("an identifier")
}

/// The keys of a scenario's bureau.
pub fn keys() -> Keys {
    Keys { pseudonym: Sensitive::new([3; 32]), signing: Sensitive::new([5; 32]) }
}

/// Chance that is the same each time.
pub fn entropy() -> Box<SeededEntropy> {
    Box::new(SeededEntropy::new(1, Fuse::default()))
}
