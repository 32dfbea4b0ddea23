//! Stored bytes: what reads must write the same bytes again.
#![no_main]
use tallystick_model::delivery::DeliveryRecord;
use tallystick_model::event::{Entry, Event};
use tallystick_model::fact::{DeliveryNumber, Fact, FactKey};
use tallystick_model::member::Member;
use tallystick_model::packed_facts::{self, Packer};
use tallystick_model::{Canonical, Identifier, SubjectId, subject_facts};

const SUBJECT: SubjectId = SubjectId([7; 16]);

fn same<T: Canonical>(bytes: &[u8]) {
    if let Ok(value) = T::from_bytes(bytes) {
        assert_eq!(value.to_bytes(), bytes, "one value has one encoding");
    }
}

fn facts_of_a_delivery(bytes: &[u8]) {
    let mut again = Vec::new();
    let read = subject_facts::split_facts(bytes, |slot, value| {
        let fact = Fact::from_value(FactKey { subject: SUBJECT, slot, delivery: DeliveryNumber(1) }, value)?;
        let mut value = Vec::new();
        fact.write_value(&mut value);
        subject_facts::write_fact(&mut again, slot, &value);
        Ok(())
    });
    if read.is_ok() {
        assert_eq!(again, bytes, "one subject's facts have one encoding");
    }
}

/// A packed value has several encodings; whatever it is, taking it apart and packing it again loses nothing.
fn packed(bytes: &[u8]) {
    let file = |value: &[u8]| {
        let mut facts = Vec::new();
        packed_facts::read_facts(SUBJECT, value, |_| true, |fact| facts.push(fact)).map(|()| facts)
    };
    let (Ok(said), Ok(facts)) = (packed_facts::unpack(bytes), file(bytes)) else { return };
    let mut packer = Packer::default();
    let mut values = Vec::new();
    for (delivery, facts) in said.iter().filter(|(_, facts)| !facts.is_empty()) {
        let mut value = Vec::new();
        packer.pack(*delivery, facts, &mut value).expect("facts that read are in order");
        values.push(value);
    }
    let mut merged = Vec::new();
    packer.merge(values.iter().map(Vec::as_slice), |_| true, &mut merged).expect("what was packed reads");
    assert_eq!(file(&merged), Ok(facts), "the same file");
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    same::<Event>(bytes);
    same::<Entry>(bytes);
    same::<Member>(bytes);
    same::<DeliveryRecord>(bytes);
    facts_of_a_delivery(bytes);
    packed(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        drop(Identifier::parse_tagged(text));
    }
});
