//! What is typed about consents.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Folder, SubjectArg};

#[derive(Debug, Subcommand)]
pub enum Consent {
    /// Record a subject's consent
    #[command(after_help = "Example:\n  tallystick consent grant --subject @id.txt --member BANK --scope inquire \
                            --purpose credit_application --category credit --form written --until 2027-01-01")]
    Grant(Box<Grant>),
    /// Record that a subject was asked and refused
    #[command(after_help = "Example:\n  tallystick consent refuse --subject @id.txt --member BANK --scope inquire \
                            --purpose marketing --category credit")]
    Refuse(Box<Refuse>),
    /// Suspend a consent until it is resumed
    #[command(after_help = "Example:\n  tallystick consent pause --subject @id.txt --consent 0123456789abcdef")]
    Pause(Box<OneConsent>),
    /// Let a suspended consent hold again
    #[command(after_help = "Example:\n  tallystick consent resume --subject @id.txt --consent 0123456789abcdef")]
    Resume(Box<OneConsent>),
    /// Withdraw a consent for good: what rested on it alone is erased, and who saw it is told
    #[command(after_help = "Example:\n  tallystick consent withdraw --subject @id.txt --consent 0123456789abcdef \
                            --certificate erased.txt")]
    Withdraw(Box<Withdraw>),
    /// Hand out the certificate and the notices of a withdrawal again
    #[command(after_help = "Example:\n  tallystick consent certificate --subject @id.txt --consent 0123456789abcdef \
                            --certificate erased.txt")]
    Certificate(Box<Withdraw>),
    /// Check a certificate against the bureau's public key; needs no bureau
    #[command(after_help = "Example:\n  tallystick consent check --certificate erased.txt --key bureau.pub")]
    Check(CheckCertificate),
    /// Record on evidence that a subject has died: next of kin act from then on
    #[command(after_help = "Example:\n  tallystick consent deceased --subject @id.txt --evidence certificate.pdf")]
    Deceased(Deceased),
    /// Show one consent with everything that became of it
    #[command(after_help = "Example:\n  tallystick consent show --subject @id.txt --consent 0123456789abcdef")]
    Show(OneConsentShown),
    /// Record a consent from an account-aggregator artefact or a consent record (ISO/IEC TS 27560)
    #[command(after_help = "Example:\n  tallystick consent import --file artefact.json --key aggregator.jwk \
                            --subject @id.txt --member BANK --form electronic")]
    Import(Box<ImportConsent>),
    /// Write a consent in a standard form: `aa` or `iso27560`
    #[command(after_help = "Example:\n  tallystick consent export --subject @id.txt --consent 0123456789abcdef \
                            --form iso27560 --file record.json")]
    Export(Box<ExportConsent>),
    /// Write a consent receipt for the subject (ISO/IEC TS 27560)
    #[command(after_help = "Example:\n  tallystick consent receipt --subject @id.txt --consent 0123456789abcdef \
                            --file receipt.json")]
    Receipt(Box<ConsentReceipt>),
    /// List a subject's consents and refusals
    #[command(after_help = "Example:\n  tallystick consent list --subject @id.txt")]
    List(ConsentList),
}

#[derive(Debug, Args)]
pub struct Grant {
    #[command(flatten)]
    pub folder: Folder,
    #[command(flatten)]
    pub subject: SubjectArg,
    /// Code of the member it is for
    #[arg(long)]
    pub member: String,
    /// `furnish` or `inquire`
    #[arg(long)]
    pub scope: String,
    /// For which purpose it may inquire; repeat for more
    #[arg(long = "purpose")]
    pub purposes: Vec<String>,
    /// For which category of data; repeat for more
    #[arg(long = "category", required = true)]
    pub categories: Vec<String>,
    /// `electronic`, `written`, or `written_warned` (after a warning of adverse consequences)
    #[arg(long)]
    pub form: String,
    /// Until when it holds (that day no longer)
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub until: String,
    /// The signed paper or the screen shown; its SHA-256 is kept
    #[arg(long, value_name = "FILE")]
    pub evidence: Option<PathBuf>,
    #[command(flatten)]
    pub terms: Terms,
    #[command(flatten)]
    pub acting: ActingFor,
}

#[derive(Debug, Args)]
pub struct Refuse {
    #[command(flatten)]
    pub folder: Folder,
    #[command(flatten)]
    pub subject: SubjectArg,
    /// Code of the member that asked
    #[arg(long)]
    pub member: String,
    /// `furnish` or `inquire`
    #[arg(long)]
    pub scope: String,
    /// For which purpose it asked; repeat for more
    #[arg(long = "purpose")]
    pub purposes: Vec<String>,
    /// For which category of data; repeat for more
    #[arg(long = "category", required = true)]
    pub categories: Vec<String>,
    #[command(flatten)]
    pub terms: Terms,
    #[command(flatten)]
    pub acting: ActingFor,
}

