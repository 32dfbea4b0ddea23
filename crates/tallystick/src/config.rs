//! The data folder: what stands in it beside the store.
//!
//! ```text
//! bureau.toml        name of the bureau and its rulebook
//! keys/              the pseudonym key and the signing key, sealed (`.age`) or not (`.key`): `keyring` reads and writes them;
//!                    log.pub: the public key to publish
//! log/checkpoint     the signed checkpoint of the last entry, for outsiders
//! store/             everything else
//! ```

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use tallystick_model::charter::FoundingCharter;
use tallystick_model::quality::FULL_BP;
use tallystick_model::{Sensitive, Timestamp};
use tallystick_operations::bureau::{Bureau, Keys};
use tallystick_operations::ingest::Settings;
use tallystick_operations::staff::Acting;
use tallystick_operations::{Entropy, OperationError};
use tallystick_policy::Rulebook;
use tallystick_store::StoreError;

use crate::entropy::SystemEntropy;
use crate::keyring::sealed::Lock;
use crate::keyring::{self, Secret};
use crate::log::cosign::{Witnesses, WitnessesToml};

/// `bureau.toml`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct BureauToml {
    name: String,
    rulebook: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ingest: Option<IngestToml>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    witnesses: Option<WitnessesToml>,
}

/// `[ingest]`: what may be said of the machine and of deliveries.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
struct IngestToml {
    /// All cores if not said.
    threads: Option<usize>,
    /// For facts on their way.
    memory_mib: Option<usize>,
    /// Data-quality index, 0 to 100 with two decimals at most, below which a delivery is quarantined.
    quarantine_below: Option<String>,
}

impl IngestToml {
    fn settings(&self) -> Result<Settings> {
        let mut settings = Settings { threads: cores(), ..Settings::default() };
        if let Some(threads) = self.threads {
            ensure!((1..=THREADS_MAX).contains(&threads), "`ingest.threads`: expected 1 to {THREADS_MAX}");
            settings.threads = threads;
        }
        if let Some(mib) = self.memory_mib {
            ensure!((1..=MEMORY_MIB_MAX).contains(&mib), "`ingest.memory_mib`: expected 1 to {MEMORY_MIB_MAX}");
            settings.memory_bytes = mib << 20;
        }
        if let Some(index) = &self.quarantine_below {
            let marks = tallystick_model::money::DecimalMarks::PLAIN;
            let index = tallystick_model::money::parse_minor(index.as_bytes(), 2, marks).ok();
            let index = index.and_then(|index| u16::try_from(index).ok()).filter(|index| *index <= FULL_BP);
            settings.quarantine_below_bp = index
                .context("`ingest.quarantine_below`: expected an index from \"0\" to \"100\", such as \"87.5\"")?;
        }
        Ok(settings)
    }
}

/// Cores of this machine.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

const THREADS_MAX: usize = 256;
const MEMORY_MIB_MAX: usize = 1 << 20;

/// Longest configuration or key file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 16;

/// Founds a bureau in `folder`, which must not exist or be empty. Its operator governs it alone, and its keys lie there unencrypted:
/// for bureaus to try things on.
pub fn found(
    folder: &Path,
    name: &str,
    rulebook: &str,
    entropy: impl Fn() -> Box<dyn Entropy>,
    now: Timestamp,
) -> Result<Bureau> {
    found_under(folder, name, rulebook, None, &Lock::Unencrypted, entropy, now)
}

/// Founds a bureau as [`found`] does, under a charter if one is given, with its keys sealed by `lock`.
pub fn found_under(
    folder: &Path,
    name: &str,
    rulebook: &str,
    charter: Option<FoundingCharter>,
    lock: &Lock,
    entropy: impl Fn() -> Box<dyn Entropy>,
    now: Timestamp,
) -> Result<Bureau> {
    let rules = Rulebook::built_in(rulebook).with_context(|| format!("rulebook `{rulebook}`"))?;
    if folder.exists() {
        let mut entries = fs::read_dir(folder).with_context(|| format!("`{}`", folder.display()))?;
        ensure!(entries.next().is_none(), "`{}` exists already and is not empty", folder.display());
    }
    create_private_folder(folder)?;
    create_private_folder(&folder.join("keys"))?;
    let key = || {
        let mut bytes = [0; 32];
        entropy().fill(&mut bytes);
        Sensitive::new(bytes)
    };
    let keys = Keys { pseudonym: key(), signing: key() };
    for (name, key) in [(PSEUDONYM, &keys.pseudonym), (SIGNING, &keys.signing)] {
        keyring::write(&keyring::place_for(&folder.join("keys"), name, lock), key, lock)?;
    }
    let bureau = Bureau::found_under(folder, name, rules, charter, &keys, entropy(), now)?;
    write_new(&folder.join("keys").join("log.pub"), &format!("{}\n", bureau.verifier_key()))?;
    let bureau = bureau.with_settings(IngestToml::default().settings()?);
    // Last: a folder with `bureau.toml` is a bureau that was founded to the end.
    let toml = toml::to_string(&BureauToml {
        name: name.to_owned(),
        rulebook: rulebook.to_owned(),
        ingest: None,
        witnesses: None,
    })?;
    write_private(&folder.join("bureau.toml"), &toml)?;
    Ok(bureau)
}

