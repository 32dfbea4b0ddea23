//! What a charter must be, and the bytes of everything that is signed under one.

use super::*;
use crate::event::{Event, EventKind, WindDownRecord};
use crate::member::{ConsentDuty, MemberKind, MemberRole};
use crate::signature::SecretKey;
use crate::staff::{SignedAct, StaffAct, StaffMember, StaffRole, content_of};
use crate::{DataCategory, SubjectId, Timestamp};

fn key(seed: u8) -> SecretKey {
    SecretKey::new([seed; 32].into())
}

fn at() -> Timestamp {
    Timestamp::from_millis(1_775_000_000_000).unwrap()
}

fn charter() -> Charter {
    let partner = |code: &str, seed, weight_bp| Partner {
        code: code.to_owned(),
        name: format!("Partner {code}"),
        key: key(seed).public(),
        weight_bp,
    };
    let seat = Seat {
        code: "SUPER".to_owned(),
        name: "The supervisor".to_owned(),
        key: key(9).public(),
        vetoes: vec![Matter::DataCategory, Matter::WindDown],
    };
    let rule = |matter: &Matter| MatterRule {
        matter: *matter,
        share_bp: 6_667,
        quorum_bp: 7_500,
        consent_of: if *matter == Matter::WindDown { vec!["SUPER".to_owned()] } else { Vec::new() },
    };
    Charter {
        partners: vec![partner("A", 1, 6_000), partner("B", 2, 4_000)],
        seats: vec![seat],
        rules: Matter::ALL.iter().map(rule).collect(),
        voting_hours: 336,
        enact_within_hours: 720,
        deadlock: Deadlock::SecondRound(5_001),
    }
}

#[test]
fn a_charter_that_cannot_govern_says_why() {
    assert_eq!(charter().check(), Ok(()));
    let fault = |change: &dyn Fn(&mut Charter)| {
        let mut charter = charter();
        change(&mut charter);
        charter.check().unwrap_err().to_string()
    };
    type Case<'a> = (&'a dyn Fn(&mut Charter), &'a str);
    let cases: [Case<'_>; 15] = [
        (&|c| c.partners[0].weight_bp = 5_999, "the partners' weights add up to 99.99 percent, expected 100"),
        (&|c| c.partners[1].weight_bp = 0, "partner `B` has no weight: one without is a seat"),
        (&|c| c.partners.clear(), "the partners' weights add up to 0.00 percent, expected 100"),
        (&|c| c.partners[1].code = "A".to_owned(), "the code `A` is there twice"),
        (&|c| c.seats[0].code = "A".to_owned(), "the code `A` is there twice"),
        (
            &|c| c.partners[1].key = c.partners[0].key,
            "the key of `B` is another's too: each signs with a key of its own",
        ),
        (&|c| c.partners[0].key = PublicKey([0; 32]), "the key of `A` is no Ed25519 key"),
        (&|c| drop(c.rules.pop()), "the charter has no rule for `log_key`"),
        (&|c| c.rules.swap(0, 1), "the charter has one rule for each matter, in their order"),
        (&|c| c.rules[0].share_bp = 0, "rule `data_category`: the share is above 0 and at most 100 percent"),
        (&|c| c.rules[2].quorum_bp = 10_001, "rule `layout`: the quorum is at most 100 percent"),
        (&|c| c.rules[7].consent_of = vec!["B".to_owned()], "rule `wind_down`: `B` is no seat"),
        (&|c| c.voting_hours = 0, "voting takes 1 to 87840 hours"),
        (&|c| c.deadlock = Deadlock::CastingSeat("A".to_owned()), "deadlock: the casting seat `A` is no seat"),
        (&|c| c.seats[0].vetoes.swap(0, 1), "the vetoes of `SUPER` are in ascending order, each once"),
    ];
    for (change, expected) in cases {
        assert_eq!(fault(change), expected);
    }
}

