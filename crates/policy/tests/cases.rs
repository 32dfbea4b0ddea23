//! Runs `cases/*.case`: the question, and the whole answer with its reasons. `UPDATE_EXPECT=1` writes the answers anew.
//!
//! A file's first line names its rulebook; then come cases, with blank lines between them. Words are separated by
//! blanks, lists by commas. A `#` begins a comment. What a case does not say:
//! roles as the question needs, duty nothing, a person `D1`, a file not frozen, a written consent from 2026-01-01 until
//! 2027-01-01, given by the case's subject to the case's member, to inquire if the case is an inquiry, else to furnish.

#[cfg(test)]
mod runner {
    use std::collections::VecDeque;
    use std::path::{Path, PathBuf};
    use std::{fs, io};

    use tallystick_model::consent::{Consent, ConsentForm, ConsentId, ConsentScope, ConsentState};
    use tallystick_model::consent_terms::{Bundle, ConsentTerms, Fetch, Frequency, FrequencyUnit, Necessity};
    use tallystick_model::inquiry::{Purpose, Reason};
    use tallystick_model::member::{ConsentDuty, Member, MemberKind, MemberRole};
    use tallystick_model::{CategorySet, DataCategory, SubjectId, SubjectKind, Timestamp};
    use tallystick_policy::{
        Admission, ConsentNeed, Decision, InquiryEvidence, Rulebook, decide_inquiry, decide_own_report, gate,
    };

    /// What one case says.
    struct Case {
        now: Timestamp,
        question: Question,
        subject: SubjectId,
        subject_kind: SubjectKind,
        frozen: bool,
        /// `None`: consents are not spoken of.
        consents: Option<Vec<ConsentState>>,
    }

    enum Question {
        Inquire(Purpose, Member),
        Furnish(Member, DataCategory),
        OwnReport,
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
            Question::OwnReport
        } else if words.takes("purpose") {
            let purpose = words.code(Purpose::from_code);
            assert!(words.takes("subscriber"), "expected `subscriber`");
            Question::Inquire(purpose, member(words, 'S', MemberRole::Subscriber))
        } else {
            assert!(words.takes("furnisher"), "expected `own_report`, `purpose` or `furnisher`");
            let furnisher = member(words, 'F', MemberRole::Furnisher);
            assert!(words.takes("category"), "expected `category`");
            Question::Furnish(furnisher, words.code(DataCategory::from_code))
        }
    }

    fn consent(words: &mut Words, case: &Case) -> ConsentState {
        let (member, scope) = match &case.question {
            Question::Inquire(_, member) => (member.number, ConsentScope::Inquire),
            Question::Furnish(member, _) => (member.number, ConsentScope::Furnish),
            Question::OwnReport => panic!("a consent to the own report"),
        };
        let id = ConsentId([0, 0, 0, 0, 0, 0, 0, words.numbered('C')]);
        let mut state = ConsentState {
            consent: Consent {
                id,
                subject: case.subject,
                member,
                scope,
                purposes: Vec::new(),
                categories: Vec::new(),
                form: ConsentForm::Written,
                valid_from: Timestamp::parse("2026-01-01").unwrap(),
                valid_until: Timestamp::parse("2027-01-01").unwrap(),
                evidence: [0; 32],
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
            consents: None,
        };
        assert!(first.0.is_empty(), "left over: {:?}", first.0);
        for mut words in lines {
            if words.takes("subject") {
                case.subject = SubjectId([words.numbered('D'); 16]);
                while !words.0.is_empty() && !words.takes("consent") {
                    match words.word().as_str() {
                        "frozen" => case.frozen = true,
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
            Question::OwnReport => show(&decide_own_report(rulebook, case.now, case.subject)),
            Question::Inquire(purpose, subscriber) => show(&decide_inquiry(
                rulebook,
                &InquiryEvidence {
                    now: case.now,
                    subscriber,
                    purpose: *purpose,
                    subject: case.subject,
                    subject_kind: case.subject_kind,
                    consents,
                    frozen: case.frozen,
                },
            )),
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
                format!("-> permit {}   consent {consent}   released {released}", reasons(permit.reasons()))
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
        assert!(count >= 45, "only {count} cases");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
