//! The life of a consent all the way through the bureau: what it lets in and out, and what ends with it.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use tallystick_audit::CheckpointVerifier;
use tallystick_intake::Layout;
use tallystick_intake::layouts::mapped::Mapping;
use tallystick_model::consent::{Consent, ConsentForm, ConsentId, ConsentScope};
use tallystick_model::consent_terms::{
    Acting, Actor, Bundle, ConsentTerms, DataRange, Fetch, Frequency, FrequencyUnit, Necessity,
};
use tallystick_model::event::Event;
use tallystick_model::fact::{FactBody, FactKind};
use tallystick_model::inquiry::{Outcome, Purpose, Reason};
use tallystick_model::member::{ConsentDuty, MemberKind, MemberRole};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::withdrawal::{Recipient, is_erased};
use tallystick_model::{DataCategory, Date, Identifier, Month, Sensitive, Timestamp};
use tallystick_operations::bureau::Keys;
use tallystick_operations::consent::{Grant, Refused, grant, list, pause, record_death, refuse, resume, withdraw};
use tallystick_operations::ingest::{ControlTotals, Delivery, Settings, Telling, compact, ingest};
use tallystick_operations::inquire::{Answer, Inquiry, inquire};
use tallystick_operations::member::{Application, admit};
use tallystick_operations::own_report::{Past, own_report};
use tallystick_operations::report::Report;
use tallystick_operations::verify::verify;
use tallystick_operations::{Bureau, OperationError};
use tallystick_policy::Rulebook;
use tallystick_receipt::{DOCUMENT_BYTES_MAX, Document, Fault, Witnesses};
use tallystick_testkit::simulation::chance::{Fuse, SeededEntropy};

const WALLETS: &str = r#"
layout = { name = "wallets", version = 1 }
subject = { column = "id", scheme = "cn-resident-id" }
[identity]
name = "name"
[[payment_profile]]
account = "account"
month = { column = "month", pattern = "YYYY-MM" }
currency = "CNY"
active_days = "days"
flow.spending = { count = "purchases", sum = "spent" }
flow.income = { count = "incomes", sum = "income" }
"#;
const ADULT: &str = "11010519491231002X";

struct Story {
    bureau: Bureau,
    folder: tempfile::TempDir,
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("an instant")
}

fn adult() -> Identifier {
    Identifier::parse_tagged(&format!("cn-resident-id:{ADULT}")).expect("an identifier")
}

fn shown(actor: Actor) -> Acting {
    Acting { actor, person: None, evidence: [7; 32] }
}

fn codes(reasons: &[Reason]) -> Vec<String> {
    reasons.iter().map(|reason| format!("{} {}", reason.rule, reason.code)).collect()
}

/// A bureau with the platform PAY and the banks BANK and LEND. What PAY promises concerns names: payments need a consent on record.
fn story(duty: ConsentDuty) -> Story {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = Keys { pseudonym: Sensitive::new([3; 32]), signing: Sensitive::new([5; 32]) };
    let entropy = Box::new(SeededEntropy::new(1, Fuse::default()));
    let rulebook = Rulebook::built_in("cn").expect("is built in");
    let now = at("2026-01-01");
    let bureau = Bureau::found(folder.path(), "story.example/log", rulebook, &keys, entropy, now).expect("is founded");
    for (code, kind) in [("PAY", MemberKind::PaymentPlatform), ("BANK", MemberKind::Bank), ("LEND", MemberKind::Bank)] {
        let application = Application {
            code: code.to_owned(),
            name: code.to_owned(),
            kind,
            roles: vec![MemberRole::Furnisher, MemberRole::Subscriber],
            duty,
        };
        admit(&bureau, application, now).expect("is admitted");
    }
    Story { bureau, folder }
}

impl Story {
    fn grant_on(
        &self,
        member: &str,
        purposes: &[Purpose],
        categories: &[DataCategory],
        terms: ConsentTerms,
        now: &str,
    ) -> Result<Consent, OperationError> {
        let scope = if purposes.is_empty() { ConsentScope::Furnish } else { ConsentScope::Inquire };
        let asked = Grant {
            identifier: adult(),
            member: member.to_owned(),
            scope,
            purposes: purposes.to_vec(),
            categories: categories.to_vec(),
            form: ConsentForm::WrittenWarned,
            valid_until: at("2027-01-01"),
            evidence: [0; 32],
            terms,
        };
        grant(&self.bureau, asked, at(now)).map(|(consent, _)| consent)
    }

