//! A value that must not appear in logs, errors or debug output.
//!
//! [`Sensitive`] has no `Display` and no serialisation, and its `Debug` tells nothing:
//!
//! ```compile_fail
//! println!("{}", tallystick_model::Sensitive::new("110101199003070000"));
//! ```
//!
//! Whoever needs the value says so with [`Sensitive::expose`], which a reviewer can search for.

use std::fmt;

/// Holds personal data. Reading it is explicit, printing it is impossible.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sensitive<T>(T);

impl<T> Sensitive<T> {
    /// Marks `value` as personal data.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself: for hashing, sealing or showing to the one who may see it.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value itself, by value.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[sensitive]")
    }
}

impl<T> From<T> for Sensitive<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

#[cfg(test)]
mod tests {
    use super::Sensitive;

    #[test]
    fn debug_tells_nothing_however_deep_the_value_sits() {
        let nested = vec![Some(Sensitive::new("110101199003070000".to_owned()))];
        let text = format!("{nested:?}");
        assert_eq!(text, "[Some([sensitive])]");
    }
}
