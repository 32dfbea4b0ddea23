//! What can be typed. Long flags only; each command's help shows an example.

mod consent;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::benchmark::Benchmark;

pub use self::consent::*;

/// A credit bureau in a box.
#[derive(Debug, Parser)]
#[command(
    name = "tallystick",
    version,
    about = "A credit bureau in a box: credit files under consent and law, and proof of everything done",
    after_help = "Exit codes: 0 permitted or ok, 1 could not run, 2 denied, 3 input rejected.\n\
                  Results go to stdout, the story to stderr.\n\nExample:\n  tallystick demo"
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,

    /// Print the result as one JSON object
    #[arg(long, global = true)]
    pub json: bool,

    /// Secret key of the member of staff at work, where staff is enrolled
    #[arg(long = "as", global = true, value_name = "KEY_FILE", requires = "why")]
    pub staff_key: Option<PathBuf>,

    /// Why the member of staff does it; the register keeps it
    #[arg(long, global = true, value_name = "REASON", requires = "staff_key")]
    pub why: Option<String>,

    /// Its first line is a passphrase that opens secret keys, or seals new ones; several are all tried
    #[arg(long = "passphrase-file", global = true, value_name = "FILE")]
    pub passphrase_files: Vec<PathBuf>,

    /// An age identity that opens secret keys, or that new ones are sealed to; several are all tried
    #[arg(long = "key-file", global = true, value_name = "IDENTITY")]
    pub key_files: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Found a bureau in a new folder
    #[command(after_help = "Example:\n  tallystick init --bureau bureau --name bureau.example/log --rulebook cn \
                            --passphrase-file passphrase.txt")]
    Init(Init),
    /// Admit members, and list them
    #[command(subcommand, after_help = "Example:\n  tallystick member list")]
    Member(Member),
    /// Take in a furnisher's delivery
    #[command(after_help = "Example:\n  tallystick ingest --furnisher CARD --layout samples/layouts/card.toml \
                            --file samples/deliveries/card_2026-01.csv")]
    Ingest(Ingest),
    /// List deliveries; release or discard a quarantined one
    #[command(subcommand, after_help = "Example:\n  tallystick delivery list --furnisher CARD")]
    Delivery(Delivery),
    /// Show how good each furnisher's data are
    #[command(after_help = "Example:\n  tallystick quality")]
    Quality(QualityOf),
    /// Grant, refuse, pause, withdraw, show, import and export consents
    #[command(subcommand, after_help = "Example:\n  tallystick consent list --subject @id.txt")]
    Consent(Consent),
    /// Ask about a subject for a purpose
    #[command(
        after_help = "Example:\n  tallystick inquire --subscriber BANK --subject cn-resident-id:11010519491231002X \
                            --purpose credit_application\n  \
                            tallystick inquire --subscriber BANK --subject @id.txt --purpose credit_application \
                            --question ever_90_days_past_due --months 24\n  \
                            tallystick inquire --subscriber BANK --subject @id.txt --purpose account_review \
                            --from 2025-10 --to 2026-03"
    )]
    Inquire(Inquire),
    /// Show a subject the own file and who looked at it
    #[command(after_help = "Example:\n  tallystick report --subject @my-id.txt\n  \
                            tallystick report --subject @my-id.txt --as-known-on 2026-03-31 --as-of 2026-01-31")]
    Report(Report),
    /// Correct or delete one month of a furnisher's own account
    #[command(after_help = "Example:\n  tallystick correct --furnisher CARD --subject @id.txt --account 6222-0001 \
                            --month 2026-02 --rating current --reason \"paid on time, booked late\"")]
    Correct(Correct),
    /// Write all facts once more, in one place for each part of the subjects: smaller, quicker to read, and without what was discarded
    #[command(
        after_help = "For quiet hours: it reads and writes all facts once, an eighth of them at a time for each thread.\n\nExample:\n  tallystick compact"
    )]
    Compact(Folder),
    /// Freeze a file, or lift the freeze
    #[command(subcommand, after_help = "Example:\n  tallystick freeze place --subject @id.txt")]
    Freeze(Freeze),
    /// Show a subject who looked at the own file, why, and by which rule
    #[command(
        name = "access-history",
        after_help = "Example:\n  tallystick access-history --subject @id.txt --receipts my-receipts"
    )]
    AccessHistory(super::rights::args::AccessHistory),
    /// Dispute a statement, answer disputes, and do what is due
    #[command(subcommand, after_help = "Example:\n  tallystick dispute queue --furnisher CARD")]
    Dispute(super::rights::args::Dispute),
    /// Ask for erasure, object to the use of data, and answer both
    #[command(subcommand, after_help = "Example:\n  tallystick request queue")]
    Request(super::rights::args::Request),
    /// Tell subjects of accesses and defaults, where the rulebook says so
    #[command(name = "subject-alert", subcommand, after_help = "Example:\n  tallystick subject-alert run")]
    SubjectAlert(super::rights::args::SubjectAlert),
    /// Show who is told of corrected facts
    #[command(subcommand, after_help = "Example:\n  tallystick recall list")]
    Recall(super::rights::args::Recall),
    /// Put a subject's statement beside the file
    #[command(
        subcommand,
        after_help = "Example:\n  tallystick statement place --subject @id.txt --text @statement.txt"
    )]
    Statement(super::rights::args::Statement),
    /// Warn of fraud everyone who inquires about a subject
    #[command(subcommand, after_help = "Example:\n  tallystick alert place --subject @id.txt --kind initial")]
    Alert(super::rights::args::Alert),
    /// Leave a subject's file out of offers that nobody asked for
    #[command(
        name = "opt-out",
        subcommand,
        after_help = "Example:\n  tallystick opt-out place --subject @id.txt --form signed.pdf"
    )]
    OptOut(super::rights::args::OptOut),
    /// Issue a one-time code that opens a frozen file
    #[command(
        subcommand,
        after_help = "Example:\n  tallystick code issue --subject @id.txt --subscriber BANK --until 2026-03-08"
    )]
    Code(super::rights::args::Code),
    /// Take facts past the rulebook's term out of the credit files
    #[command(after_help = "Example:\n  tallystick expire --dry-run\n  \
                            tallystick expire --keep-for-models models.csv --certificate expired.receipt")]
    Expire(super::rights::args::Expire),
    /// Check receipts without a bureau; write them, and the page that checks them in a browser
    #[command(subcommand, after_help = "Example:\n  tallystick receipt verify answer.receipt --key bureau.pub")]
    Receipt(super::receipt::args::Receipt),
    /// Make a past answer once more, of what was known and in force then, and compare it with what was told
    #[command(after_help = "Example:\n  tallystick reproduce answer.receipt")]
    Reproduce(Reproduce),
    /// Ask whether a member may hand a subject's data straight to another member
    #[command(
        after_help = "Example:\n  tallystick transfer --from PAY --to BANK --subject @id.txt --category payments"
    )]
    Transfer(Transfer),
    /// Read rulebooks; decide past decisions again, or by other rulebooks
    #[command(subcommand, after_help = "Example:\n  tallystick policy diff cn drafts/cn --since 2026-01-01")]
    Policy(Policy),
    /// Decide about the bureau: proposals, votes and what holds by them
    #[command(subcommand, after_help = "Example:\n  tallystick charter show")]
    Charter(super::charter::args::Charter),
    /// List the staff, and show the register of its acts
    #[command(subcommand, after_help = "Example:\n  tallystick staff register")]
    Staff(super::charter::args::Staff),
    /// End the bureau as its partners have decided
    #[command(subcommand, after_help = "Example:\n  tallystick wind-down transfer --out /mnt/handover/bureau")]
    WindDown(super::charter::args::WindDown),
    /// Make secret keys, and say how they lie on disk
    #[command(
        subcommand,
        after_help = "Example:\n  tallystick key list\n  tallystick key create --kind staff --out wu.key"
    )]
    Key(super::key::args::Key),
    /// Bring a store of an older format to the one this program writes
    #[command(after_help = "Example:\n  tallystick upgrade --bureau bureau")]
    Upgrade(Folder),
    /// Keep points in time of a bureau in another folder, and check them
    #[command(subcommand, after_help = "Example:\n  tallystick backup create --to /mnt/backup/bureau")]
    Backup(super::backup::Backup),
    /// Bring a bureau back from a backup, into a new folder
    #[command(after_help = "Example:\n  tallystick restore --from /mnt/backup/bureau --to bureau --keys /mnt/keys\n  \
                            tallystick restore --from /mnt/backup/bureau --to before --at 2026-05-01")]
    Restore(super::backup::Restore),
    /// Put on record that published entries are gone, so that a restored bureau goes on
    #[command(
        name = "accept-loss",
        after_help = "Example:\n  tallystick accept-loss --reason \"disk failed on 3 May, last backup of 2 May\""
    )]
    AcceptLoss(super::backup::AcceptLoss),
    /// Check everything that can be derived again
    #[command(after_help = "Example:\n  tallystick verify --bureau bureau")]
    Verify(Verify),
    /// Check a bureau's log from outside: prove entries, follow it, copy it, serve it
    #[command(subcommand, after_help = "Example:\n  tallystick audit prove --log bureau --key bureau.pub --index 12")]
    Audit(super::audit::args::Audit),
    /// Watch a bureau's log for a partner, and cosign what it shows
    #[command(
        subcommand,
        after_help = "Example:\n  tallystick witness key --name partner.example/witness --out witness.key"
    )]
    Witness(super::audit::args::Witness),
    /// Play the whole story on synthetic samples
    #[command(after_help = "Example:\n  tallystick demo --folder /tmp/demo")]
    Demo(Demo),
    /// Measure this machine on synthetic rows
    #[command(subcommand, after_help = "Example:\n  tallystick benchmark intake --subjects 1000000 --months 2")]
    Benchmark(Benchmark),
}

