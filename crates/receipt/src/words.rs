//! A recorded event in plain words, for whoever is handed its receipt: nothing that the event does not hold.

use tallystick_model::consent::{Consent, ConsentId};
use tallystick_model::consent_terms::DataRange;
use tallystick_model::event::{Event, OwnReportRecord};
use tallystick_model::inquiry::{Asked, InquiryRecord, Outcome, Reason};
use tallystick_model::member::Member;
use tallystick_model::rights::{CorrectionNotice, ExpiredFacts, RetentionRun, Right};
use tallystick_model::transfer::TransferRecord;
use tallystick_model::withdrawal::Withdrawal;
use tallystick_model::{DataCategory, SubjectId};

/// What happened where a question was answered: the kind of entry is that of a report.
const ANSWERED: &str = "A single question about a subject was answered";

/// What was recorded, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// What happened.
    pub title: &'static str,
    /// Each thing that is known of it: what it is, and its value. Empty for kinds that are told by their title alone.
    pub rows: Vec<(&'static str, String)>,
}

type Names<'a> = &'a dyn Fn(u16) -> Option<String>;

/// Says an event in words. Events name members by number: `name` gives the name of those the reader knows, for instance from the
/// receipts of their admission.
pub fn describe(event: &Event, name: &dyn Fn(u16) -> Option<String>) -> Described {
    let mut rows = Rows { rows: Vec::new(), name };
    match event {
        Event::Inquiry(inquiry) => rows.inquiry(inquiry),
        Event::OwnReportViewed(view) => rows.own_report(view),
        Event::TransferDecided(transfer) => rows.transfer(transfer),
        Event::ConsentGranted(consent) => rows.consent(consent),
        Event::ConsentWithdrawn(withdrawal) | Event::ConsentExpired(withdrawal) => rows.withdrawal(withdrawal),
        Event::MemberAdmitted(member) => rows.member(member),
        Event::Right(right) => match &**right {
            Right::FactsExpired(gone) => rows.expired(gone),
            Right::RetentionRun(run) => rows.retention(run),
            Right::CorrectionNoticed(notice) => rows.notice(notice),
            _ => {}
        },
        _ => {}
    }
    let title = match event {
        Event::Inquiry(inquiry) if inquiry.asked.is_some() && inquiry.outcome == Outcome::Permitted => ANSWERED,
        event => event.kind().meaning(),
    };
    Described { title, rows: rows.rows }
}

struct Rows<'a> {
    rows: Vec<(&'static str, String)>,
    name: Names<'a>,
}

