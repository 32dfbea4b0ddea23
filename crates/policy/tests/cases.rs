//! Runs `cases/*.case`: the question, and the whole answer with its reasons. `UPDATE_EXPECT=1` writes the answers anew.
//!
//! A file's first line names its rulebook; then come cases, with blank lines between them. Words are separated by
//! blanks, lists by commas. A `#` begins a comment. What a case does not say:
//! roles as the question needs, all months, nothing undertaken and nothing opted out of, duty nothing, a person `D1`, a file not frozen, a written consent from 2026-01-01 until
//! 2027-01-01 with its evidence, given by the case's subject to the case's member, to inquire if the case is an inquiry,
//! else to furnish. `number` asks for a number of the rulebook; what it counts from is `now`.

#[cfg(test)]
mod runner {
    use std::collections::VecDeque;
    use std::path::{Path, PathBuf};
    use std::{fs, io};

    use tallystick_model::consent::{Consent, ConsentForm, ConsentId, ConsentScope, ConsentState};
    use tallystick_model::consent_terms::{
        Actor, Bundle, ConsentTerms, DataRange, Fetch, Frequency, FrequencyUnit, Necessity, Span, SpanUnit,
    };
    use tallystick_model::inquiry::{Detail, Purpose, Reason, SingleQuestion};
    use tallystick_model::member::{ConsentDuty, Member, MemberKind, MemberRole};
    use tallystick_model::rights::AlertKind;
    use tallystick_model::tradeline::{AccountKind, AccountStatus, PaymentRating, TradelineMonth};
    use tallystick_model::{CategorySet, Currency, DataCategory, Money, SubjectId, SubjectKind, Timestamp};
    use tallystick_policy::{
        Admission, Answering, AskAgain, ConsentNeed, Decision, Dispute, FraudAlert, Freezing, Guardianship,
        InquiryEvidence, RetentionKind, Rulebook, SubjectAlerts, Term, TransferEvidence, alert_until, charge,
        compensation, decide_inquiry, decide_own_report_by, decide_question, decide_transfer, gate, is_default,
        told_of_correction,
    };

    /// What one case says.
    struct Case {
        now: Timestamp,
        question: Question,
        subject: SubjectId,
        subject_kind: SubjectKind,
        frozen: bool,
        opted_out: bool,
        /// `None`: consents are not spoken of.
        consents: Option<Vec<ConsentState>>,
    }

    /// What a subscriber shows and how much it asks for.
    #[derive(Clone, Copy)]
    struct Asking {
        undertaken: bool,
        range: Option<DataRange>,
    }

    enum Question {
        Inquire(Purpose, Member, Option<SingleQuestion>, Asking),
        Furnish(Member, DataCategory),
        Transfer {
            from: Member,
            to: Member,
            category: DataCategory,
            furnished: bool,
            received: bool,
        },
        Number(Vec<String>),
        /// By whom, whether it was shown that they may, and whether the subject has died.
        OwnReport(Actor, bool, bool),
    }

    struct Words(VecDeque<String>);

    impl Words {
        fn of(line: &str) -> Self {
            Self(line.split_whitespace().map(str::to_owned).collect())
        }

        fn word(&mut self) -> String {
            self.0.pop_front().expect("a word is missing")
        }

        fn takes(&mut self, keyword: &str) -> bool {
            let found = self.0.front().is_some_and(|word| word == keyword);
            if found {
                self.0.pop_front();
            }
            found
        }

        fn code<T>(&mut self, from_code: impl Fn(&str) -> Option<T>) -> T {
            let word = self.word();
            from_code(&word).unwrap_or_else(|| panic!("unknown `{word}`"))
        }

        fn codes<T>(&mut self, from_code: impl Fn(&str) -> Option<T>) -> Vec<T> {
            let word = self.word();
            word.split(',').map(|code| from_code(code).unwrap_or_else(|| panic!("unknown `{code}`"))).collect()
        }

        /// The number in `S7`, `D1`, `C3`.
        fn numbered(&mut self, letter: char) -> u8 {
            let word = self.word();
            let number = word.strip_prefix(letter).and_then(|number| number.parse().ok());
            number.unwrap_or_else(|| panic!("`{word}`, expected `{letter}` and a number"))
        }