#[test]
fn each_way_to_end_says_why_the_ones_before_it_are_closed() {
    let end = |way, no_transfer: Option<&str>, no_hand_over: Option<&str>| {
        let end = WindDown {
            way,
            receiver: "Other Bureau".to_owned(),
            notice: "gazette 12".to_owned(),
            no_transfer: no_transfer.map(str::to_owned),
            no_hand_over: no_hand_over.map(str::to_owned),
        };
        Measure::WindDown(Box::new(end)).check().map_err(|fault| fault.to_string())
    };
    assert_eq!(end(WindDownWay::Transfer, None, None), Ok(()));
    assert_eq!(end(WindDownWay::HandOver, Some("no buyer"), None), Ok(()));
    assert_eq!(end(WindDownWay::Destroy, Some("no buyer"), Some("none designated")), Ok(()));
    let first = "a transfer comes first: it says nothing of other ways";
    assert_eq!(end(WindDownWay::Transfer, Some("no buyer"), None), Err(first.to_owned()));
    let second = "a hand-over says why there is no transfer, and nothing else";
    assert_eq!(end(WindDownWay::HandOver, None, None), Err(second.to_owned()));
    let third = "a destruction says why there is no transfer and why there is no hand-over";
    assert_eq!(end(WindDownWay::Destroy, Some("no buyer"), None), Err(third.to_owned()));
}

fn staff() -> StaffMember {
    StaffMember {
        code: "wu".to_owned(),
        name: "Clerk".to_owned(),
        role: StaffRole::DisputesClerk,
        key: key(7).public(),
    }
}

fn measures() -> Vec<Measure> {
    let artefact = Artefact { matter: Matter::Layout, name: "card 1".to_owned(), hash: [4; 32] };
    vec![
        Measure::Collect(DataCategory::Income),
        Measure::CollectNoMore(DataCategory::Payments),
        Measure::Accept(artefact),
        Measure::Retire(Matter::Layout, "card 1".to_owned()),
        Measure::Admit(MemberTerms {
            code: "BANK".to_owned(),
            name: "Bank".to_owned(),
            kind: MemberKind::Bank,
            roles: vec![MemberRole::Furnisher, MemberRole::Subscriber],
            duty: ConsentDuty::Attested,
        }),
        Measure::Enrol(staff()),
        Measure::Dismiss("wu".to_owned()),
        Measure::WindDown(Box::new(WindDown {
            way: WindDownWay::HandOver,
            receiver: "Other Bureau".to_owned(),
            notice: "gazette 12".to_owned(),
            no_transfer: Some("no buyer".to_owned()),
            no_hand_over: None,
        })),
        Measure::Amend(Box::new(charter())),
        Measure::TurnLogKey(key(8).public()),
    ]
}

fn proposal(measure: Measure) -> SignedProposal {
    Proposal {
        charter: charter().id("b.example/log", "key"),
        proposer: "A".to_owned(),
        measure,
        effective_from: at(),
        reason: "needed".to_owned(),
    }
    .signed(&key(1))
}

#[test]
fn every_measure_returns_from_its_bytes_and_is_decided_by_its_own_rule() {
    let matters: Vec<Matter> = measures().iter().map(Measure::matter).collect();
    let expected = [1, 1, 3, 3, 5, 7, 7, 8, 9, 10].map(|number| Matter::from_number(number).unwrap());
    assert_eq!(matters, expected);
    for measure in measures() {
        assert_eq!(measure.check(), Ok(()), "{measure:?}");
        let event = Event::DecisionProposed(Box::new(proposal(measure)));
        assert_eq!(Event::from_bytes(&event.to_bytes()), Ok(event));
    }
}

