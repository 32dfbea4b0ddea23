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

/// A feedback file being written: as a draft, which gets its name when it is whole.
pub(super) struct Feedback {
    out: BufWriter<File>,
    draft: PathBuf,
    to: To,
    /// The first error; told at the end, since a delivery is not given up for it.
    failed: Option<io::Error>,
}

/// Where a feedback file goes.
enum To {
    /// Into the bureau's folder, under the delivery's name.
    Folder(PathBuf),
    /// Where the user said.
    Named(PathBuf),
}

impl Feedback {
    /// Begins the file at `named`, or one in the bureau's folder `feedback`.
    pub(super) fn begin(bureau: &Path, furnisher: &str, named: Option<&Path>) -> Result<Self> {
        let (draft, to) = match named {
            Some(path) => {
                let mut draft = path.as_os_str().to_owned();
                draft.push(".draft");
                (PathBuf::from(draft), To::Named(path.to_owned()))
            }
            None => {
                let folder = bureau.join("feedback");
                fs::create_dir_all(&folder).with_context(|| format!("`{}`", folder.display()))?;
                (folder.join(format!("draft-{furnisher}.jsonl")), To::Folder(folder))
            }
        };
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&draft).with_context(|| format!("`{}`", draft.display()))?;
        Ok(Self { out: BufWriter::new(file), draft, to, failed: None })
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
        let at = || format!("`{}`", self.draft.display());
        if let Some(error) = self.failed.take() {
            return Err(error).with_context(at);
        }
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error).with_context(at)?;
        file.sync_all().with_context(at)?;
        let path = match (self.to, number) {
            (To::Named(path), _) => path,
            (To::Folder(folder), Some(number)) => folder.join(of_delivery(number)),
            (To::Folder(folder), None) => {
                folder.join(format!("refused-{furnisher}-{}.jsonl", now.to_string().replace(':', "")))
            }
        };
        fs::rename(&self.draft, &path).with_context(|| format!("`{}`", path.display()))?;
        Ok(path)
    }

    /// Whether the feedback about a delivery is there: it is missing where the program was killed before writing it.
    pub(super) fn is_there(&self, number: u32) -> bool {
        match &self.to {
            To::Folder(folder) => folder.join(of_delivery(number)).exists(),
            To::Named(path) => path.exists(),
        }
    }

    /// Leaves no file.
    pub(super) fn give_up(self) {
        let _ = fs::remove_file(&self.draft);
    }
}

fn of_delivery(number: u32) -> String {
    format!("delivery-{number}.jsonl")
}