        fn instant(&mut self) -> Timestamp {
            Timestamp::parse(&self.word()).unwrap()
        }
    }

    fn member(words: &mut Words, letter: char, role: MemberRole) -> Member {
        let number = words.numbered(letter);
        let kind = words.code(MemberKind::from_code);
        let mut member = Member {
            number: u16::from(number),
            code: format!("m{number}"),
            name: "Member".to_owned(),
            kind,
            roles: vec![role],
            duty: ConsentDuty::Nothing,
        };
        loop {
            if words.takes("roles") {
                member.roles = words.codes(MemberRole::from_code);
            } else if words.takes("duty") {
                member.duty = words.code(ConsentDuty::from_code);
            } else {
                return member;
            }
        }
    }

    fn question(words: &mut Words) -> Question {
        if words.takes("own_report") {
            let actor = if words.takes("by") { words.code(Actor::from_code) } else { Actor::Subject };
            let (shown, died) = (words.takes("shown"), words.takes("died"));
            Question::OwnReport(actor, shown, died)
        } else if words.takes("number") {
            Question::Number(words.0.drain(..).collect())
        } else if words.takes("transfer") {
            let from = member(words, 'F', MemberRole::Furnisher);
            assert!(words.takes("to"), "expected `to`");
            let to = member(words, 'S', MemberRole::Subscriber);
            assert!(words.takes("category"), "expected `category`");
            let category = words.code(DataCategory::from_code);
            let (furnished, received) = (words.takes("furnished"), words.takes("received"));
            Question::Transfer { from, to, category, furnished, received }
        } else if words.takes("purpose") {
            let purpose = words.code(Purpose::from_code);
            assert!(words.takes("subscriber"), "expected `subscriber`");
            let subscriber = member(words, 'S', MemberRole::Subscriber);
            let asked = words.takes("question").then(|| words.code(SingleQuestion::from_code));
            let undertaken = words.takes("undertaken");
            let range =
                words.takes("about").then(|| DataRange { from: words.instant().date(), until: words.instant().date() });
            Question::Inquire(purpose, subscriber, asked, Asking { undertaken, range })
        } else {
            assert!(words.takes("furnisher"), "expected `own_report`, `purpose` or `furnisher`");
            let furnisher = member(words, 'F', MemberRole::Furnisher);
            assert!(words.takes("category"), "expected `category`");
            Question::Furnish(furnisher, words.code(DataCategory::from_code))
        }
    }

    fn consent(words: &mut Words, case: &Case) -> ConsentState {
        let (member, scope) = match &case.question {
            Question::Inquire(_, member, ..) => (member.number, ConsentScope::Inquire),
            Question::Furnish(member, _) => (member.number, ConsentScope::Furnish),
            Question::Transfer { .. } | Question::Number(_) | Question::OwnReport(..) => {
                panic!("no consent bears on it")
            }
        };
        let id = ConsentId([0, 0, 0, 0, 0, 0, 0, words.numbered('C')]);
        let mut state = ConsentState {
            consent: Consent {
                id,
                subject: case.subject,
                about: case.subject_kind,
                member,
                scope,
                purposes: Vec::new(),
                categories: Vec::new(),
                form: ConsentForm::Written,
                valid_from: Timestamp::parse("2026-01-01").unwrap(),
                valid_until: Timestamp::parse("2027-01-01").unwrap(),
                evidence: [1; 32],
                terms: ConsentTerms::default(),
                flags: Vec::new(),
            },
            withdrawn_at: None,
            pauses: Vec::new(),
            uses: Vec::new(),
        };
        while !words.0.is_empty() {
            match words.word().as_str() {
                "by" => state.consent.subject = SubjectId([words.numbered('D'); 16]),
                "to" => state.consent.member = u16::from(words.numbered('S')),
                "scope" => state.consent.scope = words.code(ConsentScope::from_code),
                "for" => state.consent.purposes = words.codes(Purpose::from_code),
                "of" => state.consent.categories = words.codes(DataCategory::from_code),
                "form" => state.consent.form = words.code(ConsentForm::from_code),
                "from" => state.consent.valid_from = words.instant(),
                "until" => state.consent.valid_until = words.instant(),
                "unproved" => state.consent.evidence = [0; 32],
                "paused" => state.pause(words.instant()),
                "resumed" => state.resume(words.instant()),
                "once" => state.consent.terms.fetch = Fetch::OneTime,
                "at_most" => {
                    let count = words.word().parse().unwrap();
                    let unit = words.code(FrequencyUnit::from_code);
                    state.consent.terms.fetch = Fetch::Periodic(Frequency { count, unit });
                }
                "used" => {
                    let used = words.word();
                    state.uses = used.split(',').map(|at| Timestamp::parse(at).unwrap()).collect();
                }
                "about" => {
                    let (from, until) = (words.instant().date(), words.instant().date());
                    state.consent.terms.data_range = Some(DataRange { from, until });
                }
                "kept" => {
                    let count = words.word().parse().unwrap();
                    state.consent.terms.data_life = Some(Span { count, unit: SpanUnit::Day });
                }
                "tied" => {
                    let necessity = words.code(Necessity::from_code);
                    state.consent.terms.bundle = Some(Bundle { condition: "the service".to_owned(), necessity });
                }
                "withdrawn" => state.withdrawn_at = Some(words.instant()),
                other => panic!("unknown `{other}`"),
            }
        }
        state
    }

