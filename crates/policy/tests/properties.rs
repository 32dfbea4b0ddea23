//! What holds of every decision: by trying all there is to weigh, and by chance where that is too much.

#[cfg(test)]
mod properties {
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use tallystick_model::consent::{Consent, ConsentForm, ConsentId, ConsentScope, ConsentState};
    use tallystick_model::consent_terms::{Bundle, ConsentTerms, Fetch, Necessity};
    use tallystick_model::fact::{DeliveryNumber, Fact, FactBody, FactKey, Slot, Standing};
    use tallystick_model::inquiry::{Purpose, Reason, SingleQuestion};
    use tallystick_model::member::{ConsentDuty, Member, MemberKind, MemberRole};
    use tallystick_model::payment_profile::{Flow, PaymentProfileMonth, Provenance};
    use tallystick_model::tradeline::{AccountKind, AccountStatus, PaymentRating, TradelineMonth};
    use tallystick_model::{
        AccountKey, CategorySet, CreditFile, Currency, DataCategory, Month, SubjectId, SubjectKind, Timestamp,
    };
    use tallystick_policy::{
        Admission, ConsentNeed, Decision, InquiryEvidence, Permit, Rulebook, TransferEvidence, category_of,
        decide_inquiry, decide_own_report, decide_question, decide_transfer, gate, sentence,
    };

    const SUBJECT: SubjectId = SubjectId([1; 16]);

    static RULEBOOKS: LazyLock<Vec<Rulebook>> =
        LazyLock::new(|| Rulebook::names().iter().map(|name| Rulebook::built_in(name).unwrap()).collect());

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn member(kind: MemberKind, roles: Vec<MemberRole>, duty: ConsentDuty) -> Member {
        Member { number: 7, code: "m7".to_owned(), name: "Member".to_owned(), kind, roles, duty }
    }

    fn agreed(purposes: Vec<Purpose>, categories: Vec<DataCategory>, form: ConsentForm) -> ConsentState {
        let consent = Consent {
            id: ConsentId([1; 8]),
            subject: SUBJECT,
            about: SubjectKind::Person,
            member: 7,
            scope: ConsentScope::Inquire,
            purposes,
            categories,
            form,
            valid_from: at(0),
            valid_until: at(1000),
            evidence: [1; 32],
            terms: ConsentTerms::default(),
            flags: Vec::new(),
        };
        ConsentState::granted(consent)
    }

    /// Consents in every standing there is, at instant 500: each purpose named or not, each form, each part of a term.
    fn every_consent(purpose: Purpose) -> Vec<ConsentState> {
        let other = if purpose == Purpose::Tenancy { Purpose::Licence } else { Purpose::Tenancy };
        let mut all = Vec::new();
        for named in [purpose, other] {
            for form in ConsentForm::ALL {
                for (from, until, withdrawn) in
                    [(0, 1000, None), (501, 1000, None), (0, 500, None), (0, 1000, Some(500))]
                {
                    let mut state = agreed(vec![named], vec![DataCategory::Credit, DataCategory::Income], *form);
                    state.consent.valid_from = at(from);
                    state.consent.valid_until = at(until);
                    state.withdrawn_at = withdrawn.map(at);
                    all.push(state);
                }
            }
        }
        all
    }

    fn assert_cited(rulebook: &Rulebook, reasons: &[Reason]) {
        assert!(!reasons.is_empty());
        for reason in reasons {
            assert!(rulebook.rule(&reason.rule).is_some(), "{reason:?} cites no rule of {rulebook:?}");
            assert!(sentence(&reason.code).ends_with('.'), "{reason:?} has no sentence");
        }
    }

