//! Rights: the bytes of each are fixed, and what events leave is folded as it should be.

use super::*;
use crate::consent_terms::{Acting, Actor};
use crate::event::Event;
use crate::identity::IdentityPart;
use crate::inquiry::Reason;
use crate::withdrawal::Erasure;
use crate::{Currency, DataCategory, Sensitive, Timestamp};

const SUBJECT: SubjectId = SubjectId([1; 16]);

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

fn slot(month: u8) -> Slot {
    let month = Some(Month::new(2026, month).unwrap());
    Slot { kind: FactKind::TradelineMonth, account: AccountKey([0, 3, 9, 9, 9, 9, 9, 9]), month }
}

fn filing() -> DisputeFiling {
    DisputeFiling {
        subject: SUBJECT,
        slot: slot(1),
        part: Some(IdentityPart::Address),
        case: Some(CaseId([8; 8])),
        acting: Acting { actor: Actor::NextOfKin, person: None, evidence: [9; 32] },
        delivery: DeliveryNumber(4),
        grounds: Sensitive::new("no".to_owned()),
        evidence: [2; 32],
        furnisher_by: at(1),
        answer_by: at(86_400_000),
        rule: "r".to_owned(),
    }
}

fn answer(outcome: DisputeOutcome) -> DisputeAnswer {
    let (furnisher_minor, bureau_minor, currency) = (100, 50, Currency::CNY);
    let compensation = Some(Compensation { furnisher: 3, furnisher_minor, bureau_minor, currency });
    let (words, received) = ("w".to_owned(), at(2));
    DisputeAnswer { subject: SUBJECT, dispute: 300, outcome, correction: None, words, received, compensation }
}

fn reason() -> Reason {
    Reason { rule: "r".to_owned(), code: "c".to_owned() }
}

fn event(right: Right) -> Event {
    Event::Right(Box::new(right))
}

fn slot_bytes() -> Vec<u8> {
    let mut bytes = vec![FactKind::TradelineMonth.number(), 0, 3, 9, 9, 9, 9, 9, 9, 1];
    Writer::new(&mut bytes).unsigned(u64::from(Month::new(2026, 1).unwrap().number()));
    bytes
}

/// Version and kind, the subject, then what is given.
fn expected(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    [&[4, kind], [1; 16].as_slice(), &parts.concat()].concat()
}

