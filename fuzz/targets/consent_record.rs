//! Consent records and receipts from strangers: what is offered is written and offered again.
#![no_main]
use tallystick_exchange::record::{Facts, Receipt, Record, write_record};
use tallystick_model::Timestamp;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let records = Receipt::read(bytes).map(|receipt| receipt.records).unwrap_or_default();
    for record in Record::read(bytes).into_iter().chain(records) {
        let Ok(offer) = record.offer() else { continue };
        if offer.purposes.is_empty() {
            continue;
        }
        let Ok(at) = Timestamp::from_millis(0) else { continue };
        let written = write_record(&Facts {
            bureau: "bureau.example/log",
            consent: "0123456789abcdef",
            subject: "aa",
            member: ("A Bank", "BANK"),
            inquires: true,
            written: true,
            offer: &offer,
            states: &[(vec!["dpv:ConsentGiven"], "ts:subject".to_owned(), at)],
        });
        let again = Record::read(written.as_bytes()).and_then(|record| record.offer());
        let again = again.unwrap_or_else(|error| panic!("{error}: {written}"));
        assert_eq!((again.purposes, again.categories), (offer.purposes, offer.categories));
    }
});