    fn grant(&self, member: &str, purposes: &[Purpose], categories: &[DataCategory], now: &str) -> ConsentId {
        self.grant_on(member, purposes, categories, ConsentTerms::default(), now).expect("is granted").id
    }

    fn ingest(&self, rows: &str, now: &str) {
        let delivery = Delivery {
            furnisher: "PAY".to_owned(),
            layout: Layout::Mapped(Box::new(Mapping::parse(WALLETS).expect("a mapping"))),
            month: None,
            subject: None,
            provenance: Provenance::FurnisherSigned,
            control_totals: ControlTotals::Enforce,
        };
        let text = format!("id,name,account,month,days,spent,purchases,income,incomes\n{rows}").into_bytes();
        let mut telling = Telling { progress: &mut |_| {}, rejects: &mut |_| {} };
        ingest(&self.bureau, &delivery, &text, at(now), &mut telling).expect("is taken");
    }

    fn ask(&self, subscriber: &str, purpose: Purpose, now: &str) -> Answer {
        let inquiry = Inquiry::report(subscriber.to_owned(), adult(), purpose);
        inquire(&self.bureau, &inquiry, at(now)).expect("is decided")
    }

    fn own(&self, now: &str) -> Report {
        let own = own_report(&self.bureau, &adult(), Past::default(), at(now)).expect("is made");
        own.report.expect("is the subject's own")
    }

    fn is_sound(&self) {
        let report = verify(&self.bureau, &mut |_, _| {});
        assert_eq!(report.findings, [], "the whole-state check");
    }
}

const PAYMENTS: &[DataCategory] = &[DataCategory::Payments];
const LOAN: &[Purpose] = &[Purpose::CreditApplication];

fn months(report: &Report) -> Vec<String> {
    report.wallets.iter().flat_map(|wallet| &wallet.months).map(|(month, ..)| month.to_string()).collect()
}

#[test]
fn withdrawing_the_consent_data_rest_on_erases_them_names_who_saw_them_and_can_be_proved() {
    let story = story(ConsentDuty::Nothing);
    let furnish = [DataCategory::Identity, DataCategory::Payments, DataCategory::Income];
    let held = story.grant("PAY", &[], &furnish, "2026-02-01");
    story.ingest(&format!("{ADULT},Zhang,W1,2026-01,9,100.00,3,50.00,1\n"), "2026-02-02");
    story.grant("BANK", LOAN, &[DataCategory::Payments, DataCategory::Income], "2026-02-03");
    story.grant("LEND", LOAN, &[DataCategory::Credit], "2026-02-03");
    let seen = story.ask("BANK", Purpose::CreditApplication, "2026-02-04");
    assert_eq!(months(seen.report.as_ref().expect("is shown")), ["2026-01"]);
    // The other one was answered, and shown nothing of what the platform handed over.
    let other = story.ask("LEND", Purpose::CreditApplication, "2026-02-04");
    assert_eq!((other.outcome, other.released), (Outcome::Permitted, vec![DataCategory::Credit]));

    let done = withdraw(&story.bureau, &adult(), held, Acting::default(), at("2026-03-01")).expect("is withdrawn");
    let erasure = done.withdrawal.erasure.clone().expect("rested on it");
    assert_eq!(erasure.categories, furnish);
    assert_eq!(
        codes(&erasure.reasons),
        ["cn-21 separate_consent", "cn-5 consent_to_collect", "cn-7 warned_and_written_consent"]
    );
    let kinds: Vec<_> = erasure.slots.iter().map(|(slot, delivery)| (slot.kind, slot.month, delivery.0)).collect();
    let january = Month::new(2026, 1).ok();
    assert_eq!(kinds, [(FactKind::Identity, None, 1), (FactKind::PaymentProfileMonth, january, 1)]);
    assert!(done.withdrawal.salt_destroyed, "nothing else of the subject is sealed");
    let told = Recipient {
        member: 2,
        categories: vec![DataCategory::Payments, DataCategory::Income],
        inquiries: vec![seen.recorded.receipt.index],
    };
    assert_eq!(done.withdrawal.recipients, [told]);

    // At once, everywhere: reports of subscribers, the own report, also of the past; and the stored facts are marked.
    let after = story.ask("BANK", Purpose::CreditApplication, "2026-03-01");
    assert_eq!(after.outcome, Outcome::NoHit);
    let own = story.own("2026-03-01");
    assert_eq!((months(&own), own.identities.len()), (vec![], 0));
    let past = Past { known_on: Some(at("2026-02-10")), as_of: None };
    let before = own_report(&story.bureau, &adult(), past, at("2026-03-02")).expect("is made").report.expect("own");
    assert_eq!((months(&before), before.identities.len()), (vec![], 0));
    let snapshot = story.bureau.snapshot();
    let file = snapshot.stored_file(after.subject).expect("reads");
    let erased = snapshot.erasures(after.subject).expect("reads");
    assert_eq!(file.history().len(), 2, "until tables are rewritten the bytes lie there");
    assert!(file.history().iter().all(|fact| is_erased(fact, &erased)));
    assert_eq!(snapshot.identity(&file.history()[0]).expect("no seal is broken"), None, "nobody opens it any more");
    story.is_sound();

    // The certificate proves all of it with nothing but the public key.
    let text = done.certificate.to_text();
    let key: CheckpointVerifier = story.bureau.verifier_key().parse().expect("a key");
    let check = |text: &str| {
        Document::parse(text.as_bytes(), DOCUMENT_BYTES_MAX)
            .and_then(|certificate| certificate.check(&key, Witnesses::default()))
    };
    let certified = check(&text).expect("proves");
    assert_eq!(
        (certified.event, certified.at, certified.origin.as_str()),
        (Event::ConsentWithdrawn(Box::new(done.withdrawal.clone())), at("2026-03-01"), "story.example/log")
    );
    let event = text.lines().nth(1).expect("a line");
    let forged = text.replace(event, &event.replacen('A', "B", 1));
    assert_ne!(forged, text);
    assert_eq!(check(&forged), Err(Fault::OtherEvent));
    let salt = text.lines().nth(2).expect("a line");
    let short = text.replace(salt, "salt AAAA");
    assert_eq!(check(&short), Err(Fault::Form("a salt of 16 bytes")));

    // Under a consent of its own the same comes in again, and is seen.
    story.grant("PAY", &[], &furnish, "2026-03-03");
    story.ingest(&format!("{ADULT},Zhang,W1,2026-02,9,100.00,3,50.00,1\n"), "2026-03-04");
    let own = story.own("2026-03-04");
    assert_eq!((months(&own), own.identities.len()), (vec!["2026-02".to_owned()], 1));
    story.is_sound();
}

