//! Rulebooks: one jurisdiction's rules as data, versioned.
//!
//! A rulebook is two texts: `access.cedar`, the policies, and `rulebook.toml`, what is not a policy (the rules' titles
//! and sources, the order of reasons, the field budgets, the numbers). Everything in them is checked here, once: a rulebook that was
//! built has no policy without a rule, no code without a sentence, and no name the model does not know.
//! Start at [`Rulebook::built_in`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use tallystick_model::inquiry::{Detail, Purpose, SingleQuestion};
use tallystick_model::{CategorySet, DataCategory, SubjectKind};
use thiserror::Error;

use crate::decision::known_sentence;
use crate::numbers::Numbers;
use crate::policies::{Annotated, Policies};

/// Names, policies and numbers of what is compiled in.
const BUILT_IN: [(&str, &str, &str); 4] = [
    ("cn", include_str!("../rulebooks/cn/access.cedar"), include_str!("../rulebooks/cn/rulebook.toml")),
    ("us", include_str!("../rulebooks/us/access.cedar"), include_str!("../rulebooks/us/rulebook.toml")),
    ("eu", include_str!("../rulebooks/eu/access.cedar"), include_str!("../rulebooks/eu/rulebook.toml")),
    ("in", include_str!("../rulebooks/in/access.cedar"), include_str!("../rulebooks/in/rulebook.toml")),
];

const NAMES: [&str; 4] = [BUILT_IN[0].0, BUILT_IN[1].0, BUILT_IN[2].0, BUILT_IN[3].0];

/// Why texts are no rulebook. Written for the one who wrote them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RulebookError {
    /// No rulebook of this name is compiled in.
    #[error("no rulebook `{0}`, expected one of `cn`, `us`, `eu`, `in`")]
    Unknown(String),
    /// The policies do not parse, do not fit the schema, or lack an annotation.
    #[error("rulebook `{rulebook}` access.cedar: {fault}")]
    Access {
        /// Name of the rulebook.
        rulebook: String,
        /// What is wrong, and with which policy.
        fault: String,
    },
    /// The other text does not parse, or names what nobody knows.
    #[error("rulebook `{rulebook}` rulebook.toml: {fault}")]
    Toml {
        /// Name of the rulebook.
        rulebook: String,
        /// What is wrong.
        fault: String,
    },
}

/// How sure we are of what a rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The law's own text was read.
    Text,
    /// A document that reports it was read.
    Document,
    /// Only a secondary source says so.
    Weak,
    /// Not confirmed in any document.
    Memory,
}

impl Confidence {
    /// The word used in rulebooks.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Document => "document",
            Self::Weak => "weak",
            Self::Memory => "memory",
        }
    }
}

/// One rule that decisions cite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its id, e.g. `cn-11`.
    pub id: String,
    /// What it asks, in a line.
    pub title: String,
    /// Where it stands: law and article.
    pub source: String,
    /// How sure we are of it.
    pub confidence: Confidence,
}

/// One jurisdiction's rules, ready to decide by.
pub struct Rulebook {
    name: String,
    version: String,
    label: String,
    hash: [u8; 32],
    rules: BTreeMap<String, Rule>,
    budgets: BTreeMap<Purpose, (CategorySet, Detail)>,
    conditional: BTreeMap<SubjectKind, CategorySet>,
    questions: BTreeMap<SingleQuestion, CategorySet>,
    questions_rule: String,
    heeds_freeze: bool,
    /// Of each policy its id, rule, code and source, in the order of the text.
    pub(crate) sources: Vec<(String, String, String, String)>,
    pub(crate) numbers: Numbers,
    pub(crate) policies: Policies,
}

