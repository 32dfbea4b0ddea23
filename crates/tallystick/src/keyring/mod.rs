//! Secret keys at rest: found, opened, written and sealed anew. Every command opens keys here, in one way.
//!
//! A key is a file of 64 hex digits, `NAME.key`, or the same sealed, `NAME.age` ([`sealed`]). What opens sealed ones is said by
//! `--passphrase-file` and `--key-file`, else by `TALLYSTICK_PASSPHRASE_FILE` and `TALLYSTICK_KEY_FILE`, else asked for where there
//! is a terminal. Several may be given: each is tried. Nothing is written before all that is needed is open.

pub mod sealed;

use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use age::Identity;
use age::secrecy::zeroize::Zeroizing;
use age::secrecy::{ExposeSecret, SecretString};
use anyhow::{Context, Result, bail, ensure};
use tallystick_model::Sensitive;

use self::sealed::{Lock, NotOpened, Sealing};
use crate::config::{create_synced, read_small, sync_folder};

/// A secret key: the 32-byte seed of RFC 8032, or the key that makes pseudonyms.
pub type Secret = Sensitive<[u8; 32]>;

/// Names the file with the passphrase.
pub const PASSPHRASE_VARIABLE: &str = "TALLYSTICK_PASSPHRASE_FILE";
/// Names the file with the identity.
pub const KEY_FILE_VARIABLE: &str = "TALLYSTICK_KEY_FILE";

/// Longest passphrase, in bytes.
const PASSPHRASE_BYTES_MAX: usize = 1024;
/// Shortest passphrase that a key is sealed by, in characters. Ones in use are not measured.
const PASSPHRASE_CHARS_MIN: usize = 12;
/// Longest text a sealed key holds, in bytes.
const SECRET_BYTES_MAX: u64 = 1024;
/// How often a passphrase is asked for.
const TRIES: usize = 3;

/// What opens sealed keys, as it was said.
#[derive(Debug, Default)]
pub struct Openers {
    /// Files with passphrases.
    pub passphrase_files: Vec<PathBuf>,
    /// Files with identities.
    pub key_files: Vec<PathBuf>,
}

static OPENERS: OnceLock<Openers> = OnceLock::new();
/// Passphrases that were typed and opened something.
static TYPED: Mutex<Vec<SecretString>> = Mutex::new(Vec::new());

/// Says what opens keys in this run of the program; what was not said on the command line, the environment says.
pub fn open_with(mut openers: Openers) {
    let said = |name: &str| {
        #[expect(clippy::disallowed_methods, reason = "the program reads the environment, and only here")]
        let said = std::env::var_os(name);
        said.filter(|path| !path.is_empty()).map(PathBuf::from)
    };
    if openers.passphrase_files.is_empty() && openers.key_files.is_empty() {
        openers.passphrase_files.extend(said(PASSPHRASE_VARIABLE));
        openers.key_files.extend(said(KEY_FILE_VARIABLE));
    }
    // Said once, from the command line.
    let _ = OPENERS.set(openers);
}

fn openers() -> &'static Openers {
    OPENERS.get_or_init(Openers::default)
}

/// Whether a passphrase, where one is needed, is typed and not given.
pub fn is_typed() -> bool {
    openers().passphrase_files.is_empty()
}

/// Whether somebody is there to be asked.
fn is_attended() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

fn asked(prompt: &str) -> Result<SecretString> {
    let typed = rpassword::prompt_password(prompt).context("the passphrase was not typed")?;
    Ok(SecretString::from(typed))
}

/// The passphrase in a file: its first line.
fn passphrase(path: &Path) -> Result<SecretString> {
    let text = Zeroizing::new(read_small(path)?);
    let line = text.lines().next().unwrap_or_default();
    ensure!(!line.is_empty(), "`{}` holds no passphrase in its first line", path.display());
    ensure!(
        line.len() <= PASSPHRASE_BYTES_MAX,
        "`{}`: a passphrase has at most {PASSPHRASE_BYTES_MAX} bytes",
        path.display()
    );
    Ok(SecretString::from(line.to_owned()))
}

fn no_identity(path: &Path) -> String {
    format!("`{}` holds no age identity (`AGE-SECRET-KEY-1...`, as `age-keygen` makes them)", path.display())
}

