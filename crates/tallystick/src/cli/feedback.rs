//! The feedback file of a delivery: one JSON object a line, for the furnisher's programs.
//!
//! First each reject in the order of the file (duplicates last), then one object that tells how the delivery ended. It repeats
//! no personal data beyond what places and codes tell: see `docs/formats/feedback.md`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;
use tallystick_intake::Reject;
use tallystick_model::Timestamp;

use super::ingest::reject_json;

/// A feedback file being written.
pub(super) struct Feedback {
    out: BufWriter<File>,
    path: PathBuf,
    /// Where it goes in the end; `None` where the user named the file.
    folder: Option<PathBuf>,
    /// The first error; told at the end, since a delivery is not given up for it.
    failed: Option<io::Error>,
}

impl Feedback {
    /// Begins the file at `named`, or one in the bureau's folder `feedback`.
    pub(super) fn begin(bureau: &Path, furnisher: &str, named: Option<&Path>) -> Result<Self> {
        let (path, folder) = match named {
            Some(path) => (path.to_owned(), None),
            None => {
                let folder = bureau.join("feedback");
                fs::create_dir_all(&folder).with_context(|| format!("`{}`", folder.display()))?;
                (folder.join(format!("draft-{furnisher}.jsonl")), Some(folder))
            }
        };
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).with_context(|| format!("`{}`", path.display()))?;
        Ok(Self { out: BufWriter::new(file), path, folder, failed: None })
    }

    /// Adds a reject.
    pub(super) fn reject(&mut self, reject: &Reject) {
        self.line(&reject_json(reject));
    }

    fn line(&mut self, value: &Value) {
        if self.failed.is_none() {
            self.failed = writeln!(self.out, "{value}").err();
        }
    }

    /// Ends the file with how the delivery ended, gives it its name, and tells that.
    pub(super) fn end(
        mut self,
        summary: &Value,
        number: Option<u32>,
        furnisher: &str,
        now: Timestamp,
    ) -> Result<PathBuf> {
        self.line(summary);
        let at = || format!("`{}`", self.path.display());
        if let Some(error) = self.failed.take() {
            return Err(error).with_context(at);
        }
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error).with_context(at)?;
        file.sync_all().with_context(at)?;
        let Some(folder) = &self.folder else { return Ok(self.path) };
        let name = match number {
            Some(number) => format!("delivery-{number}.jsonl"),
            None => format!("refused-{furnisher}-{}.jsonl", now.to_string().replace(':', "")),
        };
        let path = folder.join(name);
        fs::rename(&self.path, &path).with_context(|| format!("`{}`", path.display()))?;
        Ok(path)
    }

    /// Leaves no file: nothing was decided that there could be feedback about.
    pub(super) fn give_up(self) {
        if self.folder.is_some() {
            let _ = fs::remove_file(&self.path);
        }
    }
}
