//! Every field of foreign files equal to the JSON that moov-io/metro2 gives for them, or to what is written down here.

use serde_json::{Map, Value as Json, json};
use tallystick_intake::layouts::metro2::fields::{Form, SegmentKind};
use tallystick_intake::layouts::metro2::frame::{Frame, Frames, Framing, RecordKind};
use tallystick_intake::layouts::metro2::segment::{Record, Segment, Value};

use crate::support::foreign;

/// A field's name as moov's JSON writes it.
fn key(name: &str) -> String {
    match name {
        "ECOACode" => "ecoaCode".to_owned(),
        _ => name[..1].to_lowercase() + &name[1..],
    }
}

/// What a segment says, as moov's JSON tells it: nothing of reserved fields, blanks and zeros, but the zeros of a
/// trailer's totals, and a blank interest type.
fn rendered(segment: &Segment<'_>, block: Option<u32>) -> Json {
    let mut object = Map::new();
    if let Some(block) = block {
        object.insert("blockDescriptorWord".to_owned(), block.into());
    }
    for field in segment.kind.fields().iter().filter(|field| !field.name.starts_with("Reserved")) {
        let said = match segment.value(field).unwrap_or_else(|_| panic!("{}", field.path())) {
            Value::Nothing if field.name == "InterestTypeIndicator" => json!(""),
            Value::Nothing => continue,
            Value::Number(0) if segment.kind != SegmentKind::Trailer => continue,
            Value::Number(number) => number.into(),
            Value::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
            Value::Date(date) => format!("{date}T00:00:00Z").into(),
            Value::Timestamp(stamp) => format!("{stamp}Z").into(),
        };
        object.insert(key(field.name), said);
    }
    Json::Object(object)
}

fn rendered_record(frame: &Frame<'_>, form: Form) -> Json {
    let record = Record::cut(frame.bytes, form, frame.byte).unwrap();
    let mut object = Map::new();
    object.insert("base".to_owned(), rendered(&record.base, frame.block));
    for segment in record.appended() {
        let segment = segment.unwrap();
        let said = rendered(&segment, None);
        match segment.kind {
            SegmentKind::J1 | SegmentKind::J2 => {
                let list = object.entry(segment.kind.name().to_lowercase()).or_insert_with(|| json!([]));
                list.as_array_mut().unwrap().push(said);
            }
            kind => assert_eq!(object.insert(kind.name().to_lowercase(), said), None),
        }
    }
    Json::Object(object)
}

fn rendered_file(mut bytes: &[u8]) -> (Json, Form, Framing) {
    let mut frames = Frames::open(&mut bytes).unwrap();
    let (form, framing) = (frames.form(), frames.framing());
    let whole =
        |frame: &Frame<'_>, kind| rendered(&Segment { kind, form, bytes: frame.bytes, byte: frame.byte }, frame.block);
    let header = whole(&frames.record(), SegmentKind::Header);
    let mut data = Vec::new();
    loop {
        assert!(frames.advance().unwrap());
        let frame = frames.record();
        if frame.kind == RecordKind::Trailer {
            let trailer = whole(&frame, SegmentKind::Trailer);
            frames.finish().unwrap();
            return (json!({ "header": header, "data": data, "trailer": trailer }), form, framing);
        }
        data.push(rendered_record(&frame, form));
    }
}

fn twin(name: &str) -> Option<Json> {
    Some(serde_json::from_slice(&foreign(name)?).unwrap())
}

#[test]
fn a_file_of_lines_with_block_descriptor_words_equals_its_twin() {
    let (Some(file), Some(twin)) =
        (foreign("moov/unpacked_variable_file.dat"), twin("moov/unpacked_variable_file.json"))
    else {
        return;
    };
    assert_eq!(rendered_file(&file), (twin, Form::Character, Framing::Lines));
}

#[test]
fn a_file_told_apart_by_descriptor_words_equals_its_twin() {
    let (Some(file), Some(mut twin)) = (foreign("moov/unpacked_fixed_file.dat"), twin("moov/unpacked_fixed_file.json"))
    else {
        return;
    };
    // The file's header says 0470, its length with filling; moov writes the length without.
    assert_eq!(file[..4], *b"0470");
    assert_eq!(twin["header"]["recordDescriptorWord"], 426);
    twin["header"]["recordDescriptorWord"] = 470.into();
    assert_eq!(rendered_file(&file), (twin, Form::Character, Framing::Described));
}

