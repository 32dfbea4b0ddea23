//! Commit, visibility, reopening and the check, on a real folder.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use tallystick_audit::{CheckpointSigner, verify};
use tallystick_model::delivery::{DeliveryKind, DeliveryRecord, DeliveryState};
use tallystick_model::event::{Event, Founding as FoundingEvent, QuarantineEnd};
use tallystick_model::fact::{DeliveryNumber, Fact, FactBody, FactKey, FactKind, Slot, Standing};
use tallystick_model::identity::Identity;
use tallystick_model::payment_profile::Provenance;
use tallystick_model::quality::Quality;
use tallystick_model::tradeline::{AccountKind, AccountStatus, PaymentRating, TradelineMonth};
use tallystick_model::{AccountKey, Canonical, Currency, Month, SubjectId, Timestamp, subject_facts};
use tallystick_store::{
    Act, Changes, EngineError, FactBatch, FactsDigest, Founding, Loaded, OpenDelivery, Store, StoreError, SubjectSalt,
    check,
};

static QUIET: std::sync::Once = std::sync::Once::new();
const KEY_CHECK: [u8; 16] = [9; 16];

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).expect("in range")
}

fn signer() -> CheckpointSigner {
    CheckpointSigner::new("test.example/log", &[1; 32]).expect("valid name")
}

fn create(folder: &Path) -> Store {
    QUIET.call_once(tallystick_store::quiet_engine_panics);
    let event = Event::BureauFounded(FoundingEvent {
        name: "test.example/log".to_owned(),
        rulebook: "cn 1".to_owned(),
        rulebook_hash: [0; 32],
        verifier_key: signer().verifier_key(),
        charter: None,
    });
    Store::create(folder, signer(), Founding { event, salt: [0; 16], at: at(0), key_check: KEY_CHECK })
        .expect("creates")
}

fn open(folder: &Path) -> Result<Store, StoreError> {
    Store::open(folder, signer(), KEY_CHECK)
}

fn fact(subject: u8, month: u8, delivery: DeliveryNumber, balance_minor: i64) -> Fact {
    let slot = Slot {
        kind: FactKind::TradelineMonth,
        account: AccountKey::of_furnisher(1),
        month: Some(Month::new(2026, month).expect("valid")),
    };
    Fact {
        key: FactKey { subject: SubjectId([subject; 16]), slot, delivery },
        standing: Standing::Reported,
        body: FactBody::TradelineMonth(TradelineMonth {
            kind: AccountKind::CreditCard,
            status: AccountStatus::Open,
            rating: PaymentRating::Current,
            currency: Currency::CNY,
            balance_minor: Some(balance_minor),
            past_due_minor: None,
            limit_minor: None,
            paid_minor: None,
            scheduled_minor: None,
        }),
    }
}

fn record(number: DeliveryNumber, digest: &FactsDigest, recorded_at: Timestamp) -> DeliveryRecord {
    DeliveryRecord {
        number,
        kind: DeliveryKind::Report,
        furnisher: 1,
        layout: "test 1".to_owned(),
        layout_hash: [0; 32],
        month: None,
        about: None,
        provenance: Provenance::FurnisherSigned,
        file_hash: [0; 32],
        file_bytes: 0,
        recorded_at,
        records: 0,
        rejects: 0,
        awaiting_consent: 0,
        subjects: digest.subjects,
        facts: digest.facts.clone(),
        not_admitted: vec![],
        admitted_under: vec![],
        quality: Quality::default(),
        rulebook: "cn 1".to_owned(),
        facts_root: digest.root,
    }
}

/// Loads `subjects` x 3 months into tables and, if `commits`, makes them visible.
fn deliver(store: &Store, subjects: std::ops::Range<u8>, commits: bool) -> DeliveryNumber {
    let delivery = store.begin_delivery().expect("begins").in_one_batch_up_to(0);
    let (number, loaded) = load(&delivery, subjects);
    if commits {
        let event = Event::DeliveryAdmitted(record(number, loaded.digest(), at(1)));
        store.commit(Changes::make_visible(loaded), event, [1; 16], at(1)).expect("commits");
    }
    number
}

