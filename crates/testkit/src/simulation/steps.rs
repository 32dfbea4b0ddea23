//! Which steps a simulation takes: chosen by chance, so that most of them mean something and some do not.

use tallystick_model::charter::Choice;
use tallystick_model::consent::{ConsentForm, ConsentId, ConsentScope};
use tallystick_model::consent_terms::{
    Actor, Bundle, ConsentTerms, DataRange, Fetch, Frequency, FrequencyUnit, Necessity, Span, SpanUnit,
};
use tallystick_model::inquiry::{Asked, Purpose, SingleQuestion};
use tallystick_model::member::{ConsentDuty, MemberKind, MemberRole};
use tallystick_model::payment_profile::Flow;
use tallystick_model::tradeline::{AccountKind, AccountStatus, PaymentRating};
use tallystick_model::{DataCategory, Date, IdScheme, Month, Timestamp};

use super::chance::Chance;
use super::consents::acting;
use super::cuts::Cut;
use super::file::{Fault, File, LATE, PRODUCTS, Row, Shape, Who};
use super::governing::{Asking, Voting};
use super::rights::{self, Claim, Told};
use crate::reference::Showing;
use crate::reference::rules::Law;

/// One thing to do.
#[derive(Clone, Debug)]
pub enum Step {
    /// Admit a member.
    Admit(Applicant),
    /// Hand over a file.
    Ingest(Handing),
    /// Hand over a file once more: the `n`th that was handed over.
    Again(usize),
    /// Grant a consent.
    Grant(Granting),
    /// Refuse to consent.
    Refuse(Granting),
    /// Withdraw a consent.
    Withdraw(Who, ConsentId, Actor),
    /// Suspend a consent.
    Pause(Who, ConsentId, Actor),
    /// Let a suspended consent hold again.
    Resume(Who, ConsentId, Actor),
    /// Record a death.
    Die(Who),
    /// Inquire: subscriber, subject, purpose with the question asked instead of for a report, and what is shown.
    Inquire(String, Who, (Purpose, Option<Asked>), Showing),
    /// See the own report.
    OwnReport(Who),
    /// Correct or delete a month.
    Correct(Mending),
    /// Freeze the file.
    Freeze(Who),
    /// Lift the freeze.
    Lift(Who),
    /// Ask whether a member may hand data straight to another: giver, receiver, subject, category.
    Transfer(String, String, Who, DataCategory),
    /// Something under a subject's rights.
    Claim(Claim),
    /// Something that is cut short.
    Cut(Cut),
    /// Decide everything again that was decided.
    Replay,
    /// Propose a decision under the charter.
    Propose(Asking),
    /// Vote on one.
    Vote(Voting),
    /// Enact one: a place among the proposals, from the last.
    Enact(usize),
    /// Close the bureau and open it again.
    Reopen,
}

/// Who asks to be a member.
#[derive(Clone, Debug)]
pub struct Applicant {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its business.
    pub kind: MemberKind,
    /// What it wants to do.
    pub roles: Vec<MemberRole>,
    /// What it promises.
    pub duty: ConsentDuty,
}

/// A file with how it is handed over.
#[derive(Clone, Debug)]
pub struct Handing {
    /// Code of the furnisher.
    pub furnisher: String,
    /// The file.
    pub file: File,
    /// The month told beside it.
    pub month: Option<Month>,
    /// How it is interrupted.
    pub interrupted: Interrupted,
}

/// How a load is abandoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupted {
    /// Not at all.
    No,
    /// Reading fails after so many bytes.
    Reading(usize),
    /// The power goes out when a random number is asked for after so many others.
    Power(usize),
}

/// What a subject agrees to.
#[derive(Clone, Debug)]
pub struct Granting {
    /// Who.
    pub who: Who,
    /// Code of the member.
    pub member: String,
    /// What the member may do.
    pub scope: ConsentScope,
    /// For which purposes.
    pub purposes: Vec<Purpose>,
    /// For which data.
    pub categories: Vec<DataCategory>,
    /// In which form.
    pub form: ConsentForm,
    /// How long it holds, in hours.
    pub hours: i64,
    /// On what terms.
    pub terms: ConsentTerms,
}

