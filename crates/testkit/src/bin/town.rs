//! The synthetic town on the command line: writes the sample set, and deliveries of any size.
//!
//! Start at [`Command`]. What is written, and the truth of it, is the library's (`tallystick_testkit::town`).

#![expect(clippy::print_stderr, reason = "a program tells its user what it wrote")]

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Parser, Subcommand, ValueEnum};
use tallystick_model::Month;
use tallystick_testkit::samples;
use tallystick_testkit::town::{
    BillPeriod, Faults, Platform, Town, TownSize, Written, write_alipay_bill, write_card_csv, write_loan_csv,
    write_metro2, write_payment_profile_csv, write_wechat_bill,
};

const EXAMPLES: &str = "\
Examples:
  town samples --folder samples
  town deliver --layout card --people 100000 --month 2026-03 --out card.csv
  town deliver --layout metro2 --people 1000000 --month 2026-03 --seed 7 --faults 5 --out metro2.txt
  town deliver --layout card --people 100000000 --month 2026-03 --out - | gzip > card.csv.gz
  town deliver --layout alipay --people 20 --month 2026-01 --months 3 --out bills";

/// The synthetic town: deliveries about people who do not exist, the same bytes for the same seed everywhere.
#[derive(Parser)]
#[command(name = "town", version, after_help = EXAMPLES)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the fixed sample set (seed 1)
    Samples {
        /// Where to write `layouts`, `deliveries` and `people.toml`
        #[arg(long)]
        folder: PathBuf,
    },
    /// Write a delivery of any size, row by row
    #[command(after_help = EXAMPLES)]
    Deliver(Deliver),
}

#[derive(Args)]
struct Deliver {
    /// What to write
    #[arg(long)]
    layout: LayoutName,
    /// Whom it is about: so many people; those of them who have an account then give a row each
    #[arg(long)]
    people: u64,
    /// Index of the first of them
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// The month, `YYYY-MM`; of a bill the first
    #[arg(long, value_parser = month)]
    month: Month,
    /// How many months a bill has
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=120))]
    months: u16,
    /// The town
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Records with a deliberate fault, in 1,000
    #[arg(long, default_value_t = 0, value_name = "PER_MILLE", value_parser = clap::value_parser!(u16).range(0..=1000))]
    faults: u16,
    /// The file, `-` for standard output; of bills the folder
    #[arg(long)]
    out: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LayoutName {
    /// A card lender's CSV (samples/layouts/card.toml)
    Card,
    /// A micro-lender's CSV (samples/layouts/loan.toml)
    Loan,
    /// Metro 2, character format
    Metro2,
    /// A bill of Alipay for each of the people who has a wallet there
    Alipay,
    /// A bill of WeChat Pay for each of the people who has a wallet there
    Wechat,
    /// A payment platform's monthly aggregates (samples/layouts/profile.toml)
    Profile,
}

fn month(text: &str) -> Result<Month, String> {
    Month::parse(text).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    match run(&Program::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("town: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(command: &Command) -> Result<()> {
    match command {
        Command::Samples { folder } => {
            samples::write(folder).with_context(|| format!("could not write the samples into {}", folder.display()))
        }
        Command::Deliver(deliver) => deliver.run(),
    }
}

impl Deliver {
    fn run(&self) -> Result<()> {
        let end = self.first.checked_add(self.people).filter(|end| *end <= TownSize::PEOPLE_MAX);
        let Some(end) = end else { bail!("no town has more than {} people", TownSize::PEOPLE_MAX) };
        let town = Town::new(self.seed, TownSize::LARGEST);
        let faults = if self.faults == 0 { Faults::None } else { Faults::PerMille(self.faults) };
        let people = self.first..end;
        let written = match self.layout {
            LayoutName::Alipay => self.bills(&town, people, &faults, Platform::Alipay)?,
            LayoutName::Wechat => self.bills(&town, people, &faults, Platform::Wechat)?,
            _ if self.out == Path::new("-") => self.rows(&town, people, &faults, &mut io::stdout().lock())?,
            _ => self.rows(&town, people, &faults, &mut create(&self.out)?)?,
        };
        eprintln!("{} records, {} with a fault, {} bytes", written.records, written.faulty, written.bytes);
        Ok(())
    }

    fn rows(&self, town: &Town, people: Range<u64>, faults: &Faults, out: &mut impl Write) -> Result<Written> {
        let month = self.month;
        let written = match self.layout {
            LayoutName::Card => write_card_csv(town, month, people, faults, out),
            LayoutName::Loan => write_loan_csv(town, month, people, faults, out),
            LayoutName::Metro2 => write_metro2(town, month, people, faults, out),
            LayoutName::Profile => write_payment_profile_csv(town, month, people, faults, out),
            LayoutName::Alipay | LayoutName::Wechat => bail!("a bill is about one person"),
        };
        written.context("could not write the delivery")
    }

    fn bills(&self, town: &Town, people: Range<u64>, faults: &Faults, platform: Platform) -> Result<Written> {
        ensure!(self.out != Path::new("-"), "bills are files of their own: name a folder");
        std::fs::create_dir_all(&self.out).with_context(|| format!("could not make {}", self.out.display()))?;
        let period = BillPeriod { first: self.month, months: self.months };
        let mut all = Written::default();
        for person in people.map(|index| town.person(index)).filter(|person| person.wallet == Some(platform)) {
            let written = match platform {
                Platform::Alipay => {
                    let mut file = create(&self.out.join(format!("alipay_{:010}.csv", person.index)))?;
                    write_alipay_bill(town, &person, period, faults, &mut file)
                }
                Platform::Wechat => {
                    let mut file = create(&self.out.join(format!("wechat_{:010}.csv", person.index)))?;
                    write_wechat_bill(town, &person, period, faults, &mut file)
                }
            };
            let written = written.context("could not write a bill")?;
            all.records += written.records;
            all.faulty += written.faulty;
            all.bytes += written.bytes;
        }
        Ok(all)
    }
}

fn create(path: &Path) -> Result<File> {
    File::create(path).with_context(|| format!("could not create {}", path.display()))
}
