//! Receipts of a small bureau: each proves what was recorded, and nothing that was changed proves anything.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use proptest::prelude::*;
use tallystick_audit::CheckpointVerifier;
use tallystick_model::Canonical;
use tallystick_model::event::{Entry, Event, EventKind};
use tallystick_model::inquiry::Outcome;
use tallystick_receipt::{Checked, DOCUMENT_BYTES_MAX, Document, Fault, Witnesses, describe};

use common::{Log, events, flipped, inquiry, witness_key};

fn check(text: &[u8], key: &CheckpointVerifier) -> Result<Checked, Fault> {
    Document::parse(text, DOCUMENT_BYTES_MAX)?.check(key, Witnesses::default())
}

#[test]
fn every_receipt_proves_what_was_recorded_when_and_where() {
    let log = Log::small();
    for index in 0..log.size() {
        let text = log.receipt(index, &[]).to_text();
        let document = Document::parse(text.as_bytes(), DOCUMENT_BYTES_MAX).unwrap();
        assert_eq!(document.to_text(), text, "one receipt has one text");
        let checked = document.check(&log.key(), Witnesses::default()).unwrap();
        let (event, _, entry) = log.recorded(index);
        assert_eq!((&checked.event, checked.kind, checked.at), (event, entry.kind, entry.at));
        assert_eq!((checked.origin.as_str(), checked.index, checked.size), ("bureau.example/log", index, log.size()));
        assert!(checked.cosigners.is_empty());
    }
}

#[test]
fn no_flipped_bit_of_a_receipt_or_key_is_taken() {
    let log = Log::small();
    for index in [1, 10] {
        let text = log.receipt(index, &[]).to_text().into_bytes();
        for (byte, bit) in (0..text.len()).flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
            assert!(check(&flipped(&text, byte, bit), &log.key()).is_err(), "bit {bit} of byte {byte}");
        }
    }
    let key = log.key().to_string().into_bytes();
    for (byte, bit) in (0..key.len()).flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
        let flipped = String::from_utf8(flipped(&key, byte, bit));
        let read = flipped.ok().and_then(|text| text.parse::<CheckpointVerifier>().ok());
        assert_eq!(read, None, "bit {bit} of byte {byte} of the key: its hash does not fit");
    }
}

#[test]
fn a_flipped_bit_of_another_ones_signature_changes_nothing_that_the_bureau_signed() {
    let log = Log::small();
    let text = log.receipt(1, &[1]).to_text().into_bytes();
    let whole = check(&text, &log.key()).unwrap();
    // Of all bits only those in the witness's line, whom nobody asked for, can change and leave the receipt valid.
    let line = text.len() - 1 - text[..text.len() - 1].iter().rev().position(|byte| *byte == b'\n').unwrap();
    let (mut valid, mut refused) = (0, 0);
    for (byte, bit) in (0..text.len()).flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
        match check(&flipped(&text, byte, bit), &log.key()) {
            Ok(checked) => {
                assert!(byte >= line, "bit {bit} of byte {byte}");
                assert_eq!(checked, whole);
                valid += 1;
            }
            Err(_) if byte >= line => refused += 1,
            Err(_) => {}
        }
    }
    assert!(valid > 300 && refused > 300, "{valid} valid, {refused} no signature line any more");
    // Asked for, no such bit is left.
    let keys = [witness_key(1)];
    let asking = Witnesses { keys: &keys, quorum: 1 };
    for (byte, bit) in (line..text.len()).flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
        let read = Document::parse(&flipped(&text, byte, bit), DOCUMENT_BYTES_MAX);
        assert!(read.and_then(|read| read.check(&log.key(), asking)).is_err(), "bit {bit} of byte {byte}");
    }
}