/// The member of staff at work in this run of the program, if one is.
static ACTING: OnceLock<Acting> = OnceLock::new();

/// Says who is at work: every bureau opened from now on is worked with by this member of staff.
pub fn act_as(acting: Acting) {
    // Said once, from the command line.
    let _ = ACTING.set(acting);
}

/// What a wound-down bureau leaves in its folder.
pub const CERTIFICATE: &str = "certificate.txt";

/// Opens the bureau in `folder`.
pub fn open(folder: &Path) -> Result<Bureau> {
    if folder.join(CERTIFICATE).exists() && !folder.join("store").exists() {
        bail!("the bureau in `{}` was wound down and destroyed: `{CERTIFICATE}` says how", folder.display());
    }
    let path = folder.join("bureau.toml");
    if folder.join(tallystick_store::backup::RESTORING).exists() {
        bail!("restoring into `{}` never ended: remove the folder and restore again", folder.display());
    }
    if !path.try_exists().with_context(|| format!("`{}`", path.display()))? {
        if folder.join("keys").exists() {
            bail!("founding the bureau in `{}` never ended: remove the folder and found it again", folder.display());
        }
        bail!("no bureau in `{}`: `tallystick init` founds one", folder.display());
    }
    let toml: BureauToml = toml::from_str(&read_small(&path)?).with_context(|| format!("`{}`", path.display()))?;
    let rules = Rulebook::built_in(&toml.rulebook).with_context(|| format!("`{}`", path.display()))?;
    let settings = toml.ingest.unwrap_or_default().settings().with_context(|| format!("`{}`", path.display()))?;
    let entropy = || Box::new(SystemEntropy);
    let mut keys = keys(folder)?;
    let bureau = match Bureau::open(folder, &toml.name, rules, &keys, entropy()) {
        // The log's key was turned, and a crash came before its file had its name.
        Err(OperationError::Store(StoreError::WrongKey(_))) if key_path(folder, SIGNING_NEXT).exists() => {
            keys.signing = read_key(folder, SIGNING_NEXT)?;
            let rules = Rulebook::built_in(&toml.rulebook).with_context(|| format!("`{}`", path.display()))?;
            let bureau = Bureau::open(folder, &toml.name, rules, &keys, entropy())?;
            install_next(folder)?;
            publish_key(folder, &bureau.verifier_key())?;
            bureau
        }
        opened => opened?,
    };
    Ok(bureau.with_settings(settings).with_acting(ACTING.get().cloned()))
}

/// The keys of the bureau in `folder`.
pub fn keys(folder: &Path) -> Result<Keys> {
    if keyring::is_typed() {
        return Ok(Keys { pseudonym: read_key(folder, PSEUDONYM)?, signing: read_key(folder, SIGNING)? });
    }
    // Opening takes its time where a passphrase seals them: both at once.
    std::thread::scope(|scope| {
        let signing = scope.spawn(|| read_key(folder, SIGNING));
        let pseudonym = read_key(folder, PSEUDONYM);
        let signing = signing.join().map_err(|_| anyhow::anyhow!("the signing key was not read"))?;
        Ok(Keys { pseudonym: pseudonym?, signing: signing? })
    })
}

/// Those who must cosign before an answer of the bureau in `folder` leaves; `None` if nobody was named.
pub fn witnesses(folder: &Path) -> Result<Option<Witnesses>> {
    let path = folder.join("bureau.toml");
    let toml: BureauToml = toml::from_str(&read_small(&path)?).with_context(|| format!("`{}`", path.display()))?;
    let witnesses = toml.witnesses.map(|witnesses| witnesses.witnesses()).transpose();
    witnesses.with_context(|| format!("`{}`", path.display()))
}

