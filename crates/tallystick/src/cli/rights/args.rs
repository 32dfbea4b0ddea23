//! What can be typed about a subject's rights.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::args::{ActingFor, Folder, SubjectArg};

#[derive(Debug, Args)]
pub struct OfSubject {
    #[command(flatten)]
    pub folder: Folder,
    #[command(flatten)]
    pub subject: SubjectArg,
}

#[derive(Debug, Args)]
pub struct AccessHistory {
    #[command(flatten)]
    pub of: OfSubject,
    /// Write a receipt for each access here, named by its entry: who has the bureau's public key can check it
    #[arg(long, value_name = "DIR")]
    pub receipts: Option<PathBuf>,
    #[command(flatten)]
    pub acting: ActingFor,
}

#[derive(Debug, Subcommand)]
pub enum Dispute {
    /// Say that a statement in the own file is wrong; every report marks it from then on
    #[command(
        after_help = "Example:\n  tallystick dispute open --subject @id.txt --account 0001a1b2c3d4e5f6 --month 2026-02 \
                            --grounds @grounds.txt --evidence receipt.pdf"
    )]
    Open(Box<Open>),
    /// List a subject's disputes with what became of them
    #[command(after_help = "Example:\n  tallystick dispute list --subject @id.txt")]
    List(OfSubject),
    /// Take a dispute back
    #[command(after_help = "Example:\n  tallystick dispute withdraw --subject @id.txt --entry 17")]
    Withdraw(WithdrawDispute),
    /// Give a dispute more time, where the rulebook has any: once, before its answer is due
    #[command(
        after_help = "Example:\n  tallystick dispute extend --subject @id.txt --entry 17 --why \"sent the receipt\" \
                            --evidence receipt.pdf"
    )]
    Extend(Extend),
    /// Show what waits for a furnisher's answer, what is due first comes first
    #[command(after_help = "Example:\n  tallystick dispute queue --furnisher CARD")]
    Queue(Queue),
    /// Record a furnisher's answer, and correct or delete what it corrects or deletes
    #[command(
        after_help = "Example:\n  tallystick dispute answer --furnisher CARD --dispute PSEUDONYM/17 --outcome corrected \
                            --rating current --words \"paid on time, booked late\""
    )]
    Answer(Box<Answer>),
    /// Give the bureau's one answer to disputes about statements of several furnishers
    #[command(after_help = "Example:\n  tallystick dispute close --case PSEUDONYM/0123456789abcdef \
                            --words \"one corrected, one stands: the bank has your signature\"")]
    Close(Close),
    /// Do what the rulebook says about disputes that nobody answered in time; to be run every day
    #[command(name = "run-due", after_help = "Example:\n  tallystick dispute run-due")]
    RunDue(Folder),
}