/// What a furnisher asks to change.
#[derive(Clone, Debug)]
pub struct Mending {
    /// Code of the furnisher.
    pub furnisher: String,
    /// Whose file.
    pub who: Who,
    /// Which account.
    pub account: String,
    /// Which month.
    pub month: Month,
    /// New status, rating and balance; `None` takes the month back.
    pub set: Option<(Option<AccountStatus>, Option<PaymentRating>, Option<i64>)>,
    /// Why.
    pub reason: String,
}

type Known = (&'static str, MemberKind, &'static [MemberRole], ConsentDuty);

const BOTH: &[MemberRole] = &[MemberRole::Furnisher, MemberRole::Subscriber];
const FURNISHER: &[MemberRole] = &[MemberRole::Furnisher];
const SUBSCRIBER: &[MemberRole] = &[MemberRole::Subscriber];

/// Who may become a member; the first five are tried first.
const APPLICANTS: [Known; 15] = [
    ("BANK", MemberKind::Bank, BOTH, ConsentDuty::Attested),
    ("PAY", MemberKind::PaymentPlatform, BOTH, ConsentDuty::Nothing),
    ("MICRO", MemberKind::MicroLender, BOTH, ConsentDuty::Nothing),
    ("CARD", MemberKind::CardIssuer, FURNISHER, ConsentDuty::Attested),
    ("LAND", MemberKind::Landlord, SUBSCRIBER, ConsentDuty::Nothing),
    ("COURT", MemberKind::Court, BOTH, ConsentDuty::Nothing),
    ("SHOP", MemberKind::Merchant, FURNISHER, ConsentDuty::Attested),
    ("SUPER", MemberKind::Supervisor, SUBSCRIBER, ConsentDuty::Nothing),
    ("PAY2", MemberKind::PaymentPlatform, FURNISHER, ConsentDuty::Attested),
    ("BOSS", MemberKind::Employer, SUBSCRIBER, ConsentDuty::Nothing),
    ("SURE", MemberKind::Insurer, BOTH, ConsentDuty::Attested),
    ("POWER", MemberKind::Utility, FURNISHER, ConsentDuty::Attested),
    ("FUND", MemberKind::Investor, SUBSCRIBER, ConsentDuty::Nothing),
    ("CHILD", MemberKind::ChildSupportAgency, SUBSCRIBER, ConsentDuty::Nothing),
    ("not a code", MemberKind::Bank, BOTH, ConsentDuty::Nothing),
];

/// Categories that files here may carry.
const CARRIED: [DataCategory; 9] = [
    DataCategory::Identity,
    DataCategory::Credit,
    DataCategory::Payments,
    DataCategory::Income,
    DataCategory::Securities,
    DataCategory::Deposits,
    DataCategory::RealEstate,
    DataCategory::PublicRecord,
    DataCategory::NonCredit,
];

const ATTRIBUTES: [DataCategory; 4] =
    [DataCategory::Deposits, DataCategory::RealEstate, DataCategory::Sex, DataCategory::Religion];

/// Chooses steps, and remembers what it needs to choose sensible ones.
#[derive(Debug)]
pub struct Chooser {
    chance: Chance,
    governed: bool,
    law: Law,
    steps: usize,
    members: Vec<String>,
    consents: Vec<(Who, ConsentId)>,
    asked: Vec<(Who, String, Purpose)>,
    months: Vec<(Who, String, String, Month)>,
    mended: Vec<(Who, String, String, Month)>,
    /// Months that were disputed.
    disputed: Vec<Told>,
    /// Of whom a report was given.
    shown: Vec<Who>,
    files: usize,
}

impl Chooser {
    /// Chooses by the numbers of `chance`, for a bureau that is `governed` by a charter or is not, under a law.
    pub const fn new(chance: Chance, governed: bool, law: Law) -> Self {
        Self {
            chance,
            governed,
            law,
            steps: 0,
            members: Vec::new(),
            consents: Vec::new(),
            asked: Vec::new(),
            months: Vec::new(),
            mended: Vec::new(),
            disputed: Vec::new(),
            shown: Vec::new(),
            files: 0,
        }
    }