    /// Everything the policies weigh: 115,200 inquiries. A built-in rulebook leaves none of them to silence.
    #[test]
    fn every_inquiry_is_decided_by_a_rule_and_by_nothing_else() {
        for (rulebook, kind, role, purpose) in RULEBOOKS.iter().flat_map(|rulebook| {
            let kinds = MemberKind::ALL.iter().map(move |kind| (rulebook, *kind));
            let roles = kinds.flat_map(|(book, kind)| MemberRole::ALL.iter().map(move |role| (book, kind, *role)));
            roles.flat_map(|(book, kind, role)| Purpose::ALL.iter().map(move |purpose| (book, kind, role, *purpose)))
        }) {
            let subscriber = member(kind, vec![role], ConsentDuty::Nothing);
            for (subject_kind, frozen) in SubjectKind::ALL.iter().flat_map(|kind| [(*kind, false), (*kind, true)]) {
                let without = InquiryEvidence {
                    now: at(500),
                    subscriber: &subscriber,
                    purpose,
                    subject: SUBJECT,
                    subject_kind,
                    consents: &[],
                    frozen,
                    opted_out: !frozen,
                    undertaken: frozen,
                    range: None,
                };
                let bare = decide_inquiry(rulebook, &without);
                check(rulebook, &without, &bare, None);
                for consent in every_consent(purpose) {
                    let consents = [consent];
                    let with = InquiryEvidence { consents: &consents, ..without };
                    check(rulebook, &with, &decide_inquiry(rulebook, &with), Some(&bare));
                }
            }
        }
    }

    fn check(rulebook: &Rulebook, evidence: &InquiryEvidence<'_>, decision: &Decision, bare: Option<&Decision>) {
        let permit = match decision {
            Decision::Denied(denial) => {
                assert_cited(rulebook, &denial.reasons);
                assert!(!matches!(bare, Some(Decision::Permit(_))), "a consent turned a permit into {decision:?}");
                return;
            }
            Decision::Permit(permit) => permit,
        };
        assert_cited(rulebook, permit.reasons());
        assert!(evidence.subscriber.has(MemberRole::Subscriber));
        let within = |set: CategorySet| permit.released().iter().all(|category| set.contains(category));
        assert!(within(rulebook.budget(evidence.purpose)), "{permit:?}");
        match permit.consent() {
            Some(id) => {
                assert_eq!(id, evidence.consents[0].consent.id);
                assert!(evidence.consents[0].is_active_at(evidence.now), "{permit:?}");
            }
            None => assert!(
                evidence.consents.is_empty() || matches!(bare, Some(Decision::Permit(_))),
                "{permit:?} rests on a consent that it does not name"
            ),
        }
        if let Some(Decision::Denied(_)) = bare {
            let named = evidence.consents[0].consent.categories.iter().copied().collect();
            assert!(within(named), "{permit:?} goes further than its consent");
        }
        if rulebook.name() == "cn" && evidence.subject_kind == SubjectKind::Person {
            assert!(permit.consent().is_some() || evidence.purpose == Purpose::CourtOrder, "{permit:?}");
        }
    }

    /// Everything a gate can be asked: what cn leaves open is nothing, what the others leave open is refused.
    #[test]
    fn every_category_is_admitted_or_refused_by_a_rule() {
        for (rulebook, kind) in
            RULEBOOKS.iter().flat_map(|rulebook| MemberKind::ALL.iter().map(move |kind| (rulebook, *kind)))
        {
            for duty in ConsentDuty::ALL {
                let furnisher = member(kind, vec![MemberRole::Furnisher], *duty);
                for (about, category, admission) in gate(rulebook, &furnisher, CategorySet::all(), at(0)).admissions() {
                    match admission {
                        Admission::NotAdmitted { reasons } if rulebook.name() != "cn" => assert!(
                            reasons[0].code == "no_rule_permits" || rulebook.rule(&reasons[0].rule).is_some(),
                            "{about} {category} {reasons:?}"
                        ),
                        Admission::NotAdmitted { reasons } => assert_cited(rulebook, reasons),
                        Admission::Admitted { need, reasons } => {
                            assert_cited(rulebook, reasons);
                            assert!(*need != ConsentNeed::Attested || *duty == ConsentDuty::Attested);
                        }
                    }
                }
            }
        }
    }

