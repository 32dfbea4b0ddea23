//! JSON Web Signatures in their compact form: attached, and detached (RFC 7515 appendix F) with the payload in base64 or as it is
//! (RFC 7797). RS256, ES256 and `EdDSA` are verified; we sign with `EdDSA`.
//!
//! The algorithm is the key's, and the header has to agree: a header does not choose how it is checked.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::signature::{self, Ed25519KeyPair, KeyPair, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;

use crate::ExchangeError;
use crate::json::{FILE_BYTES_MAX, read};

/// A public key, as a JSON Web Key has it.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(Kind);

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// P-256, uncompressed.
    Ec(Vec<u8>),
    Ed(Vec<u8>),
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "PublicKey({})", self.algorithm())
    }
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl PublicKey {
    /// Reads a JSON Web Key: RSA of 2048 to 8192 bits, EC on P-256, or OKP on Ed25519. Other members of it are passed over.
    ///
    /// # Errors
    /// [`ExchangeError`] if it is none.
    pub fn from_jwk(bytes: &[u8]) -> Result<Self, ExchangeError> {
        let jwk: Jwk = read(bytes)?;
        let part = |part: Option<String>| {
            let bytes = part.and_then(|text| BASE64.decode(text).ok());
            bytes.ok_or(ExchangeError::Signature("a key whose parts are base64url"))
        };
        let kind = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => Kind::Rsa { n: part(jwk.n)?, e: part(jwk.e)? },
            ("EC", Some("P-256")) => {
                let (x, y) = (part(jwk.x)?, part(jwk.y)?);
                if (x.len(), y.len()) != (32, 32) {
                    return Err(ExchangeError::Signature("coordinates of 32 bytes"));
                }
                Kind::Ec([&[4][..], &x, &y].concat())
            }
            ("OKP", Some("Ed25519")) => Kind::Ed(part(jwk.x)?),
            _ => return Err(ExchangeError::Signature("a key of kind RSA, EC P-256 or OKP Ed25519")),
        };
        Ok(Self(kind))
    }

    const fn algorithm(&self) -> &'static str {
        match self.0 {
            Kind::Rsa { .. } => "RS256",
            Kind::Ec(_) => "ES256",
            Kind::Ed(_) => "EdDSA",
        }
    }

    fn verify(&self, message: &[u8], signed: &[u8]) -> Result<(), ExchangeError> {
        let answer = match &self.0 {
            Kind::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signed)
            }
            Kind::Ec(point) => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(message, signed)
            }
            Kind::Ed(key) => UnparsedPublicKey::new(&signature::ED25519, key).verify(message, signed),
        };
        answer.map_err(|_| ExchangeError::NotSigned)
    }
}

/// A key that signs with `EdDSA`.
pub struct SigningKey(Ed25519KeyPair);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("SigningKey")
    }
}

impl SigningKey {
    /// The key of a secret seed.
    ///
    /// # Errors
    /// [`ExchangeError::Signature`]; cannot happen with 32 bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, ExchangeError> {
        let key = Ed25519KeyPair::from_seed_unchecked(seed);
        key.map(Self).map_err(|_| ExchangeError::Signature("a seed of 32 bytes"))
    }

    /// Its public half as a JSON Web Key.
    pub fn to_jwk(&self) -> String {
        let x = BASE64.encode(self.0.public_key().as_ref());
        format!("{{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\",\"use\":\"sig\",\"x\":\"{x}\"}}")
    }

    /// Signs `payload`, which is in the signature.
    pub fn sign(&self, payload: &[u8]) -> String {
        let said = format!("{}.{}", BASE64.encode(br#"{"alg":"EdDSA"}"#), BASE64.encode(payload));
        format!("{said}.{}", BASE64.encode(self.0.sign(said.as_bytes())))
    }

    /// Signs `payload`, which goes beside the signature as it is.
    pub fn sign_detached(&self, payload: &[u8]) -> String {
        let header = BASE64.encode(br#"{"alg":"EdDSA","b64":false,"crit":["b64"]}"#);
        let signed = self.0.sign(&[header.as_bytes(), b".", payload].concat());
        format!("{header}..{}", BASE64.encode(signed))
    }
}

/// What a header says that matters. `kid`, `typ` and the like choose nothing here.
#[derive(Deserialize)]
struct Header {
    alg: String,
    b64: Option<bool>,
    #[serde(default)]
    crit: Vec<String>,
}

struct Parts<'t> {
    header: &'t str,
    payload: &'t str,
    signature: Vec<u8>,
    alg: String,
    plain: bool,
}

fn parts(compact: &str) -> Result<Parts<'_>, ExchangeError> {
    // Base64 of the largest payload, with room for header and signature.
    if compact.len() > FILE_BYTES_MAX * 2 {
        return Err(ExchangeError::TooLong(compact.len()));
    }
    let form = ExchangeError::Signature("three parts in base64url with dots between");
    let mut split = compact.split('.');
    let (Some(header), Some(payload), Some(signature), None) = (split.next(), split.next(), split.next(), split.next())
    else {
        return Err(form);
    };
    let head = BASE64.decode(header).map_err(|_| form.clone())?;
    let head: Header = read(&head)?;
    // What is critical has to be understood (RFC 7515 4.1.11), and `b64` has to be critical (RFC 7797 6).
    if head.crit.iter().any(|name| name != "b64") {
        return Err(ExchangeError::Signature("no critical header but `b64`"));
    }
    if head.b64.is_some() != head.crit.iter().any(|name| name == "b64") {
        return Err(ExchangeError::Signature("`b64` among the critical headers exactly where it is said"));
    }
    let plain = head.b64 == Some(false);
    let signature = BASE64.decode(signature).map_err(|_| form)?;
    Ok(Parts { header, payload, signature, alg: head.alg, plain })
}

