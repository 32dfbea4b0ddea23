//! A small bureau's log, made of the audit crate and events alone.

use std::collections::BTreeMap;

use tallystick_audit::{
    self as audit, CheckpointSigner, CheckpointVerifier, Receipt, WitnessKey, WitnessSigner, witness::AddCheckpoint,
    witness::Witness,
};
use tallystick_model::consent::{Consent, ConsentForm, ConsentId, ConsentScope};
use tallystick_model::consent_terms::{Acting, Actor, ConsentTerms, DataRange};
use tallystick_model::event::{Entry, Event, OwnReportRecord, Salt};
use tallystick_model::fact::{DeliveryNumber, FactKind, Slot};
use tallystick_model::inquiry::{
    Answered, Asked, Detail, InquiryRecord, Outcome, Purpose, Ranges, Reason, SingleQuestion, Weighed,
};
use tallystick_model::member::{ConsentDuty, Member, MemberKind, MemberRole};
use tallystick_model::rights::{CorrectionNotice, ExpiredFacts, Expiry, RetentionRun, Right, Version};
use tallystick_model::transfer::TransferRecord;
use tallystick_model::withdrawal::{Erasure, Recipient, Withdrawal};
use tallystick_model::{AccountKey, Canonical, CategorySet, DataCategory, SubjectId, SubjectKind, Timestamp};
use tallystick_receipt::Document;

const SUBJECT: SubjectId = SubjectId([0xab; 16]);

/// A log with its signer.
pub struct Log {
    signer: CheckpointSigner,
    leaves: Vec<audit::Hash>,
    nodes: BTreeMap<audit::NodeId, audit::Hash>,
    recorded: Vec<(Event, Salt, Entry)>,
}

fn reason(rule: &str, code: &str) -> Reason {
    Reason { rule: rule.to_owned(), code: code.to_owned() }
}

pub fn inquiry(outcome: Outcome) -> InquiryRecord {
    InquiryRecord {
        subject: SUBJECT,
        subscriber: 2,
        purpose: Purpose::CreditApplication,
        asked: None,
        range_asked: None,
        outcome,
        answered: None,
        weighed: Weighed {
            subscriber_kind: MemberKind::Bank,
            is_subscriber: true,
            subject_kind: SubjectKind::Person,
            frozen: false,
            by_code: false,
            opted_out: false,
            undertaking: None,
            consents: vec![ConsentId([7; 8])],
        },
        rulebook: "cn 2026.1".to_owned(),
        reasons: vec![reason("cn-11", "written_consent_for_credit_application")],
        consent: Some(ConsentId([7; 8])),
        released: vec![DataCategory::Identity, DataCategory::Credit],
        detail: Some(Detail::Latest),
        ranges: Ranges::default(),
        report_hash: [0x5a; 32],
        answer_hash: [0x5b; 32],
    }
}

