//! Stored bytes: what reads must write the same bytes again.
#![no_main]
use tallystick_model::delivery::DeliveryRecord;
use tallystick_model::event::{Entry, Event};
use tallystick_model::member::Member;
use tallystick_model::subject_facts::{self, SUBJECT_FACTS_KEY_BYTES};
use tallystick_model::{Canonical, Identifier};

fn same<T: Canonical>(bytes: &[u8]) {
    if let Ok(value) = T::from_bytes(bytes) {
        assert_eq!(value.to_bytes(), bytes, "one value has one encoding");
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    same::<Event>(bytes);
    same::<Entry>(bytes);
    same::<Member>(bytes);
    same::<DeliveryRecord>(bytes);
    if let Some((key, value)) = bytes.split_at_checked(SUBJECT_FACTS_KEY_BYTES)
        && let Ok((subject, delivery)) = subject_facts::read_key(key)
    {
        let mut again = Vec::new();
        let read = subject_facts::read_facts(subject, delivery, value, |fact| {
            let mut value = Vec::new();
            fact.write_value(&mut value);
            subject_facts::write_fact(&mut again, fact.key.slot, &value);
        });
        if read.is_ok() {
            assert_eq!(again, value, "one subject's facts have one encoding");
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        drop(Identifier::parse_tagged(text));
    }
});
