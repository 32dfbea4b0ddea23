//! Whoever has root on the machine has the bureau's own keys, and may have one partner's: what is done with them by hand, past the
//! program, is named by `verify` and counts for nothing.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::path::Path;

use tallystick_audit::CheckpointSigner;
use tallystick_intake::Layout;
use tallystick_intake::layouts::mapped::Mapping;
use tallystick_model::charter::{
    Artefact, Ballot, Charter, Choice, Deadlock, FoundingCharter, Matter, MatterRule, Measure, MemberTerms, Partner,
    Proposal, ProposalHash, WindDown, WindDownWay,
};
use tallystick_model::delivery::{DeliveryKind, DeliveryRecord};
use tallystick_model::event::{CorrectionRecord, Event, EventKind};
use tallystick_model::fact::{DeliveryNumber, Fact, FactBody, FactKey, FactKind, Slot, Standing};
use tallystick_model::member::{ConsentDuty, Member, MemberKind, MemberRole};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::quality::Quality;
use tallystick_model::signature::SecretKey;
use tallystick_model::staff::{StaffAct, StaffMember, StaffRole, content_of};
use tallystick_model::tradeline::{AccountKind, AccountStatus, PaymentRating, TradelineMonth};
use tallystick_model::{
    AccountKey, Currency, DataCategory, Identifier, Month, Pseudonymiser, Sensitive, SubjectId, Timestamp,
};
use tallystick_operations::bureau::{Bureau, Keys};
use tallystick_operations::charter::{enact, list, propose, vote};
use tallystick_operations::freeze::lift;
use tallystick_operations::ingest::{ControlTotals, Delivery, IngestError, Ingested, Telling, ingest};
use tallystick_operations::member::{Application, admit};
use tallystick_operations::own_report::{Past, own_report};
use tallystick_operations::staff::{Acting, register};
use tallystick_operations::verify::verify;
use tallystick_operations::wind_down::end;
use tallystick_policy::Rulebook;
use tallystick_store::{Changes, Store};
use tallystick_testkit::simulation::chance::{Fuse, SeededEntropy};

const NAME: &str = "charter.example/log";
const PARTNERS: [(&str, u8, u16); 6] =
    [("A", 1, 3500), ("B", 2, 3500), ("C", 3, 700), ("D", 4, 650), ("E", 5, 650), ("F", 6, 1000)];

const ACCOUNTS: &str = r#"
layout = { name = "accounts", version = 1 }
subject = { column = "id", scheme = "cn-resident-id" }
identity = { name = "name" }
[[tradeline]]
account = "account"
month = { column = "month", pattern = "YYYY-MM" }
currency = "CNY"
kind = "credit_card"
balance = "balance"
"#;
const ID: &str = "11010519491231002X";

fn at(hours: i64) -> Timestamp {
    Timestamp::from_millis(1_775_000_000_000 + hours * 3_600_000).expect("in range")
}

fn key(seed: u8) -> SecretKey {
    SecretKey::new([seed; 32].into())
}

fn keys() -> Keys {
    Keys { pseudonym: Sensitive::new([3; 32]), signing: Sensitive::new([5; 32]) }
}

fn founding(more: Vec<Measure>) -> FoundingCharter {
    let partner = |(code, seed, weight_bp): &(&str, u8, u16)| Partner {
        code: (*code).to_owned(),
        name: format!("Partner {code}"),
        key: key(*seed).public(),
        weight_bp: *weight_bp,
    };
    let rule = |matter: &Matter| MatterRule { matter: *matter, share_bp: 5_001, quorum_bp: 0, consent_of: Vec::new() };
    let charter = Charter {
        partners: PARTNERS.iter().map(partner).collect(),
        seats: Vec::new(),
        rules: Matter::ALL.iter().map(rule).collect(),
        voting_hours: 100,
        enact_within_hours: 100,
        deadlock: Deadlock::StatusQuo,
    };
    let mapping = Mapping::parse(ACCOUNTS).expect("a mapping");
    let layout = Artefact { matter: Matter::Layout, name: mapping.name(), hash: mapping.text_hash() };
    let bank = MemberTerms {
        code: "BANK".to_owned(),
        name: "Bank".to_owned(),
        kind: MemberKind::Bank,
        roles: vec![MemberRole::Furnisher, MemberRole::Subscriber],
        duty: ConsentDuty::Attested,
    };
    let mut measures = vec![Measure::Collect(DataCategory::Credit), Measure::Accept(layout), Measure::Admit(bank)];
    measures.extend(more);
    FoundingCharter { charter, measures }
}