    /// Remembers a consent that was granted.
    pub fn granted(&mut self, granting: &Granting, id: ConsentId) {
        self.consents.push((granting.who, id));
        let asked = granting.purposes.iter().map(|purpose| (granting.who, granting.member.clone(), *purpose));
        self.asked.extend(asked);
    }

    /// Remembers a file that was taken.
    pub fn delivered(&mut self, handing: &Handing) {
        let shape = &handing.file.shape;
        for row in handing.file.rows.iter().filter(|row| shape.tradeline && row.fault.is_none()) {
            let month = if shape.month { row.month } else { handing.month.unwrap_or(row.month) };
            self.months.push((row.who, handing.furnisher.clone(), row.account.clone(), month));
        }
    }

    /// Remembers a month that was disputed.
    pub fn disputed(&mut self, told: &Told) {
        self.disputed.push(told.clone());
    }

    /// Remembers of whom a report was given: what it showed is corrected more often than other months.
    pub fn shown(&mut self, who: Who) {
        self.shown.push(who);
    }

    /// Remembers a month that was corrected or taken back.
    pub fn mended(&mut self, mending: &Mending) {
        self.mended.push((mending.who, mending.furnisher.clone(), mending.account.clone(), mending.month));
    }

    /// The next step, and how many milliseconds after the last.
    pub fn choose(&mut self) -> (Step, i64) {
        const HOUR: i64 = 3_600_000;
        // To the hour where something counts days: whole months of inquiries, the end of a consent.
        let wait = match self.chance.below(24) {
            // Late in a simulation years go by: what was adverse is past its term, and everything else is over.
            _ if self.steps > 60 && self.chance.percent(1) => 24 * HOUR * 365 * 3,
            0 | 1 => 0,
            2..=11 => HOUR / 60,
            12..=18 => 5 * HOUR,
            19..=21 => 24 * HOUR,
            22 => 24 * HOUR * 30,
            _ => 24 * HOUR * 40,
        };
        self.steps += 1;
        (self.step(), wait)
    }

    fn step(&mut self) -> Step {
        if let Some(known) = APPLICANTS.get(self.steps - 1).filter(|_| self.steps <= 5) {
            return self.admit(*known);
        }
        // Data that needs a recorded consent is seen only where two consents and a file come together: help it along.
        if self.steps == 6 && self.chance.percent(70) {
            return Step::Grant(Granting {
                who: Who::Person(0),
                member: "PAY".to_owned(),
                scope: ConsentScope::Furnish,
                purposes: Vec::new(),
                categories: CARRIED.to_vec(),
                form: ConsentForm::WrittenWarned,
                // Some of these end while the story goes on.
                hours: 24 * if self.chance.percent(60) { 400 } else { 20 },
                terms: ConsentTerms::default(),
            });
        }
        // And what rested on a consent that is over is seen only where one looks after it.
        if [40, 60, 80].contains(&self.steps) && self.chance.percent(70) {
            return Step::Claim(Claim::Expire);
        }
        if self.chance.percent(if self.governed { 45 } else { 1 }) {
            return self.govern();
        }
        if self.chance.percent(4) {
            return self.cut();
        }
        if self.chance.percent(if self.law == Law::Us { 28 } else { 18 }) {
            let other = (self.who(), self.member(), "A0".to_owned(), self.month());
            return Step::Claim(rights::choose(&mut self.chance, self.law, (&self.months, &self.disputed), other));
        }
        match self.chance.below(100) {
            0..=3 => match self.chance.one(&APPLICANTS).copied() {
                Some(known) => self.admit(known),
                None => Step::Reopen,
            },
            4..=29 => self.ingest(),
            30..=33 if self.files > 0 => Step::Again(self.chance.below(self.files)),
            34..=49 => self.grant(),
            50..=54 => self.withdraw(),
            55..=77 => self.inquire(),
            78..=82 => Step::OwnReport(self.who()),
            83..=90 => self.correct(),
            91 => Step::Freeze(self.who()),
            93 if self.law == Law::Us => Step::Freeze(Who::Person(0)),
            94 if self.law == Law::Us => Step::Lift(Who::Person(0)),
            92 if self.chance.percent(20) => Step::Die(self.who()),
            92 => self.withdraw(),
            93..=94 => Step::Lift(self.who()),
            95..=96 => {
                let category = self.chance.one(&CARRIED).copied().unwrap_or(DataCategory::Credit);
                let category = if self.chance.percent(50) { DataCategory::Credit } else { category };
                Step::Transfer(self.member(), self.member(), self.who(), category)
            }
            97 => Step::Replay,
            _ => Step::Reopen,
        }
    }

