//! What makes texts a rulebook, and what does not.

#[cfg(test)]
mod rulebooks {
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::{fs, iter};

    use sha2::{Digest, Sha256};
    use tallystick_model::inquiry::{Purpose, SingleQuestion};
    use tallystick_model::member::{ConsentDuty, Member, MemberKind, MemberRole};
    use tallystick_model::{CategorySet, DataCategory, SubjectKind, Timestamp};
    use tallystick_policy::{Admission, Confidence, Rulebook, RulebookError, gate, sentence};

    const ACCESS: &str = r#"
        @id("x-1.firm") @rule("x-1") @code("rule_is_for_persons") @source("Art 1")
        permit (principal, action in Action::"inquire", resource == SubjectKind::"firm");
    "#;
    const TOML: &str = r#"
        version = "1"
        precedence = ["rule_is_for_persons"]
        conditional = { person = ["income"], firm = [] }
        [purpose.marketing]
        releases = ["credit"]
        [questions]
        rule = "x-1"
        [questions.reads]
        past_due_now = ["credit"]
        [numbers]
        retention = { adverse = { term = "5 years", clock = "end_of_event", rule = "x-1" } }
        [rule.x-1]
        title = "A rule"
        source = "A law"
        confidence = "weak"
    "#;

    fn fault(access: &str, toml: &str) -> String {
        Rulebook::from_texts("x", access, toml).unwrap_err().to_string()
    }

    #[test]
    fn a_rulebook_says_its_name_rules_and_budgets() {
        let rulebook = Rulebook::from_texts("x", ACCESS, TOML).unwrap();
        assert_eq!((rulebook.name(), rulebook.version(), rulebook.label()), ("x", "1", "x 1"));
        let rule = rulebook.rule("x-1").unwrap();
        assert_eq!((rule.title.as_str(), rule.source.as_str()), ("A rule", "A law"));
        assert_eq!(rule.confidence, Confidence::Weak);
        assert_eq!(rulebook.rule("x-2"), None);
        assert_eq!(rulebook.budget(Purpose::Marketing), CategorySet::EMPTY.with(DataCategory::Credit));
        assert_eq!(rulebook.budget(Purpose::Collection), CategorySet::EMPTY);
        assert_eq!(rulebook.conditional(SubjectKind::Firm), CategorySet::EMPTY);
        assert_eq!(rulebook.reads(SingleQuestion::PastDueNow), Some(CategorySet::EMPTY.with(DataCategory::Credit)));
        assert_eq!(rulebook.reads(SingleQuestion::HasOpenAccounts), None);
        assert_eq!(format!("{rulebook:?}"), "Rulebook(x 1)");
    }

    #[test]
    fn the_hash_is_of_both_texts_and_of_where_they_part() {
        let rulebook = Rulebook::from_texts("x", ACCESS, TOML).unwrap();
        let bytes: Vec<u8> = [ACCESS, TOML]
            .iter()
            .flat_map(|text| (text.len() as u64).to_be_bytes().into_iter().chain(text.bytes()))
            .collect();
        assert_eq!(rulebook.hash(), <[u8; 32]>::from(Sha256::digest(bytes)));
        let moved = Rulebook::from_texts("x", &ACCESS[1..], TOML).unwrap();
        assert_ne!(rulebook.hash(), moved.hash());
    }

    #[test]
    fn every_built_in_rulebook_is_built_and_shareable() {
        fn shareable<T: Send + Sync>(_: &T) {}
        for name in Rulebook::names() {
            let rulebook = Rulebook::built_in(name).unwrap();
            assert_eq!(rulebook.label(), format!("{name} 2026.2"));
            shareable(&rulebook);
        }
        assert_eq!(Rulebook::built_in("xx").unwrap_err(), RulebookError::Unknown("xx".to_owned()));
    }

