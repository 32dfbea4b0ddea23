//! Writing: every file that is read is written back byte for byte, and what is made can be read in every framing and form.

use proptest::prelude::*;
use tallystick_intake::ControlTotal;
use tallystick_intake::layouts::metro2::fields::{Field, FieldKind, Form, SegmentKind, base, header, j1};
use tallystick_intake::layouts::metro2::frame::Framing;
use tallystick_intake::layouts::metro2::write::{BlockPlace, BlockWord, FieldValue, File, Unwritable, Values, parse};
use tallystick_model::fact::ReportedRecord;
use tallystick_model::{Date, Sensitive};

use crate::support::{Draft, FRAMINGS, all_foreign, foreign, framed, lines, read_all, some_values};

fn field(kind: SegmentKind, name: &str) -> &'static Field {
    kind.fields().iter().find(|field| field.name == name).unwrap()
}

/// Every field of a file that is kept as raw bytes, with how often.
fn raw_fields(file: &File) -> Vec<String> {
    let mut raw = std::collections::BTreeMap::new();
    let records = [&file.header].into_iter().chain(&file.records).chain([&file.trailer]);
    for segment in records.flat_map(|record| &record.segments) {
        for field in segment.kind().fields() {
            if matches!(segment.get(field), Some(FieldValue::Raw(_))) {
                *raw.entry(format!("{}.{}", segment.kind().name(), field.name)).or_insert(0) += 1;
            }
        }
    }
    raw.into_iter().map(|(name, count)| format!("{name} {count}")).collect()
}

#[test]
fn every_foreign_file_that_is_read_is_written_back_byte_for_byte() {
    let mut written = Vec::new();
    for (name, bytes) in all_foreign() {
        match (parse(&bytes), read_all(&bytes).0) {
            (Ok(file), Ok(_)) => {
                assert!(file.print().unwrap() == bytes, "{name}");
                written.push(name);
            }
            (Err(refused), Err(read)) => assert_eq!(refused.to_string(), read.to_string(), "{name}"),
            (parsed, read) => panic!("{name}: {parsed:?} {read:?}"),
        }
    }
    if !written.is_empty() {
        let expected = [
            "cfpb/m2_extra_extra_segments.txt",
            "cfpb/m2_file_small.txt",
            "cfpb/m2_file_small_with_error.txt",
            "cfpb/test_local_data/file_without_extension",
            "cfpb/test_local_data/m2_file_small.txt",
            "cfpb/test_local_data/m2_file_small_with_error.txt",
            "cfpb/test_normalize_format/small_after_normalization.txt",
            "moov/packed_file.dat",
            "moov/unpacked_fixed_file.dat",
            "moov/unpacked_fixed_request.dat",
            "moov/unpacked_variable_file.dat",
        ];
        assert_eq!(written, expected);
    }
}

/// Found by the fuzzer: the place of a trailer of the wrong length.
#[test]
fn what_is_refused_is_refused_at_the_same_place() {
    let mut file = lines(&[Draft::base().bytes]);
    file.truncate(file.len() - 1);
    file.extend_from_slice(b"              x");
    let expected = "byte 854 `TRAILER`: expected 426 bytes, or 407 without the reserved field, found 441 bytes";
    assert_eq!(parse(&file).unwrap_err().to_string(), expected);
    assert_eq!(read_all(&file).0.unwrap_err().to_string(), expected);
}

/// What foreign files write otherwise than we would; each is kept as it stood.
#[test]
fn of_foreign_files_few_fields_are_kept_raw() {
    let raw = |name: &str| Some(raw_fields(&parse(&foreign(name)?).unwrap()));
    let Some(fixed) = raw("moov/unpacked_fixed_file.dat") else { return };
    assert_eq!(fixed, Vec::<String>::new());
    assert_eq!(raw("moov/packed_file.dat").unwrap(), Vec::<String>::new());
    assert_eq!(raw("moov/unpacked_variable_file.dat").unwrap(), Vec::<String>::new());
    // `14TELEPHON`; and the trailer ends before its reserved field.
    assert_eq!(raw("cfpb/m2_file_small.txt").unwrap(), ["Header.ReporterTelephoneNumber 1", "Trailer.Reserved2 1"]);
}

