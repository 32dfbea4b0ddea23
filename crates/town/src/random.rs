//! Chance without an outside: streams of numbers that depend on nothing but what they were made from.
//!
//! SplitMix64 (Steele, Lea, Flood 2014), integers only, so that every machine draws the same. Not for secrets.

/// A stream of numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chance(u64);

/// 2^64 divided by the golden ratio, as SplitMix64 steps.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

const fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

impl Chance {
    /// The stream of one seed.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(mix(seed ^ STEP))
    }

    /// The stream at a place of this one: the same place gives the same stream, in whatever order places are asked for.
    pub(crate) const fn at(self, place: u64) -> Self {
        Self(mix(self.0 ^ mix(place.wrapping_add(STEP))))
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A number from 0 to below `bound`; 0 if `bound` is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.next()) * u128::from(bound);
        // The high half of the product is below `bound`.
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included; `low` if `high` is less.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low).saturating_add(1)).unwrap_or(0);
        low + i64::try_from(self.below(span)).unwrap_or(0)
    }

    /// True in `count` of 1,000 draws.
    pub(crate) fn per_mille(&mut self, count: u64) -> bool {
        self.below(1000) < count
    }

    /// One of a list that is not empty.
    #[expect(clippy::indexing_slicing, reason = "`below` gives a place of the list; lists are constants of this crate")]
    pub(crate) fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::try_from(self.below(list.len() as u64)).unwrap_or(0)]
    }
}

/// A permutation of the numbers below `bound`, one for each key: a Feistel network of four rounds, walked until it comes
/// back below the bound. So everyone's number is their own without anyone remembering which are taken.
pub(crate) fn permuted(number: u64, bound: u64, key: u64) -> u64 {
    let bits = u64::BITS - bound.saturating_sub(1).leading_zeros();
    let half = bits.div_ceil(2).max(1);
    let mask = (1_u64 << half) - 1;
    let mut number = number % bound.max(1);
    loop {
        let (mut left, mut right) = (number >> half, number & mask);
        for round in 0..4 {
            let mixed = (right ^ key.rotate_left(16 * round)).wrapping_add(u64::from(round)).wrapping_mul(STEP);
            (left, right) = (right, left ^ (mixed >> 40) & mask);
        }
        number = left << half | right;
        if number < bound {
            return number;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_splitmix64() {
        // The first numbers of the reference implementation from state 1234567.
        let mut chance = Chance(1_234_567);
        let drawn = [chance.next(), chance.next(), chance.next()];
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn draws_stay_within_their_bounds_and_reach_them() {
        let mut chance = Chance::new(7);
        let drawn: Vec<_> = (0..1000).map(|_| chance.between(-1, 1)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&-1), Some(&1)));
        assert_eq!(chance.below(0), 0);
        assert_eq!(chance.between(5, 4), 5);
        let hits = (0..10_000).filter(|_| chance.per_mille(250)).count();
        assert!((2300..2700).contains(&hits), "{hits}");
    }

    #[test]
    fn a_permutation_gives_each_number_once() {
        for bound in [1, 2, 3, 255, 256, 257, 1000] {
            for key in [0, 1, u64::MAX] {
                let mut numbers: Vec<_> = (0..bound).map(|number| permuted(number, bound, key)).collect();
                numbers.sort_unstable();
                assert!(numbers.into_iter().eq(0..bound), "{bound} {key}");
            }
        }
    }

    #[test]
    fn neighbours_are_permuted_apart() {
        let near =
            (0..1000).filter(|i| permuted(*i, 1 << 30, 99).abs_diff(permuted(i + 1, 1 << 30, 99)) < 1 << 20).count();
        assert!(near < 20, "{near}");
    }
}