    /// Every rule is held by something that can be read: none stands in a rulebook for show.
    #[test]
    fn every_rule_says_something_in_words() {
        for name in Rulebook::names() {
            let rulebook = Rulebook::built_in(name).unwrap();
            let sayings = rulebook.sayings();
            let said: BTreeSet<&str> = sayings.iter().map(|saying| saying.rule.as_str()).collect();
            let known: BTreeSet<&str> = rulebook.rules().map(|rule| rule.id.as_str()).collect();
            assert_eq!(said, known, "{name}");
        }
        let words = |name: &str, what: &str| -> Vec<String> {
            let sayings = Rulebook::built_in(name).unwrap().sayings().into_iter().filter(|saying| saying.name == what);
            sayings.map(|saying| format!("{} {}", saying.rule, saying.words)).collect()
        };
        assert_eq!(words("cn", "retention"), ["cn-9 adverse for 5 years from end_of_event"]);
        assert_eq!(words("cn", "dispute"), ["cn-15 answered in 20 days; what was not verified by then stays, marked"]);
        assert_eq!(words("cn", "free_reports"), ["cn-10 2 own reports a calendar year free, the next CNY 25.00"]);
        assert_eq!(words("cn", "owner_approval"), ["cn-3 from 5.00 % on"]);
        assert_eq!(words("cn", "consent.ask_again"), ["cn-33 not within 180 days of a refusal"]);
        assert_eq!(words("us", "retention").len(), 6);
        assert_eq!(words("us", "retention")[5], "us-6 conviction without limit from event");
        assert_eq!(words("eu", "free_reports"), ["eu-3 every own report is free"]);
        assert_eq!(
            words("in", "fair_use")[9],
            "in-11 purpose 104, template CT035: used again and again, 1 a day, 31 a month, holds 8 years, reaches back \
             1 day, data kept 31 days: DEPOSIT"
        );
        assert_eq!(
            words("in", "dispute"),
            [
                "in-5 answered in 30 days, of that the furnisher 21 days; what was not verified by then stays, marked; \
              after that INR 100.00 a day",
                "in-6 one answer about statements of several furnishers"
            ]
        );
        assert_eq!(
            words("cn", "cn-6.prohibited"),
            [
                "cn-6 prohibited_category; Art 14(1): religion, genes, fingerprints, blood type, disease, medical history"
            ]
        );
    }

    /// What the numbers prohibit no policy admits, whoever hands it over and whatever the subject agrees to.
    #[test]
    fn what_is_prohibited_is_refused_by_the_policies_under_the_same_rule() {
        let mut count = 0;
        for name in Rulebook::names() {
            let rulebook = Rulebook::built_in(name).unwrap();
            let Some(prohibited) = rulebook.prohibited() else { continue };
            for kind in MemberKind::ALL {
                let furnisher = Member {
                    number: 1,
                    code: "m".to_owned(),
                    name: "Member".to_owned(),
                    kind: *kind,
                    roles: vec![MemberRole::Furnisher],
                    duty: ConsentDuty::Attested,
                };
                let gate = gate(&rulebook, &furnisher, prohibited.categories, Timestamp::from_millis(0).unwrap());
                for (about, category, admission) in gate.admissions() {
                    let Admission::NotAdmitted { reasons } = admission else {
                        panic!("{name} admits {category} of {about}")
                    };
                    assert_eq!(reasons[0].rule, prohibited.rule, "{name} {category}");
                    count += 1;
                }
            }
        }
        assert_eq!(count, (5 + 3 + 7) * 14 * 2);
    }