fn check_algorithm(parts: &Parts<'_>, key: &PublicKey) -> Result<(), ExchangeError> {
    if parts.alg == key.algorithm() { Ok(()) } else { Err(ExchangeError::Signature("the key's own algorithm")) }
}

/// Verifies a signature that carries its payload, and gives it.
///
/// In the account-aggregator system headers say `b64: false` over a payload in base64: the parts as they stand are what is
/// signed, with either header, so both are taken.
///
/// # Errors
/// [`ExchangeError::NotSigned`] if it does not verify, others if it is malformed.
pub fn open(compact: &str, key: &PublicKey) -> Result<Vec<u8>, ExchangeError> {
    let parts = parts(compact)?;
    check_algorithm(&parts, key)?;
    key.verify(format!("{}.{}", parts.header, parts.payload).as_bytes(), &parts.signature)?;
    payload(&parts)
}

/// The payload of a signature that carries it, unverified: for whoever has no key and says so.
///
/// # Errors
/// [`ExchangeError`] if it is malformed.
pub fn open_unverified(compact: &str) -> Result<Vec<u8>, ExchangeError> {
    payload(&parts(compact)?)
}

fn payload(parts: &Parts<'_>) -> Result<Vec<u8>, ExchangeError> {
    if parts.payload.is_empty() {
        return Err(ExchangeError::Signature("a payload inside the signature"));
    }
    BASE64.decode(parts.payload).map_err(|_| ExchangeError::Signature("a payload in base64url"))
}

/// Verifies a detached signature of `payload`.
///
/// # Errors
/// [`ExchangeError::NotSigned`] if it does not verify, others if it is malformed.
pub fn verify_detached(compact: &str, payload: &[u8], key: &PublicKey) -> Result<(), ExchangeError> {
    let parts = parts(compact)?;
    check_algorithm(&parts, key)?;
    if !parts.payload.is_empty() {
        return Err(ExchangeError::Signature("no payload between the dots"));
    }
    let encoded;
    let said: &[u8] = if parts.plain {
        payload
    } else {
        encoded = BASE64.encode(payload);
        encoded.as_bytes()
    };
    key.verify(&[parts.header.as_bytes(), b".", said].concat(), &parts.signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> (SigningKey, PublicKey) {
        let key = SigningKey::from_seed(&[7; 32]).unwrap();
        let public = PublicKey::from_jwk(key.to_jwk().as_bytes()).unwrap();
        (key, public)
    }

    #[test]
    fn the_example_of_rfc_8037_verifies_and_nothing_else_does() {
        // RFC 8037, appendix A.4 and A.5.
        let jwk = br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let signed = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
                      hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        let public = PublicKey::from_jwk(jwk).unwrap();
        assert_eq!(open(signed, &public).unwrap(), b"Example of Ed25519 signing");
        assert_eq!(open(&signed.replacen("RXh", "RXg", 1), &public), Err(ExchangeError::NotSigned));
        assert_eq!(open(signed, &key().1), Err(ExchangeError::NotSigned));
    }

    #[test]
    fn the_rsa_example_of_rfc_7515_verifies() {
        // RFC 7515, appendix A.2.
        let jwk = br#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#;
        let signed = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        let public = PublicKey::from_jwk(jwk).unwrap();
        assert!(open(signed, &public).unwrap().starts_with(b"{\"iss\":\"joe\""));
        assert_eq!(format!("{public:?}"), "PublicKey(RS256)");
    }

    #[test]
    fn a_detached_signature_is_of_its_payload_and_of_no_other() {
        let (key, public) = key();
        let detached = key.sign_detached(b"{\"a\": 1}");
        assert_eq!(detached.split('.').nth(1), Some(""));
        assert_eq!(verify_detached(&detached, b"{\"a\": 1}", &public), Ok(()));
        assert_eq!(verify_detached(&detached, b"{\"a\": 2}", &public), Err(ExchangeError::NotSigned));
        let attached = key.sign(b"payload");
        let mut parts = attached.split('.');
        let (header, payload, signature) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        assert_eq!(verify_detached(&format!("{header}..{signature}"), b"payload", &public), Ok(()), "appendix F");
        assert_eq!(BASE64.decode(payload).unwrap(), b"payload");
        assert_eq!(
            verify_detached(&attached, b"payload", &public),
            Err(ExchangeError::Signature("no payload between the dots"))
        );
    }

    #[test]
    fn a_header_chooses_neither_the_algorithm_nor_what_is_understood() {
        let (key, public) = key();
        let with = |header: &[u8]| {
            let said = format!("{}.{}", BASE64.encode(header), BASE64.encode(b"x"));
            format!("{said}.{}", BASE64.encode(key.0.sign(said.as_bytes())))
        };
        assert_eq!(open(&with(br#"{"alg":"EdDSA","kid":"1"}"#), &public).unwrap(), b"x");
        for (header, expected) in [
            (&br#"{"alg":"none"}"#[..], "the key's own algorithm"),
            (br#"{"alg":"RS256"}"#, "the key's own algorithm"),
            (br#"{"alg":"EdDSA","crit":["exp"]}"#, "no critical header but `b64`"),
            (br#"{"alg":"EdDSA","b64":false}"#, "`b64` among the critical headers exactly where it is said"),
        ] {
            assert_eq!(open(&with(header), &public), Err(ExchangeError::Signature(expected)));
        }
        assert_eq!(open("a.b", &public), Err(ExchangeError::Signature("three parts in base64url with dots between")));
    }
}