/// An event of every kind that is told in detail, in each of its forms, and one that is told by its title.
pub fn events() -> Vec<Event> {
    let denied = InquiryRecord {
        reasons: vec![reason("cn-11", "no_consent_for_marketing")],
        consent: None,
        released: vec![],
        detail: None,
        report_hash: [0; 32],
        purpose: Purpose::Marketing,
        weighed: Weighed { frozen: true, consents: vec![], ..inquiry(Outcome::Denied).weighed },
        ..inquiry(Outcome::Denied)
    };
    let asked = InquiryRecord {
        asked: Asked::new(SingleQuestion::EverNinetyDaysPastDue, Some(24)),
        answered: Some(Answered::No),
        consent: None,
        detail: None,
        report_hash: [0; 32],
        weighed: Weighed { by_code: true, subject_kind: SubjectKind::Firm, ..inquiry(Outcome::Permitted).weighed },
        ..inquiry(Outcome::Permitted)
    };
    let months = DataRange { from: "2025-01-01".parse().unwrap(), until: "2025-12-31".parse().unwrap() };
    let income = CategorySet::EMPTY.with(DataCategory::Income).with(DataCategory::Deposits);
    let of_months = InquiryRecord {
        range_asked: Some(months),
        ranges: Ranges { all: Some(months), by_consent: Some((income, months)) },
        weighed: Weighed { opted_out: true, undertaking: Some([5; 32]), ..inquiry(Outcome::Permitted).weighed },
        ..inquiry(Outcome::Permitted)
    };
    let slot = Slot { kind: FactKind::TradelineTerms, account: AccountKey([3; 8]), month: None };
    let withdrawal = Withdrawal {
        subject: SUBJECT,
        consent: ConsentId([7; 8]),
        acting: Acting::default(),
        erasure: Some(Erasure {
            furnisher: 1,
            categories: vec![DataCategory::Payments],
            until: DeliveryNumber(300),
            reasons: vec![reason("cn-5", "consent_to_collect")],
            slots: vec![(slot, DeliveryNumber(300)), (slot, DeliveryNumber(4))],
        }),
        salt_destroyed: true,
        recipients: vec![Recipient {
            member: 2,
            categories: vec![DataCategory::Payments, DataCategory::Income],
            inquiries: vec![3, 400],
        }],
        rulebook: "cn 2026.1".to_owned(),
    };
    let ended = withdrawal.clone();
    vec![
        Event::MemberAdmitted(Member {
            number: 2,
            code: "BANK".to_owned(),
            name: "Bänk <b>of</b> Somewhere".to_owned(),
            kind: MemberKind::Bank,
            roles: vec![MemberRole::Furnisher, MemberRole::Subscriber],
            duty: ConsentDuty::Attested,
        }),
        Event::Inquiry(inquiry(Outcome::Permitted)),
        Event::Inquiry(denied),
        Event::Inquiry(InquiryRecord {
            released: vec![],
            detail: None,
            report_hash: [0; 32],
            ..inquiry(Outcome::NoHit)
        }),
        Event::Inquiry(asked),
        Event::Inquiry(of_months),
        Event::OwnReportViewed(OwnReportRecord {
            subject: SUBJECT,
            known_on: None,
            as_of: None,
            acting: Acting::default(),
            report_hash: [9; 32],
            answer_hash: [8; 32],
            reasons: vec![reason("cn-25", "own_access")],
            rulebook: "cn 2026.1".to_owned(),
        }),
        Event::OwnReportViewed(OwnReportRecord {
            subject: SUBJECT,
            known_on: Timestamp::parse("2026-03-01T08:00:00.120Z").ok(),
            as_of: "2026-01-31".parse().ok(),
            acting: Acting { actor: Actor::NextOfKin, person: Some(SubjectId([6; 16])), evidence: [5; 32] },
            report_hash: [9; 32],
            answer_hash: [8; 32],
            reasons: vec![reason("cn-25", "own_access")],
            rulebook: "cn 2026.1".to_owned(),
        }),
        Event::TransferDecided(TransferRecord {
            subject: SUBJECT,
            subject_kind: SubjectKind::Person,
            from: 300,
            to: 2,
            category: DataCategory::Payments,
            furnished: true,
            received: false,
            permitted: false,
            reasons: vec![reason("cn-3", "x")],
            rulebook: "cn 2026.1".to_owned(),
        }),
        Event::ConsentGranted(Consent {
            id: ConsentId([0, 1, 2, 3, 4, 5, 6, 7]),
            subject: SUBJECT,
            about: SubjectKind::Person,
            member: 2,
            scope: ConsentScope::Inquire,
            purposes: vec![Purpose::CreditApplication, Purpose::AccountReview],
            categories: vec![DataCategory::Credit],
            form: ConsentForm::Written,
            valid_from: Timestamp::parse("2026-03-01T08:00:00.120Z").unwrap(),
            valid_until: Timestamp::parse("2027-03-01").unwrap(),
            evidence: [0; 32],
            terms: ConsentTerms::default(),
            flags: vec![],
        }),
        Event::ConsentWithdrawn(Box::new(withdrawal.clone())),
        Event::ConsentWithdrawn(Box::new(Withdrawal {
            erasure: None,
            salt_destroyed: false,
            recipients: vec![],
            ..withdrawal
        })),
        Event::ConsentExpired(Box::new(ended)),
        Event::Right(Box::new(Right::FactsExpired(ExpiredFacts {
            subject: SUBJECT,
            expiries: vec![Expiry { rule: "us-5".to_owned(), facts: vec![(slot, DeliveryNumber(1))] }],
            rulebook: "us 2026.1".to_owned(),
        }))),
        Event::Right(Box::new(Right::RetentionRun(RetentionRun {
            entries_before: 70_000,
            root_before: [4; 32],
            subjects: 3,
            facts: vec![("us-5".to_owned(), 12), ("us-6".to_owned(), 300)],
            consents: 2,
            kept_for_models: Some([6; 32]),
            rulebook: "us 2026.1".to_owned(),
        }))),
        Event::Right(Box::new(Right::CorrectionNoticed(CorrectionNotice {
            subject: SUBJECT,
            recipient: 2,
            correction: DeliveryNumber(9),
            slot,
            before: Version { delivery: DeliveryNumber(1), value: vec![1, 2] },
            after: None,
            inquiries: vec![3, 4],
            reason: reason("us-notice", "told_of_correction"),
        }))),
        Event::FreezePlaced(SUBJECT),
    ]
}

