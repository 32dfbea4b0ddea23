//! Temporary: how long one decision takes.
#[cfg(test)]
mod timing {
    use std::time::Instant;
    use tallystick_model::consent::*;
    use tallystick_model::inquiry::Purpose;
    use tallystick_model::member::*;
    use tallystick_model::*;
    use tallystick_policy::*;

    fn best(label: &str, mut f: impl FnMut()) {
        let mut best = u128::MAX;
        let mut all = vec![];
        for _ in 0..20 {
            let t = Instant::now();
            for _ in 0..5000 {
                f()
            }
            let e = t.elapsed().as_nanos() / 5000;
            all.push(e);
            best = best.min(e);
        }
        all.sort();
        println!("{label}: best {best} ns, median {} ns", all[10]);
    }

    #[test]
    fn timing() {
        let s = SubjectId([1; 16]);
        let at = |m| Timestamp::from_millis(m).unwrap();
        let member = Member {
            number: 7,
            code: "b".into(),
            name: "B".into(),
            kind: MemberKind::Bank,
            roles: vec![MemberRole::Subscriber, MemberRole::Furnisher],
            duty: ConsentDuty::Attested,
        };
        let c = |n: u8, form| ConsentState {
            consent: Consent {
                id: ConsentId([n; 8]),
                subject: s,
                member: 7,
                scope: ConsentScope::Inquire,
                purposes: vec![Purpose::CreditApplication],
                categories: vec![DataCategory::Identity, DataCategory::Credit, DataCategory::Payments],
                form,
                valid_from: at(0),
                valid_until: at(1000),
                evidence: [0; 32],
            },
            withdrawn_at: None,
        };
        for name in Rulebook::names() {
            let t = Instant::now();
            let book = Rulebook::built_in(name).unwrap();
            println!("{name} build {:?}", t.elapsed());
            let one = [c(1, ConsentForm::Written)];
            let three = [c(1, ConsentForm::Written), c(2, ConsentForm::Electronic), c(3, ConsentForm::WrittenWarned)];
            let e = InquiryEvidence {
                now: at(500),
                subscriber: &member,
                purpose: Purpose::CreditApplication,
                subject: s,
                subject_kind: SubjectKind::Person,
                consents: &one,
                frozen: false,
            };
            best("  permit, one consent", || {
                let _ = std::hint::black_box(decide_inquiry(&book, std::hint::black_box(&e)));
            });
            let e3 = InquiryEvidence { consents: &three, ..e };
            best("  permit, three consents of three forms", || {
                let _ = std::hint::black_box(decide_inquiry(&book, std::hint::black_box(&e3)));
            });
            let e0 = InquiryEvidence { consents: &[], purpose: Purpose::Marketing, ..e };
            best("  deny, no consent", || {
                let _ = std::hint::black_box(decide_inquiry(&book, std::hint::black_box(&e0)));
            });
            best("  own report", || {
                let _ = std::hint::black_box(decide_own_report(&book, at(0), s));
            });
            let t = Instant::now();
            for _ in 0..20 {
                std::hint::black_box(gate(&book, &member, CategorySet::all(), at(0)));
            }
            println!("  gate of all categories {:?}", t.elapsed() / 20);
        }
    }
}