#[derive(Debug, Args)]
pub struct Open {
    #[command(flatten)]
    pub of: OfSubject,
    /// The account, as the own report shows it
    #[arg(long, required_unless_present = "statements")]
    pub account: Option<String>,
    /// The month; none for a statement that has none
    #[arg(long, value_name = "YYYY-MM")]
    pub month: Option<String>,
    /// What kind of statement, if it is no month or terms of an account, e.g. `payment_profile_month`
    #[arg(long)]
    pub kind: Option<String>,
    /// Of who the subject is (`--kind identity`), what of it: `name`, `born`, `telephone`, `address`, `account_number`, `identifiers`
    /// or `attributes`; all of it if not given
    #[arg(long)]
    pub part: Option<String>,
    /// A statement, `ACCOUNT/YYYY-MM`, or `ACCOUNT` for the terms of an account; repeat for more, also of several furnishers
    #[arg(long = "statement", value_name = "ACCOUNT[/YYYY-MM]", conflicts_with_all = ["account", "month", "kind", "part"])]
    pub statements: Vec<String>,
    #[command(flatten)]
    pub acting: ActingFor,
    /// What is wrong, or `@FILE` that says it
    #[arg(long)]
    pub grounds: String,
    /// What shows it; its SHA-256 is kept
    #[arg(long, value_name = "FILE")]
    pub evidence: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct WithdrawDispute {
    #[command(flatten)]
    pub of: OfSubject,
    /// The entry by which it was filed
    #[arg(long)]
    pub entry: u64,
    #[command(flatten)]
    pub acting: ActingFor,
}

#[derive(Debug, Args)]
pub struct Extend {
    #[command(flatten)]
    pub of: OfSubject,
    /// The entry by which it was filed
    #[arg(long)]
    pub entry: u64,
    /// What the subject has sent, or why it takes longer, or `@FILE` that says it
    #[arg(long)]
    pub why: String,
    /// What the subject has sent; its SHA-256 is kept
    #[arg(long, value_name = "FILE")]
    pub evidence: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Close {
    #[command(flatten)]
    pub folder: Folder,
    /// The case as the queue names it
    #[arg(long, value_name = "PSEUDONYM/CASE")]
    pub case: String,
    /// The bureau's words, for the subject; where a claim is rejected, why
    #[arg(long)]
    pub words: String,
}

#[derive(Debug, Args)]
pub struct Queue {
    #[command(flatten)]
    pub folder: Folder,
    /// Of this furnisher alone
    #[arg(long)]
    pub furnisher: Option<String>,
}

#[derive(Debug, Args)]
pub struct Answer {
    #[command(flatten)]
    pub folder: Folder,
    /// Code of the furnisher
    #[arg(long)]
    pub furnisher: String,
    /// The dispute as the queue names it
    #[arg(long, value_name = "PSEUDONYM/ENTRY")]
    pub dispute: String,
    /// `corrected`, `confirmed`, `cannot_be_confirmed` or `deleted`
    #[arg(long)]
    pub outcome: String,
    /// With `corrected`: new status, e.g. `open`, `closed`
    #[arg(long)]
    pub status: Option<String>,
    /// New rating, e.g. `current`, `late_1`
    #[arg(long)]
    pub rating: Option<String>,
    /// New balance
    #[arg(long, allow_hyphen_values = true)]
    pub balance: Option<String>,
    /// New amount past due
    #[arg(long)]
    pub past_due: Option<String>,
    /// New amount paid
    #[arg(long)]
    pub paid: Option<String>,
    /// With `corrected`, of who the subject is: the name, or `@FILE` that says it
    #[arg(long)]
    pub name: Option<String>,
    /// The date of birth, or `@FILE` that says it
    #[arg(long)]
    pub born: Option<String>,
    /// The telephone number, or `@FILE` that says it
    #[arg(long)]
    pub telephone: Option<String>,
    /// The address on one line, or `@FILE` that says it
    #[arg(long)]
    pub address: Option<String>,
    /// When the answer reached the bureau: a day (UTC) or an RFC 3339 instant; now if not given
    #[arg(long, value_name = "DATE")]
    pub received: Option<String>,
    /// The furnisher's words, for the subject
    #[arg(long)]
    pub words: String,
}

#[derive(Debug, Subcommand)]
pub enum Request {
    /// Ask that what a furnisher has handed over be erased, or object to its use: then nobody else is shown it until the answer
    #[command(
        after_help = "Example:\n  tallystick request file --subject @id.txt --furnisher CARD --category credit --ground objection \
                            --words @why.txt"
    )]
    File(Box<FileRequest>),
    /// List a subject's requests with what became of them
    #[command(after_help = "Example:\n  tallystick request list --subject @id.txt")]
    List(OfSubject),
    /// Show what waits for the bureau's answer, what is due first comes first
    #[command(after_help = "Example:\n  tallystick request queue")]
    Queue(Folder),
    /// Grant a request, and erase what it is about, or refuse it and say why
    #[command(
        after_help = "Example:\n  tallystick request answer --request PSEUDONYM/17 --outcome granted --words \"erased\""
    )]
    Answer(AnswerRequest),
}

#[derive(Debug, Args)]
pub struct FileRequest {
    #[command(flatten)]
    pub of: OfSubject,
    /// Code of the furnisher whose data it is about
    #[arg(long)]
    pub furnisher: String,
    /// Of which category; repeat for more
    #[arg(long = "category", required = true)]
    pub categories: Vec<String>,
    /// `purpose_met`, `unlawful` or `objection`
    #[arg(long)]
    pub ground: String,
    /// In the subject's words, or `@FILE` that says it
    #[arg(long)]
    pub words: String,
    /// What shows it; its SHA-256 is kept
    #[arg(long, value_name = "FILE")]
    pub evidence: Option<PathBuf>,
    #[command(flatten)]
    pub acting: ActingFor,
}

