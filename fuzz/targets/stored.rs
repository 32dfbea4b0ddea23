//! Stored bytes: what reads must write the same bytes again.
#![no_main]
use tallystick_model::delivery::DeliveryRecord;
use tallystick_model::event::{Entry, Event};
use tallystick_model::fact::{FACT_KEY_BYTES, Fact};
use tallystick_model::member::Member;
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
    if let Some((key, value)) = bytes.split_at_checked(FACT_KEY_BYTES)
        && let Ok(fact) = Fact::from_stored(key, value)
    {
        let mut again = Vec::new();
        fact.write_value(&mut again);
        assert_eq!((fact.key.to_bytes().as_slice(), again.as_slice()), (key, value), "one fact has one encoding");
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        drop(Identifier::parse_tagged(text));
    }
});