#[test]
fn the_bytes_of_every_right_are_fixed() {
    let slot_bytes = slot_bytes();
    let lapse = DisputeLapse {
        subject: SUBJECT,
        dispute: 5,
        outcome: DisputeOutcome::Deleted,
        deletion: Some(DeliveryNumber(6)),
        reason: reason(),
    };
    let notice = CorrectionNotice {
        subject: SUBJECT,
        recipient: 9,
        correction: DeliveryNumber(300),
        slot: slot(1),
        before: Version { delivery: DeliveryNumber(4), value: vec![7, 7] },
        after: Some(Version { delivery: DeliveryNumber(5), value: vec![8] }),
        inquiries: vec![12],
        reason: reason(),
    };
    let alert =
        Alert { subject: SUBJECT, kind: AlertKind::Extended, until: at(2), evidence: [5; 32], rule: "r".to_owned() };
    let opt_out = OptOut { subject: SUBJECT, until: Some(at(2)), evidence: [0; 32], rule: "r".to_owned() };
    let for_good = OptOut { until: None, evidence: [5; 32], ..opt_out.clone() };
    let gone = ExpiredFacts {
        subject: SUBJECT,
        expiries: vec![Expiry { rule: "r".to_owned(), facts: vec![(slot(1), DeliveryNumber(4))] }],
        rulebook: "x".to_owned(),
    };
    let turn = DisputeTurn { subject: SUBJECT, dispute: 5 };
    let pause = FreezePause { subject: SUBJECT, subscriber: Some(9), until: at(2) };
    let code = AccessCode { subject: SUBJECT, subscriber: 9, hash: [6; 32], until: at(2) };
    let said = Statement { subject: SUBJECT, text: Sensitive::new("no".to_owned()) };
    let extension = DisputeExtension {
        subject: SUBJECT,
        dispute: 300,
        why: Sensitive::new("no".to_owned()),
        evidence: [2; 32],
        furnisher_by: at(1),
        answer_by: at(2),
        rule: "r".to_owned(),
    };
    let case = CaseAnswer {
        subject: SUBJECT,
        case: CaseId([8; 8]),
        outcomes: vec![(300, DisputeOutcome::Confirmed)],
        words: "w".to_owned(),
        compensation: None,
        rule: "r".to_owned(),
    };
    let default = DefaultAlert { subject: SUBJECT, slot: slot(1), delivery: DeliveryNumber(4), rule: "r".to_owned() };
    let request = Request {
        subject: SUBJECT,
        furnisher: 3,
        categories: vec![DataCategory::Credit],
        ground: RequestGround::Objection,
        words: Sensitive::new("no".to_owned()),
        evidence: [2; 32],
        acting: Acting::default(),
        answer_by: Some(at(2)),
        rule: "r".to_owned(),
    };
    let decided = RequestAnswer {
        subject: SUBJECT,
        request: 5,
        erasure: Some(Erasure {
            furnisher: 3,
            categories: vec![DataCategory::Credit],
            until: DeliveryNumber(4),
            reasons: vec![reason()],
            slots: Vec::new(),
        }),
        recipients: Vec::new(),
        words: "w".to_owned(),
    };
    let kin: &[u8] = &[[1, 4, 1].as_slice(), &[8; 8], &[Actor::NextOfKin.number(), 0], &[9; 32]].concat();
    let credit = DataCategory::Credit.number();
    let filed: &[&[u8]] = &[&slot_bytes, kin, &[4, 2, b'n', b'o'], &[2; 32], &[2, 0x80, 0xf0, 0xb2, 0x52, 1, b'r']];
    let all = [
        (Right::DisputeOpened(filing()), expected(60, filed)),
        (
            Right::DisputeAnswered(answer(DisputeOutcome::Confirmed)),
            expected(61, &[&[0xac, 0x02, 2, 0, 1, b'w', 4, 1, 3, 0xc8, 1, 100, 3], b"CNY"]),
        ),
        (Right::DisputeWithdrawn(turn), expected(62, &[&[5]])),
        (Right::DisputeLapsed(lapse), expected(63, &[&[5, 4, 1, 6, 1, b'r', 1, b'c']])),
        (
            Right::CorrectionNoticed(notice),
            expected(64, &[&[9, 0xac, 2], &slot_bytes, &[4, 2, 7, 7, 1, 5, 1, 8, 1, 12, 1, b'r', 1, b'c']]),
        ),
        (Right::StatementPlaced(said), expected(65, &[&[2, b'n', b'o']])),
        (Right::StatementRemoved(SUBJECT), expected(66, &[])),
        (Right::FreezePaused(pause), expected(67, &[&[1, 9, 4]])),
        (Right::AlertPlaced(alert), expected(68, &[&[2, 4], &[5; 32], &[1, b'r']])),
        (Right::AlertRemoved(SUBJECT), expected(69, &[])),
        (Right::CodeIssued(code), expected(70, &[&[9], &[6; 32], &[4]])),
        (Right::OptedOut(opt_out), expected(80, &[&[1, 4], &[0; 32], &[1, b'r']])),
        (Right::OptedOut(for_good), expected(80, &[&[0], &[5; 32], &[1, b'r']])),
        (Right::OptedIn(SUBJECT), expected(81, &[])),
        (Right::FactsExpired(gone), expected(71, &[&[1, 1, b'r', 1], &slot_bytes, &[4, 1, b'x']])),
        (Right::DisputeExtended(extension), expected(73, &[&[0xac, 2, 2, b'n', b'o'], &[2; 32], &[2, 4, 1, b'r']])),
        (Right::CaseAnswered(case), expected(74, &[&[8; 8], &[1, 0xac, 2, 2, 1, b'w', 0, 1, b'r']])),
        (Right::DefaultAlerted(default), expected(75, &[&slot_bytes, &[4, 1, b'r']])),
        (
            Right::RequestFiled(request),
            expected(76, &[&[3, 1, credit, 3, 2, b'n', b'o'], &[2; 32], &[1, 0], &[0; 32], &[1, 4, 1, b'r']]),
        ),
        (
            Right::RequestAnswered(decided),
            expected(77, &[&[5, 1, 3, 1, credit, 4, 1, 1, b'r', 1, b'c', 0, 0, 1, b'w']]),
        ),
    ];
    for (right, bytes) in all {
        let (kind, event) = (right.kind(), event(right));
        assert_eq!(event.to_bytes(), bytes, "{kind}");
        assert_eq!(Event::from_bytes(&bytes), Ok(event.clone()), "{kind}");
        assert_eq!((event.kind(), event.subject()), (kind, SUBJECT));
    }
    let run = RetentionRun {
        entries_before: 5,
        root_before: [4; 32],
        subjects: 2,
        facts: vec![("r".to_owned(), 3)],
        consents: 4,
        kept_for_models: Some([6; 32]),
        rulebook: "x".to_owned(),
    };
    let bytes = [&[4, 72, 5], [4; 32].as_slice(), &[2, 1, 1, b'r', 3, 4, 1], &[6; 32], &[1, b'x']].concat();
    let run = event(Right::RetentionRun(run));
    assert_eq!((run.to_bytes(), run.subject()), (bytes.clone(), SubjectId::BUREAU));
    assert_eq!(Event::from_bytes(&bytes), Ok(run));
}