#[test]
fn what_another_consent_lets_the_bureau_hold_stays() {
    let story = story(ConsentDuty::Attested);
    let wide = story.grant("PAY", &[], &[DataCategory::Payments, DataCategory::Income], "2026-02-01");
    let narrow = story.grant("PAY", &[], PAYMENTS, "2026-02-01");
    story.ingest(&format!("{ADULT},Zhang,W1,2026-01,9,100.00,3,50.00,1\n"), "2026-02-02");
    let income = |report: &Report| report.wallets[0].months[0].1.income.map(|flow| flow.minor);
    assert_eq!(income(&story.own("2026-02-03")), Some(5000));

    let done = withdraw(&story.bureau, &adult(), wide, Acting::default(), at("2026-03-01")).expect("is withdrawn");
    let erasure = done.withdrawal.erasure.expect("income rested on it");
    assert_eq!((erasure.categories.as_slice(), erasure.slots.len()), ([DataCategory::Income].as_slice(), 1));
    let own = story.own("2026-03-02");
    assert_eq!((months(&own), income(&own)), (vec!["2026-01".to_owned()], None), "the part goes alone");
    story.is_sound();

    // One that is suspended keeps what it once let in; withdrawn, nothing does.
    pause(&story.bureau, &adult(), narrow, Acting::default(), at("2026-03-03")).expect("is paused");
    assert_eq!(months(&story.own("2026-03-04")), ["2026-01"]);
    let done = withdraw(&story.bureau, &adult(), narrow, Acting::default(), at("2026-03-05")).expect("is withdrawn");
    assert_eq!(done.withdrawal.erasure.expect("nothing else").categories, PAYMENTS);
    assert!(months(&story.own("2026-03-06")).is_empty());
    story.is_sound();
}

