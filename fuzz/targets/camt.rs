//! Bank statements of ISO 20022: as they are, and within a sound frame.
#![no_main]
mod common;
use tallystick_intake::Layout;

const BEFORE: &[u8] =
    b"<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt><Acct><Id><IBAN>\
NL26VAYB8060476890</IBAN></Id></Acct>";
const BEHIND: &[u8] = b"</Stmt></BkToCstmrStmt></Document>";

libfuzzer_sys::fuzz_target!(|file: &[u8]| {
    common::read(&Layout::Camt, file);
    common::read(&Layout::Camt, &[BEFORE, file, BEHIND].concat());
});
