//! The rows of a benchmark: which there are, and their files.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use tallystick_intake::Layout;
use tallystick_intake::layouts::mapped::Mapping;
use tallystick_model::{Identifier, Month, Timestamp};
use tallystick_town::{
    BULK_LAYOUT, BULK_PARQUET_LAYOUT, Bulk, BulkSize, Faults, Town, TownSize, Written, write_metro2,
};

use super::args::{self, Format, Size};
use super::machine::{Watch, bytes, grouped, per_s, seconds};
use crate::cli::{End, Told, line, story};

/// What is reported in each month.
pub(super) struct Rows {
    pub(super) bulk: Bulk,
    pub(super) months: Vec<Month>,
    pub(super) format: Format,
    town: Town,
}

/// Twenty years.
const MONTHS_MAX: u16 = 240;

/// An account's number has two digits for which it is.
const ACCOUNTS_MAX: u16 = 99;

impl Rows {
    pub(super) fn new(size: Size, format: Format) -> Result<Self> {
        let Size { subjects, months, accounts, seed } = size;
        if subjects == 0 || subjects > Bulk::SUBJECTS_MAX {
            bail!("`--subjects`: expected 1 to {}, found {subjects}", grouped(Bulk::SUBJECTS_MAX));
        }
        ensure!((1..=MONTHS_MAX).contains(&months), "`--months`: expected 1 to {MONTHS_MAX}, found {months}");
        ensure!((1..=ACCOUNTS_MAX).contains(&accounts), "`--accounts`: expected 1 to {ACCOUNTS_MAX}, found {accounts}");
        if format == Format::Metro2 && (subjects > TownSize::PEOPLE_MAX || accounts != 1) {
            bail!("`--accounts`: Metro 2 files of the town have one account for each subject");
        }
        // Any month does: the clock of a benchmark stands after the last one.
        let first = Month::new(2024, 1)?;
        let months = (0..i32::from(months)).filter_map(|later| first.plus(later)).collect();
        let bulk = Bulk::new(seed, BulkSize { subjects, accounts });
        let town = Town::new(seed, TownSize { people: subjects, firms: 0 });
        Ok(Self { bulk, months, format, town })
    }

    /// The first of the month after the last: when all of it can have been reported.
    pub(super) fn reported_at(&self) -> Result<Timestamp> {
        let after = self.months.last().and_then(|last| last.plus(1)).context("months end in the year 5460")?;
        Ok(Timestamp::parse(&format!("{after}-01"))?)
    }

    /// The identifier of the subject at a place.
    pub(super) fn identifier(&self, place: u64) -> Result<Identifier> {
        let identifier = match self.format {
            Format::Metro2 => self.town.american(place).identifier(),
            Format::Csv | Format::Parquet | Format::Plain => self.bulk.identifier(place),
        };
        identifier.context("the town gave an identifier that is none")
    }

    /// How the files are read.
    pub(super) fn layout(&self) -> Result<Layout> {
        match self.format {
            Format::Metro2 => Ok(Layout::Metro2),
            Format::Csv => Ok(Layout::Mapped(Box::new(Mapping::parse(BULK_LAYOUT)?))),
            Format::Parquet => Ok(Layout::Mapped(Box::new(Mapping::parse(BULK_PARQUET_LAYOUT)?))),
            Format::Plain => {
                bail!("`--format`: expected `csv`, `parquet` or `metro2`, found `plain`: it is for other programs")
            }
        }
    }

    /// The file of a month in a folder.
    pub(super) fn path(&self, folder: &Path, month: Month) -> PathBuf {
        let ending = match self.format {
            Format::Csv => "csv",
            Format::Parquet => "parquet",
            Format::Metro2 => "metro2.txt",
            Format::Plain => "plain.csv",
        };
        folder.join(format!("{month}.{ending}"))
    }

    /// Writes all months; tells rows, bytes.
    pub(super) fn write_all(&self, folder: &Path) -> Result<Written> {
        fs::create_dir_all(folder).with_context(|| format!("`{}`", folder.display()))?;
        let (mut all, watch) = (Written::default(), Watch::start());
        for month in &self.months {
            let path = self.path(folder, *month);
            let written = self.write(*month, &path).with_context(|| format!("`{}`", path.display()))?;
            all.records += written.records;
            all.bytes += written.bytes;
            let (records, size) = (grouped(written.records), bytes(written.bytes));
            story(format_args!("written: {month}, {records} records, {size}, {} s", seconds(watch.elapsed())));
        }
        Ok(all)
    }

    fn write(&self, month: Month, path: &Path) -> Result<Written> {
        let mut file = File::create(path)?;
        let written = match self.format {
            Format::Csv => self.bulk.write_csv(month, &mut file)?,
            Format::Plain => self.bulk.write_plain(month, &mut file)?,
            Format::Parquet => self.bulk.write_parquet(month, BufWriter::with_capacity(1 << 18, &mut file))?,
            Format::Metro2 => write_metro2(&self.town, month, 0..self.bulk.size().subjects, &Faults::None, &mut file)?,
        };
        // Else the disk would still be busy with it while something is timed.
        file.sync_all()?;
        Ok(written)
    }
}

/// `benchmark rows`.
pub(super) fn run(args: &args::Rows) -> Result<Told> {
    let rows = Rows::new(args.size, args.format)?;
    let watch = Watch::start();
    let written = rows.write_all(&args.rows)?;
    let files: Vec<PathBuf> = rows.months.iter().map(|month| rows.path(&args.rows, *month)).collect();
    let told = format!("{} records, {} in {} files", grouped(written.records), bytes(written.bytes), files.len());
    let json = json!({
        "result": "ok",
        "records": written.records,
        "bytes": written.bytes,
        "records_per_s": per_s(written.records, watch.elapsed()),
        "files": files,
    });
    Ok(Told::new(End::Ok, vec![line("ok", told)], json))
}