#[test]
fn withdrawing_a_consent_to_inquire_erases_nothing_and_names_who_relied_on_it() {
    let story = story(ConsentDuty::Attested);
    story.grant("PAY", &[], PAYMENTS, "2026-02-01");
    story.ingest(&format!("{ADULT},Zhang,W1,2026-01,9,100.00,3,50.00,1\n"), "2026-02-02");
    let asked = story.grant("BANK", LOAN, PAYMENTS, "2026-02-03");
    let seen = story.ask("BANK", Purpose::CreditApplication, "2026-02-04");
    let done = withdraw(&story.bureau, &adult(), asked, Acting::default(), at("2026-02-05")).expect("is withdrawn");
    assert_eq!(done.withdrawal.erasure, None);
    let told = Recipient { member: 2, categories: PAYMENTS.to_vec(), inquiries: vec![seen.recorded.receipt.index] };
    assert_eq!(done.withdrawal.recipients, [told]);
    let denied = story.ask("BANK", Purpose::CreditApplication, "2026-02-05");
    assert_eq!((denied.outcome, codes(&denied.reasons)), (Outcome::Denied, vec!["cn-11 consent_withdrawn".to_owned()]));
    assert_eq!(months(&story.own("2026-02-06")), ["2026-01"]);
    let again = withdraw(&story.bureau, &adult(), asked, Acting::default(), at("2026-02-07")).expect_err("is over");
    assert_eq!(again.to_string(), format!("consent `{asked}` was withdrawn at 2026-02-05T00:00:00Z"));
}

#[test]
fn a_consent_is_used_as_often_as_agreed_over_the_months_agreed_and_not_while_it_is_paused() {
    let story = story(ConsentDuty::Attested);
    story.grant("PAY", &[], PAYMENTS, "2026-02-01");
    let rows = ["2025-11", "2025-12", "2026-01"].map(|month| format!("{ADULT},Zhang,W1,{month},9,100.00,3,,\n"));
    story.ingest(&rows.concat(), "2026-02-02");
    let terms = ConsentTerms {
        fetch: Fetch::Periodic(Frequency { count: 2, unit: FrequencyUnit::Month }),
        data_range: Some(DataRange { from: Date::constant(2025, 12, 1), until: Date::constant(2025, 12, 31) }),
        ..ConsentTerms::default()
    };
    let consent = story.grant_on("BANK", LOAN, PAYMENTS, terms, "2026-02-03").expect("is granted").id;
    let ask = |now: &str| {
        let answer = story.ask("BANK", Purpose::CreditApplication, now);
        (codes(&answer.reasons), answer.report.map(|report| months(&report)))
    };
    let permitted = (vec!["cn-11 written_consent_for_credit_application".to_owned()], Some(vec!["2025-12".to_owned()]));
    assert_eq!(ask("2026-02-04"), permitted);
    assert_eq!(ask("2026-02-05"), permitted);
    let over = (vec!["cn-11 consent_used_up".to_owned()], None);
    assert_eq!(ask("2026-02-06"), over, "one over");
    assert_eq!(ask("2026-02-28T23:59:59Z"), over);
    assert_eq!(ask("2026-03-01"), permitted, "another month");
    pause(&story.bureau, &adult(), consent, Acting::default(), at("2026-03-02")).expect("is paused");
    assert_eq!(ask("2026-03-02"), (vec!["cn-11 consent_paused".to_owned()], None));
    let twice = pause(&story.bureau, &adult(), consent, Acting::default(), at("2026-03-02")).expect_err("is paused");
    assert_eq!(twice.to_string(), format!("consent `{consent}` is paused: only an active one is paused"));
    resume(&story.bureau, &adult(), consent, Acting::default(), at("2026-03-03")).expect("is resumed");
    assert_eq!(ask("2026-03-03"), permitted);
    let uses = &list(&story.bureau, &adult()).expect("lists").consents[1].0.uses;
    assert_eq!(uses.len(), 4, "denials are no uses");
    let late = pause(&story.bureau, &adult(), consent, Acting::default(), at("2027-01-01")).expect_err("is over");
    assert_eq!(late.to_string(), format!("consent `{consent}` is expired: only an active one is paused"));
}