fn load(delivery: &OpenDelivery<'_>, subjects: std::ops::Range<u8>) -> (DeliveryNumber, Loaded) {
    let number = delivery.number();
    let salt = SubjectSalt::new([3; 32]);
    let mut facts: Vec<Fact> =
        subjects.clone().flat_map(|subject| (1..=3).map(move |month| fact(subject, month, number, 100))).collect();
    let holders: Vec<SubjectId> = subjects.map(|subject| SubjectId([subject; 16])).collect();
    for subject in &holders {
        let slot = Slot { kind: FactKind::Identity, account: AccountKey::of_furnisher(1), month: None };
        let key = FactKey { subject: *subject, slot, delivery: number };
        let identity = Identity { name: Some("ZHANG SAN".to_owned().into()), ..Identity::default() };
        let body = FactBody::Identity(delivery.seal(&salt, &key.to_bytes(), &identity.to_bytes(), [7; 12]));
        facts.push(Fact { key, standing: Standing::Reported, body });
    }
    facts.sort_by_key(|fact| fact.key);
    delivery.keep_salts(holders.iter().map(|subject| (subject, &salt))).expect("keeps salts");
    let mut batches = holders.iter().map(|subject| {
        let mut batch = FactBatch::of(number);
        let own: Vec<&Fact> = facts.iter().filter(|fact| fact.key.subject == *subject).collect();
        own.iter().for_each(|fact| batch.count(fact.key.slot.kind));
        let pushed = batch.push(*subject, |bytes| {
            for fact in own {
                let mut value = Vec::new();
                fact.write_value(&mut value);
                subject_facts::write_fact(bytes, fact.key.slot, &value);
            }
        });
        pushed.expect("is in order");
        batch
    });
    let loaded = delivery.load(|| Ok::<_, StoreError>(batches.next())).expect("loads");
    (number, loaded)
}

fn findings(store: &Store) -> Vec<String> {
    let report = check::check(store, &mut |_, _| {});
    report.findings.into_iter().map(|finding| format!("{}: {}", finding.place, finding.what)).collect()
}

#[test]
fn a_delivery_is_seen_only_once_committed_and_stays_after_reopening() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = create(folder.path());
    let subject = SubjectId([2; 16]);
    let abandoned = deliver(&store, 1..4, false);
    assert!(store.snapshot().stored_file(subject).expect("reads").history().is_empty());
    assert_eq!(check::check(&store, &mut |_, _| {}).facts, 0);
    let before = store.snapshot();
    let committed = deliver(&store, 1..4, true);
    assert!(before.stored_file(subject).expect("reads").history().is_empty(), "an older snapshot sees no later commit");
    assert_ne!(abandoned, committed);

    drop(store);
    let store = open(folder.path()).expect("opens");
    let snapshot = store.snapshot();
    let file = snapshot.stored_file(subject).expect("reads");
    assert_eq!(file.history().len(), 4);
    assert!(file.history().iter().all(|fact| fact.key.delivery == committed));
    let identity = snapshot.identity(&file.history()[0]).expect("opens").expect("is an identity");
    assert_eq!(identity.name.expect("has a name").expose(), "ZHANG SAN");
    let report = check::check(&store, &mut |_, _| {});
    assert_eq!(report.findings, []);
    assert_eq!((report.facts, report.subjects, report.deliveries), (12, 3, 1), "of the abandoned load nothing is left");
    assert_eq!(deliver(&store, 1..2, true).0, committed.0 + 1, "numbers go on after those of abandoned loads");
}

#[test]
fn a_small_delivery_is_in_its_commits_batch_and_leaves_nothing_if_that_never_comes() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = create(folder.path());
    let (number, loaded) = load(&store.begin_delivery().expect("begins"), 1..4);
    let event = Event::DeliveryAdmitted(record(number, loaded.digest(), at(1)));
    store.commit(Changes::make_visible(loaded), event, [1; 16], at(1)).expect("commits");
    drop(load(&store.begin_delivery().expect("begins"), 1..4));
    drop(store);
    let store = open(folder.path()).expect("opens");
    assert_eq!(store.activity().runs_max, 0, "no tables");
    let report = check::check(&store, &mut |_, _| {});
    assert_eq!((report.findings, report.facts, report.subjects), (vec![], 12, 3));
    assert_eq!(store.snapshot().stored_file(SubjectId([2; 16])).expect("reads").history().len(), 4);
}