impl Rows<'_> {
    fn say(&mut self, what: &'static str, value: impl Into<String>) {
        self.rows.push((what, value.into()));
    }

    fn member_of(&self, number: u16) -> String {
        (self.name)(number).map_or_else(|| format!("member {number}"), |name| format!("{name} (member {number})"))
    }

    fn who(&mut self, what: &'static str, number: u16) {
        let who = self.member_of(number);
        self.say(what, who);
    }

    fn subject(&mut self, subject: SubjectId) {
        self.say("about whom", format!("pseudonym {subject}"));
    }

    fn categories(&mut self, what: &'static str, categories: &[DataCategory]) {
        for category in categories {
            self.say(what, format!("{category}: {}", category.meaning()));
        }
    }

    fn reasons(&mut self, what: &'static str, reasons: &[Reason], rulebook: &str) {
        for reason in reasons {
            self.say(what, format!("{}: {}", reason.rule, reason.code.replace('_', " ")));
        }
        self.say("rulebook", rulebook);
    }

    fn hash(&mut self, what: &'static str, hash: [u8; 32]) {
        if hash != [0; 32] {
            self.say(what, hash.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")));
        }
    }

    fn inquiry(&mut self, inquiry: &InquiryRecord) {
        self.who("who asked", inquiry.subscriber);
        self.say("its business", inquiry.weighed.subscriber_kind.meaning());
        self.subject(inquiry.subject);
        self.say("purpose", format!("{}: {}", inquiry.purpose, inquiry.purpose.meaning()));
        if let Some(asked) = inquiry.asked {
            self.say("question", question(asked));
        }
        if let Some(range) = inquiry.range_asked {
            self.say("months asked for", months(range));
        }
        self.say("outcome", outcome(inquiry));
        if let Some(answered) = inquiry.answered {
            self.say("answer", format!("{answered}: {}", answered.meaning()));
        }
        match inquiry.consent {
            Some(consent) => self.consent_id("consent relied on", consent),
            None if inquiry.outcome == Outcome::Denied => {}
            None => self.say("consent relied on", "none, the rules below ask for none"),
        }
        if inquiry.weighed.by_code {
            self.say("code", "the subject's one-time code was shown");
        }
        if inquiry.weighed.frozen {
            self.say("freeze", "the subject had frozen the file for this member");
        }
        if inquiry.weighed.opted_out {
            self.say("opt-out", "the subject had opted out of unasked offers");
        }
        if inquiry.weighed.undertaking.is_some() {
            self.say("undertaking", "the member had given the undertaking that the rules ask for");
        }
        self.categories("data shown", &inquiry.released);
        if let Some(range) = inquiry.ranges.all {
            self.say("of the months", months(range));
        }
        if let Some((categories, range)) = inquiry.ranges.by_consent {
            let codes: Vec<_> = categories.iter().map(DataCategory::code).collect();
            self.say("of the months", format!("{}, of {}", months(range), codes.join(", ")));
        }
        if let Some(detail) = inquiry.detail {
            self.say("how much of it", detail.meaning());
        }
        self.reasons("rule", &inquiry.reasons, &inquiry.rulebook);
        self.hash("SHA-256 of the report", inquiry.report_hash);
        self.hash("SHA-256 of all that was told", inquiry.answer_hash);
    }

    fn own_report(&mut self, view: &OwnReportRecord) {
        self.say("who asked", view.acting.actor.meaning());
        self.subject(view.subject);
        if let Some(known_on) = view.known_on {
            self.say("as known on", known_on.to_string());
        }
        if let Some(as_of) = view.as_of {
            self.say("as of", as_of.to_string());
        }
        self.reasons("rule", &view.reasons, &view.rulebook);
        self.hash("SHA-256 of the report", view.report_hash);
        self.hash("SHA-256 of all that was told", view.answer_hash);
    }

    fn transfer(&mut self, transfer: &TransferRecord) {
        self.who("who would give", transfer.from);
        self.who("who would receive", transfer.to);
        self.subject(transfer.subject);
        self.categories("data", &[transfer.category]);
        self.say("outcome", if transfer.permitted { "permitted" } else { "denied" });
        self.reasons("rule", &transfer.reasons, &transfer.rulebook);
    }

    fn consent_id(&mut self, what: &'static str, consent: ConsentId) {
        self.say(what, consent.to_string());
    }

    fn consent(&mut self, consent: &Consent) {
        self.consent_id("consent", consent.id);
        self.subject(consent.subject);
        self.who("to whom", consent.member);
        self.say("may", format!("{}: {}", consent.scope, consent.scope.meaning()));
        for purpose in &consent.purposes {
            self.say("purpose", format!("{purpose}: {}", purpose.meaning()));
        }
        self.categories("data", &consent.categories);
        self.say("form", consent.form.meaning());
        self.say("from", consent.valid_from.to_string());
        self.say("until", consent.valid_until.to_string());
    }

    fn withdrawal(&mut self, withdrawal: &Withdrawal) {
        self.consent_id("consent", withdrawal.consent);
        self.subject(withdrawal.subject);
        self.say("who acted", withdrawal.acting.actor.meaning());
        if let Some(erasure) = &withdrawal.erasure {
            self.who("furnished by", erasure.furnisher);
            self.categories("data erased", &erasure.categories);
            self.say("facts erased", erasure.slots.len().to_string());
        } else {
            self.say("data erased", "none: nothing rested on this consent alone");
        }
        if withdrawal.salt_destroyed {
            self.say("key destroyed", "the key of the subject's sealed texts");
        }
        for recipient in &withdrawal.recipients {
            let shown: Vec<_> = recipient.categories.iter().map(|category| category.code()).collect();
            let who = self.member_of(recipient.member);
            self.say("to be told", format!("{who}, which was shown {}", shown.join(", ")));
        }
        let reasons = withdrawal.erasure.as_ref().map_or(&[][..], |erasure| erasure.reasons.as_slice());
        self.reasons("rule", reasons, &withdrawal.rulebook);
    }

    fn member(&mut self, member: &Member) {
        self.say("member", format!("{} (member {})", member.name, member.number));
        self.say("code", member.code.as_str());
        self.say("its business", member.kind.meaning());
        for role in &member.roles {
            self.say("role", role.meaning());
        }
        self.say("promise about consents", member.duty.meaning());
    }

    fn expired(&mut self, gone: &ExpiredFacts) {
        self.subject(gone.subject);
        for expiry in &gone.expiries {
            self.say("facts taken out", format!("{} under {}", expiry.facts.len(), expiry.rule));
        }
        self.say("rulebook", gone.rulebook.as_str());
    }

    fn retention(&mut self, run: &RetentionRun) {
        self.say("files", run.subjects.to_string());
        for (rule, count) in &run.facts {
            self.say("facts taken out", format!("{count} under {rule}"));
        }
        self.say("consents at their end", run.consents.to_string());
        self.say("log before", format!("{} entries", run.entries_before));
        self.hash("SHA-256 of its root", run.root_before);
        self.hash("SHA-256 of rows kept for models", run.kept_for_models.unwrap_or_default());
        self.say("rulebook", run.rulebook.as_str());
    }

    fn notice(&mut self, notice: &CorrectionNotice) {
        self.who("who is told", notice.recipient);
        self.subject(notice.subject);
        self.say("statement", format!("{} of account {}", notice.slot.kind, notice.slot.account));
        self.say("corrected by", format!("delivery {}", notice.correction));
        let shown: Vec<_> = notice.inquiries.iter().map(|index| format!("entry {index}")).collect();
        self.say("shown by", shown.join(", "));
        self.say("rule", format!("{}: {}", notice.reason.rule, notice.reason.code.replace('_', " ")));
    }
}

fn months(range: DataRange) -> String {
    format!("{} to {}", range.from, range.until)
}

fn question(asked: Asked) -> String {
    asked.question().meaning().replace(" N ", &format!(" {} ", asked.months()))
}

fn outcome(inquiry: &InquiryRecord) -> String {
    let meaning = match inquiry.outcome {
        Outcome::Permitted if inquiry.asked.is_some() => "The question was answered, no report was given",
        outcome => outcome.meaning(),
    };
    format!("{}: {meaning}", inquiry.outcome)
}