    #[test]
    fn policies_that_say_too_little_are_refused() {
        for (removed, expected) in [
            (r#"@id("x-1.firm")"#, "policy 1 from the top has no `@id`"),
            (r#"@rule("x-1")"#, "policy `x-1.firm`: expected `@rule`"),
            (r#"@code("rule_is_for_persons")"#, "policy `x-1.firm`: expected `@code`"),
            (r#"@source("Art 1")"#, "policy `x-1.firm`: expected `@source`"),
        ] {
            let access = ACCESS.replace(removed, "");
            assert_eq!(fault(&access, TOML), format!("rulebook `x` access.cedar: {expected}"));
        }
        let unknown = ACCESS.replace("@source", "@note(\"\") @source");
        assert!(fault(&unknown, TOML).ends_with("policy `x-1.firm`: unknown annotation `@note`"));
        let rests = ACCESS.replace("@source", "@rests_on(\"law\") @source");
        assert!(fault(&rests, TOML).contains("`@rests_on(\"law\")`, expected a permit and `consent`"));
        let twice: String = iter::repeat_n(ACCESS, 2).collect();
        assert!(fault(&twice, TOML).ends_with("policy `x-1.firm`: the id is used twice"));
    }

    #[test]
    fn policies_that_name_what_nobody_knows_are_refused() {
        for (from, to) in [
            ("SubjectKind::\"firm\"", "SubjectKind::\"frim\""),
            ("SubjectKind::\"firm\"", "Subjects::\"firm\""),
            ("Action::\"inquire\"", "Action::\"enquire\""),
            // Nobody inquires without a purpose: this would never speak.
            ("action in", "action =="),
            (");\n", ") when { context.colour };\n"),
            // The attribute is optional: what it holds may not be read before it is known to be there.
            (");\n", ") when { context.consent.active };\n"),
            // Could never speak.
            (");\n", ") when { false };\n"),
            (");\n", "\n"),
            ("resource == SubjectKind::\"firm\"", "resource == ?resource"),
        ] {
            let access = ACCESS.replace(from, to);
            assert_ne!(access, ACCESS);
            let fault = fault(&access, TOML);
            assert!(fault.starts_with("rulebook `x` access.cedar: "), "{fault}");
            assert!(!fault.contains('\n'), "{fault}");
        }
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for (from, to, expected) in [
            ("rule.x-1", "rule.x-2", "access.cedar: policy `x-1.firm`: no rule `x-1` in rulebook.toml"),
            (
                "precedence = [\"rule_is_for_persons\"]",
                "precedence = []",
                "`rule_is_for_persons` is not in the precedence",
            ),
            (
                "\"rule_is_for_persons\"]",
                "\"rule_is_for_persons\", \"court_order\"]",
                "`court_order` is used by no policy",
            ),
            ("\"rule_is_for_persons\"]", "\"rule_is_for_persons\", \"rule_is_for_persons\"]", "stands twice"),
            ("[\"credit\"]", "[\"credits\"]", "purpose `marketing`: unknown category `credits`"),
            ("purpose.marketing", "purpose.selling", "purpose `selling`: unknown"),
            ("[\"income\"]", "[\"incomes\"]", "conditional: unknown category `incomes`"),
            (", firm = []", "", "conditional: expected a list for `firm`"),
            ("firm = []", "firm = [], ghost = []", "conditional: unknown subject `ghost`"),
            ("\"weak\"", "\"sure\"", "unknown variant `sure`"),
            (
                "[\"credit\"]\n        [questions]",
                "[\"credit\"]\n        detail = \"rough\"\n        [questions]",
                "unknown detail `rough`",
            ),
            ("version", "edition", "unknown field `edition`"),
            ("past_due_now", "rich", "questions: unknown question `rich`"),
            (
                "questions]\n        rule = \"x-1\"",
                "questions]\n        rule = \"x-2\"",
                "cites rule `x-2`, which is not there",
            ),
            ("rule = \"x-1\" } }", "rule = \"x-3\" } }", "cites rule `x-3`, which is not there"),
            ("5 years", "5 weeks", "found `5 weeks`"),
            ("end_of_event", "someday", "unknown variant `someday`"),
            (
                "[numbers]",
                "[numbers]\n        freeze = { place = \"1 day\", lift = \"1 hour\", by_mail = \"3 days\", rule = \"x-1\" }",
                "expected `freeze` where a policy asks if a file is frozen, and only there",
            ),
            ("[numbers]", "[numbers]\n        adverse_action = { rules = [] }", "`adverse_action` names no rule"),
            (
                "[numbers]",
                "[numbers]\n        free_reports = { period = \"calendar_year\", next = \"25 QQQ\", rule = \"x-1\" }",
                "expected an amount and a currency, found `25 QQQ`",
            ),
            (
                "[numbers]",
                "[numbers]\n        prohibited = { categories = [\"soul\"], rule = \"x-1\" }",
                "unknown category `soul`",
            ),
        ] {
            let toml = TOML.replace(from, to);
            assert_ne!(toml, TOML);
            let fault = fault(ACCESS, &toml);
            assert!(fault.contains(expected), "{fault}");
        }
        let idle = format!("{TOML}\n[rule.x-9]\ntitle = \"\"\nsource = \"\"\nconfidence = \"weak\"\n");
        assert!(fault(ACCESS, &idle).ends_with("rule `x-9` is cited by no policy and no number"));
        let mute = (ACCESS.replace("rule_is_for_persons", "because"), TOML.replace("rule_is_for_persons", "because"));
        assert!(fault(&mute.0, &mute.1).ends_with("precedence: `because` has no sentence in decision.rs"));
    }

    #[test]
    fn sentences_are_known_and_of_unknown_codes_the_words() {
        assert_eq!(sentence("file_frozen"), "The subject has frozen the credit file.");
        let purpose = sentence("no_consent_for_credit_application");
        assert_eq!(purpose, "No consent of the subject lets this subscriber inquire: credit application.");
        assert_eq!(sentence("no_consent_for_nothing"), "no consent for nothing");
        assert_eq!(sentence("of_another_time"), "of another time");
    }

    /// The page is for people; this keeps it true.
    #[test]
    fn the_page_on_rulebooks_names_every_rule_with_its_confidence_and_every_case() {
        let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let page = fs::read_to_string(crate_folder.join("../../docs/rulebooks.md")).unwrap();
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).collect();
        for name in Rulebook::names() {
            for rule in Rulebook::built_in(name).unwrap().rules() {
                let start = format!("| {} |", rule.id);
                let row = rows.iter().find(|row| row.starts_with(&start));
                let row = row.unwrap_or_else(|| panic!("no row for {}", rule.id));
                let marked = format!("| {} |", rule.confidence.code());
                assert!(row.contains(&marked), "{}: expected confidence {}", rule.id, rule.confidence.code());
            }
        }
        // The rules we know of, by how many of them each list has; those of other names are our own.
        let listed = [(1..=34, "cn"), (40..=46, "cn"), (1..=16, "us"), (1..=12, "eu"), (1..=12, "in")];
        for (numbers, name) in listed {
            for number in numbers {
                let start = format!("| {name}-{number} |");
                assert!(rows.iter().any(|row| row.starts_with(&start)), "no row for {name}-{number}");
            }
        }
        let cases: BTreeSet<String> = fs::read_dir(crate_folder.join("cases"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        for case in &cases {
            assert!(page.contains(case.trim_end_matches(".case")), "{case} is not on the page");
        }
    }
}
