//! Charters and measures as TOML, keys and signed statements as files. docs/charter.md describes them.

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use tallystick_intake::layouts::mapped::Mapping;
use tallystick_model::charter::{
    Artefact, Charter, Deadlock, FoundingCharter, Matter, MatterRule, Measure, MemberTerms, Partner, Seat, WindDown,
    WindDownWay,
};
use tallystick_model::member::{ConsentDuty, MemberKind, MemberRole};
use tallystick_model::money::{DecimalMarks, parse_minor};
use tallystick_model::signature::PublicKey;
use tallystick_model::staff::{StaffMember, StaffRole};
use tallystick_model::{Canonical, DataCategory};
use tallystick_policy::Rulebook;

use crate::cli::parse;
use crate::config::read_small;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CharterToml {
    voting_hours: u32,
    enact_within_hours: u32,
    #[serde(default)]
    deadlock: Option<DeadlockToml>,
    partner: Vec<PartnerToml>,
    #[serde(default)]
    seat: Vec<SeatToml>,
    rule: std::collections::BTreeMap<String, RuleToml>,
    #[serde(default)]
    founding: Vec<MeasureToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeadlockToml {
    casting_seat: Option<String>,
    second_round_share: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartnerToml {
    code: String,
    name: String,
    key: String,
    weight: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeatToml {
    code: String,
    name: String,
    key: String,
    #[serde(default)]
    vetoes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleToml {
    share: String,
    #[serde(default)]
    quorum: Option<String>,
    #[serde(default)]
    consent_of: Vec<String>,
}

/// One measure; exactly one of the keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum MeasureToml {
    Collect(String),
    CollectNoMore(String),
    Accept(ArtefactToml),
    Retire(RetireToml),
    Admit(AdmitToml),
    Enrol(EnrolToml),
    Dismiss(String),
    WindDown(WindDownToml),
    Amend(String),
    TurnLogKey(String),
}

/// By its text, from which name and hash are taken; or by both.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ArtefactToml {
    matter: String,
    name: Option<String>,
    hash: Option<String>,
    mapping: Option<String>,
    rulebook: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RetireToml {
    matter: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdmitToml {
    code: String,
    name: String,
    kind: String,
    roles: Vec<String>,
    #[serde(default)]
    consent_duty: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnrolToml {
    code: String,
    name: String,
    role: String,
    key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WindDownToml {
    way: String,
    receiver: String,
    notice: String,
    no_transfer: Option<String>,
    no_hand_over: Option<String>,
}

/// The charter and the measures of a founding, from their file.
pub(crate) fn founding(path: &Path) -> Result<FoundingCharter> {
    let read = || -> Result<FoundingCharter> {
        let toml: CharterToml = toml::from_str(&read_small(path)?)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let measures = toml.founding.iter().map(|measure| to_measure(measure, folder)).collect::<Result<_>>()?;
        Ok(FoundingCharter { charter: charter(&toml)?, measures })
    };
    read().with_context(|| format!("charter `{}`", path.display()))
}

fn charter(toml: &CharterToml) -> Result<Charter> {
    let partner = |toml: &PartnerToml| {
        let (code, name) = (toml.code.clone(), toml.name.clone());
        Ok(Partner { code, name, key: public_key(&toml.key)?, weight_bp: percent("weight", &toml.weight)? })
    };
    let seat = |toml: &SeatToml| {
        let (code, name) = (toml.code.clone(), toml.name.clone());
        let mut vetoes = toml.vetoes.iter().map(|code| matter(code)).collect::<Result<Vec<_>>>()?;
        vetoes.sort_unstable();
        Ok(Seat { code, name, key: public_key(&toml.key)?, vetoes })
    };
    let rule = |(code, toml): (&String, &RuleToml)| {
        let mut consent_of = toml.consent_of.clone();
        consent_of.sort_unstable();
        Ok(MatterRule {
            matter: matter(code)?,
            share_bp: percent("share", &toml.share)?,
            quorum_bp: toml.quorum.as_ref().map_or(Ok(0), |quorum| percent("quorum", quorum))?,
            consent_of,
        })
    };
    let mut rules = toml.rule.iter().map(rule).collect::<Result<Vec<_>>>()?;
    rules.sort_by_key(|rule| rule.matter);
    let deadlock = match &toml.deadlock {
        None | Some(DeadlockToml { casting_seat: None, second_round_share: None }) => Deadlock::StatusQuo,
        Some(DeadlockToml { casting_seat: Some(seat), second_round_share: None }) => {
            Deadlock::CastingSeat(seat.clone())
        }
        Some(DeadlockToml { casting_seat: None, second_round_share: Some(share) }) => {
            Deadlock::SecondRound(percent("second_round_share", share)?)
        }
        Some(_) => bail!("`deadlock`: expected `casting_seat` or `second_round_share`, found both"),
    };
    let charter = Charter {
        partners: toml.partner.iter().map(partner).collect::<Result<_>>()?,
        seats: toml.seat.iter().map(seat).collect::<Result<_>>()?,
        rules,
        voting_hours: toml.voting_hours,
        enact_within_hours: toml.enact_within_hours,
        deadlock,
    };
    charter.check()?;
    Ok(charter)
}

/// What a proposal is to change, from its file.
pub(super) fn measure(path: &Path) -> Result<Measure> {
    let read = || -> Result<Measure> {
        let toml: MeasureToml = toml::from_str(&read_small(path)?)?;
        let measure = to_measure(&toml, path.parent().unwrap_or(Path::new("")))?;
        measure.check()?;
        Ok(measure)
    };
    read().with_context(|| format!("measure `{}`", path.display()))
}

/// Files that it names are found beside it.
fn to_measure(toml: &MeasureToml, folder: &Path) -> Result<Measure> {
    Ok(match toml {
        MeasureToml::Collect(code) => Measure::Collect(category("collect", code)?),
        MeasureToml::CollectNoMore(code) => Measure::CollectNoMore(category("collect_no_more", code)?),
        MeasureToml::Accept(toml) => Measure::Accept(artefact(toml, folder)?),
        MeasureToml::Retire(toml) => Measure::Retire(matter(&toml.matter)?, toml.name.clone()),
        MeasureToml::Admit(toml) => {
            let role = |code: &String| coded("roles", code, MemberRole::ALL, MemberRole::code);
            let mut roles = toml.roles.iter().map(role).collect::<Result<Vec<_>>>()?;
            roles.sort_unstable();
            let duty = toml.consent_duty.as_deref().unwrap_or(ConsentDuty::Nothing.code());
            Measure::Admit(MemberTerms {
                code: toml.code.clone(),
                name: toml.name.clone(),
                kind: coded("kind", &toml.kind, MemberKind::ALL, MemberKind::code)?,
                roles,
                duty: coded("consent_duty", duty, ConsentDuty::ALL, ConsentDuty::code)?,
            })
        }
        MeasureToml::Enrol(toml) => Measure::Enrol(StaffMember {
            code: toml.code.clone(),
            name: toml.name.clone(),
            role: coded("role", &toml.role, StaffRole::ALL, StaffRole::code)?,
            key: public_key(&toml.key)?,
        }),
        MeasureToml::Dismiss(code) => Measure::Dismiss(code.clone()),
        MeasureToml::WindDown(toml) => Measure::WindDown(Box::new(WindDown {
            way: coded("way", &toml.way, WindDownWay::ALL, WindDownWay::code)?,
            receiver: toml.receiver.clone(),
            notice: toml.notice.clone(),
            no_transfer: toml.no_transfer.clone(),
            no_hand_over: toml.no_hand_over.clone(),
        })),
        MeasureToml::TurnLogKey(key) => Measure::TurnLogKey(public_key(key)?),
        MeasureToml::Amend(file) => {
            let FoundingCharter { charter, measures } = founding(&folder.join(file))?;
            ensure!(measures.is_empty(), "`amend`: only a bureau's first charter has `founding`");
            Measure::Amend(Box::new(charter))
        }
    })
}

fn artefact(toml: &ArtefactToml, folder: &Path) -> Result<Artefact> {
    let matter = matter(&toml.matter)?;
    match toml {
        ArtefactToml { mapping: Some(file), rulebook: None, name: None, hash: None, .. } => {
            ensure!(matter == Matter::Layout, "`accept`: a `mapping` is a `layout`");
            let mapping = Mapping::parse(&read_small(&folder.join(file))?).with_context(|| format!("`{file}`"))?;
            Ok(Artefact { matter, name: mapping.name(), hash: mapping.text_hash() })
        }
        ArtefactToml { mapping: None, rulebook: Some(name), name: None, hash: None, .. } => {
            ensure!(matter == Matter::Rulebook, "`accept`: a `rulebook` is of the matter `rulebook`");
            let rulebook = Rulebook::built_in(name)?;
            Ok(Artefact { matter, name: rulebook.label().to_owned(), hash: rulebook.hash() })
        }
        ArtefactToml { mapping: None, rulebook: None, name: Some(name), hash, .. } => {
            // A layout that is part of the program has no text; everything else is accepted with its own.
            ensure!(hash.is_some() || matter == Matter::Layout, "`accept`: `{name}` needs the `hash` of its text");
            let hash = hash.as_ref().map_or(Ok([0; 32]), |hash| bytes("hash", hash))?;
            Ok(Artefact { matter, name: name.clone(), hash })
        }
        _ => bail!("`accept`: expected `mapping`, `rulebook`, or `name` with `hash`"),
    }
}

fn matter(code: &str) -> Result<Matter> {
    coded("matter", code, Matter::ALL, Matter::code)
}

fn category(key: &str, code: &str) -> Result<DataCategory> {
    coded(key, code, DataCategory::ALL, DataCategory::code)
}

fn coded<T: Copy>(key: &str, text: &str, all: &[T], code: impl Fn(T) -> &'static str) -> Result<T> {
    parse::one_of(key, text, all.iter().copied(), code)
}

/// A percentage with two decimals at most, in hundredths of a percent.
fn percent(key: &str, text: &str) -> Result<u16> {
    let parsed = parse_minor(text.as_bytes(), 2, DecimalMarks::PLAIN).ok();
    parsed
        .and_then(|bp| u16::try_from(bp).ok())
        .with_context(|| format!("`{key}`: expected a percentage such as \"66.67\", found `{}`", text.escape_debug()))
}

fn bytes<const N: usize>(key: &str, text: &str) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| anyhow!("`{key}`: expected {} hex digits", 2 * N))?;
    Ok(bytes)
}

fn public_key(text: &str) -> Result<PublicKey> {
    bytes("key", text).map(PublicKey)
}

/// The name of bureau and charter.
pub(super) fn charter_id(text: &str) -> Result<tallystick_model::charter::CharterId> {
    bytes("--charter", text).map(tallystick_model::charter::CharterId)
}

/// A signed statement as one line: what it is, and its bytes.
pub(super) fn armoured(what: &str, statement: &impl Canonical) -> String {
    format!("{what} {}\n", BASE64_STANDARD.encode(statement.to_bytes()))
}

/// The statement in a file that [`armoured`] wrote.
pub(super) fn statement<T: Canonical>(what: &str, path: &Path) -> Result<T> {
    let text = read_small(path)?;
    let read = || {
        let encoded = text.trim().strip_prefix(what)?;
        T::from_bytes(&BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()
    };
    read().with_context(|| format!("`{}`: expected one line `{what} BASE64`", path.display()))
}

/// What a proposal's file begins with.
pub(super) const PROPOSAL: &str = "tallystick-proposal-1";

/// What a vote's file begins with.
pub(super) const BALLOT: &str = "tallystick-ballot-1";
