//! Lookups of whole credit files: while something else runs, and by themselves.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use serde_json::{Map, Value, json};
use tallystick_model::{CreditFile, SubjectId};

use super::machine::{Times, grouped};
use crate::cli::line;

/// How to look up.
pub(super) struct Lookups<'a> {
    /// The subject at a place of an endless random sequence of known ones.
    pub(super) subject: &'a (dyn Fn(u64) -> Result<SubjectId> + Sync),
    /// Reads a credit file. This is what is timed.
    pub(super) read: &'a (dyn Fn(SubjectId) -> Result<CreditFile> + Sync),
}

/// Between two lookups beside other work: often enough to count, seldom enough not to slow it.
const PAUSE: Duration = Duration::from_millis(5);

/// Where in the sequence the lookups begin that come after those meanwhile.
const AFTER: u64 = 1 << 32;

impl Lookups<'_> {
    /// Looks up now and then while `work` runs. Only files that have something in them count.
    pub(super) fn meanwhile<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<(T, Times)> {
        let goes_on = AtomicBool::new(true);
        thread::scope(|scope| {
            let looking = scope.spawn(|| -> Result<Times> {
                let mut times = Times::default();
                for number in 0.. {
                    if !goes_on.load(Ordering::Relaxed) {
                        break;
                    }
                    let subject = (self.subject)(number)?;
                    if times.take(|| (self.read)(subject))?.says_nothing() {
                        times.forget_last();
                    }
                    thread::sleep(PAUSE);
                }
                Ok(times)
            });
            let done = work();
            goes_on.store(false, Ordering::Relaxed);
            let times = looking.join().unwrap_or_else(|_| Err(anyhow!("the thread that looks up ended early")))?;
            Ok((done?, times))
        })
    }

    /// Looks up half of `count` files to warm up, then `count` others that are timed, one after another. Subjects of whom
    /// nothing is held are passed over, if there are `few` of them; else it is an error.
    pub(super) fn alone(&self, count: u32) -> Result<Times> {
        let mut times = Times::default();
        let (mut number, mut empty) = (AFTER, 0_u64);
        let warm_up = u64::from(count / 2);
        let mut looked_up = 0;
        while times.len() < u64::from(count) {
            let subject = (self.subject)(number)?;
            number += 1;
            if times.take(|| (self.read)(subject))?.says_nothing() {
                times.forget_last();
                empty += 1;
                ensure!(empty < 1000 + 3 * u64::from(count), "of most subjects nothing is held");
                continue;
            }
            looked_up += 1;
            if looked_up <= warm_up {
                times.forget_last();
            }
        }
        Ok(times)
    }
}

/// Adds times to a result, under `name`.
pub(super) fn tell(name: &str, times: &Times, lines: &mut Vec<String>, json: &mut Map<String, Value>) {
    let (p50, p99) = (times.micros(500), times.micros(990));
    json.insert(format!("{name}_us_p50"), json!(p50));
    json.insert(format!("{name}_us_p99"), json!(p99));
    json.insert(format!("{name}_count"), json!(times.len()));
    let word = name.replace('_', " ");
    lines.push(match (p50, p99) {
        (Some(p50), Some(p99)) => {
            let each = format!("{word}: p50 {p50} µs, p99 {p99} µs");
            line("time", format_args!("{each}, {} a second, {} timed", grouped(times.per_s()), grouped(times.len())))
        }
        _ => line("time", format_args!("{word}: none")),
    });
}