/// `rulebook.toml` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: String,
    precedence: Vec<String>,
    conditional: BTreeMap<String, Vec<String>>,
    purpose: BTreeMap<String, WrittenPurpose>,
    questions: WrittenQuestions,
    #[serde(default)]
    numbers: Numbers,
    rule: BTreeMap<String, WrittenRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenQuestions {
    rule: String,
    reads: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPurpose {
    releases: Vec<String>,
    /// Whole where it is not said.
    detail: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    title: String,
    source: String,
    confidence: Confidence,
}

impl Rulebook {
    /// The rulebook of this name that is compiled in.
    ///
    /// # Errors
    /// [`RulebookError::Unknown`]; the others cannot happen, as a test builds every one.
    pub fn built_in(name: &str) -> Result<Self, RulebookError> {
        let found = BUILT_IN.iter().find(|(known, _, _)| *known == name);
        let (name, access, toml) = found.ok_or_else(|| RulebookError::Unknown(name.to_owned()))?;
        Self::from_texts(name, access, toml)
    }

    /// The rulebooks that are compiled in.
    pub const fn names() -> &'static [&'static str] {
        &NAMES
    }

    /// A rulebook of these two texts. Takes some milliseconds: build it once.
    ///
    /// # Errors
    /// See [`RulebookError`].
    pub fn from_texts(name: &str, access: &str, toml: &str) -> Result<Self, RulebookError> {
        let toml_fault = |fault: String| RulebookError::Toml { rulebook: name.to_owned(), fault };
        let access_fault = |fault: String| RulebookError::Access { rulebook: name.to_owned(), fault };
        let written: Written =
            ::toml::from_str(toml).map_err(|error| toml_fault(error.to_string().trim().to_owned()))?;
        let (policies, annotated) = Policies::parse(name, access, &written.precedence).map_err(access_fault)?;

        let rules: BTreeMap<String, Rule> = written.rule.into_iter().map(rule).collect();
        for policy in &annotated {
            if !rules.contains_key(&policy.rule) {
                return Err(access_fault(format!(
                    "policy `{}`: no rule `{}` in rulebook.toml",
                    policy.id, policy.rule
                )));
            }
        }
        let of_numbers: BTreeSet<&str> = written.numbers.rules().chain([written.questions.rule.as_str()]).collect();
        if let Some(unknown) = of_numbers.iter().find(|id| !rules.contains_key(**id)) {
            return Err(toml_fault(format!("a number cites rule `{unknown}`, which is not there")));
        }
        let cited: BTreeSet<&str> = annotated.iter().map(|policy| policy.rule.as_str()).chain(of_numbers).collect();
        if let Some(idle) = rules.keys().find(|id| !cited.contains(id.as_str())) {
            return Err(toml_fault(format!("rule `{idle}` is cited by no policy and no number")));
        }
        let used: BTreeSet<&str> = annotated.iter().map(|policy| policy.code.as_str()).collect();
        check_codes(&written.precedence, &used).map_err(toml_fault)?;
        let heeds_freeze = access.contains("context.frozen");
        if let Some(fault) = written.numbers.fault(heeds_freeze) {
            return Err(toml_fault(fault.to_owned()));
        }

        Ok(Self {
            name: name.to_owned(),
            label: format!("{name} {}", written.version),
            version: written.version,
            hash: hash(access, toml),
            rules,
            budgets: budgets(&written.purpose).map_err(toml_fault)?,
            conditional: conditional(&written.conditional).map_err(toml_fault)?,
            questions: questions(&written.questions.reads).map_err(toml_fault)?,
            questions_rule: written.questions.rule,
            heeds_freeze,
            sources: annotated.iter().map(source).collect(),
            numbers: written.numbers,
            policies,
        })
    }

    /// Forgets the answers of its policies to evidence of a kind that came before, which are kept. The next decisions evaluate
    /// the policies again, and say the same: for measuring what that takes.
    pub fn forget_answers(&self) {
        self.policies.forget();
    }

    /// Whether any policy asks if the file is frozen: where none does, a freeze would keep nobody out.
    pub const fn heeds_freeze(&self) -> bool {
        self.heeds_freeze
    }

    /// The name, e.g. `cn`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version, e.g. `2026.1`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Name and version, e.g. `cn 2026.2`: what decisions are recorded under.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// SHA-256 over both texts, the policies first, each after its length in bytes (8, big-endian).
    pub const fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// The rule with this id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.get(id)
    }

    /// Every rule that a decision can cite, by id.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values()
    }

    /// The most that an inquiry with this purpose is shown.
    pub fn budget(&self, purpose: Purpose) -> CategorySet {
        self.budgets.get(&purpose).map_or(CategorySet::EMPTY, |(releases, _)| *releases)
    }

    /// How much of that its report tells.
    pub fn detail(&self, purpose: Purpose) -> Detail {
        self.budgets.get(&purpose).map_or(Detail::Summary, |(_, detail)| *detail)
    }

    /// What a single question reads: its field budget, less than any report's. `None`: the rulebook lets nobody ask it.
    pub fn reads(&self, question: SingleQuestion) -> Option<CategorySet> {
        self.questions.get(&question).copied()
    }

    /// Id of the rule that keeps single questions to what they read.
    pub(crate) fn questions_rule(&self) -> &str {
        &self.questions_rule
    }

    /// What of such a subject is shown only where a consent names it.
    pub fn conditional(&self, about: SubjectKind) -> CategorySet {
        self.conditional.get(&about).copied().unwrap_or(CategorySet::EMPTY)
    }
}

