//! The web page gives the library's verdicts, in the library's words: its script runs under node over receipts whole and damaged.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and tells what it skips"
)]

mod common;

use std::fmt::Write as _;
use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tallystick_audit::{CheckpointVerifier, WitnessKey};
use tallystick_model::event::{Entry, Event, EventKind};
use tallystick_model::inquiry::Outcome;
use tallystick_model::{Canonical, DataCategory, SubjectKind, consent, consent_terms, fact, inquiry, member};
use tallystick_receipt::{DOCUMENT_BYTES_MAX, Document, Fault, PAGE, Witnesses, describe};

use common::{Log, events, flipped, inquiry as asked, witness_key};

/// One receipt to be checked by both.
struct Case {
    text: Vec<u8>,
    key: String,
    witnesses: Vec<WitnessKey>,
    quorum: usize,
}

/// What the library says of it, as the page's script says it.
fn by_library(case: &Case) -> Value {
    let Ok(key) = case.key.parse::<CheckpointVerifier>() else { return json!({"fault": "key"}) };
    let witnesses = Witnesses { keys: &case.witnesses, quorum: case.quorum };
    let checked = Document::parse(&case.text, DOCUMENT_BYTES_MAX).and_then(|receipt| receipt.check(&key, witnesses));
    match checked {
        Err(fault) => json!({"fault": fault.code()}),
        Ok(checked) => {
            let described = describe(&checked.event, &|number| (number == 2).then(|| "Some Bank".to_owned()));
            json!({
                "kind": checked.kind.code(),
                "title": described.title,
                "at": checked.at.to_string(),
                "origin": checked.origin,
                "index": checked.index.to_string(),
                "size": checked.size.to_string(),
                "cosigners": checked.cosigners,
                "rows": described.rows,
            })
        }
    }
}

/// Takes the script out of the page and runs it over the cases.
const DRIVER: &str = r#"
const fs = require("node:fs");
const [page, cases] = process.argv.slice(2).map((path) => fs.readFileSync(path, "utf8"));
const inside = (begins) => page.split(begins)[1].split("</script>")[0];
const words = inside('<script type="application/json" id="words">');
globalThis.document = { getElementById: () => ({ textContent: words }) };
const { parseKey, checkReceipt } = new Function(inside('<script id="checker">') + "; return { parseKey, checkReceipt };")();
(async () => {
  const told = [];
  for (const { text, key, witnesses, quorum } of JSON.parse(cases)) {
    try {
      const trusted = [];
      for (const witness of witnesses) trusted.push(await parseKey(witness, 4));
      const checked = await checkReceipt(Buffer.from(text, "base64"), await parseKey(key, 1), trusted, quorum);
      const { kind, title, at, origin, index, size, cosigners, rows } = checked;
      const names = (number) => (number === 2n ? "Some Bank" : undefined);
      told.push({ kind, title, at, origin, index: `${index}`, size: `${size}`, cosigners, rows: rows(names) });
    } catch (error) {
      told.push(error.code ? { fault: error.code } : { crashed: `${error.stack}` });
    }
  }
  console.log(JSON.stringify(told));
})();
"#;