#[test]
fn how_consent_was_asked_for_is_recorded_with_it_and_seen_in_the_own_report() {
    let story = story(ConsentDuty::Attested);
    let refused = |now: &str| {
        let refused = Refused {
            identifier: adult(),
            member: "BANK".to_owned(),
            scope: ConsentScope::Inquire,
            purposes: vec![Purpose::Marketing],
            categories: vec![DataCategory::Credit],
            terms: ConsentTerms::default(),
        };
        refuse(&story.bureau, refused, at(now)).expect("is recorded").0.flags
    };
    assert_eq!(codes(&refused("2026-02-01")), Vec::<String>::new());
    assert_eq!(codes(&refused("2026-02-02")), ["cn-33 asked_again_after_refusal"]);
    let terms = ConsentTerms {
        bundle: Some(Bundle { condition: "a card".to_owned(), necessity: Necessity::Necessary }),
        ..ConsentTerms::default()
    };
    let marketing = [Purpose::Marketing];
    let consent = story
        .grant_on("BANK", &marketing, &[DataCategory::Credit], terms, "2026-02-03")
        .expect("it holds all the same");
    let both = ["cn-18 bundled_with_unnecessary_condition", "cn-33 asked_again_after_refusal"];
    assert_eq!(codes(&consent.flags), both);
    let own = story.own("2026-02-04").own.expect("the subject's part");
    assert_eq!(own.consents[0].0.consent.flags, consent.flags);
    assert_eq!((own.refusals.len(), codes(&own.refusals[1].1.flags)), (2, vec![both[1].to_owned()]));
}

#[test]
fn a_child_has_a_guardian_and_the_dead_have_next_of_kin() {
    let story = story(ConsentDuty::Attested);
    let acting = |acting| ConsentTerms { acting, ..ConsentTerms::default() };
    let child = "11010520200101001";
    let check = tallystick_model::ids::resident_id_check(child.as_bytes()).expect("a check digit");
    let child = Identifier::parse_tagged(&format!("cn-resident-id:{child}{}", char::from(check))).expect("valid");
    let asked = |terms| Grant {
        identifier: child.clone(),
        member: "PAY".to_owned(),
        scope: ConsentScope::Furnish,
        purposes: vec![],
        categories: PAYMENTS.to_vec(),
        form: ConsentForm::Written,
        valid_until: at("2027-01-01"),
        evidence: [0; 32],
        terms,
    };
    let size = story.bureau.snapshot().log_size();
    let denied = grant(&story.bureau, asked(ConsentTerms::default()), at("2026-02-01")).expect_err("a child");
    assert_eq!(denied.to_string(), "denied: cn-24 guardian_needed");
    assert_eq!(story.bureau.snapshot().log_size(), size, "nothing is recorded");
    let given = grant(&story.bureau, asked(acting(shown(Actor::Guardian))), at("2026-02-01")).expect("a guardian");
    assert_eq!(given.0.terms.acting.actor, Actor::Guardian);

    let consent = story.grant("PAY", &[], PAYMENTS, "2026-02-01");
    story.ingest(&format!("{ADULT},Zhang,W1,2026-01,9,100.00,3,50.00,1\n"), "2026-02-02");
    let kin = shown(Actor::NextOfKin);
    let early = withdraw(&story.bureau, &adult(), consent, kin, at("2026-02-03")).expect_err("lives");
    assert_eq!(early.to_string(), "denied: cn-27 no_death_recorded");
    record_death(&story.bureau, &adult(), [4; 32], at("2026-02-04")).expect("is recorded");
    let twice = record_death(&story.bureau, &adult(), [4; 32], at("2026-02-04")).expect_err("once");
    assert_eq!(twice.to_string(), "the death of this subject is on record already");
    let dead = withdraw(&story.bureau, &adult(), consent, Acting::default(), at("2026-02-05")).expect_err("who?");
    assert_eq!(dead.to_string(), "denied: cn-27 subject_has_died");
    let done = withdraw(&story.bureau, &adult(), consent, kin, at("2026-02-05")).expect("next of kin may");
    assert_eq!((done.withdrawal.acting.actor, done.withdrawal.erasure.is_some()), (Actor::NextOfKin, true));
    let new = story.grant_on("PAY", &[], PAYMENTS, acting(kin), "2026-02-06").expect_err("nobody may");
    assert_eq!(new.to_string(), "denied: cn-27 subject_has_died");
}

/// Files below a folder in which these bytes stand.
fn files_with(folder: &std::path::Path, bytes: &[u8]) -> usize {
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("reads") {
        let path = entry.expect("reads").path();
        if path.is_dir() {
            count += files_with(&path, bytes);
        } else {
            let text = std::fs::read(&path).expect("reads");
            count += usize::from(text.windows(bytes.len()).any(|window| window == bytes));
        }
    }
    count
}

