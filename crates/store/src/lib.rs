//! Credit files on the storage engine: keys, commit, snapshot, bulk load, check.
//!
//! Two things leave no other way in: [`Store::commit`] takes changes only together with the [`Event`] that explains them,
//! in one atomic, durable batch with its log entry; and a bulk load ([`OpenDelivery::load`]) stays invisible until the commit
//! that carries its root. Reads go through a [`Snapshot`]. [`check`] re-derives everything. Only [`engine`] names the engine.
//!
//! [`Event`]: tallystick_model::event::Event

mod audit_log;
pub mod backup;
pub mod check;
mod commit;
mod consents;
mod engine;
mod facts_root;
mod group;
mod history;
mod keys;
mod load;
mod loss;
mod merging;
mod publish;
mod removing;
mod scratch;
mod seal;
mod signing;
mod snapshot;
mod store;
mod walk;

pub use commit::{Act, Changes, Committed};
pub use consents::{consents, erasures, has_died, refusals};
pub use engine::{Activity, BareStore, EngineError, quiet_engine_panics};
pub use facts_root::FactsDigest;
pub use keys::FORMAT;
pub use load::{FactBatch, Loaded, OpenDelivery};
pub use scratch::{Scratch, ScratchPiece};
pub use seal::SubjectSalt;
pub use snapshot::{RecordedEvent, Snapshot, frozen};
pub use store::{Founding, Store, StoreError, StoredDelivery};