    /// A verb that is cut short, now and then after its end.
    fn cut(&mut self) -> Step {
        let after = self.chance.below(4);
        Step::Cut(match self.chance.below(6) {
            0 => Cut::Say(self.who(), after),
            1 | 2 => match self.correct() {
                Step::Correct(mending) => Cut::Correct(mending, after),
                _ => Cut::Say(self.who(), after),
            },
            3 => Cut::Expire(after),
            4 => Cut::Compact(after),
            _ => Cut::Merge(after),
        })
    }

    fn govern(&mut self) -> Step {
        // The last proposals are voted on, so that votes come together.
        let motion = if self.chance.percent(70) { 0 } else { self.chance.below(3) };
        let one_of_eight = |chance: &mut Chance| if chance.percent(3) { 7 } else { chance.below(7) };
        match self.chance.below(10) {
            0 | 1 => Step::Propose(Asking {
                collect: self.chance.percent(60),
                category: self.chance.one(&CARRIED).copied().unwrap_or(DataCategory::Credit),
                proposer: one_of_eight(&mut self.chance),
                forged: self.chance.percent(5),
                hours: if self.chance.percent(70) { 0 } else { 200 },
                again: self.chance.percent(5),
            }),
            2 | 3 => Step::Enact(motion),
            _ => {
                let said = (0..=self.chance.below(5)).map(|_| {
                    let choice = match self.chance.below(20) {
                        0..=6 => Choice::Against,
                        7 => Choice::Abstain,
                        _ => Choice::For,
                    };
                    (one_of_eight(&mut self.chance), choice)
                });
                let said = said.collect();
                let (forged, counts_on) = (self.chance.percent(5), self.chance.percent(92));
                Step::Vote(Voting { motion, said, forged, counts_on })
            }
        }
    }

    fn admit(&mut self, (code, kind, roles, duty): Known) -> Step {
        self.members.push(code.to_owned());
        let mut roles = roles.to_vec();
        let mut name = format!("The {code} Company");
        if self.steps > 5 && self.chance.percent(20) {
            roles.clear();
        }
        if self.steps > 5 && self.chance.percent(10) {
            name.clear();
        }
        if self.steps > 5 && self.chance.percent(10) {
            name.push('\n');
        }
        Step::Admit(Applicant { code: code.to_owned(), name, kind, roles, duty })
    }

    fn member(&mut self) -> String {
        match self.chance.below(100) {
            0..=2 => return "NOBODY".to_owned(),
            3..=27 => return "BANK".to_owned(),
            28..=49 => return "PAY".to_owned(),
            _ => {}
        }
        self.chance.one(&self.members).cloned().unwrap_or_else(|| "NOBODY".to_owned())
    }

    fn who(&mut self) -> Who {
        let number = |number: usize| u8::try_from(number).unwrap_or(0);
        // One of them is asked about more than others, so that things come together.
        if self.chance.percent(30) {
            return Who::Person(0);
        }
        match self.chance.below(10) {
            0 => Who::Passport(number(self.chance.below(4))),
            1 | 2 => Who::Firm(number(self.chance.below(2))),
            3 => Who::Customer(number(self.chance.below(2))),
            // The last is a stranger that no file names.
            _ => Who::Person(number(self.chance.below(5))),
        }
    }

