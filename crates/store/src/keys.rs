//! Keys and small values of every key space.
//!
//! ```text
//! facts   subject (16) ‖ delivery (4)         what a small delivery says of a subject, packed (`model::packed_facts`)
//! events  subject (16) ‖ log index (8)        salt (16) ‖ canonical event
//! log     'e' ‖ log index (8)                 canonical entry
//!         'n' ‖ level (1) ‖ index (8)         hash of a complete subtree (32)
//!         'c'                                 signed checkpoint
//! meta    'f'                                 format version (1)
//!         'p'                                 check value of the pseudonym key (16)
//!         'v'                                 first public key of the log, as text
//!         'k' ‖ log index (8)                 what is said of the log's keys at that entry: a signed note
//!         'm' ‖ number (2)                    canonical member
//!         'd' ‖ number (4)                    state (1), and once committed: since (8, ms) ‖ canonical delivery record
//!         'x' ‖ subject (16)                  a subject with erased facts on disk: log index of the last erasure (8)
//!         'r' ‖ number (8)                    a run of facts that is there: shard (1) ‖ weight (8)
//! salts   subject (16)                        salt (32)
//! ```

use tallystick_audit::NodeId;
use tallystick_model::SubjectId;
use tallystick_model::fact::DeliveryNumber;

/// Version of everything on disk.
///
/// Format 1 had one key for each fact, format 2 one for each delivery and subject, format 3 a tree of the engine's for each run; none was
/// ever released.
pub const FORMAT: u8 = 4;

pub const FORMAT_KEY: &[u8] = b"f";
pub const PSEUDONYM_CHECK_KEY: &[u8] = b"p";
pub const VERIFIER_KEY: &[u8] = b"v";
pub const LOG_KEY_PREFIX: &[u8] = b"k";
pub const MEMBER_PREFIX: &[u8] = b"m";
pub const DELIVERY_PREFIX: &[u8] = b"d";
pub const RUN_PREFIX: &[u8] = b"r";
pub const ERASED_PREFIX: &[u8] = b"x";
pub const CHECKPOINT_KEY: &[u8] = b"c";
pub const ENTRY_PREFIX: &[u8] = b"e";

/// State of a delivery whose facts are being loaded, or whose load never ended: they are not visible.
pub const DELIVERY_LOADING: u8 = tallystick_model::delivery::DeliveryState::Loading.number();

pub fn facts(subject: SubjectId, delivery: DeliveryNumber) -> [u8; 20] {
    let mut key = [0; 20];
    let (first, last) = key.split_at_mut(16);
    first.copy_from_slice(&subject.0);
    last.copy_from_slice(&delivery.0.to_be_bytes());
    key
}

pub fn event(subject: SubjectId, index: u64) -> [u8; 24] {
    let mut key = [0; 24];
    let (first, last) = key.split_at_mut(16);
    first.copy_from_slice(&subject.0);
    last.copy_from_slice(&index.to_be_bytes());
    key
}

/// Subject and log index of an event's key.
pub fn read_event(key: &[u8]) -> Option<(SubjectId, u64)> {
    let (subject, index) = key.split_first_chunk::<16>()?;
    Some((SubjectId(*subject), u64::from_be_bytes(index.try_into().ok()?)))
}

pub fn entry(index: u64) -> Vec<u8> {
    [ENTRY_PREFIX, &index.to_be_bytes()].concat()
}

pub fn node(id: NodeId) -> Vec<u8> {
    [b"n".as_slice(), &id.to_key()].concat()
}

pub fn member(number: u16) -> Vec<u8> {
    [MEMBER_PREFIX, &number.to_be_bytes()].concat()
}

pub fn delivery(number: DeliveryNumber) -> Vec<u8> {
    [DELIVERY_PREFIX, &number.0.to_be_bytes()].concat()
}

/// The number in a delivery's key.
pub fn read_delivery(key: &[u8]) -> Option<DeliveryNumber> {
    let number = key.strip_prefix(DELIVERY_PREFIX)?;
    Some(DeliveryNumber(u32::from_be_bytes(number.try_into().ok()?)))
}

pub fn erased(subject: SubjectId) -> Vec<u8> {
    [ERASED_PREFIX, &subject.0].concat()
}

/// The subject with erased facts, and the log index of the last erasure.
pub fn read_erased(key: &[u8], value: &[u8]) -> Option<(SubjectId, u64)> {
    let subject = SubjectId(key.strip_prefix(ERASED_PREFIX)?.try_into().ok()?);
    Some((subject, u64::from_be_bytes(value.try_into().ok()?)))
}

pub fn log_key(index: u64) -> Vec<u8> {
    [LOG_KEY_PREFIX, &index.to_be_bytes()].concat()
}

pub fn run(number: u64) -> Vec<u8> {
    [RUN_PREFIX, &number.to_be_bytes()].concat()
}

/// What is kept of a run: its shard and its weight.
pub fn run_value(shard: usize, weight: u64) -> Vec<u8> {
    [&[u8::try_from(shard).unwrap_or_default()], weight.to_be_bytes().as_slice()].concat()
}

/// Number, shard and weight of a run.
pub fn read_run(key: &[u8], value: &[u8]) -> Option<(u64, u8, u64)> {
    let number = u64::from_be_bytes(key.strip_prefix(RUN_PREFIX)?.try_into().ok()?);
    let (shard, weight) = value.split_first()?;
    (usize::from(*shard) < crate::engine::FACT_SHARDS).then_some((
        number,
        *shard,
        u64::from_be_bytes(weight.try_into().ok()?),
    ))
}