#[derive(Debug, Args)]
pub struct Folder {
    /// The bureau's data folder
    #[arg(long = "bureau", value_name = "DIR", default_value = "bureau")]
    pub folder: PathBuf,
}

#[derive(Debug, Args)]
pub struct Init {
    #[command(flatten)]
    pub folder: Folder,
    /// Name of the bureau and origin of its log, e.g. `bureau.example/log`
    #[arg(long)]
    pub name: String,
    /// The rules it decides by: `cn`, `us`, `eu` or `in`
    #[arg(long)]
    pub rulebook: String,
    /// Who decides about it (TOML, docs/charter.md); its operator alone if not given
    #[arg(long, value_name = "FILE")]
    pub charter: Option<PathBuf>,
    /// Leave the bureau's keys unencrypted on disk: for bureaus to try things on
    #[arg(long)]
    pub unencrypted: bool,
}

#[derive(Debug, Subcommand)]
pub enum Member {
    /// Admit a furnisher or subscriber
    #[command(after_help = "Example:\n  tallystick member admit --code CARD --name \"Example Card Company\" \
                            --kind card_issuer --role furnisher --consent-duty attested")]
    Admit(Admit),
    /// List the members
    #[command(after_help = "Example:\n  tallystick member list")]
    List(MemberList),
}