#[test]
fn a_quarantined_delivery_is_kept_and_checked_and_seen_only_when_released() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = create(folder.path());
    let subject = SubjectId([2; 16]);
    let quarantined = |subjects| {
        let (number, loaded) = load(&store.begin_delivery().expect("begins").in_one_batch_up_to(0), subjects);
        let event = Event::DeliveryQuarantined(record(number, loaded.digest(), at(1)));
        store.commit(Changes::make_visible(loaded), event, [1; 16], at(1)).expect("commits");
        QuarantineEnd { delivery: number, reason: "looked at".to_owned() }
    };
    let (one, other) = (quarantined(1..4), quarantined(2..9));
    let (released, discarded) = (Event::DeliveryReleased(one.clone()), Event::DeliveryDiscarded(other));
    assert!(store.snapshot().stored_file(subject).expect("reads").history().is_empty());
    let report = check::check(&store, &mut |_, _| {});
    assert_eq!((report.findings, report.facts, report.deliveries, report.quarantined), (vec![], 0, 0, 2));

    store.commit(Changes::none(), released.clone(), [2; 16], at(7)).expect("releases");
    store.commit(Changes::none(), discarded, [2; 16], at(8)).expect("discards");
    for again in [released, Event::DeliveryReleased(QuarantineEnd { delivery: DeliveryNumber(9), ..one })] {
        let refused = store.commit(Changes::none(), again, [3; 16], at(9));
        assert!(matches!(refused, Err(StoreError::Contradiction(_))), "{refused:?}");
    }
    drop(store);
    let store = open(folder.path()).expect("opens");
    assert_eq!(store.snapshot().stored_file(subject).expect("reads").history().len(), 4);
    let earlier = store.snapshot().as_known_on(at(6));
    assert!(earlier.stored_file(subject).expect("reads").history().is_empty(), "it was not known yet");
    assert_eq!(store.snapshot().as_known_on(at(7)).stored_file(subject).expect("reads").history().len(), 4);
    let states: Vec<DeliveryState> =
        store.snapshot().deliveries().map(|delivery| delivery.expect("reads").state).collect();
    assert_eq!(states, [DeliveryState::Released, DeliveryState::Discarded]);
    let report = check::check(&store, &mut |_, _| {});
    assert_eq!((report.findings, report.facts, report.deliveries, report.quarantined), (vec![], 12, 1, 1));
}

#[test]
fn merging_joins_runs_and_changes_nothing_that_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = create(folder.path());
    let mut runs = Vec::new();
    for _ in 0..18 {
        deliver(&store, 1..9, true);
        store.merge(2, &|_, _| {}).expect("merges");
        runs.push(store.activity().runs_max);
    }
    // Four of a tier become one of the next.
    assert_eq!(runs, [1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6, 1, 2, 3]);
    drop(store);
    let store = open(folder.path()).expect("opens");
    let file = store.snapshot().stored_file(SubjectId([5; 16])).expect("reads");
    let deliveries: Vec<u32> = file.history().iter().map(|fact| fact.key.delivery.0).take(18).collect();
    assert_eq!(deliveries, (1..=18).collect::<Vec<_>>(), "the identity slot has all deliveries in order");
    let report = check::check(&store, &mut |_, _| {});
    assert_eq!((report.findings, report.facts, report.subjects), (vec![], 18 * 8 * 4, 8));
}