/// The descriptor words of foreign files that say another thing than a length.
#[test]
fn descriptor_words_are_computed_or_kept() {
    let Some(packed) = foreign("moov/packed_file.dat") else { return };
    let packed = parse(&packed).unwrap();
    assert_eq!(packed.header.block, BlockPlace::Begins(BlockWord::Length));
    assert_eq!(packed.records[0].block, BlockPlace::Begins(BlockWord::Length));
    assert_eq!(packed.trailer.block, BlockPlace::Outside);
    assert_eq!(packed.records[0].segments[0].get(&base::RECORD_DESCRIPTOR_WORD), Some(&FieldValue::Length));
    let dots = parse(&foreign("cfpb/test_normalize_format/small_after_normalization.txt").unwrap()).unwrap();
    assert_eq!(dots.header.block, BlockPlace::Outside);
    assert_eq!(dots.records[0].block, BlockPlace::Begins(BlockWord::Raw(b"....".to_vec())));
}

fn said(records: &[ReportedRecord]) -> Vec<String> {
    records.iter().map(|record| format!("{:?} {:?}", record.identifiers, record.statements)).collect()
}

#[test]
fn the_same_values_say_the_same_in_every_framing_and_form_and_their_totals_agree() {
    let records = [0, 1, 2, 3, 4, 2, 0];
    let lines = read_all(&framed(&records, 0)).1;
    assert_eq!((lines.records.len(), lines.rejects.len()), (11, 2));
    for (place, (framing, form)) in FRAMINGS.into_iter().enumerate() {
        let file = framed(&records, place);
        let (summary, kept) = read_all(&file);
        let summary = summary.unwrap_or_else(|refused| panic!("{framing:?} {form:?}: {refused}"));
        assert_eq!(said(&kept.records), said(&lines.records), "{framing:?} {form:?}");
        let exposed =
            |records: &[ReportedRecord]| records.iter().map(|record| record.statements.clone()).collect::<Vec<_>>();
        assert!(exposed(&kept.records) == exposed(&lines.records), "{framing:?} {form:?}");
        assert_eq!(kept.rejects.len(), 2);
        let disagree: Vec<_> = summary.control_totals.iter().filter(|total| !total.agrees()).collect();
        assert_eq!((summary.control_totals.len(), disagree), (43, Vec::<&ControlTotal>::new()), "{framing:?} {form:?}");
    }
}

/// A foreign account goes from the packed form to the others and back.
#[test]
fn a_foreign_file_goes_from_one_form_to_the_other_and_back() {
    let Some(bytes) = foreign("moov/packed_file.dat") else { return };
    let file = parse(&bytes).unwrap();
    let values = |file: &File| {
        let header = file.header.segments[0].clone();
        (header, file.records.iter().map(|record| record.segments.clone()).collect::<Vec<_>>())
    };
    let (header, records) = values(&file);
    for (framing, form) in FRAMINGS {
        let other = File::new(form, framing, header.clone(), records.clone()).unwrap();
        let read = parse(&other.print().unwrap()).unwrap();
        assert_eq!((read.form, read.framing), (form, framing));
        assert!(read == other, "{framing:?} {form:?}");
        assert!(values(&read) == (header.clone(), records.clone()), "{framing:?} {form:?}");
    }
}

#[test]
fn values_that_do_not_fit_are_refused_with_their_field() {
    let (header, records) = some_values(&[0]);
    let base = records[0][0].clone();
    let printed = |form, base: Values| {
        File::new(form, Framing::Described, header.clone(), vec![vec![base]]).and_then(|file| file.print()).map(|_| ())
    };
    let refused =
        |field, value: FieldValue| printed(Form::Character, base.clone().with(field, value)).unwrap_err().to_string();
    assert_eq!(printed(Form::Packed, base.clone()), Ok(()));
    let long = FieldValue::text("SIXTEENCHARACTERSANDMORETHAN");
    assert_eq!(refused(&base::SURNAME, long), "`Surname`: expected at most 25 bytes or digits");
    let number = FieldValue::Number(1_000_000_000);
    assert_eq!(refused(&base::CURRENT_BALANCE, number.clone()), "`CurrentBalance`: expected at most 9 bytes or digits");
    assert!(printed(Form::Packed, base.clone().with(&base::CURRENT_BALANCE, number)).is_err());
    assert_eq!(refused(&base::CURRENT_BALANCE, FieldValue::text("1")), "`CurrentBalance`: expected a number");
    assert_eq!(refused(&base::DATE_OPENED, FieldValue::Number(1)), "`DateOpened`: expected a date");
    assert_eq!(refused(&base::SURNAME, FieldValue::Date(Date::constant(2020, 1, 1))), "`Surname`: expected a text");
    assert_eq!(refused(&base::CITY, FieldValue::text("A\nB")), "`City`: expected no control characters");
    let fits = base.with(&base::CURRENT_BALANCE, FieldValue::Number(999_999_999));
    for form in [Form::Character, Form::Packed, Form::PackedDecimal] {
        assert_eq!(printed(form, fits.clone()), Ok(()));
    }
}

