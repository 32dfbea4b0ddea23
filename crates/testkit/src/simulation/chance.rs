//! Chance from a seed: the same numbers on every machine, and the entropy of a simulated bureau.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tallystick_operations::Entropy;

/// SplitMix64: small, fast, and good enough to choose with.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The numbers of `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `below` - 1; 0 if `below` is 0.
    pub fn below(&mut self, below: usize) -> usize {
        let bits = self.bits() >> 1;
        let below = u64::try_from(below.max(1)).unwrap_or(u64::MAX);
        usize::try_from(bits % below).unwrap_or(0)
    }

    /// Whether something happens that happens so often in a hundred times.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of these; `None` if there are none.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let place = self.below(of.len());
        of.get(place)
    }

    /// Some of these, each half of the time, in their order.
    pub fn some<T: Clone>(&mut self, of: &[T]) -> Vec<T> {
        of.iter().filter(|_| self.percent(50)).cloned().collect()
    }
}

/// A fuse in the entropy: the power goes out when a random number is asked for the `n`th time from now.
#[derive(Clone, Debug)]
pub struct Fuse(Arc<AtomicI64>);

/// What a blown fuse unwinds with.
#[derive(Debug)]
pub struct PowerCut;

impl Default for Fuse {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(-1)))
    }
}

impl Fuse {
    /// Lets `askings` more askings pass and blows at the next.
    pub fn light(&self, askings: usize) {
        self.0.store(i64::try_from(askings).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Puts it out.
    pub fn put_out(&self) {
        self.0.store(-1, Ordering::SeqCst);
    }

    fn burn(&self) {
        match self.0.load(Ordering::SeqCst) {
            0 => {
                self.put_out();
                // Unwinds without the panic hook: a simulated power cut is nothing to print.
                std::panic::resume_unwind(Box::new(PowerCut));
            }
            left if left > 0 => self.0.store(left - 1, Ordering::SeqCst),
            _ => {}
        }
    }
}

/// Random bytes of a simulated bureau.
#[derive(Debug)]
pub struct SeededEntropy {
    chance: Chance,
    fuse: Fuse,
}

impl SeededEntropy {
    /// The bytes of `seed`, until `fuse` blows.
    pub const fn new(seed: u64, fuse: Fuse) -> Self {
        Self { chance: Chance::new(seed), fuse }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.fuse.burn();
        for chunk in bytes.chunks_mut(8) {
            let random = self.chance.bits().to_be_bytes();
            chunk.iter_mut().zip(random).for_each(|(to, from)| *to = from);
        }
    }
}
