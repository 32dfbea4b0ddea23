//! What can be typed about receipts.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::args::Folder;

#[derive(Debug, Subcommand)]
pub enum Receipt {
    /// Check receipts against the bureau's public key, and say what they prove; needs no bureau and no network
    #[command(after_help = "Ends with 0 if every receipt is valid, with 3 if one is not.\n\nExample:\n  \
                            tallystick receipt verify my-receipts/*.receipt --key bureau.pub\n  \
                            tallystick receipt verify answer.receipt --key bureau.pub --witness one.pub \
                            --witness two.pub --quorum 1")]
    Verify(VerifyReceipt),
    /// Write the receipt of one entry, for whom it concerns
    #[command(after_help = "Example:\n  tallystick receipt show --index 6 --out 6.receipt")]
    Show(ShowReceipt),
    /// Write a web page that checks receipts without a server
    #[command(after_help = "Example:\n  tallystick receipt page --out verify.html")]
    Page(ReceiptPage),
}

#[derive(Debug, Args)]
pub struct VerifyReceipt {
    /// The receipts; a receipt of a member's admission gives its name in the others
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The bureau's public key, as `tallystick init` prints it, or a file that holds it
    #[arg(long)]
    pub key: String,
    /// Public key of a witness that must have cosigned, or a file that holds it; repeat for more
    #[arg(long = "witness", value_name = "KEY")]
    pub witnesses: Vec<String>,
    /// How many of the witnesses must have cosigned; all of them if not given
    #[arg(long, value_name = "K", requires = "witnesses")]
    pub quorum: Option<usize>,
}

#[derive(Debug, Args)]
pub struct ShowReceipt {
    #[command(flatten)]
    pub folder: Folder,
    /// Place of the entry in the log
    #[arg(long, value_name = "N")]
    pub index: u64,
    /// Where to write the receipt; the file must not exist
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct ReceiptPage {
    /// Where to write the page; the file must not exist
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}