fn rulebook() -> Rulebook {
    Rulebook::built_in("cn").expect("is built in")
}

fn found(folder: &Path, more: Vec<Measure>) -> Bureau {
    let entropy = Box::new(SeededEntropy::new(1, Fuse::default()));
    let bureau = Bureau::found_under(folder, NAME, rulebook(), Some(founding(more)), &keys(), entropy, at(0));
    bureau.expect("is founded")
}

fn open(folder: &Path) -> Bureau {
    let entropy = Box::new(SeededEntropy::new(2, Fuse::default()));
    Bureau::open(folder, NAME, rulebook(), &keys(), entropy).expect("opens")
}

fn admit_bank(bureau: &Bureau) {
    let application = Application {
        code: "BANK".to_owned(),
        name: "Bank".to_owned(),
        kind: MemberKind::Bank,
        roles: vec![MemberRole::Furnisher, MemberRole::Subscriber],
        duty: ConsentDuty::Attested,
    };
    admit(bureau, application, at(1)).expect("is admitted");
}

fn deliver(bureau: &Bureau, now: Timestamp) -> Result<Ingested, IngestError> {
    let delivery = Delivery {
        furnisher: "BANK".to_owned(),
        layout: Layout::Mapped(Box::new(Mapping::parse(ACCOUNTS).expect("a mapping"))),
        month: None,
        subject: None,
        provenance: Provenance::FurnisherSigned,
        control_totals: ControlTotals::Enforce,
    };
    let rows = format!("id,name,account,month,balance\n{ID},Zhang,A1,2026-01,100\n").into_bytes();
    ingest(bureau, &delivery, &rows, now, &mut Telling { progress: &mut |_| {}, rejects: &mut |_| {} })
}

/// Appends events with the bureau's own keys, past every operation.
fn by_root(folder: &Path, events: impl IntoIterator<Item = (Event, i64)>) {
    let signer = CheckpointSigner::new(NAME, &[5; 32]).expect("a name");
    let check = Pseudonymiser::new(&keys().pseudonym).key_check();
    let store = Store::open(folder, signer, check).expect("opens");
    for (event, hours) in events {
        store.commit(Changes::none(), event, [7; 16], at(hours)).expect("commits");
    }
}

fn findings(bureau: &Bureau) -> Vec<String> {
    let report = verify(bureau, &mut |_, _| {});
    report.findings.iter().map(|finding| format!("{}: {}", finding.place, finding.what)).collect()
}

fn ballot(bureau: &Bureau, proposal: ProposalHash, voter: &str, seed: u8) -> Event {
    let charter = bureau.government().as_ref().expect("governed").id();
    let (voter, choice) = (voter.to_owned(), Choice::For);
    Event::BallotCast(Ballot { charter, proposal, voter, choice, turn: 1 }.signed(&key(seed)))
}

/// Proposes to collect names; A alone votes in favour.
fn proposed(bureau: &Bureau) -> ProposalHash {
    let charter = bureau.government().as_ref().expect("governed").id();
    let proposal = Proposal {
        charter,
        proposer: "A".to_owned(),
        measure: Measure::Collect(DataCategory::Identity),
        effective_from: at(0),
        reason: "wanted".to_owned(),
    };
    let (hash, _) = propose(bureau, proposal.signed(&key(1)), at(2)).expect("is proposed");
    let Event::BallotCast(signed) = ballot(bureau, hash, "A", 1) else { unreachable!("made above") };
    vote(bureau, signed, at(3)).expect("is recorded");
    hash
}