#[test]
fn tables_that_were_merged_leave_the_disk_while_the_store_is_open() {
    let folder = tempfile::tempdir().expect("is made");
    let store = create(folder.path());
    let of_facts = |file: &Path| file.starts_with(folder.path().join("store/facts"));
    let tables = || -> u64 {
        files_below(folder.path())
            .iter()
            .filter(|file| of_facts(file))
            .map(|file| file.metadata().map_or(0, |data| data.len()))
            .sum()
    };
    for _ in 0..16 {
        deliver(&store, 0..255, true);
        store.merge(2, &|_, _| {}).expect("merges");
    }
    let (on_disk, in_use) = (tables(), store.activity().table_bytes);
    assert!(on_disk < in_use * 3 / 2, "{on_disk} bytes of tables on disk, {in_use} of them in use");
}

/// Files below a folder in which these bytes stand.
fn files_with(folder: &Path, bytes: &[u8]) -> Vec<std::path::PathBuf> {
    let has = |file: &Path| fs::read(file).expect("reads").windows(bytes.len()).any(|window| window == bytes);
    files_below(folder).into_iter().filter(|file| has(file)).collect()
}

#[test]
fn compacting_joins_all_runs_and_takes_discarded_facts_off_the_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = create(folder.path());
    let in_run = SubjectId(*b"a-pseudonym-only");
    let in_batch = SubjectId(*b"Another-of-them!");
    let quarantine = |subject, one_batch_bytes| {
        let open = store.begin_delivery().expect("begins").in_one_batch_up_to(one_batch_bytes);
        let number = open.number();
        let mut batch = FactBatch::of(number);
        let said = Fact { key: FactKey { subject, ..fact(1, 1, number, 7).key }, ..fact(1, 1, number, 7) };
        let pushed = batch.push(subject, |bytes| {
            let mut value = Vec::new();
            said.write_value(&mut value);
            subject_facts::write_fact(bytes, said.key.slot, &value);
        });
        pushed.expect("is in order");
        batch.count(FactKind::TradelineMonth);
        let mut batches = Some(batch).into_iter();
        let loaded = open.load(|| Ok::<_, StoreError>(batches.next())).expect("loads");
        let event = Event::DeliveryQuarantined(record(number, loaded.digest(), at(1)));
        store.commit(Changes::make_visible(loaded), event, [1; 16], at(1)).expect("commits");
        number
    };
    for _ in 0..3 {
        deliver(&store, 1..9, true);
    }
    let held = [quarantine(in_run, 0), quarantine(in_batch, usize::MAX)];
    for subject in [in_run, in_batch] {
        assert!(!files_with(folder.path(), &subject.0).is_empty());
    }
    store.compact(2, &|_| Ok::<_, StoreError>(()), &|_, _| {}).expect("compacts");
    assert_eq!(store.activity().runs_max, 1);
    for subject in [in_run, in_batch] {
        assert!(!files_with(folder.path(), &subject.0).is_empty(), "quarantined facts stay");
    }
    for delivery in held {
        let event = Event::DeliveryDiscarded(QuarantineEnd { delivery, reason: "wrong".to_owned() });
        store.commit(Changes::none(), event, [2; 16], at(2)).expect("discards");
    }
    store.compact(2, &|_| Ok::<_, StoreError>(()), &|_, _| {}).expect("compacts");
    for subject in [in_run, in_batch] {
        assert_eq!(files_with(folder.path(), &subject.0), Vec::<std::path::PathBuf>::new());
    }
    drop(store);
    let store = open(folder.path()).expect("opens");
    let report = check::check(&store, &mut |_, _| {});
    assert_eq!((report.findings, report.facts, report.subjects), (vec![], 3 * 8 * 4, 8));
}

#[test]
fn every_receipt_proves_its_entry() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = create(folder.path());
    for count in 1..20_u8 {
        let event = Event::FreezePlaced(SubjectId([count; 16]));
        let committed = store.commit(Changes::none(), event, [count; 16], at(5)).expect("commits");
        assert_eq!(committed.index, u64::from(count));
        let entry = committed.entry.to_bytes();
        let checkpoint = verify::verify_receipt(&entry, &committed.receipt, signer().verifier()).expect("proves");
        assert_eq!(checkpoint.size, u64::from(count) + 1);
    }
    for index in 0..20 {
        let entry = store.snapshot().entry(index).expect("is there").to_bytes();
        let receipt = store.receipt(index).expect("reads").expect("is there");
        verify::verify_receipt(&entry, &receipt, signer().verifier()).expect("proves");
    }
    assert!(store.receipt(20).expect("reads").is_none());
}