#[test]
fn the_same_records_on_lines_say_the_same() {
    let (Some(file), Some(twin)) = (foreign("moov/unpacked_fixed_request.dat"), twin("moov/unpacked_fixed_file.json"))
    else {
        return;
    };
    assert_eq!(rendered_file(&file), (twin, Form::Character, Framing::Lines));
}

#[test]
fn a_packed_file_equals_its_twin() {
    let (Some(file), Some(twin)) = (foreign("moov/packed_file.dat"), twin("moov/packed_file.json")) else {
        return;
    };
    assert_eq!(rendered_file(&file), (twin, Form::Packed, Framing::Blocked));
}

/// moov's fragments of one segment are wrapped at 80 columns.
fn unwrapped(name: &str) -> Option<Vec<u8>> {
    Some(foreign(name)?.into_iter().filter(|byte| *byte != b'\n').collect())
}

#[test]
fn a_base_segment_with_every_other_segment_equals_its_twin() {
    let (Some(bytes), Some(twin)) = (unwrapped("moov/base_segment.dat"), twin("moov/base_segment.json")) else {
        return;
    };
    assert_eq!(bytes.len(), 1268, "as its block descriptor word says");
    let frame = Frame { kind: RecordKind::Data, byte: 4, block: Some(1268), bytes: &bytes[4..] };
    assert_eq!(rendered_record(&frame, Form::Character), twin);
    for kind in SegmentKind::APPENDED {
        let name = kind.name().to_lowercase();
        let Some(bytes) = unwrapped(&format!("moov/{name}_segment.dat")) else { return };
        let segment = Segment { kind, form: Form::Character, bytes: &bytes, byte: 0 };
        assert_eq!(bytes.len(), kind.length(Form::Character), "{name}");
        let same = if matches!(kind, SegmentKind::J1 | SegmentKind::J2) { &twin[&name][0] } else { &twin[&name] };
        assert_eq!(rendered(&segment, None), *same, "{name}");
    }
}

#[test]
fn headers_and_trailers_by_themselves_equal_their_twins() {
    let Some(file) = twin("moov/packed_file.json") else { return };
    let whole = |name: &str, kind, form, skip: usize| {
        let bytes = match form {
            Form::Character => unwrapped(name).unwrap(),
            Form::Packed | Form::PackedDecimal => foreign(name).unwrap(),
        };
        assert_eq!(bytes.len(), skip + SegmentKind::length(kind, form), "{name}");
        let mut said = rendered(&Segment { kind, form, bytes: &bytes[skip..], byte: 0 }, None);
        said.as_object_mut().unwrap().remove("recordDescriptorWord");
        said
    };
    let without_words = |part: &Json| {
        let mut part = part.clone();
        part.as_object_mut().unwrap().retain(|key, _| !key.ends_with("DescriptorWord"));
        part
    };
    let header = without_words(&file["header"]);
    assert_eq!(whole("moov/header_record.dat", SegmentKind::Header, Form::Character, 4), header);
    assert_eq!(whole("moov/packed_header_record.dat", SegmentKind::Header, Form::Packed, 4), header);
    // These two have no twin and are not of one file; what is not zero in them is this.
    let not_zero = |trailer: Json| {
        let mut totals: Vec<_> =
            trailer.as_object().unwrap().iter().filter(|(_, total)| total.as_i64() != Some(0)).collect();
        totals.sort_by_key(|(key, _)| key.as_str());
        totals.iter().map(|(key, total)| format!("{} {total}", key.trim_start_matches("total"))).collect::<Vec<_>>()
    };
    let trailer = not_zero(whole("moov/trailer_record.dat", SegmentKind::Trailer, Form::Character, 0));
    let packed = not_zero(whole("moov/packed_trailer_record.dat", SegmentKind::Trailer, Form::Packed, 0));
    let in_both = [
        "BaseRecords 1",
        "ChangeSegments 1",
        "DatesBirthAllSegments 1",
        "DatesBirthBaseSegments 1",
        "DatesBirthJ1Segments 1",
        "DatesBirthJ2Segments 1",
        "ECOACodeZ 1",
        "MortgageInformationSegments 1",
        "OriginalCreditorSegments 1",
        "PurchasedToSegments 1",
        "SocialNumbersAllSegments 1",
        "SocialNumbersBaseSegments 1",
        "SocialNumbersJ1Segments 1",
        "SocialNumbersJ2Segments 1",
        "StatusCode88 1",
        "StatusCode89 1",
        "StatusCode93 1",
        "StatusCode95 1",
        "StatusCode97 1",
        "TelephoneNumbersAllSegments 1",
        "recordIdentifier \"TRAILER\"",
    ];
    let beside =
        |totals: Vec<String>| totals.into_iter().filter(|total| !in_both.contains(&total.as_str())).collect::<Vec<_>>();
    assert_eq!((trailer.len(), packed.len()), (23, 28));
    assert_eq!(beside(trailer), ["blockCount 1", "EmploymentSegments 1"]);
    assert_eq!(
        beside(packed),
        [
            "blockCount 256",
            "PaymentInformationSegments 1",
            "StatusCode82 1",
            "StatusCode83 1",
            "StatusCode84 1",
            "StatusCode94 1",
            "StatusCode96 1",
        ]
    );
}

