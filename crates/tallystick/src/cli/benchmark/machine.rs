//! What is measured on the machine itself: time, memory, disk; and the folder that is gone afterwards.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tallystick_operations::Entropy;

use super::args::Where;
use crate::cli::story;
use crate::entropy::SystemEntropy;
use crate::progress::instant;

/// A folder that is removed in the end, also on errors.
pub(super) struct Workplace {
    pub(super) folder: PathBuf,
    is_kept: bool,
}

impl Workplace {
    pub(super) fn new(place: &Where) -> Result<Self> {
        let mut name = [0; 8];
        SystemEntropy.fill(&mut name);
        let parent = place.folder.clone().unwrap_or_else(std::env::temp_dir);
        let folder = parent.join(format!("tallystick-benchmark-{}", hex::encode(name)));
        fs::create_dir_all(&folder).with_context(|| format!("`{}`", folder.display()))?;
        Ok(Self { folder, is_kept: place.keep })
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        if self.is_kept {
            story(format_args!("kept `{}`", self.folder.display()));
        } else if let Err(error) = fs::remove_dir_all(&self.folder) {
            story(format_args!("error: `{}` could not be removed: {error}", self.folder.display()));
        }
    }
}

/// Time since something began.
#[derive(Clone, Copy)]
pub(super) struct Watch(Instant);

impl Watch {
    pub(super) fn start() -> Self {
        Self(instant())
    }

    pub(super) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// How long each of many calls took.
#[derive(Debug, Default)]
pub(super) struct Times(Vec<Duration>);

impl Times {
    /// Runs `call` and keeps how long it took.
    pub(super) fn take<T>(&mut self, call: impl FnOnce() -> T) -> T {
        let watch = Watch::start();
        let result = call();
        self.0.push(watch.elapsed());
        result
    }

    /// Keeps a time that was taken otherwise.
    pub(super) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// Adds the times of another.
    pub(super) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// Takes back the last one.
    pub(super) fn forget_last(&mut self) {
        self.0.pop();
    }

    /// The time that `per_mille` of the calls did not exceed (nearest rank), in microseconds; `None` without calls.
    pub(super) fn micros(&self, per_mille: usize) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * per_mille).div_ceil(1000).max(1);
        sorted.get(rank - 1).map(|time| rounded(time.as_secs_f64() * 1e6))
    }

    /// Calls in a second, one after another.
    pub(super) fn per_s(&self) -> u64 {
        per_s(self.len(), self.0.iter().sum())
    }
}

/// To a tenth.
pub(super) fn rounded(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// Seconds to a thousandth.
pub(super) fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is positive and far below 2^64")]
pub(super) fn per_s(count: u64, time: Duration) -> u64 {
    (as_f64(count) / time.as_secs_f64().max(1e-9)).round() as u64
}

#[expect(clippy::cast_precision_loss, reason = "figures are told with three digits")]
pub(super) fn as_f64(count: u64) -> f64 {
    count as f64
}

/// `one` for each of `other`, to a tenth; `None` if there is no other.
pub(super) fn each(one: u64, other: u64) -> Option<f64> {
    (other > 0).then(|| rounded(as_f64(one) / as_f64(other)))
}

/// Cores of this machine.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The most memory this process has had resident since [`forget_peak`], in bytes; `None` where the system does not say.
pub(super) fn peak_rss_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Counts the peak of resident memory anew, where the system can.
pub(super) fn forget_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// Processor time that this process has used, of all its threads, to a hundredth of a second; `None` where the system does not say.
pub(super) fn processor_time() -> Option<Duration> {
    /// Of user space on Linux, whatever the kernel's own clock is.
    const TICK: Duration = Duration::from_millis(10);
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // After the name, which is in parentheses and may hold anything: state is the first field, user time the 12th, system time the 13th.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: Vec<u32> = fields.split_whitespace().skip(11).take(2).map_while(|field| field.parse().ok()).collect();
    let [user, system] = ticks.as_slice() else { return None };
    Some(TICK * (*user + *system))
}

/// Bytes that all files below a folder take on disk: of a file that is reserved ahead only what is used of it. Files that go
/// away meanwhile count for nothing.
pub(super) fn folder_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => folder_bytes(&entry.path()),
            Ok(metadata) => metadata.blocks() * 512,
            Err(_) => 0,
        })
        .sum()
}

/// Bytes written for each fsync that is timed.
const SYNCED_BYTES: usize = 4096;

/// How long the disk takes to put a small file in another's place, durably: what publishing a checkpoint waits for, once for
/// each recorded inquiry.
pub(super) fn disk_replace(folder: &Path, count: u32) -> Result<Times> {
    let (draft, path) = (folder.join("replaced.new"), folder.join("replaced"));
    let mut times = Times::default();
    for _ in 0..count {
        times.take(|| -> std::io::Result<()> {
            let mut file = File::create(&draft)?;
            file.write_all(&[7; SYNCED_BYTES])?;
            file.sync_data()?;
            fs::rename(&draft, &path)
        })?;
    }
    if count > 0 {
        fs::remove_file(&path)?;
    }
    Ok(times)
}

/// How long the disk takes to make a small append durable: what every recorded inquiry waits for.
pub(super) fn disk_sync(folder: &Path, count: u32) -> Result<Times> {
    let path = folder.join("sync");
    let mut times = Times::default();
    let mut file = File::create(&path).with_context(|| format!("`{}`", path.display()))?;
    for _ in 0..count {
        times.take(|| file.write_all(&[7; SYNCED_BYTES]).and_then(|()| file.sync_data()))?;
    }
    fs::remove_file(&path)?;
    Ok(times)
}

/// A number with its thousands told apart.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in the unit that keeps them short.
pub(super) fn bytes(count: u64) -> String {
    let (mut number, mut unit) = (as_f64(count), "B");
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if number < 1024.0 {
            break;
        }
        (number, unit) = (number / 1024.0, larger);
    }
    format!("{} {unit}", rounded(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let times = Times((1..=200).rev().map(Duration::from_micros).collect());
        assert_eq!((times.micros(500), times.micros(990), times.micros(1000)), (Some(100.0), Some(198.0), Some(200.0)));
        assert_eq!(Times(vec![Duration::from_micros(3)]).micros(500), Some(3.0));
        assert_eq!(Times::default().micros(500), None);
    }

    #[test]
    fn work_takes_processor_time() {
        let before = processor_time().unwrap();
        let mut number = 1_u64;
        while processor_time().unwrap() < before + Duration::from_millis(30) {
            (0..100_000).for_each(|step| number = number.wrapping_mul(31).wrapping_add(step));
        }
        assert_ne!(std::hint::black_box(number), 0);
    }

    #[test]
    fn numbers_and_bytes_are_told_for_people() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1023, 1024, 1_610_612_736].map(bytes), ["0 B", "1023 B", "1 KiB", "1.5 GiB"]);
    }

    #[test]
    fn a_workplace_is_removed_unless_it_is_kept() {
        let parent = tempfile::tempdir().unwrap();
        for (keep, left) in [(false, 0), (true, 1)] {
            let place = Where { folder: Some(parent.path().to_owned()), keep };
            let workplace = Workplace::new(&place).unwrap();
            let mut file = File::create(workplace.folder.join("a")).unwrap();
            file.write_all(b"1234").and_then(|()| file.sync_all()).unwrap();
            // A whole block, whatever the file system calls one.
            assert!((512..1 << 20).contains(&folder_bytes(parent.path())), "{}", folder_bytes(parent.path()));
            drop(workplace);
            assert_eq!(fs::read_dir(parent.path()).unwrap().count(), left);
        }
    }
}
