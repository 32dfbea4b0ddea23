//! `demo`: the whole story on synthetic samples, by the same operations as every other command.
//!
//! The samples are the ones in `samples/`, made by the synthetic town. Their months are January to March 2026, so the
//! demo's clock stands at the first of April and moves on by a minute with each step.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use tallystick_intake::Layout;
use tallystick_intake::layouts::mapped::Mapping;
use tallystick_model::consent::{ConsentForm, ConsentId, ConsentScope};
use tallystick_model::consent_terms::{Acting, ConsentTerms};
use tallystick_model::inquiry::Purpose;
use tallystick_model::member::{ConsentDuty, MemberKind, MemberRole};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::tradeline::PaymentRating;
use tallystick_model::{DataCategory, Identifier, Month, Sensitive, Timestamp};
use tallystick_operations::consent::{Grant, list};
use tallystick_operations::correct::{Change, Correction, correct};
use tallystick_operations::ingest::{ControlTotals, Delivery};
use tallystick_operations::inquire::{Inquiry, inquire};
use tallystick_operations::member::Application;
use tallystick_operations::own_report::{Past, own_report};
use tallystick_operations::{Bureau, Entropy};

use super::{End, Told, args, story};
use crate::config;
use crate::entropy::SystemEntropy;

macro_rules! sample {
    ($path:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/", $path))
    };
}

/// The people of the samples that the story is about.
#[derive(Deserialize)]
struct People {
    zhang: Person,
    li: Person,
    wang: Person,
    chen: Late,
    nobody: Person,
}

#[derive(Deserialize)]
struct Person {
    id: String,
}

#[derive(Deserialize)]
struct Late {
    id: String,
    card: String,
    late_month: String,
}

/// The story under way.
struct Story {
    bureau: Bureau,
    now: Timestamp,
    json: bool,
    steps: Vec<Value>,
}

pub(super) fn run(demo: &args::Demo, json: bool) -> Result<Told> {
    let (folder, is_temporary) = match &demo.folder {
        Some(folder) => (folder.clone(), false),
        None => (temporary_folder(), true),
    };
    let told = play(&folder, json);
    let ended = told.is_ok();
    if is_temporary {
        std::fs::remove_dir_all(&folder).with_context(|| format!("`{}`", folder.display()))?;
    } else if ended {
        story(format_args!("the bureau is in `{}`: try `tallystick verify --bureau {0}`", folder.display()));
    }
    told
}

fn temporary_folder() -> PathBuf {
    let mut name = [0; 8];
    SystemEntropy.fill(&mut name);
    std::env::temp_dir().join(format!("tallystick-demo-{}", hex::encode(name)))
}

fn play(folder: &Path, json: bool) -> Result<Told> {
    let people: People = toml::from_str(std::str::from_utf8(sample!("people.toml"))?)?;
    let now = Timestamp::parse("2026-04-01T09:00:00Z")?;
    let entropy = || Box::new(SystemEntropy) as Box<dyn Entropy>;
    let bureau = config::found(folder, "bureau.example/demo", "cn", entropy, now)?;
    self::story("A bureau is founded under Chinese law, with an empty log.");
    let mut story = Story { bureau, now, json, steps: Vec::new() };
    story.founded(folder);
    story.members()?;
    story.deliveries()?;
    story.bills(&people)?;
    story.inquiries(&people)?;
    story.withdrawal(&people)?;
    story.correction(&people)?;
    story.own_report(&people)?;
    story.verify()
}

impl Story {
    fn tick(&mut self) -> Timestamp {
        let later = Timestamp::from_millis(self.now.millis() + 60_000);
        self.now = later.unwrap_or(self.now);
        self.now
    }

    /// Shows a step at once, and keeps it for `--json`.
    fn show(&mut self, told: Told) {
        let _ = super::print_lines(&told.lines, self.json);
        self.steps.push(told.json);
    }

    fn founded(&mut self, folder: &Path) {
        let rulebook = self.bureau.rulebook().label();
        let text = super::line("ok", format_args!("founded `bureau.example/demo` under rulebook {rulebook}"));
        let json = json!({"result": "ok", "folder": folder, "rulebook": rulebook});
        self.show(Told::new(End::Ok, vec![text], json));
    }