    fn parse(lines: &[&str]) -> Case {
        let mut lines = lines.iter().map(|line| Words::of(line));
        let mut first = lines.next().unwrap();
        assert!(first.takes("now"), "expected `now`");
        let mut case = Case {
            now: first.instant(),
            question: question(&mut first),
            subject: SubjectId([1; 16]),
            subject_kind: SubjectKind::Person,
            frozen: false,
            opted_out: false,
            consents: None,
        };
        assert!(first.0.is_empty(), "left over: {:?}", first.0);
        for mut words in lines {
            if words.takes("subject") {
                case.subject = SubjectId([words.numbered('D'); 16]);
                while !words.0.is_empty() && !words.takes("consent") {
                    match words.word().as_str() {
                        "frozen" => case.frozen = true,
                        "opted_out" => case.opted_out = true,
                        kind => case.subject_kind = SubjectKind::from_code(kind).unwrap(),
                    }
                }
                if words.takes("none") {
                    case.consents = Some(Vec::new());
                }
                assert!(words.0.is_empty(), "left over: {:?}", words.0);
            } else {
                assert!(words.takes("consent"), "expected `subject` or `consent`");
                let state = consent(&mut words, &case);
                case.consents.get_or_insert_default().push(state);
            }
        }
        case
    }

    fn answer(rulebook: &Rulebook, case: &Case) -> String {
        let consents = case.consents.as_deref().unwrap_or(&[]);
        match &case.question {
            Question::OwnReport(actor, shown, died) => {
                show(&decide_own_report_by(rulebook, case.now, case.subject, (*actor, *shown, *died)))
            }
            Question::Inquire(purpose, subscriber, asked, asking) => {
                let evidence = InquiryEvidence {
                    now: case.now,
                    subscriber,
                    purpose: *purpose,
                    subject: case.subject,
                    subject_kind: case.subject_kind,
                    consents,
                    frozen: case.frozen,
                    opted_out: case.opted_out,
                    undertaken: asking.undertaken,
                    range: asking.range,
                };
                show(&match asked {
                    Some(question) => decide_question(rulebook, &evidence, *question),
                    None => decide_inquiry(rulebook, &evidence),
                })
            }
            Question::Transfer { from, to, category, furnished, received } => {
                let evidence = TransferEvidence {
                    from,
                    to,
                    subject_kind: case.subject_kind,
                    category: *category,
                    furnished: *furnished,
                    received: *received,
                };
                let decision = decide_transfer(rulebook, &evidence);
                format!("-> {} {}", if decision.permitted { "permit" } else { "deny" }, reasons(&decision.reasons))
            }
            Question::Number(words) => number(rulebook, words, case.now),
            Question::Furnish(furnisher, category) => {
                let gate = gate(rulebook, furnisher, [*category].into_iter().collect(), case.now);
                let admission = show_admission(gate.admission(case.subject_kind, *category));
                if case.consents.is_none() {
                    return admission;
                }
                match gate.admit(case.subject_kind, case.subject, *category, consents) {
                    Ok(Some(id)) => format!("{admission}   record admitted C{}", id.0[7]),
                    Ok(None) => format!("{admission}   record admitted"),
                    Err(denial) => format!("{admission}   record denied {}", reasons(&denial.reasons)),
                }
            }
        }
    }