#[test]
fn with_root_and_one_partners_key_the_scope_is_not_widened_unseen() {
    let folder = tempfile::tempdir().expect("a folder");
    let bureau = found(folder.path(), Vec::new());
    admit_bank(&bureau);
    let hash = proposed(&bureau);
    let refused = enact(&bureau, hash, at(150)).map(|_| ()).map_err(|no| no.to_string());
    let why = "neither side has the share: nothing changes";
    assert_eq!(refused, Err(format!("proposal {hash} is deadlocked: {why}")));
    // B's vote under A's key, and the enactment, written past the program.
    let forged = ballot(&bureau, hash, "B", 1);
    assert_eq!(findings(&bureau), Vec::<String>::new());
    drop(bureau);
    by_root(folder.path(), [(forged, 4), (Event::DecisionEnacted(hash), 150)]);

    let bureau = open(folder.path());
    assert_eq!(
        findings(&bureau),
        [
            "log entry 4: ballot_cast is not covered by the charter: the signature is not `B`'s".to_owned(),
            format!(
                "log entry 5: decision_enacted is not covered by the charter: proposal {hash} is deadlocked: {why}"
            ),
        ]
    );
    // It counts for nothing either: names stay outside, and what came in is as narrow as before.
    assert!(!bureau.government().as_ref().expect("governed").collected().contains(DataCategory::Identity));
    assert_eq!(list(&bureau, at(150))[0].verdict.standing.code(), "deadlocked");
    let narrow = deliver(&bureau, at(151)).expect("is taken").delivery.not_admitted;
    let narrow: Vec<_> = narrow.iter().map(|(category, reason, _)| (*category, reason.code.as_str())).collect();
    assert_eq!(narrow, [(DataCategory::Identity, "not_collected")]);
    let held = bureau.snapshot().stored_file(subject()).expect("reads");
    assert!(held.history().iter().all(|fact| fact.key.slot.kind != FactKind::Identity));
}

fn subject() -> SubjectId {
    let identifier = Identifier::parse_tagged(&format!("cn-resident-id:{ID}")).expect("an identifier");
    Pseudonymiser::new(&keys().pseudonym).subject(&identifier)
}

#[test]
fn names_come_in_only_after_the_partners_decide_to_collect_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let bureau = found(folder.path(), Vec::new());
    admit_bank(&bureau);
    let before = deliver(&bureau, at(1)).expect("is taken").delivery;
    let not_admitted: Vec<_> =
        before.not_admitted.iter().map(|(category, reason, count)| (*category, reason.code.as_str(), *count)).collect();
    assert_eq!(not_admitted, [(DataCategory::Identity, "not_collected", 1)]);
    let hash = proposed(&bureau);
    for (voter, seed) in [("B", 2), ("C", 3), ("D", 4), ("E", 5), ("F", 6)] {
        let Event::BallotCast(signed) = ballot(&bureau, hash, voter, seed) else { unreachable!("made above") };
        vote(&bureau, signed, at(4)).expect("is recorded");
    }
    enact(&bureau, hash, at(4)).expect("is enacted");
    assert!(bureau.government().as_ref().expect("governed").collected().contains(DataCategory::Identity));
    assert_eq!(findings(&bureau), Vec::<String>::new());
    // Opened again, the same holds: it is in the log and nowhere else.
    drop(bureau);
    let bureau = open(folder.path());
    assert!(bureau.government().as_ref().expect("governed").collected().contains(DataCategory::Identity));
}

/// A month of an account for electricity.
fn electricity() -> TradelineMonth {
    TradelineMonth {
        kind: AccountKind::Service,
        status: AccountStatus::Open,
        rating: PaymentRating::Current,
        currency: Currency::from_code("CNY").expect("a currency"),
        balance_minor: Some(1),
        past_due_minor: None,
        limit_minor: None,
        paid_minor: None,
        scheduled_minor: None,
    }
}