    fn members(&mut self) -> Result<()> {
        story("\nTwo lenders, a payment platform and a bank become members.");
        for (code, name, kind, role, duty) in [
            ("CARD", "Example Card Company", MemberKind::CardIssuer, MemberRole::Furnisher, ConsentDuty::Attested),
            ("LOANS", "Example Loans Overseas", MemberKind::Bank, MemberRole::Furnisher, ConsentDuty::Attested),
            (
                "PAY",
                "Example Payment Platform",
                MemberKind::PaymentPlatform,
                MemberRole::Furnisher,
                ConsentDuty::Nothing,
            ),
            ("BANK", "Example Bank", MemberKind::Bank, MemberRole::Subscriber, ConsentDuty::Nothing),
        ] {
            let application =
                Application { code: code.to_owned(), name: name.to_owned(), kind, roles: vec![role], duty };
            let now = self.tick();
            let told = super::member::tell_admission(&self.bureau, application, now)?;
            self.show(told);
        }
        Ok(())
    }

    fn deliver(&mut self, furnisher: &str, layout: Layout, file: &[u8], subject: Option<Identifier>) -> Result<End> {
        let delivery = Delivery {
            furnisher: furnisher.to_owned(),
            layout,
            month: None,
            subject,
            provenance: Provenance::SelfAsserted,
            control_totals: ControlTotals::Enforce,
        };
        let now = self.tick();
        let told = super::ingest::deliver(&self.bureau, &delivery, &file.to_vec(), now, true, &mut |_| {})?;
        let end = told.end;
        self.show(told);
        Ok(end)
    }

    fn deliveries(&mut self) -> Result<()> {
        story("\nThe card lender delivers three months as CSV, by a mapping and without any code.");
        let mapping = Mapping::parse(std::str::from_utf8(sample!("layouts/card.toml"))?)?;
        let months: [&[u8]; 3] = [
            sample!("deliveries/card_2026-01.csv"),
            sample!("deliveries/card_2026-02.csv"),
            sample!("deliveries/card_2026-03.csv"),
        ];
        for file in months {
            let end = self.deliver("CARD", Layout::Mapped(Box::new(mapping.clone())), file, None)?;
            ensure!(end == End::Ok, "a card delivery was not admitted");
        }
        story(
            "\nThe lender overseas delivers Metro 2. One record is bad: it comes back with its place, the rest is taken.",
        );
        let end = self.deliver("LOANS", Layout::Metro2, sample!("deliveries/metro2_2026-03.txt"), None)?;
        ensure!(end == End::Ok, "the Metro 2 delivery was not admitted");
        Ok(())
    }

    fn grant(&mut self, person: &str, member: &str, scope: ConsentScope, form: ConsentForm) -> Result<()> {
        let (purposes, categories) = match scope {
            ConsentScope::Furnish => {
                (vec![], vec![DataCategory::Payments, DataCategory::Income, DataCategory::Securities])
            }
            ConsentScope::Inquire => (
                vec![Purpose::CreditApplication],
                vec![DataCategory::Identity, DataCategory::Credit, DataCategory::Payments],
            ),
        };
        let asked = Grant {
            identifier: subject(person)?,
            member: member.to_owned(),
            scope,
            purposes,
            categories,
            form,
            valid_until: Timestamp::parse("2027-04-01")?,
            evidence: [0; 32],
            terms: ConsentTerms::default(),
        };
        let now = self.tick();
        let told = super::consent::tell_grant(&self.bureau, asked, now)?;
        self.show(told);
        Ok(())
    }

    fn bills(&mut self, people: &People) -> Result<()> {
        story("\nThree people hand over their payment bills. Zhang's comes before any consent: the law keeps it out.");
        let zhang: &[u8] = sample!("deliveries/bill_zhang_wechat.csv");
        let end = self.deliver("PAY", Layout::Wechat, zhang, Some(subject(&people.zhang.id)?))?;
        ensure!(end == End::Denied, "a bill came in without consent");
        story("\nAll three consent; Li also to income, in writing and after the warning that the law asks for.");
        self.grant(&people.zhang.id, "PAY", ConsentScope::Furnish, ConsentForm::Written)?;
        self.grant(&people.li.id, "PAY", ConsentScope::Furnish, ConsentForm::WrittenWarned)?;
        self.grant(&people.wang.id, "PAY", ConsentScope::Furnish, ConsentForm::Written)?;
        story("\nNow the bills are taken in, as monthly aggregates: no purchase is kept, no shop, no goods.");
        let bills: [(&str, Layout, &[u8]); 3] = [
            (&people.zhang.id, Layout::Wechat, zhang),
            (&people.li.id, Layout::Alipay, sample!("deliveries/bill_li_alipay.csv")),
            (&people.wang.id, Layout::Wechat, sample!("deliveries/bill_wang_wechat.csv")),
        ];
        for (person, layout, file) in bills {
            let end = self.deliver("PAY", layout, file, Some(subject(person)?))?;
            ensure!(end == End::Ok, "a bill was not admitted");
        }
        Ok(())
    }