#[test]
fn an_event_a_salt_or_an_entry_of_another_receipt_is_found() {
    let log = Log::small();
    let (one, other) = (log.receipt(1, &[]).to_text(), log.receipt(2, &[]).to_text());
    let line = |text: &str, begins: &str| text.lines().find(|line| line.starts_with(begins)).unwrap().to_owned();
    let exchanged = |begins| one.replace(&line(&one, begins), &line(&other, begins));
    assert_eq!(check(exchanged("event ").as_bytes(), &log.key()), Err(Fault::OtherEvent));
    assert_eq!(check(exchanged("salt ").as_bytes(), &log.key()), Err(Fault::OtherEvent));
    for begins in ["extra ", "index "] {
        let fault = check(exchanged(begins).as_bytes(), &log.key()).unwrap_err();
        assert_eq!(fault.code(), "not_in_log", "{begins}: {fault}");
    }
    let stranger = "bureau.example/other".to_owned();
    let stranger = tallystick_audit::CheckpointSigner::new(&stranger, &[7; 32]).unwrap();
    let fault = check(one.as_bytes(), stranger.verifier()).unwrap_err();
    assert_eq!(fault.code(), "not_signed", "{fault}");
}

#[test]
fn what_is_no_receipt_is_refused_by_its_form() {
    let log = Log::small();
    let text = log.receipt(1, &[]).to_text();
    let form = |text: &str| match Document::parse(text.as_bytes(), DOCUMENT_BYTES_MAX) {
        Err(Fault::Form(expected)) => expected,
        other => panic!("{other:?}"),
    };
    assert_eq!(form(""), "the first line `tallystick receipt 1`");
    assert_eq!(form(&text.replace("receipt 1", "receipt 2")), "the first line `tallystick receipt 1`");
    assert_eq!(form(&text.replace("event ", "evnt ")), "a line `event` with the event in base64");
    assert_eq!(form(&text.replace("salt ", "salt  ")), "a line `salt` with the salt in base64");
    let line = |begins: &str| text.lines().find(|line| line.starts_with(begins)).unwrap();
    assert_eq!(form(&text.replace(line("salt "), "salt AAAA")), "a salt of 16 bytes");
    assert_eq!(form(&text.replace(line("event "), "event ")), "a line `event` with the event in base64");
    let bare = text.replace(&format!("{}\n", line("extra ")), "");
    assert_eq!(form(&bare), "a line `extra` with the entry in base64");
    let limit = text.len() - 1;
    assert_eq!(Document::parse(text.as_bytes(), limit), Err(Fault::TooLong { limit, found: text.len() }));
    assert!(Document::parse(text.as_bytes(), text.len()).is_ok());
    for change in [text.replace('\n', "\r\n"), text.trim_end().to_owned(), format!("{text}\n"), format!(" {text}")] {
        assert_eq!(Document::parse(change.as_bytes(), DOCUMENT_BYTES_MAX).unwrap_err().code(), "form");
    }
}

#[test]
fn an_entry_of_another_kind_or_of_an_event_nobody_can_read_is_told() {
    let mut log = Log::small();
    let event = Event::Inquiry(inquiry(Outcome::Permitted));
    let entry = Entry { kind: EventKind::InquiryDenied, ..Entry::of(&event, &[1; 16], log.recorded(0).2.at) };
    log.push(event.clone(), [1; 16], entry);
    let fault = check(log.receipt(log.size() - 1, &[]).to_text().as_bytes(), &log.key()).unwrap_err();
    assert_eq!(fault, Fault::OtherKind);
    // The bureau has committed to bytes that are no event.
    let mut bytes = event.to_bytes();
    bytes.push(0);
    let commitment = tallystick_model::event::commitment(&[1; 16], &bytes);
    log.push(event, [1; 16], Entry { commitment, ..entry });
    let receipt = log.receipt(log.size() - 1, &[]);
    let receipt = Document::new(bytes, [1; 16], &Entry { commitment, ..entry }, receipt.proof().clone());
    let fault = receipt.check(&log.key(), Witnesses::default()).unwrap_err();
    assert_eq!(fault.code(), "event", "{fault}");
}