/// A delivery of one fact, of electricity: `non_credit`, which nobody decided to collect.
fn smuggled(store: &Store) -> (Changes, DeliveryRecord) {
    let open = store.begin_delivery().expect("begins");
    let month = electricity();
    let slot = Slot {
        kind: FactKind::TradelineMonth,
        account: AccountKey::of_furnisher(1),
        month: Some(Month::parse("2026-01").expect("a month")),
    };
    let key = FactKey { subject: subject(), slot, delivery: open.number() };
    let changes = Changes::add(
        open.number(),
        vec![Fact { key, standing: Standing::Reported, body: FactBody::TradelineMonth(month) }],
    );
    let changes = changes.expect("is in order");
    let digest = changes.digest();
    let record = DeliveryRecord {
        number: open.number(),
        kind: DeliveryKind::Report,
        furnisher: 1,
        layout: "accounts 1".to_owned(),
        layout_hash: Mapping::parse(ACCOUNTS).expect("a mapping").text_hash(),
        month: None,
        about: None,
        provenance: Provenance::FurnisherSigned,
        file_hash: [0; 32],
        file_bytes: 0,
        recorded_at: at(5),
        records: 1,
        rejects: 0,
        awaiting_consent: 0,
        subjects: digest.subjects,
        facts: digest.facts,
        not_admitted: vec![],
        admitted_under: vec![],
        quality: Quality::default(),
        rulebook: rulebook().label().to_owned(),
        facts_root: digest.root,
    };
    (changes, record)
}

#[test]
fn facts_of_a_category_that_is_not_collected_are_named_with_their_delivery() {
    let folder = tempfile::tempdir().expect("a folder");
    let bureau = found(folder.path(), Vec::new());
    admit_bank(&bureau);
    deliver(&bureau, at(1)).expect("is taken");
    drop(bureau);
    {
        let signer = CheckpointSigner::new(NAME, &[5; 32]).expect("a name");
        let check = Pseudonymiser::new(&keys().pseudonym).key_check();
        let store = Store::open(folder.path(), signer, check).expect("opens");
        let (changes, record) = smuggled(&store);
        store.commit(changes, Event::DeliveryAdmitted(record), [7; 16], at(5)).expect("commits");
        let (changes, mut record) = smuggled(&store);
        record.layout = "other 1".to_owned();
        store.commit(changes, Event::DeliveryAdmitted(record), [8; 16], at(6)).expect("commits");
        let (changes, mut record) = smuggled(&store);
        record.layout_hash = [1; 32];
        store.commit(changes, Event::DeliveryAdmitted(record), [9; 16], at(7)).expect("commits");
    }
    let outside = "holds facts of category `non_credit`, which no enacted decision let it bring";
    let layout = "no enacted decision accepts `other 1` (charter, matter `layout`)";
    let text = "`accounts 1` has another text than the one that is accepted (charter, matter `layout`)";
    assert_eq!(
        findings(&open(folder.path())),
        [
            format!("log entry 4: delivery_admitted is not covered by the charter: {layout}"),
            format!("log entry 5: delivery_admitted is not covered by the charter: {text}"),
            format!("delivery 2: {outside}"),
            format!("delivery 3: {outside}"),
            format!("delivery 4: {outside}"),
        ]
    );
}

#[test]
fn members_admitted_past_the_charter_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(found(folder.path(), Vec::new()));
    let member = Member {
        number: 1,
        code: "MINE".to_owned(),
        name: "Mine".to_owned(),
        kind: MemberKind::Bank,
        roles: vec![MemberRole::Subscriber],
        duty: ConsentDuty::Nothing,
    };
    by_root(folder.path(), [(Event::MemberAdmitted(member), 5)]);
    let refusal = "no enacted decision admits member `MINE` on these terms (charter, matter `member`)";
    let expected = format!("log entry 1: member_admitted is not covered by the charter: {refusal}");
    assert_eq!(findings(&open(folder.path())), [expected]);
}

