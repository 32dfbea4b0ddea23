//! What can be typed after `charter`, `staff` and `wind-down`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::args::Folder;

#[derive(Debug, Subcommand)]
pub enum Charter {
    /// Show the charter, what holds under it, and how proposals stand
    #[command(after_help = "Example:\n  tallystick charter show\n  \
                            tallystick charter show --proposal 0a8fc745 --out proposal.txt")]
    Show(Show),
    /// Write and sign a proposal; needs no bureau
    #[command(
        after_help = "Example:\n  tallystick charter draft --charter 386a19a0... --proposer A --key partner-a.key \
                            --measure collect-income.toml --effective 2026-06-01 --reason \"asked by subscribers\" \
                            --out proposal.txt"
    )]
    Draft(Draft),
    /// Record a signed proposal: votes on it are taken from now on
    #[command(after_help = "Example:\n  tallystick charter propose --proposal proposal.txt")]
    Propose(Propose),
    /// Read a proposal and sign a vote on it; needs no bureau
    #[command(
        after_help = "Example:\n  tallystick charter sign-vote --proposal proposal.txt --voter B --key partner-b.key \
                            --choice for --out ballot-b.txt"
    )]
    SignVote(SignVote),
    /// Record a signed vote
    #[command(after_help = "Example:\n  tallystick charter vote --ballot ballot-b.txt")]
    Vote(Vote),
    /// Bring into force what has passed
    #[command(after_help = "Example:\n  tallystick charter enact --proposal 0a8fc745")]
    Enact(Enact),
}

#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    pub folder: Folder,
    /// This proposal alone, by the first hex digits of its name
    #[arg(long, value_name = "HEX")]
    pub proposal: Option<String>,
    /// Write the proposal here, for those who vote on it
    #[arg(long, value_name = "FILE", requires = "proposal")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Draft {
    /// Names bureau and charter, as `charter show` does: 64 hex digits
    #[arg(long, value_name = "HEX")]
    pub charter: String,
    /// Code of the partner or seat that proposes
    #[arg(long)]
    pub proposer: String,
    /// Its secret key
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// What is to change (TOML, docs/charter.md)
    #[arg(long, value_name = "FILE")]
    pub measure: PathBuf,
    /// From when it can be enacted: a day (UTC) or an RFC 3339 instant
    #[arg(long, value_name = "DATE")]
    pub effective: String,
    /// Why; those who vote read it
    #[arg(long)]
    pub reason: String,
    /// Where the signed proposal goes
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct Propose {
    #[command(flatten)]
    pub folder: Folder,
    /// The signed proposal
    #[arg(long, value_name = "FILE")]
    pub proposal: PathBuf,
}

#[derive(Debug, Args)]
pub struct SignVote {
    /// The signed proposal
    #[arg(long, value_name = "FILE")]
    pub proposal: PathBuf,
    /// Code of the partner or seat that votes
    #[arg(long)]
    pub voter: String,
    /// Its secret key
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// `for`, `against` (of a seat with a veto: the veto) or `abstain`
    #[arg(long)]
    pub choice: String,
    /// Count on from the last vote on this proposal, if it is changed
    #[arg(long, default_value_t = 1)]
    pub turn: u32,
    /// Where the signed vote goes
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct Vote {
    #[command(flatten)]
    pub folder: Folder,
    /// The signed vote
    #[arg(long, value_name = "FILE")]
    pub ballot: PathBuf,
}

#[derive(Debug, Args)]
pub struct Enact {
    #[command(flatten)]
    pub folder: Folder,
    /// Which proposal, by the first hex digits of its name
    #[arg(long, value_name = "HEX")]
    pub proposal: String,
}

#[derive(Debug, Subcommand)]
pub enum Staff {
    /// List who is enrolled
    #[command(after_help = "Example:\n  tallystick staff list")]
    List(StaffList),
    /// Show the register: who did what, when, about whom and why
    #[command(after_help = "Example:\n  tallystick staff register --staff wu")]
    Register(Register),
}

#[derive(Debug, Args)]
pub struct StaffList {
    #[command(flatten)]
    pub folder: Folder,
}

#[derive(Debug, Args)]
pub struct Register {
    #[command(flatten)]
    pub folder: Folder,
    /// Of this member of staff alone, by code
    #[arg(long)]
    pub staff: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum WindDown {
    /// End the bureau and transfer it to another
    #[command(after_help = "Example:\n  tallystick wind-down transfer --out /mnt/handover/bureau")]
    Transfer(Handing),
    /// End the bureau and hand it over to the one designated
    #[command(after_help = "Example:\n  tallystick wind-down hand-over --out /mnt/handover/bureau")]
    HandOver(Handing),
    /// End the bureau and destroy its keys, salts and tables
    #[command(after_help = "Example:\n  tallystick wind-down destroy --certificate certificate.txt")]
    Destroy(Destroy),
    /// Check a certificate, and the files it names
    #[command(after_help = "Example:\n  tallystick wind-down check --certificate certificate.txt \
                            --verifier-key \"bureau.example/log+1a2b3c4d+AS...\" --files /mnt/handover/bureau")]
    Check(Check),
}

#[derive(Debug, Args)]
pub struct Handing {
    #[command(flatten)]
    pub folder: Folder,
    /// Where the bureau's files and their certificate go: a folder that is not there yet, outside the bureau's
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct Destroy {
    #[command(flatten)]
    pub folder: Folder,
    /// Where the certificate goes, besides the bureau's folder
    #[arg(long, value_name = "FILE")]
    pub certificate: PathBuf,
}

#[derive(Debug, Args)]
pub struct Check {
    /// The certificate
    #[arg(long, value_name = "FILE")]
    pub certificate: PathBuf,
    /// The bureau's key, as it was published: `name+hash+base64`, or `@FILE` with it or with `log/keys`
    #[arg(long)]
    pub verifier_key: String,
    /// The folder that was handed over
    #[arg(long, value_name = "DIR")]
    pub files: Option<PathBuf>,
}