    fn month(&mut self) -> Month {
        let first = Month::new(2025, 8).unwrap_or_else(|_| Timestamp::start_of(Date::ZERO).month());
        // Now and then one so long ago that it is past its term, and one that may not have begun yet.
        if self.chance.percent(14) {
            let months = i32::try_from(self.chance.below(6)).unwrap_or(0);
            return first.plus(months - 12 * 8).unwrap_or(first);
        }
        let months = if self.chance.percent(4) { 5 + self.chance.below(9) } else { self.chance.below(5) };
        let months = i32::try_from(months).unwrap_or(0);
        first.plus(months).unwrap_or(first)
    }

    fn ingest(&mut self) -> Step {
        // What was corrected is reported as before, now and then.
        let again = self.chance.one(&self.mended).cloned().filter(|_| self.chance.percent(20));
        let furnisher = again.as_ref().map_or_else(|| self.member(), |(_, furnisher, ..)| furnisher.clone());
        // Platforms report what platforms have, most of the time.
        let profile = self.chance.percent(if furnisher.starts_with("PAY") { 70 } else { 15 });
        let tradeline = self.chance.percent(50);
        let shape = Shape {
            scheme: match self.chance.below(10) {
                0 => IdScheme::Passport,
                1 | 2 => IdScheme::CnCreditCode,
                3 => IdScheme::MemberNumber,
                _ => IdScheme::CnResidentId,
            },
            alias: self.chance.percent(25),
            month: self.chance.percent(80),
            tradeline: tradeline || !profile,
            terms: self.chance.percent(40),
            profile,
            names: self.chance.percent(40),
            attributes: if self.chance.percent(25) { self.chance.some(&ATTRIBUTES) } else { Vec::new() },
        };
        let shape = Shape { alias: shape.alias && shape.scheme == IdScheme::CnResidentId, ..shape };
        let count = self.chance.below(8);
        let shape = match &again {
            Some((who, ..)) => {
                Shape { scheme: who.scheme(), alias: false, month: true, tradeline: true, profile: false, ..shape }
            }
            None => shape,
        };
        let mut rows: Vec<Row> = (0..count).map(|_| self.row(&shape)).collect();
        if let Some((who, _, account, month)) = again {
            rows.insert(0, Row { who, account, month, fault: None, ..self.row(&shape) });
        }
        // Arrears of long ago that were made good.
        let long_ago = Month::new(2018, 3).ok().filter(|_| shape.tradeline && shape.month && self.chance.percent(20));
        if let (Some(long_ago), Some(row)) = (long_ago, rows.first().cloned()) {
            let told = |month, rating| Row { month, rating, fault: None, kind: AccountKind::CreditCard, ..row.clone() };
            let later = long_ago.plus(2).unwrap_or(long_ago);
            rows.push(told(long_ago, PaymentRating::Late(1)));
            rows.push(told(later, PaymentRating::Current));
        }
        let month = self.chance.percent(if shape.month { 10 } else { 85 }).then(|| self.month());
        let file = File { shape, rows, strange_column: self.chance.percent(6) };
        let interrupted = match self.chance.below(12) {
            0 => Interrupted::Reading(self.chance.below(file.text().len())),
            1 => Interrupted::Power(0),
            2 => Interrupted::Power(self.chance.below(4)),
            _ => Interrupted::No,
        };
        self.files += 1;
        Step::Ingest(Handing { furnisher, file, month, interrupted })
    }