#[derive(Debug, Args)]
pub struct Admit {
    #[command(flatten)]
    pub folder: Folder,
    /// Short name: letters, digits, `-` and `_`
    #[arg(long)]
    pub code: String,
    /// Full name
    #[arg(long)]
    pub name: String,
    /// Its business, e.g. `bank`, `card_issuer`, `payment_platform`
    #[arg(long)]
    pub kind: String,
    /// `furnisher`, `subscriber`; repeat for both
    #[arg(long = "role", required = true)]
    pub roles: Vec<String>,
    /// What it promises about subjects' consent to its reports: `nothing` or `attested`
    #[arg(long, default_value = "nothing")]
    pub consent_duty: String,
}

#[derive(Debug, Args)]
pub struct MemberList {
    #[command(flatten)]
    pub folder: Folder,
}

#[derive(Debug, Args)]
pub struct SubjectArg {
    /// `SCHEME:IDENTIFIER`, or `@FILE` to keep it out of the process list
    #[arg(long)]
    pub subject: String,
}

#[derive(Debug, Args)]
pub struct Ingest {
    #[command(flatten)]
    pub folder: Folder,
    /// Code of the furnisher
    #[arg(long)]
    pub furnisher: String,
    /// `metro2`, `registry`, `camt`, `alipay`, `wechat`, `jd`, `meituan`, or a mapping's TOML file; found by the file's
    /// content if not given
    #[arg(long)]
    pub layout: Option<String>,
    /// Look for mappings here too, beside those in `layouts` of the bureau's folder; repeat for more
    #[arg(long, value_name = "DIR", conflicts_with = "layout")]
    pub layouts: Vec<PathBuf>,
    /// The delivery
    #[arg(long)]
    pub file: PathBuf,
    /// Write the feedback for the furnisher here instead of into the bureau's folder `feedback` (JSON Lines)
    #[arg(long, value_name = "FILE")]
    pub feedback: Option<PathBuf>,
    /// Month the file is about, where it does not say; of a wide file the month to take
    #[arg(long, value_name = "YYYY-MM")]
    pub month: Option<String>,
    /// Whom the file is about, where it does not say (a person's own bill): `SCHEME:IDENTIFIER` or `@FILE`
    #[arg(long)]
    pub subject: Option<String>,
    /// What opens a payment bill in an archive: `@FILE` that holds the password
    #[arg(long, value_name = "@FILE")]
    pub password: Option<String>,
    /// How a payment bill came: `self_asserted` by the subject, or `furnisher_signed`
    #[arg(long, default_value = "self_asserted")]
    pub provenance: String,
    /// What to do about binding totals that disagree: `enforce` or `report`
    #[arg(long, default_value = "enforce")]
    pub control_totals: String,
}