#[test]
fn a_quorum_of_witnesses_is_asked_for_and_none_counts_twice() {
    let log = Log::small();
    let receipt = log.receipt(1, &[1, 2]);
    let keys = [witness_key(1), witness_key(2), witness_key(3)];
    let asking = |keys, quorum| receipt.check(&log.key(), Witnesses { keys, quorum });
    assert_eq!(asking(&keys, 2).unwrap().cosigners, ["witness1.example", "witness2.example"]);
    assert_eq!(asking(&keys, 3), Err(Fault::TooFewWitnesses { quorum: 3, found: 2 }));
    let twice = [witness_key(1), witness_key(1)];
    assert_eq!(asking(&twice, 2), Err(Fault::TooFewWitnesses { quorum: 2, found: 1 }));
    assert_eq!(asking(&twice, 1).unwrap().cosigners, ["witness1.example"]);
    assert_eq!(asking(&[], 1), Err(Fault::TooFewWitnesses { quorum: 1, found: 0 }));
}

#[test]
fn words_say_who_why_what_and_by_which_rule() {
    let name = |number| (number == 2).then(|| "Some Bank".to_owned());
    let told = |event: &Event| {
        let described = describe(event, &name);
        let rows: Vec<_> = described.rows.iter().map(|(what, value)| format!("{what}: {value}")).collect();
        (described.title, rows)
    };
    let events = events();
    let (title, rows) = told(&events[1]);
    assert_eq!(title, "A report was given to a subscriber");
    assert_eq!(
        rows,
        [
            "who asked: Some Bank (member 2)",
            "its business: Bank",
            "about whom: pseudonym abababababababababababababababab",
            "purpose: credit_application: To decide on credit the subject has applied for",
            "outcome: permitted: A report was given",
            "consent relied on: 0707070707070707",
            "data shown: identity: Who the subject is: name, identifiers, date of birth, contact details",
            "data shown: credit: Loans, cards and other credit, and how they are repaid",
            "how much of it: Each account as it was last reported, without its history",
            "rule: cn-11: written consent for credit application",
            "rulebook: cn 2026.1",
            &format!("SHA-256 of the report: {}", "5a".repeat(32)),
            &format!("SHA-256 of all that was told: {}", "5b".repeat(32)),
        ]
    );
    let (_, denied) = told(&events[2]);
    assert!(denied.contains(&"freeze: the subject had frozen the file for this member".to_owned()), "{denied:?}");
    assert!(!denied.iter().any(|row| row.starts_with("consent") || row.starts_with("data")), "{denied:?}");
    let (_, asked) = told(&events[4]);
    assert!(
        asked.contains(&"question: Was any account three months late, or worse, in the last 24 months?".to_owned())
    );
    assert!(asked.contains(&"answer: no: What is held says that it is not so".to_owned()));
    let (_, of_months) = told(&events[5]);
    for said in [
        "months asked for: 2025-01-01 to 2025-12-31",
        "of the months: 2025-01-01 to 2025-12-31",
        "of the months: 2025-01-01 to 2025-12-31, of income, deposits",
        "opt-out: the subject had opted out of unasked offers",
        "undertaking: the member had given the undertaking that the rules ask for",
    ] {
        assert!(of_months.contains(&said.to_owned()), "{said}: {of_months:?}");
    }
    let (_, transfer) = told(&events[8]);
    assert_eq!(transfer[..2], ["who would give: member 300", "who would receive: Some Bank (member 2)"]);
    assert_eq!(told(&Event::FreezePlaced(tallystick_model::SubjectId([1; 16]))).1, Vec::<String>::new());
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Document::parse(&text, DOCUMENT_BYTES_MAX);
    }

    #[test]
    fn lines_exchanged_doubled_or_left_out_prove_nothing(index in 0_u64..16, one in 0_usize..12, other in 0_usize..12) {
        let log = Log::small();
        let text = log.receipt(index, &[]).to_text();
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        let (one, other) = (one % lines.len(), other % lines.len());
        let changes = [
            { let mut lines = lines.clone(); lines.swap(one, other); lines.concat() },
            { let mut lines = lines.clone(); lines.remove(one); lines.concat() },
            { let line = lines[one]; lines.insert(other, line); lines.concat() },
        ];
        for change in changes.into_iter().filter(|change| *change != text) {
            // The bureau's own signature twice is one signature.
            let doubled = change.len() > text.len() && change.lines().filter(|line| line.starts_with('—')).count() == 2;
            prop_assert_eq!(check(change.as_bytes(), &log.key()).is_ok(), doubled);
        }
    }
}
