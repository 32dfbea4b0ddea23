//! The one table of fields against the list it was made from, and against what the reader does with each row.

use tallystick_intake::layouts::metro2::fields::{Field, FieldKind, Form, Presence, SegmentKind, Unstated};

use crate::support::{Draft, FIRST_RECORD, drafts, lines, read_all, record};

/// The table as the list writes it: each record of each form, row by row.
fn rows() -> Vec<String> {
    let two_forms = [
        (SegmentKind::Base, "baseSegment"),
        (SegmentKind::Header, "headerRecord"),
        (SegmentKind::Trailer, "trailerRecord"),
    ];
    let forms = [(Form::Character, "CharacterFormat"), (Form::Packed, "PackedFormat")];
    let whole = two_forms
        .iter()
        .flat_map(|(kind, name)| forms.iter().map(move |(form, suffix)| (*kind, *form, format!("{name}{suffix}"))));
    let appended = SegmentKind::APPENDED.into_iter();
    let appended = appended.map(|kind| (kind, Form::Character, format!("{}SegmentFormat", kind.name().to_lowercase())));
    let rows = whole.chain(appended).flat_map(|(kind, form, record)| {
        let fields = kind.before().iter().chain(kind.fields());
        fields.map(move |field| row(&record, field, form)).collect::<Vec<_>>()
    });
    rows.collect()
}

fn row(record: &str, field: &Field, form: Form) -> String {
    let place = field.place(form);
    let kind = match place.kind {
        FieldKind::Alphanumeric => "alphanumeric",
        FieldKind::Numeric => "numeric",
        FieldKind::Date => "date",
        FieldKind::Timestamp => "timestamp",
        FieldKind::Descriptor => "descriptor",
        FieldKind::PackedNumber => "packedNumber",
        FieldKind::PackedDate => "packedDate",
        FieldKind::PackedTimestamp => "packedTimestamp",
    };
    let unstated = match field.unstated {
        Unstated::Plain => "",
        Unstated::ZeroFill => " | zeroFill",
        Unstated::Omitted => " | omitted",
    };
    let presence = match field.presence {
        Presence::Required => "required",
        Presence::Applicable => "applicable",
        Presence::Nullable => "nullable",
    };
    format!("{record}\t{}\t{}\t{}\t{kind}{unstated}\t{presence}", field.name, place.start, place.length)
}

#[test]
fn the_table_is_the_list_row_by_row_in_both_forms() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/formats/metro2_fields.tsv");
    let Ok(list) = std::fs::read_to_string(path) else {
        println!("SKIPPED {path}: not there");
        return;
    };
    let expected: Vec<_> = list.lines().skip(1).collect();
    assert_eq!(expected.len(), 291);
    assert_eq!(rows(), expected);
}

/// Where an appended segment has one form only, the table has it in both columns.
#[test]
fn appended_segments_stand_at_the_same_places_in_either_form() {
    for field in SegmentKind::APPENDED.into_iter().flat_map(SegmentKind::fields) {
        assert_eq!(field.character, field.packed, "{}", field.path());
    }
}

/// The rejects of a record with `draft` in it, each up to its expectation, and where the draft begins.
fn rejects_with(draft: &Draft) -> (Vec<String>, usize) {
    let mut segments = vec![Draft::base(), draft.clone()];
    if draft.kind == SegmentKind::Base {
        segments.remove(0);
    }
    let begin = FIRST_RECORD + if segments.len() == 2 { Draft::base().bytes.len() } else { 0 };
    let (summary, kept) = read_all(&lines(&[record(&segments)]));
    assert_eq!(summary.unwrap().records, 1);
    let rejects =
        kept.rejects.iter().map(|reject| format!("{} byte {} {}", reject.code, reject.place.byte, reject.field));
    (rejects.collect(), begin)
}

/// Each row is judged by what it says, or is on this list with the reason.
fn is_not_judged(field: &Field) -> bool {
    let name = field.name;
    // Reserved. On lines a descriptor word says nothing. Another identifier is another segment.
    name.starts_with("Reserved") || name == "RecordDescriptorWord" || name == "SegmentIdentifier"
}

