//! The standard forms against files nobody of us wrote, and our own against themselves.

#[cfg(test)]
mod forms {
    use std::fs;
    use std::path::{Path, PathBuf};

    use tallystick_exchange::artefact::{Artefact, ConsentUse, Detail, Status};
    use tallystick_exchange::jws::{PublicKey, SigningKey, open_unverified};
    use tallystick_exchange::record::{Facts, Receipt, Record, write_receipt, write_record};
    use tallystick_exchange::{ExchangeError, FILE_BYTES_MAX, Offer};
    use tallystick_model::consent_terms::{ConsentTerms, DataRange, Fetch, Frequency, FrequencyUnit, Span, SpanUnit};
    use tallystick_model::inquiry::Purpose;
    use tallystick_model::{DataCategory, Date, Timestamp};

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    /// A file or folder of `shared/data/consent`, which lies beside the project where it lies anywhere.
    fn shared(name: &str) -> Option<PathBuf> {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3).unwrap();
        let found = beside.join("shared/data/consent").join(name);
        if found.exists() {
            return Some(found);
        }
        println!("SKIPPED {name}: the folder `shared/data/consent` is not beside the project");
        None
    }

    fn offer() -> Offer {
        Offer {
            purposes: vec![Purpose::AccountReview],
            categories: vec![DataCategory::Deposits, DataCategory::Insurance],
            valid_from: Some(at("2026-01-01")),
            valid_until: Some(at("2026-12-31")),
            terms: ConsentTerms {
                fetch: Fetch::Periodic(Frequency { count: 5, unit: FrequencyUnit::Month }),
                data_range: Some(DataRange { from: Date::constant(2025, 7, 1), until: Date::constant(2025, 12, 31) }),
                data_life: Some(Span { count: 31, unit: SpanUnit::Day }),
                ..ConsentTerms::default()
            },
        }
    }

    fn detail() -> Detail {
        let valid = (at("2026-01-01"), at("2026-12-31"));
        Detail::of_offer(&offer(), ("BANK", "bureau.example/log", "subject@bureau"), valid).unwrap()
    }

    #[test]
    fn the_interfaces_own_example_of_a_signed_consent_is_read() {
        let Some(path) = shared("aa_openapi/AA-v2-latest.yaml") else { return };
        let text = fs::read_to_string(path).unwrap();
        let example = text.lines().find_map(|line| line.trim().strip_prefix("example: eyJ"));
        let compact = format!("eyJ{}", example.unwrap().trim());
        let payload = open_unverified(&compact).unwrap();
        // Its purpose is 101, and `TERM-DEPOSIT` is none of the interface's own kinds: read, and without a word here.
        let detail = Detail::read(&payload).unwrap();
        assert_eq!((detail.purpose.code.as_str(), detail.accounts.len(), detail.fi_types.len()), ("101", 2, 2));
        assert_eq!(
            detail.offer(),
            Err(ExchangeError::NoWord { form: "the account-aggregator artefact", what: "purpose 101".to_owned() })
        );
        println!("the interface's example: read");
    }

    #[test]
    fn an_artefact_is_read_as_it_was_written_and_only_with_its_key() {
        let key = SigningKey::from_seed(&[7; 32]).unwrap();
        let artefact = Artefact {
            ver: "2.0.0".to_owned(),
            txnid: "t".to_owned(),
            consent_id: "c".to_owned(),
            status: Status::Paused,
            created: "2026-01-01T00:00:00Z".to_owned(),
            signed: detail().sign(&key),
            used: ConsentUse { log_uri: "bureau.example/log".to_owned(), count: 1, last: "2026-01-02".to_owned() },
        };
        let read = Artefact::read(artefact.to_json().as_bytes()).unwrap();
        assert_eq!(read, artefact);
        let public = PublicKey::from_jwk(key.to_jwk().as_bytes()).unwrap();
        assert_eq!(read.detail(&public).unwrap(), detail());
        assert_eq!(read.detail(&public).unwrap().offer(), Ok(offer()));
        let other = PublicKey::from_jwk(SigningKey::from_seed(&[8; 32]).unwrap().to_jwk().as_bytes()).unwrap();
        assert_eq!(read.detail(&other), Err(ExchangeError::NotSigned));
        // A status is no part of what is signed, and the detail cannot be changed with it.
        assert_eq!(Artefact { status: Status::Revoked, ..read }.detail(&public).unwrap(), detail());
    }

    fn changed(from: &str, to: &str) -> Result<Offer, ExchangeError> {
        let text = serde_json::to_string(&detail()).unwrap();
        assert!(text.contains(from), "{text}");
        Detail::read(text.replacen(from, to, 1).as_bytes())?.offer()
    }

    #[test]
    fn what_an_artefact_says_beyond_its_form_or_our_words_is_refused() {
        let no_word =
            |what: &str| Err(ExchangeError::NoWord { form: "the account-aggregator artefact", what: what.to_owned() });
        assert_eq!(changed("\"104\"", "\"102\""), no_word("purpose 102"));
        assert_eq!(changed("\"DEPOSIT\"", "\"OTHER\""), no_word("fiType OTHER"));
        assert_eq!(changed("\"104\"", "\"9 9\\u0000\""), no_word("purpose unknown"));
        for (from, to) in [
            ("\"consentMode\"", "\"mode\""),
            ("\"consentMode\":\"STORE\"", "\"consentMode\":\"STORE\",\"consentMode\":\"VIEW\""),
            ("\"consentMode\":\"STORE\"", "\"consentMode\":\"STORE\",\"more\":1"),
            ("\"STORE\"", "\"KEEP\""),
            ("\"value\":31", "\"value\":-31"),
        ] {
            let Err(ExchangeError::Json { line: 1, what, .. }) = changed(from, to) else { panic!("{from}") };
            assert_eq!(what, "a field that is missing, unknown, said twice, or of another kind than the form has");
        }
        let field =
            |field: &str, expected: &'static str| Err(ExchangeError::Field { field: field.to_owned(), expected });
        assert_eq!(
            changed("\"unit\":\"DAY\"", "\"unit\":\"INF\""),
            field("DataLife", "DAY, MONTH, YEAR, or INF with value 0")
        );
        assert_eq!(
            changed("\"value\":5", "\"value\":0"),
            field("Frequency", "a number of uses in HOUR, DAY, MONTH or YEAR")
        );
        assert_eq!(changed("2025-07-01", "2026-07-01"), field("FIDataRange", "an end after its beginning"));
        // An offset without a colon, as aggregators write it.
        assert_eq!(
            changed("2026-01-01T00:00:00Z", "2026-01-01T05:30:00.000+0530").unwrap().valid_from,
            offer().valid_from
        );
        assert_eq!(Detail::read(&vec![b' '; FILE_BYTES_MAX + 1]), Err(ExchangeError::TooLong(FILE_BYTES_MAX + 1)));
    }

    #[test]
    fn what_the_artefact_has_no_word_for_is_not_written() {
        let of = |offer: Offer| {
            let valid = (at("2026-01-01"), at("2026-12-31"));
            Detail::of_offer(&offer, ("B", "A", "s"), valid).unwrap_err().to_string()
        };
        let form = "the account-aggregator artefact has no word for";
        assert_eq!(of(Offer { purposes: vec![Purpose::Marketing], ..offer() }), format!("{form} `marketing`"));
        assert_eq!(of(Offer { categories: vec![DataCategory::Credit], ..offer() }), format!("{form} `credit`"));
        assert_eq!(of(Offer { purposes: vec![], ..offer() }), format!("{form} `several purposes, or none`"));
        let mut unlimited = offer();
        unlimited.terms.fetch = Fetch::Unlimited;
        assert_eq!(of(unlimited), format!("{form} `unlimited uses`"));
    }

    fn facts<'a>(offer: &'a Offer, states: &'a [(Vec<&'static str>, String, Timestamp)]) -> Facts<'a> {
        Facts {
            bureau: "bureau.example/log",
            consent: "0123456789abcdef",
            subject: "aa",
            member: ("A Bank", "BANK"),
            inquires: true,
            written: true,
            offer,
            states,
        }
    }

    #[test]
    fn our_own_records_and_receipts_are_read_back() {
        let mut offer = offer();
        offer.terms.notice_version = Some("urn:notice:7".to_owned());
        offer.terms.language = Some("en".to_owned());
        let given = (vec!["dpv:ConsentGiven"], "ts:subject".to_owned(), at("2026-01-01"));
        let mut states = vec![given];
        let record = Record::read(write_record(&facts(&offer, &states)).as_bytes()).unwrap();
        assert_eq!(record.id.as_deref(), Some("0123456789abcdef"));
        assert_eq!(record.controllers, ["urn:tallystick:bureau.example/log"]);
        assert_eq!(record.recipients, ["urn:tallystick:bureau.example/log:member:BANK"]);
        let read = record.offer().unwrap();
        assert_eq!((read.purposes, read.categories), (offer.purposes.clone(), offer.categories.clone()));
        assert_eq!(
            (read.terms.data_life, read.terms.notice_version),
            (offer.terms.data_life, Some("urn:notice:7".to_owned()))
        );
        states.push((vec!["dpv:ConsentWithdrawn"], "ts:subject".to_owned(), at("2026-02-01")));
        let receipt = Receipt::read(write_receipt(&facts(&offer, &states), at("2026-03-01")).as_bytes()).unwrap();
        assert_eq!(receipt.created.as_deref(), Some("2026-03-01T00:00:00Z"));
        let [record] = receipt.records.as_slice() else { panic!("one record") };
        assert_eq!(record.states[1].kinds, ["ConsentWithdrawn"]);
        assert_eq!(
            record.offer(),
            Err(ExchangeError::Field {
                field: "dpv:hasConsentStatus".to_owned(),
                expected: "a consent whose last state is given"
            })
        );
    }

    #[test]
    fn the_vocabularys_own_examples_are_read() {
        let Some(folder) = shared("iso27560_jsonld") else { return };
        let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let (mut records, mut receipts, mut fragments, mut not_json) = (0, 0, 0, 0);
        for path in paths {
            let bytes = fs::read(&path).unwrap();
            let strict = !path.to_string_lossy().contains("NOTSTRICT");
            match (Record::read(&bytes), Receipt::read(&bytes)) {
                (Ok(record), _) => {
                    assert!(!record.states.is_empty());
                    records += 1;
                }
                (_, Ok(receipt)) if receipt.records.is_empty() => fragments += 1,
                (_, Ok(_)) => receipts += 1,
                (Err(ExchangeError::Json { .. }), _) => {
                    assert!(!strict, "{path:?}");
                    not_json += 1;
                }
                // Most show one field of a record and no more.
                (Err(ExchangeError::Field { field, .. }), _) => {
                    assert!(field == "@type" || field == "dpv:hasConsentStatus", "{path:?} {field}");
                    fragments += 1;
                }
                (Err(error), _) => panic!("{path:?} {error}"),
            }
        }
        println!("{records} records, {receipts} receipts, {fragments} fragments, {not_json} not JSON");
        assert!(receipts >= 3 && fragments > 40, "{records} {receipts} {fragments} {not_json}");
    }

    #[test]
    fn a_receipt_of_the_examples_says_what_it_says() {
        let Some(folder) = shared("iso27560_jsonld") else { return };
        let name = "89_example-of-a-consent-receipt-with-information-from-required-.json";
        let receipt = Receipt::read(&fs::read(folder.join(name)).unwrap()).unwrap();
        assert_eq!((receipt.publisher.as_deref(), receipt.created.as_deref()), (Some("ex:Acme"), Some("2024-01-31")));
        let record = &receipt.records[0];
        // It says `dpv:hasProcess` twice: both count.
        let purposes: Vec<_> = record.purposes.concat();
        assert_eq!(purposes, ["dpv:PaymentManagement", "dpv:IdentityVerification"]);
        assert_eq!(record.personal_data.concat(), ["pd:EmailAddress", "pd:OfficialID"]);
        assert_eq!(record.storage.as_deref(), Some("P6M"));
        assert_eq!(record.states.last().map(|state| state.kinds.join(" ")).as_deref(), Some("ConsentWithdrawn"));
        assert!(!record.is_given());
    }
}