#[test]
fn a_dispute_is_marked_until_it_is_answered_and_for_good_where_it_can_not_be_confirmed() {
    let opened = event(Right::DisputeOpened(filing()));
    let marked = |after: Option<Event>| {
        let mut events = vec![(300, at(0), &opened)];
        events.extend(after.as_ref().map(|after| (301, at(5), after)));
        marks(&disputes(events)).first().map(|marked| (marked.slot, marked.mark, marked.since))
    };
    assert_eq!(marked(None), Some((slot(1), Mark::Disputed, at(0))));
    let answered = |outcome| Some(event(Right::DisputeAnswered(answer(outcome))));
    for outcome in [DisputeOutcome::Corrected, DisputeOutcome::Confirmed, DisputeOutcome::Deleted] {
        assert_eq!(marked(answered(outcome)), None, "{outcome}");
    }
    let kept = Some((slot(1), Mark::CannotBeConfirmed, at(0)));
    assert_eq!(marked(answered(DisputeOutcome::CannotBeConfirmed)), kept);
    assert_eq!(marked(Some(event(Right::DisputeWithdrawn(DisputeTurn { subject: SUBJECT, dispute: 300 })))), None);
    let other = DisputeTurn { subject: SUBJECT, dispute: 299 };
    assert_eq!(marked(Some(event(Right::DisputeWithdrawn(other)))).map(|(_, mark, _)| mark), Some(Mark::Disputed));
}

#[test]
fn days_late_are_whole_days_after_the_deadline() {
    const DAY: i64 = 86_400_000;
    let opened = event(Right::DisputeOpened(filing()));
    let all = disputes([(300, at(0), &opened)]);
    let late = |millis| all.first().map(|dispute| dispute.days_late(at(millis)));
    assert_eq!([late(DAY), late(2 * DAY - 1), late(2 * DAY), late(0)], [Some(0), Some(0), Some(1), Some(0)]);
}

#[test]
fn more_time_moves_the_deadline_of_its_own_dispute_alone() {
    const DAY: i64 = 86_400_000;
    let opened = event(Right::DisputeOpened(filing()));
    let extended = |dispute| {
        event(Right::DisputeExtended(DisputeExtension {
            subject: SUBJECT,
            dispute,
            why: Sensitive::new("more".to_owned()),
            evidence: [2; 32],
            furnisher_by: at(DAY),
            answer_by: at(3 * DAY),
            rule: "r".to_owned(),
        }))
    };
    let of = |extension: &Event| {
        let all = disputes([(300, at(0), &opened), (301, at(5), extension)]);
        all.first().map(|one| (one.furnisher_by(), one.answer_by(), one.days_late(at(4 * DAY))))
    };
    assert_eq!(of(&extended(300)), Some((at(DAY), at(3 * DAY), 1)));
    assert_eq!(of(&extended(299)), Some((at(1), at(DAY), 3)));
}