#[test]
fn every_field_of_every_segment_is_held_to_its_kind() {
    let mut judged = 0;
    for draft in drafts() {
        let sound: Vec<String> = Vec::new();
        assert_eq!(rejects_with(&draft).0, sound, "{}", draft.kind.name());
        for field in draft.kind.fields().iter().filter(|field| !is_not_judged(field)) {
            let place = field.character;
            let mut broken = draft.clone();
            let slot = &mut broken.bytes[place.start..place.start + place.length];
            let code = match place.kind {
                FieldKind::Alphanumeric => {
                    slot.fill(0xff);
                    match field.name {
                        "PortfolioType" | "AccountStatus" | "PaymentRating" | "PaymentHistoryProfile" | "ECOACode" => {
                            "R009"
                        }
                        // No code of one byte is a text.
                        "GenerationCode" => "R003",
                        _ => "R003",
                    }
                }
                FieldKind::Numeric => {
                    slot.fill(b'A');
                    match field.name {
                        "SocialSecurityNumber" => "R010",
                        "CreditLimit" | "HighestCredit" | "CurrentBalance" | "AmountPastDue" => "R006",
                        name if name.ends_with("Amount") => "R006",
                        "CreditorClassification" | "PurchasedIndicator" | "AgencyIdentifier" => "R009",
                        "SpecializedPaymentIndicator" | "ChangeIndicator" => "R009",
                        _ => "R005",
                    }
                }
                FieldKind::Date | FieldKind::Timestamp => {
                    slot.fill(b'9');
                    "R007"
                }
                other => panic!("{other:?} in the character form"),
            };
            let (rejects, begin) = rejects_with(&broken);
            assert_eq!(rejects, [format!("{code} byte {} {}", begin + place.start, field.path())]);
            judged += 1;
        }
    }
    assert_eq!(judged, 92);
}

#[test]
fn every_required_field_of_every_segment_must_say_something() {
    for draft in drafts() {
        let is_required = |field: &&Field| field.presence == Presence::Required && !is_not_judged(field);
        for field in draft.kind.fields().iter().filter(is_required) {
            let (rejects, begin) = rejects_with(&draft.clone().with(field.name, ""));
            let code = if matches!(field.name, "PortfolioType" | "AccountStatus") { "R009" } else { "R004" };
            assert_eq!(rejects, [format!("{code} byte {} {}", begin + field.character.start, field.path())]);
        }
    }
}

#[test]
fn codes_of_appended_segments_are_those_of_their_lists() {
    let [.., k1, k2, k3, k4, l1, _] = &drafts()[..] else { panic!() };
    let known = |draft: &Draft, field: &str, digits: usize| {
        let codes = (0..10_usize.pow(u32::try_from(digits).unwrap())).map(|code| format!("{code:0digits$}"));
        codes.filter(|code| rejects_with(&draft.clone().with(field, code)).0.is_empty()).collect::<Vec<_>>().join(" ")
    };
    let businesses: Vec<_> = (1..=15).map(|code| format!("{code:02}")).collect();
    assert_eq!(known(k1, "CreditorClassification", 2), businesses.join(" "));
    assert_eq!(known(k2, "PurchasedIndicator", 1), "1 2 9");
    assert_eq!(known(k3, "AgencyIdentifier", 2), "00 01 02");
    assert_eq!(known(k4, "SpecializedPaymentIndicator", 2), "01 02");
    assert_eq!(known(l1, "ChangeIndicator", 1), "1 2 3");
    // What was said of a purchase is taken back: nobody is named. With a zero nothing at all stands there.
    assert_eq!(known(&k2.clone().with("PurchasedName", ""), "PurchasedIndicator", 1), "0 9");
    assert_eq!(known(&l1.clone().with("NewIdentificationNumber", ""), "ChangeIndicator", 1), "1");
    assert_eq!(known(&l1.clone().with("NewConsumerAccountNumber", ""), "ChangeIndicator", 1), "2");
}

#[test]
fn a_change_of_numbers_is_known_and_set_aside() {
    let l1 = drafts().remove(7);
    let change = |indicator: &str| {
        let draft = l1.clone().with("ChangeIndicator", indicator);
        let segment = tallystick_intake::layouts::metro2::segment::Segment {
            kind: SegmentKind::L1,
            form: Form::Character,
            bytes: &draft.bytes,
            byte: 0,
        };
        let change = segment.change().map_err(|field| field.name)?;
        assert!(!format!("{change:?}").contains("ACCOUNT2"), "numbers of accounts are personal data");
        Ok::<_, &str>((change.account_number.map(str::to_owned), change.identification_number.map(str::to_owned)))
    };
    let (account, identification) = (Some("ACCOUNT2".to_owned()), Some("FTB02".to_owned()));
    assert_eq!(change("1"), Ok((account.clone(), None)));
    assert_eq!(change("2"), Ok((None, identification.clone())));
    assert_eq!(change("3"), Ok((account, identification)));
    assert_eq!(change("4"), Err("ChangeIndicator"));
    let (summary, kept) = read_all(&lines(&[record(&[Draft::base(), l1])]));
    assert_eq!((kept.records.len(), kept.rejects.len()), (1, 0));
    let reason = "L1 segments: changes of account or identification number, read and not applied";
    assert_eq!(summary.unwrap().set_aside, [(reason.to_owned(), 1)]);
}
