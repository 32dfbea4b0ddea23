//! Secret keys as age files (age-encryption.org/v1): sealed by a passphrase (scrypt) or to a key file (X25519), and opened again.
//!
//! Written armored, so that a key file is text; read armored or not, as other age tools write them. Refused: everything age refuses,
//! recipients other than these two, and a work factor above [`WORK_FACTOR_MAX`].

use std::io::{self, BufReader, Read, Write};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::secrecy::SecretString;
use age::secrecy::zeroize::Zeroizing;
use age::{DecryptError, Decryptor, Encryptor, Identity, IdentityFile, Recipient, scrypt};

/// scrypt's N as a power of two, of what is written: 128 MiB, and half a second where this was chosen. OWASP names it.
const WORK_FACTOR: u8 = 17;

/// The highest one that is tried on a file from elsewhere: 1 GiB.
const WORK_FACTOR_MAX: u8 = 20;

const MAGIC: &[u8] = b"age-encryption.org/v1\n";
const ARMOR: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";

/// What a secret key is sealed by.
pub enum Lock {
    /// By nothing: whoever reads the file has the key.
    Unencrypted,
    /// By a passphrase.
    Passphrase(SecretString),
    /// To the holder of an identity.
    KeyFile(Vec<Box<dyn Recipient + Send>>),
}

impl std::fmt::Debug for Lock {
    /// Without what opens it.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Unencrypted => "Lock(unencrypted)",
            Self::Passphrase(_) => "Lock(passphrase)",
            Self::KeyFile(_) => "Lock(key file)",
        })
    }
}

/// How a key file's bytes are sealed, as they say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealing {
    /// Not at all.
    Unencrypted,
    /// A passphrase opens it.
    Passphrase,
    /// An identity opens it.
    KeyFile,
}

impl Sealing {
    /// Code in results.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unencrypted => "unencrypted",
            Self::Passphrase => "passphrase",
            Self::KeyFile => "key_file",
        }
    }
}

/// Why a sealed key was not opened.
#[derive(Debug)]
pub enum NotOpened {
    /// Nothing given opens it: a wrong passphrase, or another identity.
    WrongSecret,
    /// It is no age file of the kinds above, or damaged; how.
    Unreadable(String),
}

/// The plain file of a sealed one.
pub fn seal(plain: &str, lock: &Lock) -> io::Result<String> {
    let passphrase;
    let recipients: Vec<&dyn Recipient> = match lock {
        Lock::Unencrypted => return Ok(plain.to_owned()),
        Lock::Passphrase(secret) => {
            let mut recipient = scrypt::Recipient::new(secret.clone());
            recipient.set_work_factor(WORK_FACTOR);
            passphrase = recipient;
            vec![&passphrase]
        }
        Lock::KeyFile(recipients) => recipients.iter().map(|recipient| &**recipient as &dyn Recipient).collect(),
    };
    let encryptor = Encryptor::with_recipients(recipients.into_iter()).map_err(io::Error::other)?;
    let mut armored = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
    let mut writer = encryptor.wrap_output(&mut armored)?;
    writer.write_all(plain.as_bytes())?;
    writer.finish()?;
    String::from_utf8(armored.finish()?).map_err(io::Error::other)
}

/// How `bytes` are sealed; `None` where they begin as an age file and do not go on as one.
pub fn sealing(bytes: &[u8]) -> Option<Sealing> {
    // Anything that is no age file is a plain one, and says itself whether it holds a key.
    if !bytes.trim_ascii_start().starts_with(ARMOR) && !bytes.starts_with(MAGIC) {
        return Some(Sealing::Unencrypted);
    }
    let decryptor = Decryptor::new_buffered(ArmoredReader::new(without_blanks(bytes))).ok()?;
    Some(if decryptor.is_scrypt() { Sealing::Passphrase } else { Sealing::KeyFile })
}

/// Blanks may stand before an armored file; the reader itself looks for the armor at the very beginning.
fn without_blanks(bytes: &[u8]) -> &[u8] {
    let trimmed = bytes.trim_ascii_start();
    if trimmed.starts_with(ARMOR) { trimmed } else { bytes }
}

/// Reads what a sealed file holds with the first of `identities` that opens it.
pub fn open<'a>(
    bytes: &'a [u8],
    identities: &[Box<dyn Identity + Send + Sync>],
) -> Result<impl Read + use<'a>, NotOpened> {
    let decryptor = Decryptor::new_buffered(ArmoredReader::new(without_blanks(bytes))).map_err(not_opened)?;
    decryptor.decrypt(identities.iter().map(|identity| &**identity as &dyn Identity)).map_err(not_opened)
}

/// Reads all of it, at most `bytes_max`.
pub fn open_text(
    bytes: &[u8],
    identities: &[Box<dyn Identity + Send + Sync>],
    bytes_max: u64,
) -> Result<Zeroizing<String>, NotOpened> {
    let mut text = Zeroizing::new(String::new());
    let reader = open(bytes, identities)?;
    BufReader::new(reader.take(bytes_max))
        .read_to_string(&mut text)
        .map_err(|error| NotOpened::Unreadable(error.to_string()))?;
    Ok(text)
}

fn not_opened(error: DecryptError) -> NotOpened {
    match error {
        // A wrong passphrase is a key that does not decrypt.
        DecryptError::NoMatchingKeys | DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            NotOpened::WrongSecret
        }
        DecryptError::ExcessiveWork { required, .. } => NotOpened::Unreadable(format!(
            "its passphrase takes work 2^{required} to try, at most 2^{WORK_FACTOR_MAX} is done"
        )),
        DecryptError::InvalidMac => NotOpened::Unreadable("its header was changed".to_owned()),
        error => NotOpened::Unreadable(error.to_string()),
    }
}

/// What opens a file that a passphrase seals.
pub fn passphrase_identity(passphrase: SecretString) -> Box<dyn Identity + Send + Sync> {
    let mut identity = scrypt::Identity::new(passphrase);
    identity.set_max_work_factor(WORK_FACTOR_MAX);
    Box::new(identity)
}

/// The identities of a key file, as `age-keygen` writes it.
pub fn identities(text: &[u8]) -> Option<Vec<Box<dyn Identity + Send + Sync>>> {
    let found = IdentityFile::from_buffer(text).ok()?.into_identities().ok()?;
    (!found.is_empty()).then_some(found)
}

/// Those who hold the identities of a key file.
pub fn recipients(text: &[u8]) -> Option<Vec<Box<dyn Recipient + Send>>> {
    let found = IdentityFile::from_buffer(text).ok()?.to_recipients().ok()?;
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
#[path = "sealed_tests.rs"]
mod tests;