/// SHA-256 of a value's bytes: they are stored, hashed and signed, and never change under one version.
fn fixed(value: &impl Canonical) -> String {
    Sha256::digest(value.to_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_bytes_are_fixed() {
    let founding = FoundingCharter { charter: charter(), measures: measures() };
    assert_eq!(FoundingCharter::from_bytes(&founding.to_bytes()), Ok(founding.clone()));
    let signed = proposal(Measure::Collect(DataCategory::Income));
    let ballot = Ballot {
        charter: signed.proposal.charter,
        proposal: signed.proposal.hash(),
        voter: "B".to_owned(),
        choice: Choice::Against,
        turn: 2,
    };
    let ballot = ballot.signed(&key(2));
    let event = Event::FreezeLifted(SubjectId([3; 16]));
    let act = StaffAct {
        charter: signed.proposal.charter,
        staff: "wu".to_owned(),
        kind: EventKind::FreezeLifted,
        subject: SubjectId([3; 16]),
        content: content_of(&event),
        reason: "the subject asked".to_owned(),
        at: at(),
        place: 300,
    }
    .signed(&key(7));
    assert_eq!(SignedAct::from_bytes(&act.to_bytes()), Ok(act.clone()));
    assert_eq!(SignedBallot::from_bytes(&ballot.to_bytes()), Ok(ballot.clone()));
    let end = Event::BureauWoundDown(Box::new(WindDownRecord {
        proposal: signed.proposal.hash(),
        end: WindDown {
            way: WindDownWay::Destroy,
            receiver: "The supervisor".to_owned(),
            notice: "gazette 12".to_owned(),
            no_transfer: Some("no buyer".to_owned()),
            no_hand_over: Some("none designated".to_owned()),
        },
        entries: 300,
        root: [6; 32],
        facts: 7,
        subjects: 5,
    }));
    assert_eq!(Event::from_bytes(&end.to_bytes()), Ok(end.clone()));
    let enacted = Event::DecisionEnacted(signed.proposal.hash());
    assert_eq!(Event::from_bytes(&enacted.to_bytes()), Ok(enacted.clone()));
    let short = |text: String| text.chars().take(16).collect::<String>();
    assert_eq!(
        [
            fixed(&founding),
            short(signed.proposal.charter.to_string()),
            short(signed.proposal.hash().to_string()),
            fixed(&signed),
            fixed(&ballot),
            fixed(&act),
            fixed(&end),
            fixed(&enacted)
        ],
        [
            "cc59e0015e0cb147",
            "e0f628f625051d61",
            "ea41b106e30eb3eb",
            "77f729b64fe47122",
            "9e16e682a104ebda",
            "e55710e344bf0753",
            "5046c3eb960265b7",
            "21f7ed62784faa82"
        ]
    );
}

#[test]
fn a_signature_counts_for_its_own_statement_and_key() {
    let signed = proposal(Measure::Collect(DataCategory::Income));
    assert!(signed.is_by(key(1).public()) && !signed.is_by(key(2).public()));
    let mut other = signed.clone();
    other.proposal.measure = Measure::Collect(DataCategory::Tax);
    assert!(!other.is_by(key(1).public()));

    let ballot = Ballot {
        charter: signed.proposal.charter,
        proposal: signed.proposal.hash(),
        voter: "A".to_owned(),
        choice: Choice::For,
        turn: 1,
    };
    let signed_ballot = ballot.signed(&key(1));
    assert!(signed_ballot.is_by(key(1).public()));
    let changes: [&dyn Fn(&mut Ballot); 5] = [
        &|ballot| ballot.charter.0[0] ^= 1,
        &|ballot| ballot.proposal.0[0] ^= 1,
        &|ballot| ballot.voter = "B".to_owned(),
        &|ballot| ballot.choice = Choice::Against,
        &|ballot| ballot.turn = 2,
    ];
    for change in changes {
        let mut other = signed_ballot.clone();
        change(&mut other.ballot);
        assert!(!other.is_by(key(1).public()), "{other:?}");
    }
    // The same bytes signed as a proposal are no ballot.
    let foreign = key(1).sign("tallystick proposal 1\n", &signed_ballot.ballot.to_bytes());
    assert!(!SignedBallot { signature: foreign, ..signed_ballot }.is_by(key(1).public()));
}

#[test]
fn the_charters_id_names_bureau_key_and_charter() {
    let id = charter().id("b.example/log", "key");
    assert_ne!(id, charter().id("c.example/log", "key"));
    assert_ne!(id, charter().id("b.example/log", "other"));
    assert_ne!(id, Charter { voting_hours: 335, ..charter() }.id("b.example/log", "key"));
}
