//! The one place that asks the operating system for chance.

use tallystick_operations::Entropy;

/// The operating system's random numbers.
#[derive(Debug)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(
        clippy::disallowed_methods,
        clippy::panic,
        reason = "the program gives entropy; without it nothing may go on"
    )]
    fn fill(&mut self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            panic!("the operating system gives no random bytes: {error}");
        }
    }
}
