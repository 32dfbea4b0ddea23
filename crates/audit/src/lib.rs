//! A tamper-evident log of opaque entries: what was recorded stays recorded, and anyone can check it.
//!
//! The entries are the leaves of the Merkle tree of RFC 6962; a signed [`Checkpoint`] fixes size and root; a
//! [`Receipt`] proves that one entry is in the log of a checkpoint; a [`ConsistencyProof`] that a later checkpoint
//! only added. The layouts are those of C2SP (tlog-checkpoint, tlog-proof, tlog-tiles), so that foreign tools can verify.
//!
//! Start at [`append`] to write and at [`verify::verify_receipt`] to check.
//! Pure: no I/O, no clock, no randomness, no floats. Nodes are read through [`NodeSource`], which the store implements;
//! no input makes it panic, and nothing is allocated on a length read from outside before the length is checked.
//! [`witness`] is what others do who watch that the log shows everyone the same; [`TiledLog`] reads it as they see it.
//! Not here: what an entry means (`operations`), where nodes and entries are kept (`store`).
//!
//! ```
//! use std::collections::BTreeMap;
//! use tallystick_audit::{self as audit, CheckpointSigner, CheckpointVerifier, Receipt};
//!
//! let entries = ["opened", "inquired", "closed"];
//! let leaves: Vec<_> = entries.iter().map(|entry| audit::leaf_hash(entry.as_bytes())).collect();
//! let mut nodes = BTreeMap::new();
//! nodes.extend(audit::append(0, &leaves, &nodes)?);
//!
//! let signer = CheckpointSigner::new("bureau.example/log", &[7; 32])?;
//! let receipt = Receipt {
//!     index: 1,
//!     proof: audit::prove_inclusion(1, 3, &nodes)?,
//!     checkpoint: signer.sign(&signer.checkpoint(3, audit::root(3, &nodes)?))?,
//!     extra: None,
//! };
//!
//! let key: CheckpointVerifier = signer.verifier_key().parse()?;
//! let checkpoint = audit::verify_receipt(b"inquired", &receipt.to_text().parse()?, &key)?;
//! assert_eq!(checkpoint.size, 3);
//! assert!(audit::verify_receipt(b"Inquired", &receipt, &key).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
mod checkpoint;
mod cosignature;
mod hash;
mod key;
mod log_keys;
mod proof;
mod receipt;
mod text;
pub mod tile;
mod tiled;
mod tree;
pub mod verify;
pub mod witness;

pub use builder::TreeBuilder;
pub use checkpoint::{
    Checkpoint, CheckpointError, CheckpointSigner, CheckpointVerifier, NOTE_BYTES_MAX, ORIGIN_BYTES_MAX,
};
pub use cosignature::{WitnessKey, WitnessSigner, cosigners, with_cosignatures};
pub use hash::{BadHash, Hash, leaf_hash, leaf_hash_of, node_hash};
pub use log_keys::{KEYS_BYTES_MAX, KeyEnd, KeysError, LogKey, LogKeys, OpensCheckpoints, Revocation, Turn};
pub use proof::{ConsistencyProof, InclusionProof, PROOF_HASHES_MAX, prove_consistency, prove_inclusion};
pub use receipt::{EXTRA_BYTES_MAX, RECEIPT_BYTES_MAX, Receipt, ReceiptError};
pub use tiled::{TileError, TileSource, TiledLog};
pub use tree::{LogError, NodeId, NodeSource, Overlay, append, root};
pub use verify::{ProofError, verify_consistency, verify_inclusion, verify_receipt};