impl fmt::Debug for Rulebook {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Rulebook({})", self.label)
    }
}

fn source(policy: &Annotated) -> (String, String, String, String) {
    (policy.id.clone(), policy.rule.clone(), policy.code.clone(), policy.source.clone())
}

fn rule((id, written): (String, WrittenRule)) -> (String, Rule) {
    let WrittenRule { title, source, confidence } = written;
    (id.clone(), Rule { id, title, source, confidence })
}

/// Every code has a sentence, stands in the precedence once, and is used.
fn check_codes(precedence: &[String], used: &BTreeSet<&str>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for code in precedence {
        if !seen.insert(code) {
            return Err(format!("precedence: `{code}` stands twice"));
        }
        if !used.contains(code.as_str()) {
            return Err(format!("precedence: `{code}` is used by no policy"));
        }
        if known_sentence(&code.replace("{purpose}", Purpose::CreditApplication.code())).is_none() {
            return Err(format!("precedence: `{code}` has no sentence in decision.rs"));
        }
    }
    Ok(())
}

fn budgets(written: &BTreeMap<String, WrittenPurpose>) -> Result<BTreeMap<Purpose, (CategorySet, Detail)>, String> {
    let mut budgets = BTreeMap::new();
    for (code, purpose) in written {
        let known = Purpose::from_code(code).ok_or_else(|| format!("purpose `{code}`: unknown"))?;
        let releases = categories(&purpose.releases).map_err(|fault| format!("purpose `{code}`: {fault}"))?;
        let detail = match &purpose.detail {
            None => Detail::Whole,
            Some(word) => {
                Detail::from_code(word).ok_or_else(|| format!("purpose `{code}`: unknown detail `{word}`"))?
            }
        };
        budgets.insert(known, (releases, detail));
    }
    Ok(budgets)
}

fn questions(written: &BTreeMap<String, Vec<String>>) -> Result<BTreeMap<SingleQuestion, CategorySet>, String> {
    let mut questions = BTreeMap::new();
    for (code, reads) in written {
        let known = SingleQuestion::from_code(code).ok_or_else(|| format!("questions: unknown question `{code}`"))?;
        let reads = categories(reads).map_err(|fault| format!("questions: `{code}`: {fault}"))?;
        questions.insert(known, reads);
    }
    Ok(questions)
}

fn conditional(written: &BTreeMap<String, Vec<String>>) -> Result<BTreeMap<SubjectKind, CategorySet>, String> {
    let mut conditional = BTreeMap::new();
    for (code, codes) in written {
        let about = SubjectKind::from_code(code).ok_or_else(|| format!("conditional: unknown subject `{code}`"))?;
        conditional.insert(about, categories(codes).map_err(|fault| format!("conditional: {fault}"))?);
    }
    match SubjectKind::ALL.iter().find(|about| !conditional.contains_key(about)) {
        Some(about) => Err(format!("conditional: expected a list for `{about}`, which may be empty")),
        None => Ok(conditional),
    }
}

fn categories(codes: &[String]) -> Result<CategorySet, String> {
    let category = |code: &String| DataCategory::from_code(code).ok_or_else(|| format!("unknown category `{code}`"));
    codes.iter().map(category).collect()
}

fn hash(access: &str, toml: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for text in [access, toml] {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().into()
}