#[test]
fn changes_that_contradict_their_event_are_refused_and_write_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = create(folder.path());
    let number = store.begin_delivery().expect("begins").number();
    let facts = || Changes::add(number, vec![fact(1, 1, number, 7)]).expect("is in order");
    let mut delivery = record(number, &facts().digest(), at(1));
    delivery.facts_root[0] ^= 1;
    let admitted = |delivery: &DeliveryRecord| Event::DeliveryAdmitted(delivery.clone());
    for (changes, event) in [
        (facts(), Event::FreezePlaced(SubjectId([1; 16]))),
        (facts(), admitted(&delivery)),
        (Changes::none(), admitted(&delivery)),
    ] {
        let refused = store.commit(changes, event, [0; 16], at(1));
        assert!(matches!(refused, Err(StoreError::Contradiction(_))), "{refused:?}");
    }
    assert_eq!(store.snapshot().log_size(), 1);
    assert_eq!(findings(&store), Vec::<String>::new());
}

#[test]
fn nothing_is_opened_where_nothing_was_created_and_a_second_opener_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(matches!(open(folder.path()), Err(StoreError::NotABureau(_))));
    assert_eq!(fs::read_dir(folder.path()).expect("reads").count(), 0, "opening creates nothing");
    let store = create(folder.path());
    assert!(matches!(open(folder.path()), Err(StoreError::Engine(EngineError::Locked))));
    drop(store);
    assert!(matches!(Store::open(folder.path(), signer(), [8; 16]), Err(StoreError::WrongKey("pseudonym key"))));
    let other = CheckpointSigner::new("test.example/log", &[2; 32]).expect("valid name");
    assert!(matches!(Store::open(folder.path(), other, KEY_CHECK), Err(StoreError::WrongKey("signing key"))));
}

#[test]
fn a_store_behind_its_published_checkpoint_records_nothing_more() {
    let home = tempfile::tempdir().expect("a folder");
    let (folder, old) = (home.path().join("bureau"), home.path().join("old"));
    fs::create_dir(&folder).expect("creates");
    drop(create(&folder));
    copy_folder(&folder.join("store"), &old);
    let freeze = |subject: u8| Event::FreezePlaced(SubjectId([subject; 16]));
    let store = open(&folder).expect("opens");
    store.commit(Changes::none(), freeze(1), [1; 16], at(5)).expect("commits");
    drop(store);

    // The whole store is rolled back to before the entry that outsiders have already seen a checkpoint of.
    fs::remove_dir_all(folder.join("store")).expect("removes");
    copy_folder(&old, &folder.join("store"));
    let store = open(&folder).expect("opens, to be looked at");
    let refused = store.commit(Changes::none(), freeze(2), [2; 16], at(6));
    assert!(matches!(refused, Err(StoreError::Behind(_))), "{refused:?}");
    assert!(matches!(store.begin_delivery(), Err(StoreError::Behind(_))));
    assert_eq!(findings(&store), ["log/checkpoint: signs 2 entries, the store has 1: 1 lost (was `store/*.jnl` cut?)"]);
}

#[test]
fn a_missing_checkpoint_stops_recording_until_it_is_published_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let published = folder.path().join("log/checkpoint");
    drop(create(folder.path()));
    let before = fs::read(&published).expect("reads");
    fs::remove_file(&published).expect("removes");
    let store = open(folder.path()).expect("opens, to be looked at");
    let freeze = || Event::FreezePlaced(SubjectId([1; 16]));
    let refused = store.commit(Changes::none(), freeze(), [1; 16], at(5));
    assert!(matches!(&refused, Err(StoreError::Behind(why)) if why == "is missing"), "{refused:?}");
    assert!(matches!(store.begin_delivery(), Err(StoreError::Behind(_))));
    assert!(!published.exists());
    assert!(check::check(&store, &mut |_, _| {}).only_lacks_checkpoint());
    assert!(store.publish_missing_checkpoint().expect("writes"));
    assert!(!store.publish_missing_checkpoint().expect("is there"));
    assert_eq!(findings(&store), Vec::<String>::new());
    assert_eq!(fs::read(&published).expect("reads"), before);
    drop(store);
    let store = open(folder.path()).expect("opens");
    store.commit(Changes::none(), freeze(), [1; 16], at(5)).expect("commits");
}