/// Erased facts leave the disk with the next compacting, wherever they lie; what is left stays bound to its delivery's root.
#[test]
fn compacting_takes_what_was_erased_off_the_disk_and_every_root_still_holds() {
    for one_batch_bytes in [0, usize::MAX] {
        let mut story = story(ConsentDuty::Nothing);
        let settings = Settings { one_batch_bytes, ..story.bureau.settings() };
        story.bureau = story.bureau.with_settings(settings);
        let furnish = [DataCategory::Identity, DataCategory::Payments, DataCategory::Income];
        let held = story.grant("PAY", &[], &furnish, "2026-02-01");
        let other: Identifier = Identifier::parse_tagged("cn-resident-id:110101199003077854").expect("an identifier");
        let asked = Grant {
            identifier: other.clone(),
            member: "PAY".to_owned(),
            scope: ConsentScope::Furnish,
            purposes: Vec::new(),
            categories: furnish.to_vec(),
            form: ConsentForm::WrittenWarned,
            valid_until: at("2027-01-01"),
            evidence: [0; 32],
            terms: ConsentTerms::default(),
        };
        grant(&story.bureau, asked, at("2026-02-01")).expect("is granted");
        let rows = [ADULT, "110101199003077854"].map(|id| format!("{id},Zhang,W1,2026-01,9,100.00,3,50.00,1\n"));
        story.ingest(&rows.concat(), "2026-02-02");
        let subject = story.ask("BANK", Purpose::CreditApplication, "2026-02-04").subject;
        let stored = |story: &Story| story.bureau.snapshot().stored_file(subject).expect("reads");
        let sealed = stored(&story).history().iter().find_map(|fact| match &fact.body {
            FactBody::Identity(sealed) => Some(sealed.clone()),
            _ => None,
        });
        let sealed = sealed.expect("an identity");
        withdraw(&story.bureau, &adult(), held, Acting::default(), at("2026-03-01")).expect("is withdrawn");
        assert_ne!(files_with(story.folder.path(), &sealed), 0, "the bytes lie there still");
        let before = verify(&story.bureau, &mut |_, _| {});

        compact(&story.bureau, at("2026-03-02"), &|_, _| {}).expect("compacts");
        assert_eq!(files_with(story.folder.path(), &sealed), 0);
        assert!(stored(&story).history().is_empty());
        let after = verify(&story.bureau, &mut |_, _| {});
        assert_eq!(after.findings, [], "roots are derived by the removal");
        assert_eq!((before.facts - after.facts, before.subjects - after.subjects), (2, 1));
        let events = story.bureau.snapshot().events(subject).expect("reads");
        let removals: Vec<_> = events
            .iter()
            .filter_map(|recorded| match &recorded.event {
                Event::FactsRemoved(removal) => Some((removal.facts(), removal.parts.len(), recorded.entry.at)),
                _ => None,
            })
            .collect();
        assert_eq!(removals, [(2, 1, at("2026-03-02"))]);
        // Nothing is left to do the next time.
        compact(&story.bureau, at("2026-03-03"), &|_, _| {}).expect("compacts");
        assert_eq!(story.bureau.snapshot().events(subject).expect("reads").len(), events.len());
        story.is_sound();
    }
}

/// A part of a fact goes alone, and what is left of the delivery is bound by the removal.
#[test]
fn a_part_of_a_fact_is_removed_and_the_rest_is_still_proved() {
    let mut story = story(ConsentDuty::Attested);
    let settings = Settings { one_batch_bytes: 0, ..story.bureau.settings() };
    story.bureau = story.bureau.with_settings(settings);
    let wide = story.grant("PAY", &[], &[DataCategory::Payments, DataCategory::Income], "2026-02-01");
    story.grant("PAY", &[], PAYMENTS, "2026-02-01");
    story.ingest(&format!("{ADULT},Zhang,W1,2026-01,9,100.00,3,50.00,1\n"), "2026-02-02");
    withdraw(&story.bureau, &adult(), wide, Acting::default(), at("2026-03-01")).expect("is withdrawn");
    compact(&story.bureau, at("2026-03-02"), &|_, _| {}).expect("compacts");
    story.is_sound();
    let subject = story.bureau.snapshot().events(story.ask("BANK", Purpose::CreditApplication, "2026-03-02").subject);
    let removal = subject.expect("reads").into_iter().find_map(|recorded| match recorded.event {
        Event::FactsRemoved(removal) => Some(*removal),
        _ => None,
    });
    let removal = removal.expect("is recorded");
    assert_eq!((removal.facts(), removal.parts.len(), removal.parts[0].after.is_some()), (0, 1, true));
    assert_eq!(months(&story.own("2026-03-03")), ["2026-01"]);
}
