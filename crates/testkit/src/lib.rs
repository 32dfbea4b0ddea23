//! What tests and samples are made of. Development only: no program of the bureau depends on it.
//!
//! Start at [`town::Town`], the synthetic town: people, firms, accounts, payments and consents from one seed, and the
//! deliveries that furnishers would make of them, at any size, each with the truth of what it should become. The fixed
//! set below `samples/` is [`samples`]; the program `town` writes both.

pub mod crash;
pub mod reference;
pub mod samples;
pub mod simulation;
pub mod town;
