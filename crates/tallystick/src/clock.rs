//! The one place that reads the clock.

use tallystick_model::Timestamp;

/// Now, to the millisecond.
#[expect(clippy::disallowed_methods, reason = "the program is what gives everything else its `now`")]
pub fn now() -> Timestamp {
    let millis = jiff::Timestamp::now().as_millisecond();
    Timestamp::from_millis(millis).unwrap_or_else(|_| Timestamp::start_of(jiff::civil::Date::constant(1970, 1, 1)))
}