#[test]
fn what_no_member_of_staff_signed_for_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let clerk = StaffMember {
        code: "wu".to_owned(),
        name: "Wu Min".to_owned(),
        role: StaffRole::DisputesClerk,
        key: key(40).public(),
    };
    let bureau = found(folder.path(), vec![Measure::Enrol(clerk)]);
    let who = Identifier::parse_tagged(&format!("cn-resident-id:{ID}")).expect("an identifier");
    let unsigned = "staff is enrolled here, and signs for what it does: `--as KEY_FILE --why REASON`";
    let refused =
        |bureau: &Bureau| own_report(bureau, &who, Past::default(), at(1)).map(|_| ()).map_err(|no| no.to_string());
    assert_eq!(refused(&bureau), Err(unsigned.to_owned()));
    let acting = |seed, reason: &str| Some(Acting { key: key(seed), reason: reason.to_owned() });
    let bureau = bureau.with_acting(acting(40, "   "));
    let reasonless = "the reason of a staff act has 1 to 1024 bytes and no control characters";
    assert_eq!(refused(&bureau), Err(reasonless.to_owned()));
    let bureau = bureau.with_acting(acting(41, "curious"));
    let stranger = format!("the key {} is no enrolled member of staff's", key(41).public());
    assert_eq!(refused(&bureau), Err(stranger));
    assert_eq!(bureau.snapshot().log_size(), 1, "what is refused leaves nothing");

    let bureau = bureau.with_acting(acting(40, "asked on the phone"));
    assert_eq!(refused(&bureau), Ok(()));
    // An operation that refuses by itself is no act.
    assert!(lift(&bureau, &who, at(2)).is_err());
    let acts = register(&bureau, None).expect("reads");
    let line = acts.first().expect("one act");
    assert_eq!(acts.len(), 1);
    assert_eq!((line.index, line.at, line.staff.as_str(), line.kind), (1, at(1), "wu", EventKind::OwnReportViewed));
    assert_eq!((line.subject, line.reason.as_str()), (Some(subject()), "asked on the phone"));
    assert_eq!(line.who, Some(("Wu Min".to_owned(), StaffRole::DisputesClerk)));
    assert_eq!(findings(&bureau), Vec::<String>::new());
    let charter = bureau.government().as_ref().expect("governed").id();
    drop(bureau);

    // By root: an act without a signature; one that was signed, for something else; one under a stranger's key.
    let lifted = Event::FreezeLifted(subject());
    let act = |place, content, seed| {
        let (staff, kind, reason) = ("wu".to_owned(), EventKind::FreezeLifted, "asked".to_owned());
        let act = StaffAct { charter, staff, kind, subject: subject(), content, reason, at: at(9), place };
        Event::StaffActed(Box::new(act.signed(&key(seed))))
    };
    let other = content_of(&Event::FreezeLifted(SubjectId([1; 16])));
    let events = [
        lifted.clone(),
        act(4, other, 40),
        lifted.clone(),
        act(6, content_of(&lifted), 41),
        lifted.clone(),
        act(99, content_of(&lifted), 40),
        lifted.clone(),
        act(10, content_of(&lifted), 40),
        lifted.clone(),
        // Signed for, and not done: what a crash between the two leaves.
        act(12, content_of(&lifted), 40),
    ];
    by_root(folder.path(), events.map(|event| (event, 9)));
    let missing = |place| format!("log entry {place}: freeze_lifted without the signature of a member of staff");
    assert_eq!(
        findings(&open(folder.path())),
        [
            missing(3),
            missing(5),
            "log entry 6: staff_acted is not covered by the charter: the signature is not `wu`'s".to_owned(),
            missing(7),
            "log entry 8: staff_acted: it was signed for another place in the log, or another time".to_owned(),
            missing(9),
        ]
    );
}