/// What keys are to be sealed by, as it was said; `None` if nothing was.
///
/// # Errors
/// If two things were said, or a file does not hold what it should.
pub fn said_lock(passphrases: &[PathBuf], key_files: &[PathBuf], unencrypted: bool) -> Result<Option<Lock>> {
    let lock = match (passphrases, key_files, unencrypted) {
        ([], [], false) => return Ok(None),
        ([], [], true) => Lock::Unencrypted,
        ([path], [], false) => Lock::Passphrase(long_enough(passphrase(path)?)?),
        ([], [path], false) => {
            let text = Zeroizing::new(read_small(path)?);
            Lock::KeyFile(sealed::recipients(text.as_bytes()).with_context(|| no_identity(path))?)
        }
        _ => bail!("keys are sealed by one passphrase file, by one key file, or not at all: say one of these"),
    };
    Ok(Some(lock))
}

fn long_enough(passphrase: SecretString) -> Result<SecretString> {
    let chars = passphrase.expose_secret().chars().count();
    ensure!(
        chars >= PASSPHRASE_CHARS_MIN,
        "the passphrase has {chars} characters: {PASSPHRASE_CHARS_MIN} are needed at least, several words are better"
    );
    Ok(passphrase)
}

/// What new keys are to be sealed by: as said on the command line or by the environment, or asked for. Nothing is left open: keys
/// lie unencrypted only where that was said.
///
/// # Errors
/// As [`said_lock`]; if nothing was said and nobody can be asked.
pub fn new_lock(unencrypted: bool) -> Result<Lock> {
    let openers = openers();
    let (passphrases, key_files) = (openers.passphrase_files.as_slice(), openers.key_files.as_slice());
    // What the environment says is for automation, and gives way to what was typed.
    let lock = if unencrypted { Some(Lock::Unencrypted) } else { said_lock(passphrases, key_files, false)? };
    match lock {
        Some(lock) => Ok(lock),
        None if is_attended() => typed_lock(),
        None => bail!(
            "how are the keys to lie on disk? say `--passphrase-file FILE`, `--key-file IDENTITY` or `--unencrypted` \
             ({PASSPHRASE_VARIABLE} and {KEY_FILE_VARIABLE} say it too)"
        ),
    }
}

/// A passphrase that is typed, twice, for sealing keys.
///
/// # Errors
/// If nobody is there to type it, the two differ, or it is too short.
pub fn typed_lock() -> Result<Lock> {
    ensure!(is_attended(), "how are the keys to lie on disk? nothing was said, and nobody is there to be asked");
    let once = long_enough(asked("new passphrase for the keys: ")?)?;
    let again = asked("once more: ")?;
    ensure!(once.expose_secret() == again.expose_secret(), "the two passphrases differ");
    Ok(Lock::Passphrase(once))
}

/// Where the key `name` of the folder `keys` is: sealed, if it is there in both forms.
pub fn place(keys: &Path, name: &str) -> PathBuf {
    let sealed = keys.join(format!("{name}.age"));
    if sealed.exists() { sealed } else { keys.join(format!("{name}.key")) }
}

/// Where a key sealed by `lock` goes.
pub fn place_for(keys: &Path, name: &str, lock: &Lock) -> PathBuf {
    keys.join(format!("{name}.{}", if matches!(lock, Lock::Unencrypted) { "key" } else { "age" }))
}

/// How the key in this file is sealed.
///
/// # Errors
/// If it cannot be read.
pub fn sealing(path: &Path) -> Result<Sealing> {
    let bytes = Zeroizing::new(read_small(path)?);
    sealed::sealing(bytes.as_bytes()).with_context(|| format!("`{}` is a damaged age file", path.display()))
}

/// The key in this file, opened with what was given.
///
/// # Errors
/// If it is sealed and nothing given opens it, or holds no key. Never repeats what it holds.
pub fn read(path: &Path) -> Result<Secret> {
    let text = Zeroizing::new(read_small(path)?);
    let plain = match sealing(path)? {
        Sealing::Unencrypted => text,
        Sealing::Passphrase => open_by_passphrase(path, &text)?,
        Sealing::KeyFile => {
            let mut identities = Vec::new();
            for file in &openers().key_files {
                let text = Zeroizing::new(read_small(file)?);
                identities.extend(sealed::identities(text.as_bytes()).with_context(|| no_identity(file))?);
            }
            ensure!(
                !identities.is_empty(),
                "`{}` is sealed to a key file: say `--key-file IDENTITY`, or set {KEY_FILE_VARIABLE}",
                path.display()
            );
            opened(path, &text, &identities)?
                .with_context(|| format!("`{}` is sealed to another key file than those given", path.display()))?
        }
    };
    let mut key = [0; 32];
    // The decoder's own error would repeat characters of the key.
    ensure!(hex::decode_to_slice(plain.trim(), &mut key).is_ok(), "`{}` does not hold 64 hex digits", path.display());
    Ok(Sensitive::new(key))
}