#[derive(Debug, Subcommand)]
pub enum Delivery {
    /// List what was delivered, with its state and quality
    #[command(after_help = "Example:\n  tallystick delivery list --furnisher CARD")]
    List(DeliveryList),
    /// Make a quarantined delivery part of the credit files
    #[command(
        after_help = "Example:\n  tallystick delivery release --delivery 7 --reason \"late file, checked by hand\""
    )]
    Release(EndQuarantine),
    /// Give up a quarantined delivery
    #[command(
        after_help = "Example:\n  tallystick delivery discard --delivery 7 --reason \"wrong month; a new file comes\""
    )]
    Discard(EndQuarantine),
}

#[derive(Debug, Args)]
pub struct DeliveryList {
    #[command(flatten)]
    pub folder: Folder,
    /// Of this furnisher alone
    #[arg(long)]
    pub furnisher: Option<String>,
}

#[derive(Debug, Args)]
pub struct EndQuarantine {
    #[command(flatten)]
    pub folder: Folder,
    /// Number of the delivery
    #[arg(long)]
    pub delivery: u32,
    /// Why; it is recorded
    #[arg(long)]
    pub reason: String,
}

#[derive(Debug, Args)]
pub struct QualityOf {
    #[command(flatten)]
    pub folder: Folder,
}