/// A correction of January that brings electricity: facts of a category that nobody decided to collect.
fn corrected(superseded: DeliveryNumber, facts: u64) -> impl Fn(&Store) -> (Changes, Event) {
    move |store| {
        let (_, mut record) = smuggled(store);
        let slot = |month: &str| Slot {
            kind: FactKind::TradelineMonth,
            account: AccountKey::of_furnisher(1),
            month: Some(Month::parse(month).expect("a month")),
        };
        let body = FactBody::TradelineMonth(electricity());
        let open = store.begin_delivery().expect("begins");
        let fact = |month: &str| Fact {
            key: FactKey { subject: subject(), slot: slot(month), delivery: open.number() },
            standing: Standing::Corrects(superseded),
            body: body.clone(),
        };
        let months = ["2026-01", "2026-02"];
        let count = usize::try_from(facts).expect("few");
        let changes = Changes::add(open.number(), months.iter().take(count).map(|month| fact(month)).collect());
        let changes = changes.expect("is in order");
        let digest = changes.digest();
        record.number = open.number();
        record.kind = DeliveryKind::Correction;
        (record.subjects, record.facts, record.facts_root) = (digest.subjects, digest.facts.clone(), digest.root);
        let (subject, slot, delivery, reason) = (subject(), slot("2026-01"), record, "mended".to_owned());
        (changes, Event::FactCorrected(CorrectionRecord { subject, slot, superseded, delivery, reason }))
    }
}

#[test]
fn a_correction_widens_no_scope() {
    let folder = tempfile::tempdir().expect("a folder");
    // Collected once: a correction could bring it, if anything could.
    let bureau = found(folder.path(), vec![Measure::Collect(DataCategory::NonCredit)]);
    admit_bank(&bureau);
    deliver(&bureau, at(1)).expect("is taken");
    drop(bureau);
    {
        let signer = CheckpointSigner::new(NAME, &[5; 32]).expect("a name");
        let check = Pseudonymiser::new(&keys().pseudonym).key_check();
        let store = Store::open(folder.path(), signer, check).expect("opens");
        for (facts, salt) in [(2, 7), (1, 8)] {
            let (changes, event) = corrected(DeliveryNumber(1), facts)(&store);
            store.commit(changes, event, [salt; 16], at(5)).expect("commits");
        }
    }
    let refused =
        "fact_corrected is not covered by the charter: a correction brings exactly one fact, of the kind it corrects";
    let found = findings(&open(folder.path()));
    assert!(found.contains(&format!("log entry 3: {refused}")), "{found:?}");
    let strays = "holds facts that are no correction of the one it names";
    assert!(found.iter().any(|finding| finding.ends_with(strays)), "{found:?}");
    assert!(found.iter().any(|finding| finding.ends_with("corrects a fact that was never there")), "{found:?}");
}

#[test]
fn furnishers_and_subscribers_nobody_admitted_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let bureau = found(folder.path(), vec![Measure::Collect(DataCategory::NonCredit)]);
    admit_bank(&bureau);
    drop(bureau);
    {
        let signer = CheckpointSigner::new(NAME, &[5; 32]).expect("a name");
        let check = Pseudonymiser::new(&keys().pseudonym).key_check();
        let store = Store::open(folder.path(), signer, check).expect("opens");
        let (changes, mut record) = smuggled(&store);
        record.furnisher = 9;
        store.commit(changes, Event::DeliveryAdmitted(record), [7; 16], at(5)).expect("commits");
        let (changes, mut record) = smuggled(&store);
        // Under a correction's name no layout was asked about.
        (record.kind, record.layout) = (DeliveryKind::Correction, "other 1".to_owned());
        store.commit(changes, Event::DeliveryAdmitted(record), [8; 16], at(5)).expect("commits");
    }
    let found = findings(&open(folder.path()));
    let not = "delivery_admitted is not covered by the charter:";
    for expected in [
        format!("log entry 2: {not} member 9 was never admitted as a furnisher"),
        format!("log entry 3: {not} a correction is no delivery to admit: it comes with the fact it corrects"),
    ] {
        assert!(found.contains(&expected), "{found:?}");
    }
}