#[derive(Debug, Args)]
pub struct AnswerRequest {
    #[command(flatten)]
    pub folder: Folder,
    /// The request as the queue names it
    #[arg(long, value_name = "PSEUDONYM/ENTRY")]
    pub request: String,
    /// `granted` or `refused`
    #[arg(long)]
    pub outcome: String,
    /// The bureau's words, for the subject; where it refuses, why
    #[arg(long)]
    pub words: String,
}

#[derive(Debug, Subcommand)]
pub enum SubjectAlert {
    /// Find defaults that their subjects were not told of, and write a file for each alert that has none; to be run every day
    #[command(after_help = "Example:\n  tallystick subject-alert run")]
    Run(Folder),
    /// List what subjects are told of
    #[command(after_help = "Example:\n  tallystick subject-alert list")]
    List(Folder),
}

#[derive(Debug, Subcommand)]
pub enum Recall {
    /// List who was told of corrections, and write again the notices that are missing
    #[command(after_help = "Example:\n  tallystick recall list --recipient BANK")]
    List(RecallList),
}

#[derive(Debug, Args)]
pub struct RecallList {
    #[command(flatten)]
    pub folder: Folder,
    /// To this member alone
    #[arg(long)]
    pub recipient: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Statement {
    /// Put the subject's statement beside the file, in place of an earlier one
    #[command(after_help = "Example:\n  tallystick statement place --subject @id.txt --text @statement.txt")]
    Place(Say),
    /// Take the statement back
    #[command(after_help = "Example:\n  tallystick statement remove --subject @id.txt")]
    Remove(OfSubject),
}

#[derive(Debug, Args)]
pub struct Say {
    #[command(flatten)]
    pub of: OfSubject,
    /// What every report shows, or `@FILE` that says it; at most 1024 bytes
    #[arg(long)]
    pub text: String,
}

#[derive(Debug, Subcommand)]
pub enum Alert {
    /// Warn everyone who inquires, for as long as the rulebook says
    #[command(
        after_help = "Example:\n  tallystick alert place --subject @id.txt --kind extended --evidence report.pdf"
    )]
    Place(PlaceAlert),
    /// Take the alert back
    #[command(after_help = "Example:\n  tallystick alert remove --subject @id.txt")]
    Remove(OfSubject),
}

#[derive(Debug, Args)]
pub struct PlaceAlert {
    #[command(flatten)]
    pub of: OfSubject,
    /// `initial`, `extended` (takes a report to the police) or `active_duty`
    #[arg(long)]
    pub kind: String,
    /// The report or order; its SHA-256 is kept
    #[arg(long, value_name = "FILE")]
    pub evidence: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum OptOut {
    /// Leave the file out of prescreening, for as long as the rulebook says
    #[command(
        after_help = "With `--form`, the signed form, it holds for good.\n\nExample:\n  tallystick opt-out place --subject @id.txt"
    )]
    Place(PlaceOptOut),
    /// Take it back
    #[command(after_help = "Example:\n  tallystick opt-out remove --subject @id.txt")]
    Remove(OfSubject),
}

#[derive(Debug, Args)]
pub struct PlaceOptOut {
    #[command(flatten)]
    pub of: OfSubject,
    /// The signed form that one for good takes; its SHA-256 is kept
    #[arg(long, value_name = "FILE")]
    pub form: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Code {
    /// Issue a one-time code that opens the frozen file to one subscriber for one inquiry
    #[command(after_help = "Example:\n  tallystick code issue --subject @id.txt --subscriber BANK --until 2026-03-08")]
    Issue(IssueCode),
}

#[derive(Debug, Args)]
pub struct IssueCode {
    #[command(flatten)]
    pub of: OfSubject,
    /// Code of the subscriber
    #[arg(long)]
    pub subscriber: String,
    /// Until when it can be used: a day (UTC, that day no longer) or an RFC 3339 instant, within 30 days
    #[arg(long, value_name = "DATE")]
    pub until: String,
}

#[derive(Debug, Args)]
pub struct Expire {
    #[command(flatten)]
    pub folder: Folder,
    /// Say what is past its term, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Keep de-identified rows of it here, outside the bureau (CSV); the file must not exist
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub keep_for_models: Option<PathBuf>,
    /// Write the certificate here: a receipt that `receipt verify` checks; the file must not exist
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub certificate: Option<PathBuf>,
}
