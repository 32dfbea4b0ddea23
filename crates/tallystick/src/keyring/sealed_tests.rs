//! The age files that others made for every implementation (C2SP CCTV), opened as keys are; and our own, changed byte by byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::*;

/// A vector: what is to come of it, what opens it, and the file.
struct Vector {
    name: String,
    head: BTreeMap<String, Vec<String>>,
    file: Vec<u8>,
}

impl Vector {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
        let mut head: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in std::str::from_utf8(&bytes[..end]).unwrap().lines() {
            let (key, value) = line.split_once(": ").unwrap();
            head.entry(key.to_owned()).or_default().push(value.to_owned());
        }
        let mut file = bytes[end + 2..].to_vec();
        if head.contains_key("compressed") {
            let mut plain = Vec::new();
            flate2::read::ZlibDecoder::new(file.as_slice()).read_to_end(&mut plain).unwrap();
            file = plain;
        }
        Self { name: path.file_name().unwrap().to_string_lossy().into_owned(), head, file }
    }

    fn said(&self, key: &str) -> &[String] {
        self.head.get(key).map_or(&[], Vec::as_slice)
    }

    /// What comes of opening it as a key's file is, in the vectors' words.
    fn outcome(&self) -> String {
        let mut given: Vec<Box<dyn Identity + Send + Sync>> =
            self.said("passphrase").iter().map(|said| passphrase_identity(SecretString::from(said.clone()))).collect();
        for identity in self.said("identity") {
            given.extend(identities(identity.as_bytes()).into_iter().flatten());
        }
        let mut payload = Vec::new();
        match open(&self.file, &given) {
            Ok(mut reader) => match reader.read_to_end(&mut payload) {
                Ok(_) => format!("success {}", hex::encode(Sha256::digest(&payload))),
                Err(error) => format!("unreadable: {error}"),
            },
            Err(NotOpened::WrongSecret) => "wrong secret".to_owned(),
            Err(NotOpened::Unreadable(what)) => format!("unreadable: {what}"),
        }
    }
}

fn vectors() -> Option<Vec<Vector>> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/vectors/cctv_age"));
    let Ok(entries) = fs::read_dir(folder) else {
        eprintln!("SKIPPED cctv_age: no folder {}", folder.display());
        return None;
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    Some(paths.iter().filter(|path| path.extension().is_none()).map(|path| Vector::read(path)).collect())
}

#[test]
fn every_vector_comes_out_as_it_says() {
    let Some(vectors) = vectors() else { return };
    let (mut ran, mut deviations) = (0, Vec::new());
    for vector in &vectors {
        let [expected] = vector.said("expect") else { panic!("{}: expects one thing", vector.name) };
        let found = vector.outcome();
        let fits = match expected.as_str() {
            "success" => found == format!("success {}", vector.said("payload")[0]),
            "no match" => found == "wrong secret",
            "payload failure" | "armor failure" => found.starts_with("unreadable"),
            // A key in the header that does not decrypt is a wrong secret, to whoever has only that to go by.
            _ => !found.starts_with("success"),
        };
        if !fits {
            deviations.push(vector.name.as_str());
        }
        ran += 1;
    }
    assert!(ran >= 142, "{ran} ran");
    // Post-quantum identities are no part of a key's file here: they open nothing. The library takes two forms of a stanza's
    // end that older programs wrote; what is in them is still under the header's MAC.
    let expected = [
        "armor_hybrid",
        "hybrid",
        "hybrid_and_x25519",
        "hybrid_grease",
        "hybrid_multiple_recipients",
        "stanza_missing_body",
        "stanza_missing_final_line",
    ];
    assert_eq!(deviations, expected);
}

fn key_file() -> String {
    let generated = age::x25519::Identity::generate();
    age::secrecy::ExposeSecret::expose_secret(&generated.to_string()).to_owned()
}

#[test]
fn what_is_sealed_opens_with_its_own_secret_alone() {
    let (own, other) = (key_file(), key_file());
    let sealed = seal("a key\n", &Lock::KeyFile(recipients(own.as_bytes()).unwrap())).unwrap();
    assert_eq!(sealing(sealed.as_bytes()), Some(Sealing::KeyFile));
    let with = |text: &str| open_text(sealed.as_bytes(), &identities(text.as_bytes()).unwrap(), 100);
    assert_eq!(*with(&own).unwrap(), "a key\n");
    assert!(matches!(with(&other), Err(NotOpened::WrongSecret)));
    assert!(!sealed.contains("a key"));

    let secret = |text: &str| SecretString::from(text.to_owned());
    let sealed = seal("a key\n", &Lock::Passphrase(secret("correct horse"))).unwrap();
    assert_eq!(sealing(sealed.as_bytes()), Some(Sealing::Passphrase));
    let with = |text: &str| open_text(sealed.as_bytes(), &[passphrase_identity(secret(text))], 100);
    assert_eq!(*with("correct horse").unwrap(), "a key\n");
    assert!(matches!(with("correct horsf"), Err(NotOpened::WrongSecret)));
    assert!(seal("a key\n", &Lock::Unencrypted).unwrap() == "a key\n", "unencrypted is unencrypted");
    assert!(identities(b"# no identity\n").is_none() && recipients(b"").is_none());
}

#[test]
fn no_changed_byte_of_a_sealed_key_goes_unseen() {
    let own = key_file();
    let sealed = seal("a key\n", &Lock::KeyFile(recipients(own.as_bytes()).unwrap())).unwrap();
    let given = identities(own.as_bytes()).unwrap();
    for place in 0..sealed.len() {
        let mut changed = sealed.clone().into_bytes();
        changed[place] ^= 1;
        let read = open_text(&changed, &given, 100);
        // Line ends may be written in two ways, and a case bit of armor's blank is none of its bytes.
        assert!(
            read.as_ref().map_or(true, |text| **text == *"a key\n"),
            "byte {place}: {:?}",
            read.map(|text| text.len())
        );
    }
}