    /// A number of the rulebook in words, with its rule.
    fn number(rulebook: &Rulebook, words: &[String], now: Timestamp) -> String {
        let (what, of) = (words[0].as_str(), words.get(1).map(String::as_str));
        let until = |term: Term| format!("{term} (until {})", term.after(now).unwrap());
        let maybe = |term: Option<Term>| term.map_or("no term".to_owned(), until);
        let told = match what {
            "retention" => {
                let kind = RetentionKind::ALL.into_iter().find(|kind| Some(kind.code()) == of).unwrap();
                rulebook.retention(kind).map(|number| {
                    let term = number.term.map_or("no limit".to_owned(), |term| {
                        format!("{term} (until {})", term.after_date(now.date()).unwrap())
                    });
                    format!("{} {term} from {}", number.rule, number.clock.code())
                })
            }
            "dispute" => rulebook.dispute().map(|number| {
                let Dispute { answer, extended, furnisher, overdue, compensation_a_day, joint, rule } = number;
                let mut told = format!("{rule} answer {}", until(*answer));
                told.extend(extended.map(|more| format!(", extended on {:?} {}", more.on, until(more.term))));
                told.extend(furnisher.map(|term| format!(", furnisher {}", until(term))));
                told.push_str(&format!(", then {overdue:?}"));
                told.extend(compensation_a_day.map(|amount| format!(", {amount} a day")));
                told.extend(joint.iter().map(|rule| format!(", joint by {rule}")));
                told
            }),
            "free_reports" => rulebook.free_reports().map(|number| {
                let count = number.count.map_or("every".to_owned(), |count| count.to_string());
                let next = number.next.map_or("no price".to_owned(), |price| price.to_string());
                format!("{} {count} in {:?}, next {next}", number.rule, number.period)
            }),
            "freeze" => rulebook.freeze().map(|number| {
                let Freezing { place, lift, by_mail, rule } = number;
                format!("{rule} place {}, lift {}, by mail {}", until(*place), until(*lift), until(*by_mail))
            }),
            "fraud_alert" => rulebook.fraud_alert().map(|number| {
                let FraudAlert { initial, extended, active_duty, rule } = number;
                format!("{rule} {initial}, extended {extended}, active duty {active_duty}")
            }),
            "opt_out" => rulebook.opt_out().map(|number| format!("{} {}", number.rule, until(number.term))),
            "correction_notice" => rulebook.correction_notice().map(|number| {
                let of = |term: Option<Term>| term.map_or("ever".to_owned(), |term| term.to_string());
                format!("{} {}, employment {}", number.rule, of(number.term), of(number.employment))
            }),
            "adverse_action" => rulebook.adverse_action().map(|number| {
                let reasons = number.reasons_max.map_or("any number of".to_owned(), |max| max.to_string());
                let (notice, free) = (maybe(number.notice), maybe(number.free_report));
                format!("{} notice {notice}, {reasons} reasons, free report {free}", number.rules.join(" "))
            }),
            "inquiries_shown" => rulebook
                .inquiries_shown()
                .map(|number| format!("{} {}, employment {:?}", number.rule, number.general, number.employment)),
            "renewal" => rulebook.renewal().map(|number| {
                let of: Vec<_> = number.categories.iter().map(DataCategory::code).collect();
                format!("{} {} of {}", number.rule, until(number.term), of.join(","))
            }),
            "deliveries" => rulebook.deliveries().map(|number| {
                format!(
                    "{} as of {:?} and the last, validated {}",
                    number.rule,
                    number.as_of_days,
                    until(number.validation)
                )
            }),
            "records_kept" => rulebook.records_kept().map(|number| format!("{} {}", number.rule, number.term)),
            "owner_approval" => {
                rulebook.owner_approval().map(|number| format!("{} from {} bp", number.rule, number.share_bp))
            }
            "ask_again" => rulebook.consent().ask_again.as_ref().map(|number| {
                let AskAgain { term, rule } = number;
                format!("{rule} {}", until(*term))
            }),
            "bundle" => rulebook.consent().bundle.as_ref().map(|number| number.rule.clone()),
            "guardian" => rulebook.consent().guardian.as_ref().map(|number| {
                let Guardianship { below_years, rule } = number;
                format!("{rule} below {below_years} years")
            }),
            "next_of_kin" => rulebook.consent().next_of_kin.as_ref().map(|number| number.rule.clone()),
            "prohibited" => rulebook.prohibited().map(|number| {
                let of: Vec<_> = number.categories.iter().map(DataCategory::code).collect();
                format!("{} {}", number.rule, of.join(","))
            }),
            "charge" => {
                let earlier = words.iter().skip(1).map(|at| Timestamp::parse(at).unwrap());
                charge(rulebook, earlier, now).map(|charge| {
                    let free = charge.free.map_or("every one".to_owned(), |free| free.to_string());
                    let price = charge.price.map_or("no price".to_owned(), |price| price.to_string());
                    let [is, next] =
                        [charge.is_free, charge.next_is_free].map(|free| if free { "free" } else { "not free" });
                    format!("{} number {} of {free}: {is}, next {next}, {price}", charge.rule, charge.in_period)
                })
            }
            "recall" => {
                let shown = Timestamp::parse(&words[2]).unwrap();
                let purpose = Purpose::from_code(of.unwrap()).unwrap();
                let reason = told_of_correction(rulebook, purpose, shown, now);
                Some(reason.map_or("not told".to_owned(), |reason| reasons(&[reason])))
            }
            "alert" => {
                let kind = AlertKind::from_code(of.unwrap()).unwrap();
                alert_until(rulebook, kind, now).map(|(until, rule)| format!("{rule} until {until}"))
            }
            // What is filed at `now`, answered by the furnisher on the first day and by the bureau on the second.
            "compensation" => rulebook.dispute().map(|number| {
                let [received, closed] = [1, 2].map(|place| Timestamp::parse(&words[place]).unwrap());
                let answer_by = number.answer.after(now).unwrap();
                let furnisher_by = number.furnisher.map_or(answer_by, |term| term.after(now).unwrap());
                let answering = Answering { furnisher: 3, furnisher_by, answer_by, received, closed };
                compensation(rulebook, &answering).map_or("nothing".to_owned(), |owed| {
                    let of = |minor| Money { minor, currency: owed.currency };
                    let (theirs, ours) = (of(owed.furnisher_minor), of(owed.bureau_minor));
                    format!("{}: F{} {theirs}, the bureau {ours}", owed.total(), owed.furnisher)
                })
            }),
            "subject_alerts" => rulebook.subject_alerts().map(|number| {
                let SubjectAlerts { accesses, default_days, rule } = number;
                format!("{rule} accesses {accesses}, defaults from {default_days:?} days")
            }),
            "requests" => rulebook.requests().map(|number| {
                let grounds: Vec<_> = number.grounds.iter().map(|ground| ground.code()).collect();
                format!("{} {}, answer {}", number.rule, grounds.join(","), maybe(number.answer))
            }),
            "default" => {
                let month = TradelineMonth {
                    rating: (0..=u8::MAX)
                        .filter_map(PaymentRating::from_number)
                        .find(|rating| Some(rating.code()) == of)
                        .unwrap(),
                    status: AccountStatus::from_code(&words[2]).unwrap(),
                    kind: AccountKind::CreditCard,
                    currency: Currency::CNY,
                    balance_minor: None,
                    past_due_minor: None,
                    limit_minor: None,
                    paid_minor: None,
                    scheduled_minor: None,
                };
                Some(if is_default(rulebook, &month) { "told" } else { "not told" }.to_owned())
            }
            other => panic!("unknown number `{other}`"),
        };
        told.map_or("-> no rule".to_owned(), |told| format!("-> {told}"))
    }