#[test]
fn a_commit_stands_though_its_checkpoint_could_not_be_published() {
    let folder = tempfile::tempdir().expect("a folder");
    let (published, draft) = (folder.path().join("log/checkpoint"), folder.path().join("log/draft.new"));
    let size = || signer().verifier().open(&fs::read_to_string(&published).expect("reads")).expect("signed").size;
    let store = create(folder.path());
    fs::create_dir(&draft).expect("creates");
    let freeze = |subject: u8| Event::FreezePlaced(SubjectId([subject; 16]));
    assert_eq!(store.commit(Changes::none(), freeze(1), [1; 16], at(5)).expect("commits").index, 1);
    assert_eq!(size(), 1);
    drop(store);
    drop(open(folder.path()).expect("opens though it cannot publish either"));
    assert_eq!(size(), 1);
    fs::remove_dir(&draft).expect("removes");
    let store = open(folder.path()).expect("opens");
    assert_eq!(size(), 2, "opening publishes");
    assert_eq!(findings(&store), Vec::<String>::new());
}

#[test]
fn the_log_lies_as_tiles_beside_its_checkpoint_and_goes_on_growing() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let tiles = || -> Vec<String> {
        let name = |path: std::path::PathBuf| path.strip_prefix(&log).expect("below").display().to_string();
        files_below(&log.join("tile")).into_iter().map(name).collect()
    };
    let store = create(folder.path());
    assert_eq!(tiles(), ["tile/0/000.p/1", "tile/entries/000.p/1"]);
    let freeze = |store: &Store, count: usize| {
        for place in 0..count {
            let event = Event::FreezePlaced(SubjectId([u8::try_from(place % 200).expect("small"); 16]));
            store.commit(Changes::none(), event, [1; 16], at(5)).expect("commits");
        }
    };
    freeze(&store, 3);
    assert_eq!(tiles(), ["tile/0/000.p/1", "tile/entries/000.p/1"], "nobody asked for more");
    store.publish_rest().expect("publishes");
    assert_eq!(tiles(), ["tile/0/000.p/1", "tile/0/000.p/4", "tile/entries/000.p/1", "tile/entries/000.p/4"]);
    freeze(&store, 254);
    store.publish_rest().expect("publishes");
    let of_258 = ["tile/0/000", "tile/0/001.p/2", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/2"];
    assert_eq!(tiles(), of_258, "what is full takes the place of its parts");
    assert_eq!(findings(&store), Vec::<String>::new());
    let receipt = store.receipt(257).expect("reads").expect("is there");
    let published = fs::read_to_string(log.join("checkpoint")).expect("reads");
    assert_eq!(receipt.checkpoint, published);
    drop(store);

    fs::remove_file(log.join("tile/0/000")).expect("removes");
    let mut bundle = fs::read(log.join("tile/entries/000")).expect("reads");
    bundle.pop();
    fs::write(log.join("tile/entries/000"), bundle).expect("writes");
    fs::write(log.join("tile/0/002"), [0; 32]).expect("writes");
    let store = open(folder.path()).expect("opens");
    let told = [
        "log/tile/0/002: is no file of a log of 258 entries",
        "log/tile/entries/000: is not what the log has there: outsiders can't check these entries",
        "log/tile/0/000: is missing: outsiders can't check these entries",
    ];
    assert_eq!(findings(&store), told);
}