#[test]
fn a_clock_turned_back_behind_the_log_revives_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let bureau = found(folder.path(), Vec::new());
    let hash = proposed(&bureau);
    for (voter, seed) in [("B", 2), ("C", 3), ("D", 4), ("E", 5), ("F", 6)] {
        let Event::BallotCast(signed) = ballot(&bureau, hash, voter, seed) else { unreachable!("made above") };
        vote(&bureau, signed, at(4)).expect("is recorded");
    }
    // It expires at 104; then the log goes on, with something that is no decision.
    let who = Identifier::parse_tagged(&format!("cn-resident-id:{ID}")).expect("an identifier");
    own_report(&bureau, &who, Past::default(), at(300)).expect("is seen");
    let late = format!("it would be earlier than what was recorded at {}: is the clock right?", at(300));
    let enacted = |bureau: &Bureau| enact(bureau, hash, at(50)).map(|_| ()).map_err(|no| no.to_string());
    assert_eq!(enacted(&bureau), Err(late.clone()));
    drop(bureau);
    let bureau = open(folder.path());
    assert_eq!(enacted(&bureau), Err(late.clone()));
    drop(bureau);
    by_root(folder.path(), [(Event::DecisionEnacted(hash), 50)]);
    let bureau = open(folder.path());
    assert_eq!(findings(&bureau), [format!("log entry 9: decision_enacted is not covered by the charter: {late}")]);
    assert!(!bureau.government().as_ref().expect("governed").collected().contains(DataCategory::Identity));
}

#[test]
fn the_register_names_people_as_they_were_enrolled_then() {
    let folder = tempfile::tempdir().expect("a folder");
    let clerk = |name: &str, role, seed| StaffMember {
        code: "wu".to_owned(),
        name: name.to_owned(),
        role,
        key: key(seed).public(),
    };
    let bureau = found(folder.path(), vec![Measure::Enrol(clerk("Wu Min", StaffRole::DisputesClerk, 40))]);
    let acting = |seed| Some(Acting { key: key(seed), reason: "asked".to_owned() });
    let who = Identifier::parse_tagged(&format!("cn-resident-id:{ID}")).expect("an identifier");
    let bureau = bureau.with_acting(acting(40));
    own_report(&bureau, &who, Past::default(), at(1)).expect("is seen");
    decide(&bureau, Measure::Enrol(clerk("Wu Min", StaffRole::InquiryClerk, 41)), 2);
    let bureau = bureau.with_acting(acting(41));
    own_report(&bureau, &who, Past::default(), at(3)).expect("is seen");
    let roles: Vec<_> = register(&bureau, None).expect("reads").into_iter().map(|line| line.who).collect();
    let name = |role| Some(("Wu Min".to_owned(), role));
    assert_eq!(roles, [name(StaffRole::DisputesClerk), name(StaffRole::InquiryClerk)]);
    // Signed for another subject than the one it is about.
    let charter = bureau.government().as_ref().expect("governed").id();
    let place = bureau.snapshot().log_size();
    drop(bureau);
    let report = Event::FreezePlaced(subject());
    let act = StaffAct {
        charter,
        staff: "wu".to_owned(),
        kind: EventKind::OwnReportViewed,
        subject: SubjectId([9; 16]),
        content: content_of(&report),
        reason: "asked".to_owned(),
        at: at(4),
        place,
    };
    by_root(folder.path(), [(Event::StaffActed(Box::new(act.signed(&key(41)))), 4), (report, 4)]);
    let unsigned = format!("log entry {}: freeze_placed without the signature of a member of staff", place + 1);
    assert_eq!(findings(&open(folder.path())), [unsigned]);
}