    /// A question is answered where a report would be given that shows what it reads, and never shows more than it reads.
    #[test]
    fn a_question_releases_what_it_reads_where_a_report_would_show_it() {
        let (mut answered, mut denied) = (0, 0);
        for (rulebook, purpose) in
            RULEBOOKS.iter().flat_map(|rulebook| Purpose::ALL.iter().map(move |purpose| (rulebook, *purpose)))
        {
            let subscriber = member(MemberKind::Bank, vec![MemberRole::Subscriber], ConsentDuty::Nothing);
            for consent in every_consent(purpose) {
                let consents = [consent];
                let evidence = InquiryEvidence {
                    now: at(500),
                    subscriber: &subscriber,
                    purpose,
                    subject: SUBJECT,
                    subject_kind: SubjectKind::Person,
                    consents: &consents,
                    frozen: false,
                    opted_out: false,
                    undertaken: false,
                    range: None,
                };
                let report = decide_inquiry(rulebook, &evidence);
                for question in SingleQuestion::ALL {
                    let reads = rulebook.reads(*question).unwrap();
                    match (decide_question(rulebook, &evidence, *question), &report) {
                        (Decision::Permit(permit), Decision::Permit(report)) => {
                            assert_eq!(permit.released(), reads);
                            assert_eq!(permit.reasons(), report.reasons());
                            assert_eq!(reads.and(report.released()), reads);
                            answered += 1;
                        }
                        (Decision::Denied(denial), Decision::Permit(report)) => {
                            assert_eq!(denial.reasons[0].code, "question_reads_more");
                            assert_ne!(reads.and(report.released()), reads);
                            denied += 1;
                        }
                        (Decision::Denied(denial), Decision::Denied(report)) => {
                            // That no report is given for a purpose stands against reports alone.
                            let mut report = report.clone();
                            report.reasons.retain(|reason| reason.code != "answers_criteria_only");
                            assert_eq!(denial, report);
                        }
                        (Decision::Permit(permit), Decision::Denied(_)) => {
                            panic!("{permit:?} where no report is given")
                        }
                    }
                }
            }
        }
        assert!(answered > 1000 && denied > 300, "{answered} answered, {denied} denied");
    }

    /// Of all there is to ask about hand-overs: nobody hands on what it was shown of a person and did not furnish itself.
    #[test]
    fn what_was_shown_is_not_handed_on_and_a_platform_goes_through_the_bureau() {
        for (rulebook, from, to) in RULEBOOKS.iter().flat_map(|rulebook| {
            let kinds = MemberKind::ALL.iter().map(move |from| (rulebook, *from));
            kinds.flat_map(|(rulebook, from)| MemberKind::ALL.iter().map(move |to| (rulebook, from, *to)))
        }) {
            let (from, to) =
                (member(from, Vec::new(), ConsentDuty::Nothing), member(to, Vec::new(), ConsentDuty::Nothing));
            for category in DataCategory::ALL {
                for (furnished, received) in [(false, false), (false, true), (true, false), (true, true)] {
                    let evidence = TransferEvidence {
                        from: &from,
                        to: &to,
                        subject_kind: SubjectKind::Person,
                        category: *category,
                        furnished,
                        received,
                    };
                    let decision = decide_transfer(rulebook, &evidence);
                    let silent = decision.reasons[0].code == "no_rule_permits";
                    assert!(silent || decision.reasons.iter().all(|reason| sentence(&reason.code).ends_with('.')));
                    assert!(!(silent && rulebook.name() == "cn"), "cn leaves nothing to silence");
                    let gives = |code: &str| decision.reasons.iter().any(|reason| reason.code == code);
                    assert_eq!(gives("no_onward_transfer"), received && !furnished, "{rulebook:?} {evidence:?}");
                    assert!(!(received && !furnished && decision.permitted));
                    let lender = matches!(to.kind, MemberKind::Bank | MemberKind::CardIssuer | MemberKind::MicroLender);
                    if rulebook.name() == "cn" && from.kind == MemberKind::PaymentPlatform && lender {
                        assert_eq!(gives("route_through_bureau"), *category != DataCategory::PublicRecord);
                    }
                }
            }
        }
    }