    fn show(decision: &Decision) -> String {
        match decision {
            Decision::Denied(denial) => format!("-> deny {}", reasons(&denial.reasons)),
            Decision::Permit(permit) => {
                let consent = permit.consent().map_or("none".to_owned(), |id| format!("C{}", id.0[7]));
                let released: Vec<_> = permit.released().iter().map(DataCategory::code).collect();
                let released = match released.len() {
                    0 => "nothing".to_owned(),
                    _ if permit.released() == CategorySet::all() => "all".to_owned(),
                    _ => released.join(","),
                };
                let detail = match permit.detail() {
                    Detail::Whole => String::new(),
                    detail => format!("   detail {detail}"),
                };
                let months = |range: DataRange| format!("{} {}", range.from, range.until);
                let ranges = permit.ranges();
                let all = ranges.all.map_or_else(String::new, |range| format!("   about {}", months(range)));
                let by_consent = ranges.by_consent.map_or_else(String::new, |(categories, range)| {
                    let of: Vec<_> = categories.iter().map(DataCategory::code).collect();
                    format!("   {} about {}", of.join(","), months(range))
                });
                let why = reasons(permit.reasons());
                format!("-> permit {why}   consent {consent}   released {released}{detail}{all}{by_consent}")
            }
        }
    }

    fn show_admission(admission: &Admission) -> String {
        match admission {
            Admission::NotAdmitted { reasons: all } => format!("-> refuse {}", reasons(all)),
            Admission::Admitted { need, reasons: all } => {
                let need = match need {
                    ConsentNeed::Nothing => "nothing".to_owned(),
                    ConsentNeed::Attested => "attested".to_owned(),
                    ConsentNeed::Recorded(form) => format!("recorded:{form}"),
                    ConsentNeed::Separate(form) => format!("separate:{form}"),
                };
                format!("-> admit {}   needs {need}", reasons(all))
            }
        }
    }