/// Everyone is for it, at once.
fn decide(bureau: &Bureau, measure: Measure, hours: i64) -> ProposalHash {
    let charter = bureau.government().as_ref().expect("governed").id();
    let (proposer, reason, effective_from) = ("A".to_owned(), "wanted".to_owned(), at(0));
    let proposal = Proposal { charter, proposer, measure, effective_from, reason };
    let (hash, _) = propose(bureau, proposal.signed(&key(1)), at(hours)).expect("is proposed");
    for (voter, seed, _) in PARTNERS {
        let Event::BallotCast(signed) = ballot(bureau, hash, voter, seed) else { unreachable!("made above") };
        vote(bureau, signed, at(hours)).expect("is recorded");
    }
    enact(bureau, hash, at(hours)).expect("is enacted");
    hash
}

#[test]
fn another_rulebook_decides_only_after_the_partners_accept_it() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(found(folder.path(), Vec::new()));
    let under_us = || {
        let entropy = Box::new(SeededEntropy::new(3, Fuse::default()));
        let us = Rulebook::built_in("us").expect("is built in");
        Bureau::open(folder.path(), NAME, us, &keys(), entropy).expect("opens")
    };
    let bureau = under_us();
    let us = bureau.rulebook().label().to_owned();
    let fault = format!(
        "rulebook `{us}` is not accepted by the bureau's partners (rulebook_not_accepted): nothing is decided by it"
    );
    assert_eq!(findings(&bureau), [format!("rulebook: {fault}")]);
    let who = Identifier::parse_tagged(&format!("cn-resident-id:{ID}")).expect("an identifier");
    let look = |bureau: &Bureau, hours| {
        own_report(bureau, &who, Past::default(), at(hours)).map(|_| ()).map_err(|no| no.to_string())
    };
    assert_eq!(look(&bureau, 1), Err(fault));
    // Deciding about the rulebook goes on: otherwise nobody could ever accept one.
    let hash = bureau.rulebook().hash();
    decide(&bureau, Measure::Accept(Artefact { matter: Matter::Rulebook, name: us, hash }), 2);
    drop(bureau);
    let bureau = under_us();
    assert_eq!(look(&bureau, 3), Ok(()));
    assert_eq!(findings(&bureau), Vec::<String>::new());
}

#[test]
fn what_is_recorded_after_the_end_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let bureau = found(folder.path(), Vec::new());
    let transfer = WindDown {
        way: WindDownWay::Transfer,
        receiver: "Other Bureau".to_owned(),
        notice: "gazette 12".to_owned(),
        no_transfer: None,
        no_hand_over: None,
    };
    let early = end(&bureau, WindDownWay::Transfer, at(1), &mut |_, _| {}).map(|_| ()).map_err(|no| no.to_string());
    let undecided = "no enacted decision ends the bureau this way (charter, matter `wind_down`)";
    assert_eq!(early, Err(undecided.to_owned()));
    let proposal = decide(&bureau, Measure::WindDown(Box::new(transfer)), 2);
    let other = end(&bureau, WindDownWay::Destroy, at(3), &mut |_, _| {}).map(|_| ()).map_err(|no| no.to_string());
    assert_eq!(other, Err(undecided.to_owned()));
    let ended = end(&bureau, WindDownWay::Transfer, at(3), &mut |_, _| {}).expect("ends");
    assert_eq!((ended.record.proposal, ended.record.entries, ended.record.facts), (proposal, 9, 0));
    assert_eq!(findings(&bureau), Vec::<String>::new());
    drop(bureau);
    by_root(folder.path(), [(Event::FreezeLifted(subject()), 4)]);
    let late = format!("the bureau was wound down at {}, this is of {}", at(3), at(4));
    let expected = format!("log entry 10: freeze_lifted is not covered by the charter: {late}");
    assert_eq!(findings(&open(folder.path())), [expected]);
}