    /// Answers that are kept are the answers: the same again, and after they are forgotten.
    #[test]
    fn a_decision_is_the_same_whether_its_answer_was_kept_or_not() {
        let subscriber = member(MemberKind::Bank, vec![MemberRole::Subscriber], ConsentDuty::Nothing);
        for rulebook in RULEBOOKS.iter() {
            for consent in every_consent(Purpose::CreditApplication) {
                let consents = [consent];
                let decide = || {
                    decide_inquiry(
                        rulebook,
                        &InquiryEvidence {
                            now: at(500),
                            subscriber: &subscriber,
                            purpose: Purpose::CreditApplication,
                            subject: SUBJECT,
                            subject_kind: SubjectKind::Person,
                            consents: &consents,
                            frozen: false,
                            opted_out: false,
                            undertaken: false,
                            range: None,
                        },
                    )
                };
                let kept = (decide(), decide());
                rulebook.forget_answers();
                assert_eq!(kept.0, decide());
                assert_eq!(kept.1, decide());
            }
        }
    }

    proptest! {
        /// The walk along sorted consents, the gate asked at once and the gate asked category by category agree.
        #[test]
        fn a_walk_along_sorted_consents_says_what_the_gate_says(
            consents in prop::collection::vec((0_u8..6, any_consent()), 0..12),
            kind in prop::sample::select(MemberKind::ALL), duty in prop::sample::select(ConsentDuty::ALL),
            about in prop::sample::select(SubjectKind::ALL), book in 0_usize..4, now in 0_i64..1000,
        ) {
            let mut furnisher = member(kind, vec![MemberRole::Furnisher], duty);
            furnisher.number = 7;
            let gate = gate(&RULEBOOKS[book], &furnisher, CategorySet::all(), at(now));
            let opens = gate.opens(about);
            let mut consents: Vec<_> = consents.into_iter().map(|(subject, mut state)| {
                state.consent.subject = SubjectId([subject; 16]);
                state
            }).collect();
            consents.sort_by_key(|state| state.consent.subject);
            let mut walk = opens.along(&consents);
            for subject in [0, 1, 3, 4, 5].map(|subject| SubjectId([subject; 16])) {
                let one_by_one: CategorySet = DataCategory::ALL.iter().copied()
                    .filter(|category| gate.admit(about, subject, *category, &consents).is_ok()).collect();
                prop_assert_eq!(opens.about(subject, &consents), one_by_one);
                prop_assert_eq!(walk.about(subject), one_by_one);
                let takes_more = one_by_one != opens.always();
                prop_assert!(!takes_more || opens.asks_for_consent());
            }
        }
    }

    #[test]
    fn a_category_the_gate_was_not_asked_for_is_not_admitted() {
        let furnisher = member(MemberKind::Bank, vec![MemberRole::Furnisher], ConsentDuty::Attested);
        let gate = gate(&RULEBOOKS[0], &furnisher, CategorySet::EMPTY.with(DataCategory::Credit), at(0));
        let denied = gate.admit(SubjectKind::Person, SUBJECT, DataCategory::Identity, &[]).unwrap_err();
        assert_eq!(denied.reasons, [Reason { rule: "cn".to_owned(), code: "not_declared".to_owned() }]);
        assert_eq!(gate.admit(SubjectKind::Person, SUBJECT, DataCategory::Credit, &[]), Ok(None));
    }

    #[test]
    #[should_panic = "a permit reveals the file it was given for"]
    fn a_permit_reveals_no_other_subjects_file() {
        let Decision::Permit(permit) = decide_own_report(&RULEBOOKS[0], at(0), SUBJECT) else { unreachable!() };
        let _ = permit.reveal(CreditFile::new(SubjectId([2; 16]), Vec::new()));
    }

    #[test]
    fn nothing_of_a_visible_file_shows_in_debug_output() {
        let Decision::Permit(permit) = decide_own_report(&RULEBOOKS[0], at(0), SUBJECT) else { unreachable!() };
        let visible = permit.reveal(file(3));
        assert_eq!(format!("{visible:?}"), format!("VisibleFile({} facts)", visible.facts().len()));
        assert_eq!(visible.subject(), SUBJECT);
    }