    fn ask(&mut self, person: &str, purpose: Purpose) -> Result<End> {
        let inquiry = Inquiry::report("BANK".to_owned(), subject(person)?, purpose);
        let now = self.tick();
        let told = super::inquire::tell(&inquire(&self.bureau, &inquiry, now)?);
        let end = told.end;
        self.show(told);
        Ok(end)
    }

    fn inquiries(&mut self, people: &People) -> Result<()> {
        story("\nZhang applies for credit at the bank and consents in writing. The bank may ask, and sees the report.");
        self.grant(&people.zhang.id, "BANK", ConsentScope::Inquire, ConsentForm::Written)?;
        let end = self.ask(&people.zhang.id, Purpose::CreditApplication)?;
        ensure!(end == End::Ok, "the consented inquiry was denied");
        story("\nThe same bank asks about Zhang for marketing. Nobody agreed to that.");
        let end = self.ask(&people.zhang.id, Purpose::Marketing)?;
        ensure!(end == End::Denied, "the inquiry for marketing was not denied");
        story("\nLi never had a loan: the registry could say nothing. Payments alone describe Li.");
        self.grant(&people.li.id, "BANK", ConsentScope::Inquire, ConsentForm::Written)?;
        let end = self.ask(&people.li.id, Purpose::CreditApplication)?;
        ensure!(end == End::Ok, "the consented inquiry was denied");
        story("\nSomebody nobody has reported anything about consents too: a no-hit, and on record all the same.");
        self.grant(&people.nobody.id, "BANK", ConsentScope::Inquire, ConsentForm::Written)?;
        self.ask(&people.nobody.id, Purpose::CreditApplication)?;
        Ok(())
    }

    fn withdrawal(&mut self, people: &People) -> Result<()> {
        story("\nLi withdraws the consent. The next inquiry is denied.");
        let li = subject(&people.li.id)?;
        let consent = self.inquire_consent(&li)?;
        let now = self.tick();
        let told = super::consent::tell_withdrawal(&self.bureau, &li, consent, Acting::default(), now)?;
        self.show(told);
        let end = self.ask(&people.li.id, Purpose::CreditApplication)?;
        ensure!(end == End::Denied, "the inquiry after the withdrawal was not denied");
        Ok(())
    }

    fn inquire_consent(&self, subject: &Identifier) -> Result<ConsentId> {
        let listed = list(&self.bureau, subject)?;
        let found = listed.consents.iter().find(|(state, _)| state.consent.scope == ConsentScope::Inquire);
        found.map(|(state, _)| state.consent.id).ok_or_else(|| anyhow!("the consent just granted is not there"))
    }

    fn correction(&mut self, people: &People) -> Result<()> {
        story(
            "\nThe card lender had booked Chen's payment late. It corrects the month; the old statement stays on record.",
        );
        let correction = Correction {
            furnisher: "CARD".to_owned(),
            identifier: subject(&people.chen.id)?,
            account: Sensitive::new(people.chen.card.clone()),
            month: Month::parse(&people.chen.late_month)?,
            change: Change::Set {
                status: None,
                rating: Some(PaymentRating::Current),
                balance: None,
                past_due: Some("0".to_owned()),
                paid: None,
            },
            reason: "paid on time, booked late".to_owned(),
        };
        let now = self.tick();
        let corrected = correct(&self.bureau, &correction, now)?;
        self.show(super::correct::tell(&corrected, &people.chen.late_month));
        Ok(())
    }

    fn own_report(&mut self, people: &People) -> Result<()> {
        story("\nLi looks at the own file: everything held, who asked, under which rule, with its entry in the log.");
        let now = self.tick();
        let own = own_report(&self.bureau, &subject(&people.li.id)?, Past::default(), now)?;
        self.show(super::report::tell(&own));
        Ok(())
    }

    fn verify(mut self) -> Result<Told> {
        story("\nWhoever doubts any of this derives it again.");
        let told = super::verify::tell(&self.bureau, true);
        let end = told.end;
        self.show(told);
        Ok(Told::new(
            end,
            Vec::new(),
            json!({"result": if end == End::Ok { "ok" } else { "damaged" }, "steps": self.steps}),
        ))
    }
}

fn subject(tagged: &str) -> Result<Identifier> {
    Identifier::parse_tagged(tagged).context("a sample person")
}