#[test]
fn what_would_not_be_read_again_is_not_written() {
    let (header, records) = some_values(&[0]);
    let base = records[0][0].clone();
    let made = |form, framing, records| {
        File::new(form, framing, header.clone(), records).and_then(|file| file.print()).map(|_| ())
    };
    let lines = made(Form::Packed, Framing::Lines, records.clone());
    assert_eq!(lines, Err(Unwritable::NotALine { record: 0 }));
    let raw = base.clone().with(&base::CITY, FieldValue::Raw(Sensitive::new(vec![b'\n'; 20])));
    assert_eq!(made(Form::Character, Framing::Lines, vec![vec![raw.clone()]]), Err(Unwritable::NotALine { record: 1 }));
    assert_eq!(made(Form::Character, Framing::Described, vec![vec![raw]]), Ok(()));
    let j1 = Values::unstated(SegmentKind::J1);
    let headless = made(Form::Character, Framing::Lines, vec![vec![j1.clone()]]);
    assert_eq!(headless, Err(Unwritable::WrongSegment { record: 1, expected: "Base" }));
    let long = [vec![base], vec![j1; 200]].concat();
    assert_eq!(
        made(Form::Character, Framing::Lines, vec![long]),
        Err(Unwritable::TooLong { field: "RecordDescriptorWord".to_owned(), length: 4 })
    );
}

#[test]
fn a_segment_that_says_nothing_says_what_it_is() {
    for kind in [SegmentKind::Header, SegmentKind::Trailer, SegmentKind::Base].into_iter().chain(SegmentKind::APPENDED)
    {
        let values = Values::unstated(kind);
        for field in kind.fields() {
            let value = values.get(field).unwrap();
            let is_time = matches!(field.character.kind, FieldKind::Date | FieldKind::Timestamp);
            let expected = match field.name {
                "RecordDescriptorWord" => FieldValue::Length,
                "SegmentIdentifier" => FieldValue::text(kind.name()),
                "RecordIdentifier" => FieldValue::text(if kind == SegmentKind::Header { "HEADER" } else { "TRAILER" }),
                "CorrectionIndicator" | "CreditLimit" | "HighestCredit" => FieldValue::Number(0),
                _ if is_time => FieldValue::Zeros,
                _ => FieldValue::Blank,
            };
            assert!(*value == expected, "{}", field.path());
        }
    }
    assert_eq!(Values::unstated(SegmentKind::J1).get(&base::SURNAME), None, "a field of another segment");
}

#[test]
fn no_personal_data_is_told_in_debug() {
    let told = format!("{:?}", parse(&lines(&[Draft::base().bytes])).unwrap());
    for personal in ["DOE", "219099998", "219_099_998", "1980", "ELM", "ACCOUNT1", "2025550101"] {
        assert!(!told.contains(personal), "{personal}");
    }
}

/// A file of one base segment and its trailer, made without any file before it.
#[test]
fn a_file_made_of_values_only_is_read() {
    let text = FieldValue::text;
    let header = Values::unstated(SegmentKind::Header)
        .with(&header::ACTIVITY_DATE, FieldValue::Date(Date::constant(2026, 3, 31)))
        .with(&header::DATE_CREATED, FieldValue::Date(Date::constant(2026, 4, 1)))
        .with(&header::REPORTER_NAME, text("FIRST TOWN BANK"))
        .with(&header::REPORTER_ADDRESS, text("1 MAIN STREET"));
    let base = Values::unstated(SegmentKind::Base)
        .with(&base::IDENTIFICATION_NUMBER, text("FTB01"))
        .with(field(SegmentKind::Base, "ConsumerAccountNumber"), text("ACCOUNT1"))
        .with(&base::PORTFOLIO_TYPE, text("R"))
        .with(&base::ACCOUNT_TYPE, text("18"))
        .with(&base::DATE_OPENED, FieldValue::Date(Date::constant(2024, 6, 15)))
        .with(&base::TERMS_DURATION, text("REV"))
        .with(&base::ACCOUNT_STATUS, text("11"))
        .with(&base::PAYMENT_HISTORY_PROFILE, text("BBBBBBBBBBBBBBBBBBBBBBBB"))
        .with(&base::DATE_ACCOUNT_INFORMATION, FieldValue::Date(Date::constant(2026, 3, 31)))
        .with(&base::SURNAME, text("DOE"))
        .with(&base::FIRST_NAME, text("JANE"))
        .with(&base::SOCIAL_SECURITY_NUMBER, FieldValue::Number(219_099_998))
        .with(&base::ECOA_CODE, text("1"))
        .with(&base::FIRST_LINE_ADDRESS, text("2 ELM STREET"))
        .with(&base::CITY, text("SPRINGFIELD"))
        .with(&base::STATE, text("IL"))
        .with(&base::ZIP_CODE, text("62701"));
    let j1 = Values::unstated(SegmentKind::J1)
        .with(&j1::SURNAME, text("DOE"))
        .with(&j1::FIRST_NAME, text("JOHN"))
        .with(&j1::SOCIAL_SECURITY_NUMBER, FieldValue::Number(219_099_997))
        .with(&j1::ECOA_CODE, text("2"));
    for (framing, form) in FRAMINGS {
        let file = File::new(form, framing, header.clone(), vec![vec![base.clone(), j1.clone()]]).unwrap();
        assert_eq!(
            file.trailer.segments[0].get(field(SegmentKind::Trailer, "TotalConsumerSegmentsJ1")),
            Some(&FieldValue::Number(1))
        );
        let (summary, kept) = read_all(&file.print().unwrap());
        let summary = summary.unwrap();
        assert_eq!(kept.reject_lines(), Vec::<String>::new());
        assert!(summary.control_totals.iter().all(ControlTotal::agrees), "{framing:?} {form:?}");
        assert_eq!(kept.records.len(), 2);
    }
}