#[test]
fn the_segments_of_cfpb_say_what_stands_in_them() {
    let segment = |name: &str, kind: SegmentKind| {
        let bytes = unwrapped(&format!("cfpb/{name}.txt"))?;
        Some(rendered(&Segment { kind, form: Form::Character, bytes: &bytes, byte: 0 }, None))
    };
    let Some(base) = segment("base_segment_1", SegmentKind::Base) else { return };
    let expected = json!({
        "recordDescriptorWord": 6, "processingIndicator": 1, "timeStamp": "2022-12-31T23:59:58Z",
        "identificationNumber": "FURNISHERID", "cycleIdentifier": "CY", "consumerAccountNumber": "ACCTNUMBER1",
        "portfolioType": "C", "accountType": "47", "dateOpened": "2017-11-30T00:00:00Z", "creditLimit": 210_000,
        "highestCredit": 19_123, "termsDuration": "LOC", "termsFrequency": "M",
        "scheduledMonthlyPaymentAmount": 200, "actualPaymentAmount": 190, "accountStatus": "71",
        "paymentRating": "1", "paymentHistoryProfile": "222211000000000000010100",
        "complianceConditionCode": "XG", "currentBalance": 498, "amountPastDue": 198,
        "dateAccountInformation": "2023-03-31T00:00:00Z", "dateFirstDelinquency": "2022-09-29T00:00:00Z",
        "dateLastPayment": "2023-10-31T00:00:00Z", "interestTypeIndicator": "V",
        "surname": "SURNAME1", "firstName": "FIRSTNAME1", "middleName": "MIDDLENAME1", "generationCode": "J",
        "socialSecurityNumber": 333_224_444, "dateBirth": "1967-05-22T00:00:00Z",
        "telephoneNumber": 3_333_334_444_u64, "ecoaCode": "1", "countryCode": "US",
        "firstLineAddress": "123 EXAMPLE ST. N.", "secondLineAddress": "APT. 200", "city": "HOUSTON",
        "state": "TX", "zipCode": "77000", "addressIndicator": "C", "residenceCode": "R",
    });
    assert_eq!(base, expected);
    let expected = json!({
        "segmentIdentifier": "J1", "surname": "SURNAMEJ1", "firstName": "FIRSTNAMEJ1", "middleName": "MIDDLENAMEJ1",
        "generationCode": "S", "socialSecurityNumber": 333_224_444, "dateBirth": "2001-04-11T00:00:00Z",
        "telephoneNumber": 2_025_559_876_u64, "ecoaCode": "5",
    });
    assert_eq!(segment("j1_segment", SegmentKind::J1), Some(expected));
    // The sample's city is one byte short: what follows stands one byte early, and is told as it stands.
    let expected = json!({
        "segmentIdentifier": "J2", "surname": "SURNAMEJ3", "firstName": "FIRSTNAMEJ3", "middleName": "MIDDLENAMEJ3",
        "socialSecurityNumber": 333_224_444, "dateBirth": "1977-11-23T00:00:00Z",
        "telephoneNumber": 2_023_334_444_u64, "ecoaCode": "2", "consumerInformationIndicator": "1A",
        "countryCode": "US", "firstLineAddress": "1234 EXAMPLE BLVD", "secondLineAddress": "APT. 219",
        "city": "WASHINGTON         D", "state": "C2", "zipCode": "0020", "addressIndicator": "C",
        "residenceCode": "R",
    });
    assert_eq!(segment("j2_segment", SegmentKind::J2), Some(expected));
    let expected = json!({
        "segmentIdentifier": "K1", "originalCreditorName": "ORIGNALCREDITORNAME", "creditorClassification": 3,
    });
    assert_eq!(segment("k1_segment", SegmentKind::K1), Some(expected));
    let expected = json!({ "segmentIdentifier": "K2", "purchasedIndicator": 2, "purchasedName": "SOLDTONAME" });
    assert_eq!(segment("k2_segment", SegmentKind::K2), Some(expected));
    let expected = json!({
        "segmentIdentifier": "K3", "agencyIdentifier": 2, "accountNumber": "ACCOUNTNUMBERK3",
        "mortgageIdentificationNumber": "MORTGAGEIDNUM",
    });
    assert_eq!(segment("k3_segment", SegmentKind::K3), Some(expected));
    let expected = json!({
        "segmentIdentifier": "K4", "specializedPaymentIndicator": 1,
        "balloonPaymentDueDate": "2025-02-18T00:00:00Z", "balloonPaymentAmount": 495_000,
    });
    assert_eq!(segment("k4_segment", SegmentKind::K4), Some(expected));
    let expected =
        json!({ "segmentIdentifier": "L1", "changeIndicator": 2, "newConsumerAccountNumber": "NEWACCTNUMBER" });
    assert_eq!(segment("l1_segment", SegmentKind::L1), Some(expected));
    let expected = json!({
        "segmentIdentifier": "N1", "employerName": "EMPLOYERNAMEN1", "firstLineEmployerAddress": "123 EMPLOYER ADDR ST",
        "secondLineEmployerAddress": "C/O EMPLOYER COMPANY", "employerCity": "SAN JOSE", "employerState": "CA",
        "zipCode": "90112", "occupation": "OCCUPATIONN1",
    });
    assert_eq!(segment("n1_segment", SegmentKind::N1), Some(expected));
}