    /// Facts of every category that facts have, in `months` months.
    fn file(months: u8) -> CreditFile {
        let fact = |body: FactBody, account: u8, month: Option<u8>, standing: Standing| {
            let slot = Slot {
                kind: body.kind(),
                account: AccountKey([0, 7, 0, 0, 0, 0, 0, account]),
                month: month.map(|month| Month::new(2026, month).unwrap()),
            };
            let delivery = DeliveryNumber(if standing == Standing::Reported { 1 } else { 2 });
            Fact { key: FactKey { subject: SUBJECT, slot, delivery }, standing, body }
        };
        let tradeline = |kind: AccountKind| {
            FactBody::TradelineMonth(TradelineMonth {
                kind,
                status: AccountStatus::Open,
                rating: PaymentRating::Current,
                currency: Currency::CNY,
                balance_minor: Some(1),
                past_due_minor: None,
                limit_minor: None,
                paid_minor: None,
                scheduled_minor: None,
            })
        };
        let mut profile = PaymentProfileMonth::empty(Provenance::FurnisherSigned, Currency::CNY);
        profile.income = Some(Flow { count: 1, minor: 9 });
        profile.investments = Some(Flow { count: 1, minor: 8 });
        let mut facts = vec![fact(FactBody::Identity(vec![1, 2, 3]), 0, None, Standing::Reported)];
        for month in 1..=months {
            facts.push(fact(tradeline(AccountKind::CreditCard), 1, Some(month), Standing::Reported));
            facts.push(fact(tradeline(AccountKind::Service), 2, Some(month), Standing::Reported));
            facts.push(fact(FactBody::PaymentProfileMonth(profile), 3, Some(month), Standing::Reported));
        }
        // The card's first month was taken back.
        let gone = Standing::Deletes(DeliveryNumber(1));
        facts.push(fact(tradeline(AccountKind::CreditCard), 1, Some(1), gone));
        facts.sort_by_key(|fact| fact.key);
        CreditFile::new(SUBJECT, facts)
    }

    fn any_purpose() -> impl Strategy<Value = Purpose> {
        prop::sample::select(Purpose::ALL)
    }

    fn any_consent() -> impl Strategy<Value = ConsentState> {
        (
            (any::<[u8; 8]>(), prop::bool::weighted(0.9), 6_u16..=7, prop::sample::select(ConsentScope::ALL)),
            (prop::sample::subsequence(Purpose::ALL, 0..=3), prop::sample::subsequence(DataCategory::ALL, 1..=25)),
            (prop::sample::select(ConsentForm::ALL), 0_i64..1000, 0_i64..1000, prop::option::of(0_i64..1000)),
            (any::<bool>(), prop::option::of(0_i64..1000), any::<bool>(), prop::option::of(0_i64..1000)),
        )
            .prop_map(
                |((id, own, member, scope), (purposes, categories), (form, from, until, withdrawn), so_far)| {
                    let (tied, paused, once, used) = so_far;
                    let mut state = agreed(purposes, categories, form);
                    state.consent.id = ConsentId(id);
                    state.consent.subject = if own { SUBJECT } else { SubjectId([2; 16]) };
                    state.consent.member = member;
                    state.consent.scope = scope;
                    state.consent.valid_from = at(from);
                    state.consent.valid_until = at(until);
                    state.withdrawn_at = withdrawn.map(at);
                    let bundle = Bundle { condition: "the service".to_owned(), necessity: Necessity::Necessary };
                    state.consent.terms.bundle = tied.then_some(bundle);
                    state.consent.terms.fetch = if once { Fetch::OneTime } else { Fetch::Unlimited };
                    state.uses = used.map(at).into_iter().collect();
                    if let Some(paused) = paused {
                        state.pause(at(paused));
                    }
                    state
                },
            )
    }

    fn size(permit: &Permit) -> usize {
        permit.released().iter().count()
    }