/// Reads a text file that is small by nature.
pub fn read_small(path: &Path) -> Result<String> {
    let size = fs::metadata(path).with_context(|| format!("`{}`", path.display()))?.len();
    ensure!(size <= FILE_BYTES_MAX, "`{}` has {size} bytes, at most {FILE_BYTES_MAX} are read", path.display());
    fs::read_to_string(path).with_context(|| format!("`{}`", path.display()))
}

/// The name of the bureau in `folder`.
pub fn name(folder: &Path) -> Result<String> {
    let path = folder.join("bureau.toml");
    let toml: BureauToml = toml::from_str(&read_small(&path)?).with_context(|| format!("`{}`", path.display()))?;
    Ok(toml.name)
}

/// Makes pseudonyms.
pub const PSEUDONYM: &str = "pseudonym";
/// Signs the log.
pub const SIGNING: &str = "signing";
/// Is to sign it next, or does already where a crash came between the log's entry and the file's new name.
pub const SIGNING_NEXT: &str = "signing-next";

/// Writes the public key of the log beside the secret ones, for whoever publishes it.
pub fn publish_key(folder: &Path, key: &str) -> Result<()> {
    crate::log::write_durably(&folder.join("keys").join("log.pub"), &format!("{key}\n"))
}

/// Puts the key that was to sign next in the place of the one before, which is overwritten.
pub fn install_next(folder: &Path) -> Result<()> {
    let keys = folder.join("keys");
    let (next, old) = (keyring::place(&keys, SIGNING_NEXT), keyring::place(&keys, SIGNING));
    let to = next.with_file_name(format!("{SIGNING}.{}", next.extension().unwrap_or_default().display()));
    // The old key signs nothing any more: it goes whole, and is overwritten where it still has a name.
    let kept = to.with_extension("old");
    let has_kept = to.exists() && fs::hard_link(&to, &kept).is_ok();
    fs::rename(&next, &to).with_context(|| format!("`{}`", to.display()))?;
    sync_folder(&keys)?;
    if has_kept {
        keyring::erase(&kept)?;
    }
    if old != to && old.exists() { keyring::erase(&old) } else { Ok(()) }
}

/// Where a key of the bureau in `folder` is.
pub fn key_path(folder: &Path, name: &str) -> PathBuf {
    keyring::place(&folder.join("keys"), name)
}

/// Reads one key of the bureau in `folder`.
pub fn read_key(folder: &Path, name: &str) -> Result<Secret> {
    keyring::read(&key_path(folder, name))
}

/// Creates a folder that only its owner reads.
pub fn create_private_folder(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).with_context(|| format!("`{}`", path.display()))
}

/// Writes a file that others may read, whole or not at all and durably; it must not exist yet.
pub fn write_new(path: &Path, text: &str) -> Result<()> {
    place_new(path, text.as_bytes(), &mut fs::OpenOptions::new())
}

/// Writes a file that only its owner reads, whole or not at all and durably; it must not exist yet.
pub fn write_private(path: &Path, text: &str) -> Result<()> {
    create_synced(path, text.as_bytes())
}

/// Writes a file that only its owner reads, whole or not at all and durably, its name too; it must not exist yet.
pub fn create_synced(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    place_new(path, bytes, &mut options)
}

/// What a file is called until it is whole.
pub fn draft_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

fn place_new(path: &Path, bytes: &[u8], options: &mut fs::OpenOptions) -> Result<()> {
    let draft = draft_of(path);
    let mut place = || -> std::io::Result<()> {
        if fs::symlink_metadata(path).is_ok() {
            return Err(std::io::ErrorKind::AlreadyExists.into());
        }
        // What a crash has left of an earlier one: the new file is to have its owner's rights from the beginning.
        if fs::symlink_metadata(&draft).is_ok() {
            fs::remove_file(&draft)?;
        }
        let mut file = options.write(true).create_new(true).open(&draft)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        let placed = written.and_then(|()| fs::rename(&draft, path));
        if placed.is_err() {
            let _ = fs::remove_file(&draft);
        }
        placed
    };
    place().with_context(|| format!("`{}`", path.display()))?;
    sync_folder(path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

/// Makes the names in a folder durable.
pub fn sync_folder(folder: &Path) -> Result<()> {
    #[cfg(unix)]
    fs::File::open(folder).and_then(|folder| folder.sync_all()).with_context(|| format!("`{}`", folder.display()))?;
    Ok(())
}