#[test]
fn the_header_of_cfpb_says_what_stands_in_it_but_for_two_fields_that_hold_no_number() {
    let Some(bytes) = unwrapped("cfpb/header_segment_1.txt") else { return };
    assert_eq!(bytes.len(), 280, "without the reserved field");
    let header = Segment { kind: SegmentKind::Header, form: Form::Character, bytes: &bytes, byte: 0 };
    let said = SegmentKind::Header.fields().iter().map(|field| match header.value(field) {
        Ok(Value::Nothing) => "nothing".to_owned(),
        Ok(Value::Text(text)) => String::from_utf8_lossy(text).into_owned(),
        Ok(Value::Date(date)) => date.to_string(),
        Ok(other) => panic!("{other:?}"),
        Err(_) => format!("no number: {}", String::from_utf8_lossy(header.raw(field))),
    });
    let expected = [
        "no number: 1xxx",
        "HEADER",
        "3C",
        "4INNOVISID",
        "5EQUIFAXID",
        "6EXPE",
        "7TRANSUNIO",
        "2023-12-31",
        "2022-01-01",
        "2020-07-04",
        "2020-07-05",
        "12REPORTERNAME",
        "13REPORTERADDRESS",
        "no number: 14TELEPHON",
        "15VENDORNAME",
        "16VER",
        "17MBPRBCID",
        "nothing",
    ];
    assert_eq!(said.collect::<Vec<_>>(), expected);
}