#[test]
fn acts_committed_together_are_all_there_or_none_and_many_threads_share_a_write() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = create(folder.path());
    let freeze = |subject: u8| Act {
        changes: Changes::none(),
        event: Event::FreezePlaced(SubjectId([subject; 16])),
        salt: [subject; 16],
    };
    let committed = store.commit_all(vec![freeze(1), freeze(2)], at(5)).expect("commits");
    assert_eq!(committed.iter().map(|one| one.index).collect::<Vec<_>>(), [1, 2]);
    assert!(committed.iter().all(|one| one.receipt.checkpoint == committed[0].receipt.checkpoint), "one checkpoint");
    // The second contradicts what is stored: the first is not there either.
    let end = QuarantineEnd { delivery: DeliveryNumber(9), reason: "no".to_owned() };
    let discard = Act { changes: Changes::none(), event: Event::DeliveryDiscarded(end), salt: [9; 16] };
    let refused = store.commit_all(vec![freeze(3), discard], at(6));
    assert!(matches!(refused, Err(StoreError::Contradiction(_))), "{refused:?}");
    assert_eq!(store.snapshot().log_size(), 3);

    let indexes: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let (store, freeze) = (&store, &freeze);
                scope.spawn(move || {
                    let commit = |count: u8| {
                        let one =
                            store.commit_all(vec![freeze(thread * 20 + count)], at(7)).expect("commits").remove(0);
                        let entry = one.entry.to_bytes();
                        verify::verify_receipt(&entry, &one.receipt, signer().verifier()).expect("proves");
                        one.index
                    };
                    (0..20).map(commit).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("ends")).collect()
    });
    let mut sorted = indexes.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (3..163).collect::<Vec<_>>(), "each entry has a place of its own");
    drop(store);
    let store = open(folder.path()).expect("opens");
    assert_eq!(store.snapshot().log_size(), 163);
    assert_eq!(findings(&store), Vec::<String>::new());
}

fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("reads") {
        let path = entry.expect("reads").path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// Flips bits all over every file of a bureau: each flip is found, or changed nothing that is held.
#[test]
fn a_flipped_byte_anywhere_is_found() {
    let home = tempfile::tempdir().expect("a folder");
    let original = home.path().join("original");
    fs::create_dir(&original).expect("creates");
    {
        let store = create(&original);
        deliver(&store, 1..9, true);
        for count in 1..6_u8 {
            let event = Event::FreezePlaced(SubjectId([count; 16]));
            store.commit(Changes::none(), event, [count; 16], at(5)).expect("commits");
        }
    }
    let sound = {
        let store = open(&original).expect("opens");
        check::check(&store, &mut |_, _| {})
    };
    assert_eq!(sound.findings, []);
    let (mut flips, mut harmless) = (0, Vec::new());
    for file in files_below(&original) {
        let bytes = fs::read(&file).expect("reads");
        let relative = file.strip_prefix(&original).expect("below").to_owned();
        // The journal is filled up with zeros for later use: flips are tried where something was written, and once after.
        let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 2).min(bytes.len());
        let step = (written / 40).max(1);
        let is_journal = relative.extension().is_some_and(|extension| extension == "jnl");
        let mut places: BTreeSet<usize> = (0..written).step_by(step).collect();
        if is_journal {
            places.extend((0..written.min(400)).step_by(7));
        }
        for place in places {
            let copy = home.path().join("copy");
            copy_folder(&original, &copy);
            let mut changed = bytes.clone();
            changed[place] ^= 0x10;
            fs::write(copy.join(&relative), &changed).expect("writes");
            let told = match open(&copy) {
                Err(error) => vec![error.to_string()],
                Ok(store) => {
                    let report = check::check(&store, &mut |_, _| {});
                    let same = (report.root, report.facts, report.events) == (sound.root, sound.facts, sound.events);
                    assert!(same || !report.findings.is_empty(), "{} byte {place}: lost unseen", relative.display());
                    findings(&store)
                }
            };
            assert_nothing_destroyed(&original, &copy, &relative, &changed);
            flips += 1;
            if told.is_empty() {
                harmless.push(format!("{}:{place}", relative.display()));
            } else {
                assert!(told.iter().any(|told| names(told, &relative)), "{}: {told:?}", relative.display());
            }
            fs::remove_dir_all(&copy).expect("removes");
        }
    }
    assert!(flips > 200, "{flips}");
    assert_eq!(harmless, Vec::<String>::new(), "of {flips} flips");
}

