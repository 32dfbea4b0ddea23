//! What can be typed after `key`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::args::Folder;

#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a key for a partner, a seat, a member of staff or a witness
    #[command(
        after_help = "Example:\n  tallystick key create --kind partner --out partner-a.age --passphrase-file passphrase.txt\n  \
                      tallystick key create --kind witness --name witness.example/w1 --out w1.key --unencrypted"
    )]
    Create(Create),
    /// Show the public half of a key, and how it lies on disk
    #[command(after_help = "Example:\n  tallystick key show --key partner-a.age")]
    Show(Show),
    /// Seal keys anew: by a new passphrase, to a key file, or not at all
    #[command(after_help = "What opens the keys now is said by --passphrase-file, --key-file or the environment.\n\n\
                      Example:\n  tallystick key protect --new-passphrase-file new.txt --passphrase-file old.txt")]
    Protect(Protect),
    /// Let another key sign the log from now on
    #[command(
        after_help = "Where a charter governs, `--prepare` first, then a decision with the measure `turn_log_key`.\n\n\
                      Example:\n  tallystick key rotate"
    )]
    Rotate(Rotate),
    /// Revoke a key that signed the log before
    #[command(after_help = "Example:\n  tallystick key revoke --key 1a2b3c4d --reason compromised --since 2026-05-01")]
    Revoke(Revoke),
    /// Show which key signs which sizes of the log, and since when one is revoked
    #[command(after_help = "Example:\n  tallystick key history\n  tallystick key history --file keys-as-published")]
    History(History),
    /// List every key that counts at a bureau: its own, its voters' and its staff's
    #[command(after_help = "Example:\n  tallystick key list")]
    List(List),
}

#[derive(Debug, Args)]
pub struct Create {
    /// Whose it is: `partner`, `seat`, `staff` or `witness`
    #[arg(long)]
    pub kind: String,
    /// Where the secret key goes; the file must not exist
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// The witness's name, e.g. `witness.example/w1`
    #[arg(long, required_if_eq("kind", "witness"))]
    pub name: Option<String>,
    /// Leave it unencrypted on disk
    #[arg(long)]
    pub unencrypted: bool,
}

#[derive(Debug, Args)]
pub struct Show {
    /// The file with the secret key
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Of a witness: its name
    #[arg(long)]
    pub name: Option<String>,
}

#[derive(Debug, Args)]
pub struct Protect {
    #[command(flatten)]
    pub folder: Folder,
    /// This key's file instead of the bureau's keys
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Its first line is the new passphrase
    #[arg(long, value_name = "FILE")]
    pub new_passphrase_file: Option<PathBuf>,
    /// The age identity they are sealed to from now on
    #[arg(long, value_name = "IDENTITY")]
    pub new_key_file: Option<PathBuf>,
    /// Leave them unencrypted on disk from now on
    #[arg(long)]
    pub unencrypted: bool,
}

#[derive(Debug, Args)]
pub struct Rotate {
    #[command(flatten)]
    pub folder: Folder,
    /// Make the next key and show its public half; it signs nothing yet
    #[arg(long)]
    pub prepare: bool,
    /// Why the key in use goes: `retired` or `compromised`
    #[arg(long, default_value = "retired")]
    pub reason: String,
}

#[derive(Debug, Args)]
pub struct Revoke {
    #[command(flatten)]
    pub folder: Folder,
    /// Which: its whole text, or 8 hex digits or more of its public half
    #[arg(long)]
    pub key: String,
    /// Why: `retired` or `compromised`
    #[arg(long)]
    pub reason: String,
    /// Since when it is not to be relied on: a day (UTC) or an RFC 3339 instant; now if not given
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
}

#[derive(Debug, Args)]
pub struct History {
    #[command(flatten)]
    pub folder: Folder,
    /// Of this file, as a bureau publishes it in `log/keys`; needs no bureau
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    pub folder: Folder,
}
