//! How far long work is: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Seconds between two plain lines.
const LINE_SECONDS: u64 = 2;

/// Progress of reading something of known length.
pub struct Watch {
    bar: Option<ProgressBar>,
    total_bytes: u64,
    begun: Instant,
    last_line: Instant,
    quiet: bool,
}

#[expect(clippy::disallowed_methods, reason = "progress is about the time that passes here and now")]
pub fn instant() -> Instant {
    Instant::now()
}

impl Watch {
    /// Begins to watch the reading of `total_bytes`. A `quiet` watch says nothing.
    pub fn new(total_bytes: u64, quiet: bool) -> Self {
        let style = ProgressStyle::with_template("{bar:24} {bytes}/{total_bytes} {bytes_per_sec} {msg} eta {eta}");
        let bar = (std::io::stderr().is_terminal() && !quiet).then(|| ProgressBar::new(total_bytes));
        if let (Some(bar), Ok(style)) = (&bar, style) {
            bar.set_style(style);
        }
        Self { bar, total_bytes, begun: instant(), last_line: instant(), quiet }
    }

    /// Tells that `done_bytes` are read and what was counted.
    #[expect(clippy::print_stderr, reason = "plain progress lines are for the one who waits")]
    pub fn tell(&mut self, stage: &str, done_bytes: u64, records: u64, rejects: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(done_bytes);
            bar.set_message(format!("{stage} {records}, {rejects} rejects"));
        } else if !self.quiet && self.last_line.elapsed() >= Duration::from_secs(LINE_SECONDS) {
            self.last_line = instant();
            let millis = self.begun.elapsed().as_millis().max(1);
            let rate = u128::from(records) * 1000 / millis;
            let left_bytes = self.total_bytes.saturating_sub(done_bytes);
            let left = (u128::from(left_bytes) * millis / u128::from(done_bytes.max(1))) / 1000;
            let percent = done_bytes.saturating_mul(100) / self.total_bytes.max(1);
            if stage == "reading" {
                eprintln!("{stage} {percent}%, {records} records, {rate}/s, {rejects} rejects, {left} s left to read");
            } else {
                eprintln!("{stage} {records}, {rejects} rejects");
            }
        }
    }

    /// Ends the bar.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Watch {
    /// Watches work of unknown length.
    pub fn counting(quiet: bool) -> Self {
        let mut watch = Self::new(0, true);
        watch.quiet = quiet;
        if std::io::stderr().is_terminal() && !quiet {
            watch.bar = Some(ProgressBar::new_spinner());
        }
        watch
    }

    /// Tells how much of a part is done.
    #[expect(clippy::print_stderr, reason = "plain progress lines are for the one who waits")]
    pub fn count(&mut self, part: &str, done: u64) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{done} {part}"));
            bar.tick();
        } else if !self.quiet && self.last_line.elapsed() >= Duration::from_secs(LINE_SECONDS) {
            self.last_line = instant();
            eprintln!("checked {done} {part}");
        }
    }
}