    fn row(&mut self, shape: &Shape) -> Row {
        let small = |number: usize| i64::try_from(number).unwrap_or(0);
        let number = u8::try_from(self.chance.below(4)).unwrap_or(0);
        let number = if self.chance.percent(25) { 0 } else { number };
        let who = match shape.scheme {
            IdScheme::Passport => Who::Passport(number % 4),
            IdScheme::CnCreditCode => Who::Firm(number % 2),
            IdScheme::MemberNumber => Who::Customer(number % 2),
            _ => Who::Person(number),
        };
        let mut faults = vec![Fault::Columns, Fault::Account];
        faults.extend((shape.scheme != IdScheme::MemberNumber).then_some(Fault::Identifier));
        faults.extend(shape.month.then_some(Fault::Month));
        faults.extend([Fault::Product, Fault::Balance].into_iter().filter(|_| shape.tradeline));
        faults.extend(shape.profile.then_some(Fault::Income));
        let fault = if self.chance.percent(12) { self.chance.one(&faults).copied() } else { None };
        let flow = |chance: &mut Chance| Flow {
            count: u32::try_from(chance.below(9)).unwrap_or(0),
            minor: small(chance.below(100_000)),
        };
        let sometimes = |chance: &mut Chance| chance.percent(70).then(|| small(chance.below(2_000_000)) - 50_000);
        // A service is for utilities to report.
        let products = PRODUCTS.get(..if self.chance.percent(15) { 4 } else { 3 }).unwrap_or_default();
        Row {
            who,
            passport: self.chance.percent(50),
            account: format!("A{}", self.chance.below(3)),
            month: self.month(),
            kind: self.chance.one(products).map_or(AccountKind::Other, |(_, kind)| *kind),
            rating: self.chance.one(&LATE).map_or(PaymentRating::Unknown, |(_, rating)| *rating),
            balance_minor: sometimes(&mut self.chance),
            limit_minor: sometimes(&mut self.chance),
            opened: self.chance.percent(60).then(|| {
                let day = i8::try_from(self.chance.below(28)).unwrap_or(0) + 1;
                Date::new(2020, 3, day).unwrap_or(Date::ZERO)
            }),
            active_days: u8::try_from(self.chance.below(32)).unwrap_or(0),
            spending: flow(&mut self.chance),
            income: flow(&mut self.chance),
            investments: flow(&mut self.chance),
            name: self.chance.percent(80).then(|| format!("Name {}", self.chance.below(1000))),
            attributes: (shape.attributes.iter())
                .map(|_| self.chance.percent(70).then(|| format!("value {}", self.chance.below(100))))
                .collect(),
            fault,
        }
    }

    fn grant(&mut self) -> Step {
        let scope = if self.chance.percent(55) { ConsentScope::Inquire } else { ConsentScope::Furnish };
        let who = self.who();
        // Furnishing needs a consent mostly with platforms.
        let member = match scope {
            ConsentScope::Furnish if self.chance.percent(60) => "PAY".to_owned(),
            ConsentScope::Inquire if self.chance.percent(60) => "BANK".to_owned(),
            _ => self.member(),
        };
        let mut purposes = Vec::new();
        if (scope == ConsentScope::Inquire) != self.chance.percent(4) {
            for _ in 0..=self.chance.below(3) {
                let any = self.chance.one(Purpose::ALL).copied();
                purposes.extend(if self.chance.percent(40) { Some(Purpose::CreditApplication) } else { any });
            }
        }
        let mut categories = match self.chance.below(20) {
            0 => Vec::new(),
            1..=9 => CARRIED.to_vec(),
            10..=12 => CARRIED.iter().copied().filter(|category| *category != DataCategory::Income).collect(),
            _ => self.chance.some(&CARRIED),
        };
        categories.extend(categories.first().copied().filter(|_| self.chance.percent(20)));
        let form = match self.chance.below(6) {
            0 => ConsentForm::Electronic,
            1 => ConsentForm::Written,
            _ => ConsentForm::WrittenWarned,
        };
        let hours = match self.chance.below(20) {
            0 => -1,
            1 => 0,
            2..=6 => 48,
            _ => 24 * 400,
        };
        let granting = Granting { who, member, scope, purposes, categories, form, hours, terms: self.terms() };
        if self.chance.percent(10) { Step::Refuse(granting) } else { Step::Grant(granting) }
    }