fn open_by_passphrase(path: &Path, text: &str) -> Result<Zeroizing<String>> {
    let files = &openers().passphrase_files;
    let mut given = Vec::new();
    for file in files {
        given.push(sealed::passphrase_identity(passphrase(file)?));
    }
    given.extend(typed().map(sealed::passphrase_identity));
    for identity in given {
        if let Some(plain) = opened(path, text, &[identity])? {
            return Ok(plain);
        }
    }
    ensure!(files.is_empty(), "`{}`: the passphrase is wrong", path.display());
    ensure!(
        is_attended(),
        "`{}` is sealed by a passphrase: say `--passphrase-file FILE`, or set {PASSPHRASE_VARIABLE}",
        path.display()
    );
    for _ in 0..TRIES {
        let passphrase = asked(&format!("passphrase for `{}`: ", path.display()))?;
        if let Some(plain) = opened(path, text, &[sealed::passphrase_identity(passphrase.clone())])? {
            TYPED.lock().unwrap_or_else(PoisonError::into_inner).push(passphrase);
            return Ok(plain);
        }
    }
    bail!("`{}`: the passphrase is wrong", path.display())
}

fn typed() -> impl Iterator<Item = SecretString> {
    TYPED.lock().unwrap_or_else(PoisonError::into_inner).clone().into_iter()
}

/// What the file holds; `None` if none of these opens it.
fn opened(
    path: &Path,
    text: &str,
    identities: &[Box<dyn Identity + Send + Sync>],
) -> Result<Option<Zeroizing<String>>> {
    match sealed::open_text(text.as_bytes(), identities, SECRET_BYTES_MAX) {
        Ok(plain) => Ok(Some(plain)),
        Err(NotOpened::WrongSecret) => Ok(None),
        Err(NotOpened::Unreadable(what)) => bail!("`{}` is a damaged age file: {what}", path.display()),
    }
}

/// Writes a key into a file that must not exist, readable by the owner only, durably.
///
/// # Errors
/// If it is there, or cannot be written.
pub fn write(path: &Path, key: &Secret, lock: &Lock) -> Result<()> {
    let plain = Zeroizing::new(format!("{}\n", hex::encode(key.expose())));
    let text = Zeroizing::new(sealed::seal(&plain, lock).with_context(|| format!("`{}`", path.display()))?);
    create_synced(path, text.as_bytes())
}

/// Puts a key sealed by `lock` in the place of the key `name` of the folder `keys`, whichever form it has there. A crash leaves the old
/// file or the new one, whole; from one form to the other, both at worst.
///
/// # Errors
/// If it cannot be written.
pub fn replace(keys: &Path, name: &str, key: &Secret, lock: &Lock) -> Result<PathBuf> {
    let to = place_for(keys, name, lock);
    put(&to, key, lock)?;
    for other in [keys.join(format!("{name}.age")), keys.join(format!("{name}.key"))] {
        if other != to && other.exists() {
            erase(&other)?;
        }
    }
    sync_folder(keys)?;
    Ok(to)
}

/// Puts a key sealed by `lock` in the place of this file.
///
/// # Errors
/// If it cannot be written.
pub fn put(path: &Path, key: &Secret, lock: &Lock) -> Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    if draft.exists() {
        erase(&draft)?;
    }
    write(&draft, key, lock)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let context = || format!("`{}`", path.display());
    // What is replaced would go over to the disk's free space as it is: where it held the key in the clear it keeps a name until it
    // is overwritten.
    let old = path.with_extension("old");
    let clear = path.exists() && sealing(path).is_ok_and(|sealing| sealing == Sealing::Unencrypted);
    let kept = clear && fs::hard_link(path, &old).is_ok();
    fs::rename(&draft, path).with_context(context)?;
    sync_folder(folder)?;
    if kept { erase(&old) } else { Ok(()) }
}

/// Overwrites a key's file and removes it. Where the disk writes elsewhere what is overwritten, a copy may be left.
///
/// # Errors
/// If it cannot be.
pub fn erase(path: &Path) -> Result<()> {
    let context = || format!("`{}`", path.display());
    let length = fs::metadata(path).with_context(context)?.len();
    let mut file = fs::OpenOptions::new().write(true).open(path).with_context(context)?;
    let zeros = vec![0; usize::try_from(length).unwrap_or_default()];
    std::io::Write::write_all(&mut file, &zeros).and_then(|()| file.sync_all()).with_context(context)?;
    fs::remove_file(path).with_context(context)
}
