//! What can be typed after `audit` and `witness`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

/// A log and the key that it is checked with.
#[derive(Debug, Args)]
pub struct LogOf {
    /// The log: a URL, a folder with its files, or a bureau's data folder
    #[arg(long, value_name = "URL_OR_DIR")]
    pub log: String,
    /// The log's public key (`name+hash+base64`), or a file that holds it, or all its keys (`log/keys`)
    #[arg(long, value_name = "KEY")]
    pub key: String,
}

#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Prove that an entry is in the log, from its published files
    #[command(
        after_help = "Example:\n  tallystick audit prove --log bureau --key bureau.pub --index 12 --out entry-12.proof"
    )]
    Prove(Prove),
    /// Prove that the log only grew from one size to another, and check it
    #[command(
        after_help = "Example:\n  tallystick audit consistency --log https://bureau.example/log --key bureau.pub --from 1000"
    )]
    Consistency(Consistency),
    /// Follow a log: read what is new, and tell if it was rewound, forked or rewritten
    ///
    /// What was seen is kept in a folder of the monitor's own. A fault ends it with exit code 3, and both signed checkpoints are kept
    /// as evidence.
    #[command(
        after_help = "Example:\n  tallystick audit monitor --log https://bureau.example/log --key bureau.pub --state seen --every 60"
    )]
    Monitor(Monitor),
    /// Copy the whole log, checked entry by entry
    #[command(after_help = "Example:\n  tallystick audit export --log bureau --key bureau.pub --to mirror")]
    Export(Export),
    /// Serve a log's files over HTTP (C2SP tlog-tiles)
    #[command(after_help = "Example:\n  tallystick audit serve --log bureau --listen 127.0.0.1:8480")]
    Serve(Serve),
}

#[derive(Debug, Args)]
pub struct Prove {
    #[command(flatten)]
    pub of: LogOf,
    /// Place of the entry, counted from 0
    #[arg(long)]
    pub index: u64,
    /// Write the proof (C2SP tlog-proof with the entry in it) to this new file instead of printing it
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Consistency {
    #[command(flatten)]
    pub of: LogOf,
    /// The older size, or a file with an older checkpoint
    #[arg(long, value_name = "SIZE_OR_FILE")]
    pub from: String,
    /// The newer size [default: that of the latest checkpoint]
    #[arg(long, value_name = "SIZE")]
    pub to: Option<u64>,
}

#[derive(Debug, Args)]
pub struct Monitor {
    #[command(flatten)]
    pub of: LogOf,
    /// The folder where the monitor keeps what it has seen
    #[arg(long, value_name = "DIR")]
    pub state: PathBuf,
    /// Look again after so many seconds, until told to end; once if not given
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub every: Option<u64>,
    /// A witness's public key, or a file that holds it; may be given several times
    #[arg(long = "witness", value_name = "KEY")]
    pub witnesses: Vec<String>,
    /// So many of the witnesses must have cosigned what the log shows
    #[arg(long, default_value_t = 0)]
    pub quorum: usize,
}

#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    pub of: LogOf,
    /// The folder to copy to; an earlier copy there is gone on with
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
}

#[derive(Debug, Args)]
pub struct Serve {
    /// The log: a folder with its files, or a bureau's data folder
    #[arg(long, value_name = "DIR")]
    pub log: String,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
}

#[derive(Debug, Subcommand)]
pub enum Witness {
    /// Make a witness's key
    #[command(after_help = "Example:\n  tallystick witness key --name partner.example/witness --out witness.key")]
    Key(WitnessKeyOf),
    /// Follow a bureau's log, check that it only grows, and cosign its checkpoints
    ///
    /// Cosigned checkpoints are in `DIR/cosigned`. With `--listen` the bureau, or anyone, can ask for a cosignature over HTTP (C2SP
    /// tlog-witness). What was cosigned last is remembered durably before a cosignature leaves: keep the folder, and run one
    /// witness on it.
    #[command(
        after_help = "Example:\n  tallystick witness run --name partner.example/witness --key witness.key \\\n      \
                            --log-key bureau.pub --state witnessed --log https://bureau.example/log --every 60 --listen 127.0.0.1:8481"
    )]
    Run(Run),
}

#[derive(Debug, Args)]
pub struct WitnessKeyOf {
    /// The witness's name, a URL without scheme
    #[arg(long)]
    pub name: String,
    /// The new file for the secret key
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct Run {
    /// The witness's name, a URL without scheme
    #[arg(long)]
    pub name: String,
    /// The witness's secret key
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// The public key of the log (`name+hash+base64`), or a file that holds it
    #[arg(long, value_name = "KEY")]
    pub log_key: String,
    /// The folder where the witness keeps what it has cosigned
    #[arg(long, value_name = "DIR")]
    pub state: PathBuf,
    /// The log to follow: a URL, a folder with its files, or a bureau's data folder
    #[arg(long, value_name = "URL_OR_DIR", required_unless_present = "listen")]
    pub log: Option<String>,
    /// Look again after so many seconds, until told to end; once if not given
    #[arg(long, value_name = "SECONDS", requires = "log", value_parser = clap::value_parser!(u64).range(1..))]
    pub every: Option<u64>,
    /// Answer requests for cosignatures at this address and port
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
}