impl Log {
    /// One with [`events`] in it.
    pub fn small() -> Self {
        let signer = CheckpointSigner::new("bureau.example/log", &[7; 32]).unwrap();
        let mut log = Self { signer, leaves: Vec::new(), nodes: BTreeMap::new(), recorded: Vec::new() };
        for (number, event) in (0_u8..).zip(events()) {
            let at = Timestamp::from_millis(1_772_352_000_000 + i64::from(number) * 90_250).unwrap();
            log.record(event, [number; 16], at);
        }
        log
    }

    fn record(&mut self, event: Event, salt: Salt, at: Timestamp) {
        let entry = Entry::of(&event, &salt, at);
        self.push(event, salt, entry);
    }

    /// Records an event under an entry that may not be its own.
    pub fn push(&mut self, event: Event, salt: Salt, entry: Entry) {
        let leaf = audit::leaf_hash(&entry.to_bytes());
        let size = u64::try_from(self.leaves.len()).unwrap();
        let added = audit::append(size, &[leaf], &self.nodes).unwrap();
        self.nodes.extend(added);
        self.leaves.push(leaf);
        self.recorded.push((event, salt, entry));
    }

    pub fn size(&self) -> u64 {
        u64::try_from(self.leaves.len()).unwrap()
    }

    pub fn key(&self) -> CheckpointVerifier {
        self.signer.verifier_key().parse().unwrap()
    }

    fn note(&self) -> String {
        self.signer.sign(&self.signer.checkpoint(self.size(), audit::root(self.size(), &self.nodes).unwrap())).unwrap()
    }

    /// The receipt of an entry, under the whole log, with these cosignatures.
    pub fn receipt(&self, index: u64, witnesses: &[u8]) -> Document {
        let mut note = self.note();
        for seed in witnesses {
            let witness = Witness::new(witness(*seed), self.signer.verifier().clone().into());
            let request = AddCheckpoint { old: 0, proof: audit::ConsistencyProof::default(), note: self.note() };
            let cosigned = witness.add_checkpoint(&request, None, 1_772_400_000).unwrap();
            note = audit::with_cosignatures(&note, &cosigned.line).unwrap();
        }
        let proof = Receipt {
            index,
            proof: audit::prove_inclusion(index, self.size(), &self.nodes).unwrap(),
            checkpoint: note,
            extra: None,
        };
        let (event, salt, entry) = &self.recorded[usize::try_from(index).unwrap()];
        Document::new(event.to_bytes(), *salt, entry, proof)
    }

    pub fn recorded(&self, index: u64) -> &(Event, Salt, Entry) {
        &self.recorded[usize::try_from(index).unwrap()]
    }
}

fn witness(seed: u8) -> WitnessSigner {
    WitnessSigner::new(&format!("witness{seed}.example"), &[seed; 32]).unwrap()
}

pub fn witness_key(seed: u8) -> WitnessKey {
    witness(seed).public().clone()
}

/// The same text with one bit flipped.
pub fn flipped(text: &[u8], byte: usize, bit: usize) -> Vec<u8> {
    let mut text = text.to_vec();
    text[byte] ^= 1 << bit;
    text
}
