//! What tests and samples are made of. Development only: no program of the bureau depends on it.
//!
//! Deliveries come from the synthetic town ([`town`]), each with the truth of what it should become; [`reject_code`] says with
//! which code a deliberate fault is refused. The fixed set below `samples/` is [`samples`]; the program `town` writes both.

pub mod crash;
mod faults;
pub mod reference;
pub mod samples;
pub mod shim;
pub mod simulation;
pub mod story;

pub use faults::reject_code;
pub use tallystick_town as town;