/// Texts and numbers of any kind in every field that holds them.
fn any_values(kind: SegmentKind) -> impl Strategy<Value = Values> {
    let values: Vec<_> = kind
        .fields()
        .iter()
        .map(|field| {
            let place = field.character;
            let most = 10_u64.pow(u32::try_from(place.length.min(14)).unwrap());
            let date =
                (1..=9999_i16, 1..=12_i8, 1..=28_i8).prop_map(|(year, month, day)| Date::constant(year, month, day));
            let is_fixed = matches!(field.name, "RecordDescriptorWord" | "SegmentIdentifier" | "RecordIdentifier");
            match place.kind {
                _ if is_fixed => Just(None).boxed(),
                FieldKind::Date => {
                    prop_oneof![Just(FieldValue::Zeros), Just(FieldValue::Blank), date.prop_map(FieldValue::Date)]
                        .prop_map(Some)
                        .boxed()
                }
                FieldKind::Numeric if !field.name.starts_with("Reserved") => {
                    prop_oneof![Just(FieldValue::Blank), (0..most).prop_map(FieldValue::Number)].prop_map(Some).boxed()
                }
                FieldKind::Alphanumeric => {
                    proptest::string::string_regex(&format!("[A-Z0-9][A-Z0-9 ]{{0,{}}}", place.length))
                        .unwrap()
                        .prop_map(move |text| FieldValue::text(text[..text.len().min(place.length)].trim_end()))
                        .prop_map(Some)
                        .boxed()
                }
                _ => Just(None).boxed(),
            }
        })
        .collect();
    values.prop_map(move |values| {
        let fields = kind.fields().iter().zip(values);
        fields.fold(Values::unstated(kind), |segment, (field, value)| match value {
            // The packed column of a reserved field may be shorter than the character one.
            Some(value) if !field.name.starts_with("Reserved") => segment.with(field, value),
            _ => segment,
        })
    })
}

fn any_record() -> impl Strategy<Value = Vec<Values>> {
    let appended = prop::sample::select(SegmentKind::APPENDED.to_vec()).prop_flat_map(any_values);
    (any_values(SegmentKind::Base), prop::collection::vec(appended, 0..4)).prop_map(|(base, appended)| {
        // A date shows in which of the packed forms a record is written.
        let base = base.with(&base::DATE_OPENED, FieldValue::Date(Date::constant(2024, 6, 15)));
        [vec![base], appended].concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_printed_is_parsed_as_it_was_in_every_framing_and_form(
        records in prop::collection::vec(any_record(), 1..6),
        place in 0..FRAMINGS.len(),
    ) {
        let (framing, form) = FRAMINGS[place];
        let file = File::new(form, framing, some_values(&[]).0, records).unwrap();
        let bytes = file.print().unwrap();
        let read = parse(&bytes).unwrap();
        prop_assert!(read.print().unwrap() == bytes);
        prop_assert!(read == file, "{:?}", (read, file));
    }

    #[test]
    fn a_broken_file_that_is_still_read_is_written_back(
        records in prop::collection::vec(0..5_usize, 0..6),
        place in 0..FRAMINGS.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = framed(&records, place);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        match (parse(&bytes), read_all(&bytes).0) {
            (Ok(file), Ok(_)) => prop_assert!(file.print().unwrap() == bytes),
            (parsed, read) => prop_assert_eq!(parsed.unwrap_err().to_string(), read.unwrap_err().to_string()),
        }
    }
}