#[derive(Debug, Args)]
pub struct Inquire {
    #[command(flatten)]
    pub folder: Folder,
    /// Code of the subscriber
    #[arg(long)]
    pub subscriber: String,
    #[command(flatten)]
    pub subject: SubjectArg,
    /// The ground claimed, e.g. `credit_application`
    #[arg(long)]
    pub purpose: String,
    /// Ask one question instead of for a report: `ever_30_days_past_due`, `ever_90_days_past_due`, `past_due_now`,
    /// `has_open_accounts`, `months_on_file_at_least`, `paid_in_months_at_least`; answered yes, no or unknown
    #[arg(long)]
    pub question: Option<String>,
    /// The number of months in the question
    #[arg(long, requires = "question", value_name = "N")]
    pub months: Option<u16>,
    /// Of a report the months from this one on
    #[arg(long, value_name = "YYYY-MM", requires = "to", conflicts_with = "question")]
    pub from: Option<String>,
    /// Of a report the months up to this one
    #[arg(long, value_name = "YYYY-MM", requires = "from")]
    pub to: Option<String>,
    /// What the subscriber undertakes where the purpose asks for it: the firm offer of `prescreen`, the certificate of
    /// `child_support`; its SHA-256 is kept
    #[arg(long, value_name = "FILE")]
    pub undertaking: Option<PathBuf>,
    /// The one-time code that the subject gave, or `@FILE` that holds it
    #[arg(long)]
    pub code: Option<String>,
    /// Write the receipt of the answer here: who has the bureau's public key can check it
    #[arg(long, value_name = "FILE")]
    pub receipt: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Report {
    #[command(flatten)]
    pub folder: Folder,
    #[command(flatten)]
    pub subject: SubjectArg,
    /// As the bureau knew it at the end of that day (UTC), or at that RFC 3339 instant
    #[arg(long, value_name = "DATE")]
    pub as_known_on: Option<String>,
    /// About the time up to that day, as it is known
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub as_of: Option<String>,
    /// Write a copy that other programs can read here (JSON, `docs/formats/own-file.md`); the file must not exist
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
    #[command(flatten)]
    pub acting: ActingFor,
    /// Write the receipt of this look at the report here: who has the bureau's public key can check it
    #[arg(long, value_name = "FILE")]
    pub receipt: Option<PathBuf>,
    /// Write a receipt for each access to the file here, named by its entry
    #[arg(long, value_name = "DIR")]
    pub receipts: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Correct {
    #[command(flatten)]
    pub folder: Folder,
    /// Code of the furnisher
    #[arg(long)]
    pub furnisher: String,
    #[command(flatten)]
    pub subject: SubjectArg,
    /// The furnisher's number of the account
    #[arg(long)]
    pub account: String,
    /// The month to correct
    #[arg(long, value_name = "YYYY-MM")]
    pub month: String,
    /// Take the month back altogether
    #[arg(long, conflicts_with_all = ["status", "rating", "balance", "past_due", "paid"])]
    pub delete: bool,
    /// New status, e.g. `open`, `closed`
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
    /// Why; the subject reads it
    #[arg(long)]
    pub reason: String,
}

#[derive(Debug, Subcommand)]
pub enum Freeze {
    /// Keep new lenders out
    #[command(after_help = "Example:\n  tallystick freeze place --subject @id.txt")]
    Place(FreezeArgs),
    /// Open the file again, for good or for a time, to everyone or to one subscriber
    #[command(after_help = "Example:\n  tallystick freeze lift --subject @id.txt --until 2026-03-08 --subscriber BANK")]
    Lift(LiftArgs),
}

#[derive(Debug, Args)]
pub struct FreezeArgs {
    #[command(flatten)]
    pub folder: Folder,
    #[command(flatten)]
    pub subject: SubjectArg,
}

#[derive(Debug, Args)]
pub struct LiftArgs {
    #[command(flatten)]
    pub args: FreezeArgs,
    /// Until when: a day (UTC, that day no longer) or an RFC 3339 instant; then the freeze holds again
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,
    /// To this subscriber alone
    #[arg(long, requires = "until")]
    pub subscriber: Option<String>,
}

#[derive(Debug, Args)]
pub struct Transfer {
    #[command(flatten)]
    pub folder: Folder,
    /// Code of the member that would give
    #[arg(long)]
    pub from: String,
    /// Code of the member that would receive
    #[arg(long)]
    pub to: String,
    #[command(flatten)]
    pub subject: SubjectArg,
    /// What kind of data, e.g. `credit`
    #[arg(long)]
    pub category: String,
}

#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Show a rulebook's rules with their sources, and what policies and numbers hold them
    #[command(after_help = "Example:\n  tallystick policy rules --rulebook cn --rule cn-11")]
    Rules(PolicyRules),
    /// Decide past decisions again, and tell of any that comes to something else
    #[command(after_help = "Example:\n  tallystick policy replay --since 2026-01-01")]
    Replay(PolicyReplay),
    /// Tell which past decisions two rulebooks would have made otherwise, and why
    ///
    /// Nothing is recorded, and nobody's file is read.
    #[command(after_help = "Example:\n  tallystick policy diff cn drafts/cn --since 2026-01-01")]
    Diff(PolicyDiff),
}

#[derive(Debug, Args)]
pub struct PolicyRules {
    /// A rulebook's name, or a folder with `access.cedar` and `rulebook.toml`
    #[arg(long)]
    pub rulebook: String,
    /// This rule alone
    #[arg(long, value_name = "ID")]
    pub rule: Option<String>,
}

#[derive(Debug, Args)]
pub struct PolicyReplay {
    #[command(flatten)]
    pub folder: Folder,
    /// Decisions from then on: a day (UTC) or an RFC 3339 instant
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// Another rulebook that past decisions were made by, as a name or a folder of that name; repeat for more
    #[arg(long = "rulebook", value_name = "RULEBOOK")]
    pub rulebooks: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Reproduce {
    #[command(flatten)]
    pub folder: Folder,
    /// The receipt of the answer
    #[arg(value_name = "RECEIPT")]
    pub receipt: PathBuf,
    /// Another rulebook that it may have been decided by, as a name or a folder of that name; repeat for more
    #[arg(long = "rulebook", value_name = "RULEBOOK")]
    pub rulebooks: Vec<String>,
}

#[derive(Debug, Args)]
pub struct PolicyDiff {
    #[command(flatten)]
    pub folder: Folder,
    /// The one rulebook: a name, or a folder with `access.cedar` and `rulebook.toml`
    pub old: String,
    /// The other one
    pub new: String,
    /// Decisions from then on: a day (UTC) or an RFC 3339 instant
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
}

#[derive(Debug, Args)]
pub struct Verify {
    #[command(flatten)]
    pub folder: Folder,
    /// Write `log/checkpoint` again if it is missing, after checking
    #[arg(long)]
    pub publish_checkpoint: bool,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// Where to found the demo's bureau; a temporary folder that is removed if not given
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
}