#[test]
fn an_objection_restricts_until_it_is_answered_and_a_request_to_erase_does_not() {
    let filed = |ground| {
        event(Right::RequestFiled(Request {
            subject: SUBJECT,
            furnisher: 3,
            categories: vec![DataCategory::Credit],
            ground,
            words: Sensitive::new("no".to_owned()),
            evidence: [0; 32],
            acting: Acting::default(),
            answer_by: None,
            rule: "r".to_owned(),
        }))
    };
    let refused =
        RequestAnswer { subject: SUBJECT, request: 300, erasure: None, recipients: Vec::new(), words: "w".to_owned() };
    let refused = event(Right::RequestAnswered(refused));
    let objection = filed(RequestGround::Objection);
    let restricts = |events: &[(u64, Timestamp, &Event)]| {
        requests(events.iter().copied()).iter().map(RequestState::restricts).collect::<Vec<_>>()
    };
    assert_eq!(restricts(&[(300, at(0), &objection)]), [true]);
    assert_eq!(restricts(&[(300, at(0), &filed(RequestGround::Unlawful))]), [false]);
    assert_eq!(restricts(&[(300, at(0), &objection), (301, at(1), &refused)]), [false]);
    assert_eq!(restricts(&[(299, at(0), &objection), (301, at(1), &refused)]), [true], "another's answer");
    assert_eq!(refused.erases(), None);
}

#[test]
fn a_pause_opens_for_whom_and_until_when_it_says_and_a_new_freeze_ends_it() {
    let pause = |subscriber, until| event(Right::FreezePaused(FreezePause { subject: SUBJECT, subscriber, until }));
    let (placed, lifted) = (Event::FreezePlaced(SUBJECT), Event::FreezeLifted(SUBJECT));
    let frozen = |events: &[Event], subscriber, now| Protection::of(events).is_frozen_for(subscriber, at(now));
    let one = [placed.clone(), pause(Some(9), at(10))];
    assert_eq!([frozen(&one, 9, 9), frozen(&one, 9, 10), frozen(&one, 8, 9)], [false, true, true]);
    let all = [placed.clone(), pause(None, at(10))];
    assert_eq!([frozen(&all, 8, 9), frozen(&all, 8, 10)], [false, true]);
    assert!(frozen(&[placed.clone(), pause(None, at(10)), placed.clone()], 8, 9));
    assert!(!frozen(&[placed, lifted], 8, 9));
}

#[test]
fn a_code_opens_for_one_subscriber_until_its_time_and_another_takes_its_place() {
    let issue = |subscriber, code: [u8; CODE_BYTES]| {
        let hash = code_hash(SUBJECT, &code);
        event(Right::CodeIssued(AccessCode { subject: SUBJECT, subscriber, hash, until: at(10) }))
    };
    let opens = |events: &[Event], code, subscriber, now| {
        Protection::of(events).opens(&[code; CODE_BYTES], SUBJECT, subscriber, at(now))
    };
    let one = [issue(9, [1; 8])];
    assert!(opens(&one, 1, 9, 9));
    assert!(!opens(&one, 1, 9, 10), "its time is over");
    assert!(!opens(&one, 1, 8, 9), "another subscriber");
    assert!(!opens(&one, 2, 9, 9), "another code");
    let two = [issue(9, [1; 8]), issue(9, [2; 8]), issue(8, [3; 8])];
    assert_eq!([opens(&two, 1, 9, 9), opens(&two, 2, 9, 9), opens(&two, 3, 8, 9)], [false, true, true]);
}

#[test]
fn debug_tells_no_words_of_a_subject() {
    let said = Right::StatementPlaced(Statement { subject: SUBJECT, text: Sensitive::new("secret".to_owned()) });
    assert!(!format!("{said:?}").contains("secret"));
    let grounds = Sensitive::new("secret".to_owned());
    assert!(!format!("{:?}", DisputeFiling { grounds, ..filing() }).contains("secret"));
}

#[test]
fn pseudonyms_and_accounts_are_read_as_they_are_shown() {
    let account = AccountKey([0, 3, 9, 9, 9, 9, 9, 0xab]);
    assert_eq!(AccountKey::parse(&account.to_string()), Some(account));
    assert_eq!(SubjectId::parse(&SUBJECT.to_string()), Some(SUBJECT));
    assert_eq!([AccountKey::parse("00"), AccountKey::parse("zz03090909090909")], [None, None]);
}