    fn reasons(reasons: &[Reason]) -> String {
        let shown: Vec<_> = reasons.iter().map(|reason| format!("{} {}", reason.rule, reason.code)).collect();
        shown.join(", ")
    }

    /// The text of a file with the answers as they are, and how many cases it has.
    fn answered(text: &str) -> (String, usize) {
        let mut lines = text.lines();
        let first = lines.next().unwrap();
        let rulebook = Rulebook::built_in(first.strip_prefix("rulebook ").expect("expected `rulebook`")).unwrap();
        let (mut out, mut asked, mut count) = (format!("{first}\n"), Vec::new(), 0);
        for line in lines {
            if line.starts_with("->") {
                out.push_str(&answer(&rulebook, &parse(&asked)));
                asked.clear();
                count += 1;
            } else {
                out.push_str(line);
                if !line.is_empty() && !line.starts_with('#') {
                    asked.push(line);
                }
            }
            out.push('\n');
        }
        assert!(asked.is_empty(), "a case without an answer: {asked:?}");
        (out, count)
    }

    fn files() -> io::Result<Vec<PathBuf>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
        let paths: io::Result<Vec<_>> = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
        let mut paths: Vec<_> =
            paths?.into_iter().filter(|path| path.extension().is_some_and(|e| e == "case")).collect();
        paths.sort();
        Ok(paths)
    }

    #[expect(clippy::disallowed_methods, reason = "the one who runs the tests asks for new answers")]
    fn is_update() -> bool {
        std::env::var_os("UPDATE_EXPECT").is_some()
    }

    #[test]
    fn every_case_has_its_answer_and_its_reasons() {
        let (mut count, mut wrong) = (0, Vec::new());
        for path in files().unwrap() {
            let text = fs::read_to_string(&path).unwrap();
            let (is, cases) = answered(&text);
            count += cases;
            if is == text {
                continue;
            }
            if is_update() {
                fs::write(&path, &is).unwrap();
                continue;
            }
            for (number, (said, is)) in text.lines().zip(is.lines()).enumerate() {
                if said != is {
                    wrong.push(format!("{}:{}\n  said {said}\n  is   {is}", path.display(), number + 1));
                }
            }
        }
        println!("{count} cases");
        assert!(count >= 130, "only {count} cases");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