/// What the page says of each case; `None` where there is no node.
fn by_page(cases: &[Case]) -> Option<Vec<Value>> {
    if Command::new("node").arg("--version").output().is_err() {
        println!("SKIPPED the page's script: there is no `node` here to run it");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let [driver, page, list] = ["driver.cjs", "page.html", "cases.json"].map(|name| folder.path().join(name));
    let given: Vec<_> = cases
        .iter()
        .map(|case| {
            let witnesses: Vec<_> = case.witnesses.iter().map(ToString::to_string).collect();
            let text = BASE64_STANDARD.encode(&case.text);
            json!({"text": text, "key": case.key, "witnesses": witnesses, "quorum": case.quorum})
        })
        .collect();
    std::fs::write(&driver, DRIVER).unwrap();
    std::fs::write(&page, PAGE).unwrap();
    std::fs::write(&list, json!(given).to_string()).unwrap();
    let output = Command::new("node").arg(&driver).arg(&page).arg(&list).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// Both say the same of every case. Gives how many were valid; `None` where there is no node.
fn agree(cases: &[Case]) -> Option<usize> {
    let told = by_page(cases)?;
    assert_eq!(told.len(), cases.len());
    let mut valid = 0;
    for (case, told) in cases.iter().zip(told) {
        let expected = by_library(case);
        assert_eq!(told, expected, "{}\nkey {}", String::from_utf8_lossy(&case.text), case.key);
        valid += usize::from(expected.get("fault").is_none());
    }
    Some(valid)
}

fn plain(text: Vec<u8>, key: &str) -> Case {
    Case { text, key: key.to_owned(), witnesses: Vec::new(), quorum: 0 }
}

#[test]
fn the_page_says_of_whole_receipts_what_the_library_says() {
    let log = Log::small();
    let key = log.key().to_string();
    let mut cases: Vec<_> =
        (0..log.size()).map(|index| plain(log.receipt(index, &[]).to_text().into_bytes(), &key)).collect();
    for (cosigned, trusted, quorum) in [
        (&[1, 2][..], &[1, 2, 3][..], 2),
        (&[1, 2], &[1, 2, 3], 3),
        (&[1], &[1, 1], 2),
        (&[1], &[1, 1], 1),
        (&[], &[], 1),
    ] {
        let text = log.receipt(1, cosigned).to_text().into_bytes();
        let witnesses = trusted.iter().map(|seed| witness_key(*seed)).collect();
        cases.push(Case { text, key: key.clone(), witnesses, quorum });
    }
    let valid = events().len() + 2;
    assert!(agree(&cases).is_none_or(|found| found == valid));
}

#[test]
fn the_page_says_of_damaged_receipts_what_the_library_says() {
    let log = Log::small();
    let key = log.key().to_string();
    let mut cases = Vec::new();
    // Every bit of one receipt, cosigned by one whom nobody asked; of each other every 37th.
    for index in 0..log.size() {
        let text = log.receipt(index, if index == 1 { &[1] } else { &[] }).to_text().into_bytes();
        let step = if index == 1 { 1 } else { 37 };
        let bits = (0..text.len() * 8).step_by(step);
        cases.extend(bits.map(|bit| plain(flipped(&text, bit / 8, bit % 8), &key)));
    }
    let whole = log.receipt(1, &[1]).to_text();
    for byte in 0..key.len() {
        let flipped = flipped(key.as_bytes(), byte, byte % 7);
        cases.extend(String::from_utf8(flipped).ok().map(|key| plain(whole.clone().into_bytes(), &key)));
    }
    // A witness that was asked for.
    let end = whole.len();
    cases.extend((end - 60..end).flat_map(|byte| (0..8).map(move |bit| (byte, bit))).map(|(byte, bit)| Case {
        witnesses: vec![witness_key(1)],
        quorum: 1,
        ..plain(flipped(whole.as_bytes(), byte, bit), &key)
    }));
    let lines: Vec<_> = whole.split_inclusive('\n').collect();
    for place in 0..lines.len() {
        let without: Vec<_> = lines.iter().enumerate().filter(|(at, _)| *at != place).map(|(_, line)| *line).collect();
        let twice: Vec<_> = lines.iter().take(place + 1).chain(lines.iter().skip(place)).copied().collect();
        cases.extend([without.concat(), twice.concat()].map(|text| plain(text.into_bytes(), &key)));
    }
    for text in [
        whole.replace('\n', "\r\n"),
        whole.trim_end().to_owned(),
        format!("{whole}\n"),
        format!("\u{feff}{whole}"),
        String::new(),
        whole.replace("index 1", "index 01"),
        whole.replace("index 1", "index 18446744073709551616"),
        whole.replace("\nindex", "\n\nindex"),
        whole.replace("— witness1", "— wit\u{a0}ness1"),
        whole.replace("— witness1", "— witness1+"),
    ] {
        cases.push(plain(text.into_bytes(), &key));
    }
    let stranger = tallystick_audit::CheckpointSigner::new("bureau.example/other", &[7; 32]).unwrap();
    cases.push(plain(whole.clone().into_bytes(), &stranger.verifier_key()));
    cases.push(plain(whole.into_bytes(), &witness_key(1).to_string()));
    // Only bits of the signature line that nobody asked for, and lines said twice, leave a receipt valid.
    let left = cases.iter().filter(|case| by_library(case).get("fault").is_none()).count();
    assert!((400..900).contains(&left), "{left}");
    assert!(agree(&cases).is_none_or(|valid| valid == left));
}

#[test]
fn the_page_says_of_what_a_bureau_should_not_sign_what_the_library_says() {
    let mut log = Log::small();
    let at = log.recorded(0).2.at;
    let event = Event::Inquiry(asked(Outcome::Permitted));
    let entry = Entry { kind: EventKind::InquiryDenied, ..Entry::of(&event, &[1; 16], at) };
    log.push(event.clone(), [1; 16], entry);
    let mut cases = vec![plain(log.receipt(log.size() - 1, &[]).to_text().into_bytes(), &log.key().to_string())];
    // Damaged before the bureau committed to it: the page reads the events it tells as strictly as the library does.
    for event in events().iter().filter(|event| event.kind() != EventKind::ConsentGranted) {
        let whole = event.to_bytes();
        let longer = [&whole[..], &[0]].concat();
        let shorter = whole[..whole.len() - 1].to_vec();
        for bytes in [longer, shorter, flipped(&whole, 0, 2)] {
            let commitment = tallystick_model::event::commitment(&[1; 16], &bytes);
            let entry = Entry { commitment, ..Entry::of(event, &[1; 16], at) };
            log.push(event.clone(), [1; 16], entry);
            let proof = log.receipt(log.size() - 1, &[]).proof().clone();
            cases.push(plain(
                Document::new(bytes, [1; 16], &entry, proof).to_text().into_bytes(),
                &log.key().to_string(),
            ));
        }
    }
    // Kinds that the page tells by their title alone it does not read, so it can't find fault with them.
    let told_by_title =
        |case: &Case| matches!(by_library(case), Value::Object(told) if told.get("fault") == Some(&json!("event")));
    let freeze = cases.len() - 3..cases.len() - 1;
    assert!(cases[freeze.clone()].iter().all(told_by_title));
    cases.drain(freeze);
    assert_eq!(by_library(&cases[0]), json!({"fault": Fault::OtherKind.code()}));
    assert!(agree(&cases).is_none_or(|valid| valid == 0));
}

/// The tables of codes and their meanings, as the page has them: a line for each.
fn words() -> String {
    let mut tables = format!("{{\n\"event_version\": {}", events()[0].to_bytes()[0]);
    macro_rules! table {
        ($($name:literal: $kind:ty,)*) => {
            $({
                // By hand: in which order a JSON object's members come depends on what else is built.
                let one = |one: &$kind| format!("\"{}\":{}", one.number(), json!([one.code(), one.meaning()]));
                let pairs: Vec<_> = <$kind>::ALL.iter().map(one).collect();
                write!(tables, ",\n\"{}\": {{{}}}", $name, pairs.join(",")).unwrap();
            })*
        };
    }
    table! {
        "event_kind": EventKind,
        "purpose": inquiry::Purpose,
        "single_question": inquiry::SingleQuestion,
        "answered": inquiry::Answered,
        "detail": inquiry::Detail,
        "outcome": inquiry::Outcome,
        "data_category": DataCategory,
        "subject_kind": SubjectKind,
        "member_kind": member::MemberKind,
        "member_role": member::MemberRole,
        "consent_duty": member::ConsentDuty,
        "consent_scope": consent::ConsentScope,
        "consent_form": consent::ConsentForm,
        "actor": consent_terms::Actor,
        "fact_kind": fact::FactKind,
    }
    tables + "\n}"
}

/// `UPDATE_EXPECT=1` writes them into the page.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test that is told to write what it expects")]
fn the_page_has_the_models_words() {
    const BEGINS: &str = "<script type=\"application/json\" id=\"words\">\n";
    let start = PAGE.find(BEGINS).unwrap() + BEGINS.len();
    let end = start + PAGE[start..].find("\n</script>").unwrap();
    let words = words();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/web/verify.html");
        std::fs::write(path, format!("{}{words}{}", &PAGE[..start], &PAGE[end..])).unwrap();
        return;
    }
    assert_eq!(&PAGE[start..end], words, "`UPDATE_EXPECT=1 cargo test -p tallystick-receipt` writes them again");
}

#[test]
fn the_page_is_whole_in_itself_and_sends_nothing() {
    for outside in
        ["http://", "src=", "href=", "import(", "fetch(", "XMLHttpRequest", "WebSocket", "innerHTML", "@import", "url("]
    {
        assert!(!PAGE.contains(outside), "{outside}");
    }
    assert!(PAGE.contains("default-src 'none'"));
}
