//! What can be typed after `benchmark`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub enum Benchmark {
    /// Take in monthly deliveries from files, until compaction has settled
    ///
    /// Files are written first and not timed; then each is ingested as `ingest` does it, while another thread looks files up.
    /// In the end the same facts are loaded into the engine by itself, from memory, to compare with.
    #[command(after_help = "Example:\n  tallystick benchmark intake --subjects 1000000 --months 12 --json")]
    Intake(Intake),
    /// Look up whole credit files, one after another, and inquire
    #[command(after_help = "Example:\n  tallystick benchmark lookup --subjects 500000 --months 24 --accounts 8")]
    Lookup(Lookup),
    /// Load a whole population in deliveries of bounded size, then look up and inquire
    ///
    /// Facts are made from the town's rows and go through the store's own load, with real pseudonyms and log entries, but
    /// without files.
    #[command(after_help = "Example:\n  tallystick benchmark population --subjects 1000000000 --months 1 --folder .")]
    Population(Population),
    /// Decide inquiries, and gate a whole delivery along sorted consents, by themselves
    ///
    /// `decision` is as the program decides: what policies said of like evidence is kept. `decision_evaluated` is with nothing kept.
    #[command(after_help = "Example:\n  tallystick benchmark decide --json")]
    Decide(Decide),
    /// Record entries from many threads at once, each waiting until its own is durable
    ///
    /// Meanwhile what is new is published ten times a second, and proofs are made of the published files and checked: `proof` is
    /// the time from an entry's being durable to its being proved.
    #[command(after_help = "Example:\n  tallystick benchmark log --json")]
    Log(Log),
    /// Write the deliveries to files, for other programs
    #[command(after_help = "Example:\n  tallystick benchmark rows --subjects 1000000 --months 2 --format plain \
                            --rows rows")]
    Rows(Rows),
}

#[derive(Clone, Copy, Debug, Args)]
pub struct Size {
    /// How many subjects there are
    #[arg(long)]
    pub subjects: u64,
    /// How many months are reported
    #[arg(long, default_value_t = 1)]
    pub months: u16,
    /// How many accounts each subject has
    #[arg(long, default_value_t = 1)]
    pub accounts: u16,
    /// Another seed, other rows
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

#[derive(Debug, Args)]
pub struct Where {
    /// The folder in which a temporary one is made [default: that of the system]
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Keep the temporary folder and tell where it is
    #[arg(long)]
    pub keep: bool,
}

/// In what form rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A lender's CSV, read by a mapping
    Csv,
    /// The same columns as Parquet, read by the same mapping
    Parquet,
    /// Metro 2, character format, about as many subjects in the United States
    Metro2,
    /// CSV of plain columns, for other programs
    Plain,
}

#[derive(Debug, Args)]
pub struct Intake {
    #[command(flatten)]
    pub size: Size,
    #[command(flatten)]
    pub place: Where,
    /// The form of the deliveries: `csv`, `parquet` or `metro2`
    #[arg(long, default_value = "csv")]
    pub format: Format,
    /// Read the deliveries from this folder, as `benchmark rows` wrote them
    #[arg(long, value_name = "DIR")]
    pub rows: Option<PathBuf>,
    /// Leave out the bare load to compare with, which holds a month of facts in memory
    #[arg(long)]
    pub without_bare: bool,
    /// Lookups after the load
    #[arg(long, default_value_t = 20_000)]
    pub lookups: u32,
}

#[derive(Debug, Args)]
pub struct Counts {
    /// Lookups, after half as many to warm up
    #[arg(long, default_value_t = 20_000)]
    pub lookups: u32,
    /// Inquiries, each with a consent granted before
    #[arg(long, default_value_t = 500)]
    pub inquiries: u32,
}

#[derive(Debug, Args)]
pub struct Lookup {
    #[command(flatten)]
    pub size: Size,
    #[command(flatten)]
    pub place: Where,
    /// A bureau that an earlier benchmark kept: it is used if it is there, and else made there and kept
    #[arg(long, value_name = "DIR")]
    pub bureau: Option<PathBuf>,
    #[command(flatten)]
    pub counts: Counts,
}

#[derive(Debug, Args)]
pub struct Population {
    #[command(flatten)]
    pub size: Size,
    #[command(flatten)]
    pub place: Where,
    /// Subjects of one delivery: what is sorted in memory, 20 bytes each
    #[arg(long, default_value_t = 10_000_000)]
    pub per_delivery: u32,
    #[command(flatten)]
    pub counts: Counts,
}

#[derive(Debug, Args)]
pub struct Decide {
    /// The rulebook to decide by
    #[arg(long, default_value = "cn")]
    pub rulebook: String,
    /// How many inquiries
    #[arg(long, default_value_t = 200_000)]
    pub decisions: u32,
    /// Subjects of the delivery; some 250 bytes of memory each
    #[arg(long, default_value_t = 2_000_000)]
    pub subjects: u32,
}

#[derive(Debug, Args)]
pub struct Log {
    #[command(flatten)]
    pub place: Where,
    /// Threads that record
    #[arg(long, default_value_t = 64)]
    pub writers: u16,
    /// Entries in all
    #[arg(long, default_value_t = 500_000)]
    pub entries: u64,
}

#[derive(Debug, Args)]
pub struct Rows {
    #[command(flatten)]
    pub size: Size,
    /// The form: `csv`, `parquet`, `metro2` or `plain`
    #[arg(long, default_value = "csv")]
    pub format: Format,
    /// Where to write them, one file for each month
    #[arg(long, value_name = "DIR")]
    pub rows: PathBuf,
}