    proptest! {
        #[test]
        fn in_cn_no_consent_that_does_not_hold_permits_anything_about_a_person(
            consents in prop::collection::vec(any_consent(), 0..5), purpose in any_purpose(), now in 0_i64..1000,
        ) {
            let subscriber = member(MemberKind::Bank, vec![MemberRole::Subscriber], ConsentDuty::Nothing);
            let consents: Vec<_> =
                consents.into_iter().filter(|state| !state.is_active_at(at(now))).collect();
            let evidence = InquiryEvidence {
                now: at(now), subscriber: &subscriber, purpose, subject: SUBJECT,
                subject_kind: SubjectKind::Person, consents: &consents, frozen: false,
                opted_out: false, undertaken: true, range: None,
            };
            prop_assert!(matches!(decide_inquiry(&RULEBOOKS[0], &evidence), Decision::Denied(_)));
        }

        #[test]
        fn a_consent_more_takes_nothing_away_and_order_does_not_matter(
            consents in prop::collection::vec(any_consent(), 1..6), purpose in any_purpose(), now in 0_i64..1000,
            kind in prop::sample::select(MemberKind::ALL), about in prop::sample::select(SubjectKind::ALL),
            frozen: bool, book in 0_usize..4,
        ) {
            let subscriber = member(kind, vec![MemberRole::Subscriber], ConsentDuty::Nothing);
            let (_, fewer) = consents.split_last().unwrap();
            let decide = |consents: &[ConsentState]| decide_inquiry(&RULEBOOKS[book], &InquiryEvidence {
                now: at(now), subscriber: &subscriber, purpose, subject: SUBJECT, subject_kind: about, consents, frozen,
                opted_out: false, undertaken: frozen, range: None,
            });
            let more = decide(&consents);
            if let Decision::Permit(before) = decide(fewer) {
                let Decision::Permit(after) = &more else { panic!("{before:?} became {more:?}") };
                prop_assert!(size(after) >= size(&before), "{before:?} became {after:?}");
            }
            let turned: Vec<_> = consents.iter().rev().cloned().collect();
            prop_assert_eq!(decide(&turned), more);
        }

        #[test]
        fn what_is_shown_is_released_and_what_is_released_is_in_the_budget(
            consents in prop::collection::vec(any_consent(), 0..4), purpose in any_purpose(), now in 0_i64..1000,
            about in prop::sample::select(SubjectKind::ALL), book in 0_usize..4, months in 1_u8..4,
        ) {
            let subscriber = member(MemberKind::Court, vec![MemberRole::Subscriber], ConsentDuty::Nothing);
            let decision = decide_inquiry(&RULEBOOKS[book], &InquiryEvidence {
                now: at(now), subscriber: &subscriber, purpose, subject: SUBJECT, subject_kind: about,
                consents: &consents, frozen: false, opted_out: false, undertaken: true, range: None,
            });
            if let Decision::Permit(permit) = decision {
                let budget = RULEBOOKS[book].budget(purpose);
                prop_assert!(permit.released().iter().all(|category| budget.contains(category)));
                shown_is_released(&permit, months);
            }
        }
    }

    #[test]
    fn the_subject_sees_every_current_fact_whole() {
        for rulebook in RULEBOOKS.iter() {
            let Decision::Permit(permit) = decide_own_report(rulebook, at(5), SUBJECT) else { panic!("{rulebook:?}") };
            assert_eq!((permit.purpose(), permit.decided_at(), permit.subject()), (Purpose::OwnReport, at(5), SUBJECT));
            shown_is_released(&permit, 3);
            let visible = permit.reveal(file(3));
            // Identity, three months of three accounts, of which one was deleted.
            assert_eq!(visible.facts().len(), 1 + 9 - 1);
        }
    }

    /// The visible facts are the current ones of released categories, and a profile's parts are cut one by one.
    fn shown_is_released(permit: &Permit, months: u8) {
        let released = permit.released();
        let visible = permit.reveal(file(months));
        let whole = file(months);
        let expected: Vec<_> =
            whole.current().filter(|fact| released.contains(category_of(&fact.body))).map(|fact| fact.key).collect();
        assert_eq!(visible.facts().iter().map(|fact| fact.key).collect::<Vec<_>>(), expected);
        for fact in visible.facts() {
            if let FactBody::PaymentProfileMonth(month) = &fact.body {
                assert_eq!(month.income.is_some(), released.contains(DataCategory::Income));
                assert_eq!(month.investments.is_some(), released.contains(DataCategory::Securities));
            }
        }
    }
}