/// Opening a bureau with one damaged file leaves the others alone, and of a journal keeps every byte, there or aside.
fn assert_nothing_destroyed(original: &Path, copy: &Path, damaged: &Path, changed: &[u8]) {
    for file in files_below(original) {
        let relative = file.strip_prefix(original).expect("below");
        if relative != damaged {
            let (before, after) = (fs::read(&file).expect("reads"), fs::read(copy.join(relative)));
            let kept = after.is_ok_and(|after| after.starts_with(&before));
            assert!(kept, "{} is gone or changed, {} was damaged", relative.display(), damaged.display());
        }
    }
    let name = damaged.file_name().expect("has a name").to_string_lossy().into_owned();
    if name.ends_with(".jnl") {
        let is_copy = |file: &Path| file.file_name().is_some_and(|other| other.to_string_lossy().starts_with(&name));
        let mut kept = files_below(copy).into_iter().filter(|file| is_copy(file));
        assert!(kept.any(|file| fs::read(file).expect("reads") == changed), "{name}'s bytes are gone");
    }
}

/// Whether a finding names the damaged file, or its key space where the file is read before the store is open.
fn names(told: &str, file: &Path) -> bool {
    let file = file.to_string_lossy();
    match file.split('/').collect::<Vec<_>>().as_slice() {
        ["store", "keyspaces", space, ..] => told.contains(&format!("keyspaces/{space}")),
        ["store", "facts", run, ..] => told.contains(&format!("facts/{run}")),
        ["store", journal] if journal.ends_with(".jnl") => told.contains(".jnl"),
        _ => told.contains(file.as_ref()) || told.contains("version") || told.contains("format"),
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("creates");
    for entry in fs::read_dir(from).expect("reads") {
        let path = entry.expect("reads").path();
        let target = to.join(path.file_name().expect("has a name"));
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).expect("copies");
        }
    }
}

#[test]
fn of_several_events_in_one_commit_a_cut_leaves_all_or_none() {
    let home = tempfile::tempdir().expect("a folder");
    let (folder, cut) = (home.path().join("bureau"), home.path().join("cut"));
    fs::create_dir(&folder).expect("creates");
    let store = create(&folder);
    let journals = |store: &Path| {
        let files = fs::read_dir(store).expect("is a folder").flatten().map(|entry| entry.path());
        let mut journals: Vec<_> = files.filter(|path| path.extension().is_some_and(|kind| kind == "jnl")).collect();
        journals.sort();
        journals
    };
    let journal = journals(&folder.join("store")).pop().expect("a journal");
    let whole_of = |path: &Path| {
        let bytes = fs::read(path).expect("reads");
        bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
    };
    let before = whole_of(&journal);
    let freezes = (1..4_u8).map(|subject| {
        let event = Event::FreezePlaced(SubjectId([subject; 16]));
        Act { changes: Changes::none(), event, salt: [subject; 16] }
    });
    let freezes: Vec<_> = freezes.collect();
    let committed = store.commit_all(freezes, at(5)).expect("commits");
    assert_eq!(committed.len(), 3);
    drop(store);
    let after = whole_of(&journal);
    assert!(before < after, "{before} to {after}");

    let mut seen = Vec::new();
    for length in (before..after).step_by(61).chain([after - 1, after]) {
        copy_folder(&folder.join("store"), &cut.join("store"));
        let file = cut.join("store").join(journal.file_name().expect("a name"));
        fs::File::options().write(true).open(&file).expect("opens").set_len(length as u64).expect("cuts");
        let store = open(&cut).expect("opens");
        let entries = store.snapshot().log_size();
        assert_eq!(entries, if length < after { 1 } else { 4 }, "cut at {length} of {before} to {after}");
        seen.push(entries);
        drop(store);
        fs::remove_dir_all(&cut).expect("removes");
    }
    assert!(seen.contains(&1) && seen.contains(&4));
}