/// The terms of a consent.
#[derive(Debug, Args)]
pub struct Terms {
    /// How often it may be used: `unlimited`, `once`, or so often in an hour, day, month or year, e.g. `45/month`
    #[arg(long, default_value = "unlimited")]
    pub fetch: String,
    /// First day that the data are about
    #[arg(long, value_name = "YYYY-MM-DD", requires = "data_until")]
    pub data_from: Option<String>,
    /// Last day that the data are about
    #[arg(long, value_name = "YYYY-MM-DD", requires = "data_from")]
    pub data_until: Option<String>,
    /// How long a recipient may keep the data: e.g. `31-day`, `6-month`, `unlimited`
    #[arg(long)]
    pub data_life: Option<String>,
    /// Version of the notice that was shown
    #[arg(long)]
    pub notice: Option<String>,
    /// Language of the notice, e.g. `zh-CN`
    #[arg(long)]
    pub language: Option<String>,
    /// Where it was asked: `app`, `web`, `branch`, `telephone`, `post`
    #[arg(long)]
    pub channel: Option<String>,
    /// The service it was tied to, in a few words: no such service without the consent
    #[arg(long)]
    pub tied_to: Option<String>,
    /// Whether that service needs the data, as the one who asked says: `necessary` or `not_necessary`
    #[arg(long, requires = "tied_to", default_value = "not_necessary")]
    pub tied_need: String,
}

/// Who acts for the subject.
#[derive(Debug, Args)]
pub struct ActingFor {
    /// Who acts: `subject`, `guardian`, or `next_of_kin`
    #[arg(long, default_value = "subject")]
    pub acting: String,
    /// What shows that a guardian or next of kin may; its SHA-256 is kept
    #[arg(long, value_name = "FILE")]
    pub authority: Option<PathBuf>,
    /// Who they are, `SCHEME:IDENTIFIER` or `@FILE`; a pseudonym of it is kept
    #[arg(long, value_name = "SUBJECT")]
    pub acting_person: Option<String>,
}

#[derive(Debug, Args)]
pub struct OneConsent {
    #[command(flatten)]
    pub folder: Folder,
    #[command(flatten)]
    pub subject: SubjectArg,
    /// The consent's id, 16 hex digits
    #[arg(long)]
    pub consent: String,
    #[command(flatten)]
    pub acting: ActingFor,
}

#[derive(Debug, Args)]
pub struct OneConsentShown {
    #[command(flatten)]
    pub folder: Folder,
    #[command(flatten)]
    pub subject: SubjectArg,
    /// The consent's id, 16 hex digits
    #[arg(long)]
    pub consent: String,
}

#[derive(Debug, Args)]
pub struct Withdraw {
    #[command(flatten)]
    pub one: OneConsent,
    /// Write the certificate for the subject here
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ImportConsent {
    #[command(flatten)]
    pub folder: Folder,
    #[command(flatten)]
    pub subject: SubjectArg,
    /// The artefact or record
    #[arg(long, value_name = "FILE")]
    pub file: PathBuf,
    /// Public key of who signed an artefact (JSON Web Key)
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// A detached signature of a record (compact JWS)
    #[arg(long, value_name = "FILE", requires = "key")]
    pub signature: Option<PathBuf>,
    /// Code of the member it is for, whom the form calls otherwise
    #[arg(long)]
    pub member: String,
    /// In which form it was given: `electronic`, `written`, `written_warned`
    #[arg(long)]
    pub form: String,
    /// Until when it holds, where the file does not say
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub until: Option<String>,
}

#[derive(Debug, Args)]
pub struct ExportConsent {
    #[command(flatten)]
    pub one: OneConsentShown,
    /// `aa` (account-aggregator artefact) or `iso27560` (consent record)
    #[arg(long, value_name = "FORM")]
    pub form: String,
    /// Where to write it
    #[arg(long, value_name = "FILE")]
    pub file: PathBuf,
    /// Write a detached signature of it here (compact JWS)
    #[arg(long, value_name = "FILE")]
    pub signature: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ConsentReceipt {
    #[command(flatten)]
    pub one: OneConsentShown,
    /// Where to write it
    #[arg(long, value_name = "FILE")]
    pub file: PathBuf,
    /// Write a detached signature of it here (compact JWS)
    #[arg(long, value_name = "FILE")]
    pub signature: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct CheckCertificate {
    /// The certificate
    #[arg(long, value_name = "FILE")]
    pub certificate: PathBuf,
    /// The bureau's public key, as `tallystick init` prints it, or a file that holds it
    #[arg(long)]
    pub key: String,
}

#[derive(Debug, Args)]
pub struct Deceased {
    #[command(flatten)]
    pub folder: Folder,
    #[command(flatten)]
    pub subject: SubjectArg,
    /// What shows it (the certificate of death); its SHA-256 is kept
    #[arg(long, value_name = "FILE")]
    pub evidence: PathBuf,
}

#[derive(Debug, Args)]
pub struct ConsentList {
    #[command(flatten)]
    pub folder: Folder,
    #[command(flatten)]
    pub subject: SubjectArg,
}