    fn terms(&mut self) -> ConsentTerms {
        let fetch = match self.chance.below(10) {
            0 => Fetch::OneTime,
            1..=3 => Fetch::Periodic(Frequency {
                count: u16::try_from(self.chance.below(3)).unwrap_or(0),
                unit: self.chance.one(FrequencyUnit::ALL).copied().unwrap_or(FrequencyUnit::Day),
            }),
            _ => Fetch::Unlimited,
        };
        let day = |month: Month, day: i8| {
            let year = i16::try_from(month.year()).unwrap_or(0);
            Date::new(year, i8::try_from(month.month()).unwrap_or(1), day).unwrap_or(Date::ZERO)
        };
        let data_range =
            self.chance.percent(20).then(|| DataRange { from: day(self.month(), 5), until: day(self.month(), 20) });
        let bundle = self.chance.percent(15).then(|| {
            let necessity = self.chance.one(Necessity::ALL).copied().unwrap_or(Necessity::Necessary);
            Bundle { condition: "a card".to_owned(), necessity }
        });
        let data_life = self.chance.percent(20).then_some(Span { count: 31, unit: SpanUnit::Day });
        ConsentTerms { fetch, data_range, data_life, bundle, acting: acting(self.actor()), ..ConsentTerms::default() }
    }

    fn actor(&mut self) -> Actor {
        match self.chance.below(20) {
            0 => Actor::Guardian,
            1 => Actor::NextOfKin,
            _ => Actor::Subject,
        }
    }

    fn withdraw(&mut self) -> Step {
        let unknown = (self.who(), ConsentId([7; 8]));
        let first = self.consents.first().copied().filter(|_| self.chance.percent(25));
        let (who, id) = first.or_else(|| self.chance.one(&self.consents).copied()).unwrap_or(unknown);
        // Somebody else's consent is none of one's own.
        let who = if self.chance.percent(10) { self.who() } else { who };
        let actor = self.actor();
        match self.chance.below(10) {
            0..=1 => Step::Pause(who, id, actor),
            2..=4 => Step::Resume(who, id, actor),
            _ => Step::Withdraw(who, id, actor),
        }
    }

    fn inquire(&mut self) -> Step {
        let question = self.chance.one(SingleQuestion::ALL).copied().filter(|_| self.chance.percent(45));
        let question = question.and_then(|question| {
            let most = question.months_max().map(|max| usize::from(max.min(24)));
            Asked::new(question, most.map(|most| u16::try_from(1 + self.chance.below(most)).unwrap_or(1)))
        });
        let bounded = self.chance.percent(if question.is_some() { 3 } else { 25 });
        let range = bounded.then(|| DataRange::of_months(self.month(), self.month())).flatten();
        let undertaking = self.chance.percent(40).then_some([3; 32]);
        let shown = Showing { range, undertaking, code: None };
        let asked = self.chance.one(&self.asked).cloned();
        match asked.filter(|_| self.chance.percent(70)) {
            Some((who, member, purpose)) => Step::Inquire(member, who, (purpose, question), shown),
            None => {
                let offers = self.law == Law::Us && self.chance.percent(30);
                let any = self.chance.one(Purpose::ALL).copied().unwrap_or(Purpose::Marketing);
                let purpose = if offers { Purpose::Prescreen } else { any };
                Step::Inquire(self.member(), self.who(), (purpose, question), shown)
            }
        }
    }

    fn correct(&mut self) -> Step {
        let other = (self.who(), self.member(), "A0".to_owned(), self.month());
        let shown = self.chance.one(&self.shown).copied().filter(|_| self.chance.percent(70));
        let of_shown: Vec<_> = self.months.iter().filter(|month| Some(month.0) == shown).cloned().collect();
        let months = if of_shown.is_empty() { &self.months } else { &of_shown };
        let known = self.chance.one(months).cloned().filter(|_| self.chance.percent(90));
        let (who, furnisher, account, month) = known.unwrap_or(other);
        let status = if self.chance.percent(25) { AccountStatus::Deleted } else { AccountStatus::Closed };
        let status = self.chance.percent(30).then_some(status);
        let rating = self.chance.percent(50).then_some(PaymentRating::Current);
        let balance = self.chance.percent(40).then(|| i64::try_from(self.chance.below(90_000)).unwrap_or(0));
        let set = self.chance.percent(70).then_some((status, rating, balance));
        let reason = match self.chance.below(40) {
            0 => " ",
            1 => "booked\nlate",
            _ => " booked late ",
        };
        let reason = reason.to_owned();
        Step::Correct(Mending { furnisher, who, account, month, set, reason })
    }
}
