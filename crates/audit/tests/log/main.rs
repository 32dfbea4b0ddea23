//! The log from outside: edges, properties against a naive second reading of RFC 6962, foreign vectors.

mod common;
mod edges;
mod properties;
mod turns;
mod vectors;
mod witnessing;
