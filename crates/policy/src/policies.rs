//! Asks Cedar: one question in, the reasons of its answer out. Alone names the engine.
//!
//! The schema is written from the model's enums, so a misspelt purpose or category in a policy is an error when the
//! rulebook is built. A question names only enum codes and yes-or-no evidence; entities carry no attributes.
//! The purposes of inquiries are actions in the group `inquire`. What a policy costs is its being looked at (about 1 us),
//! so an inquiry is put only to those whose scope can match its purpose and kind of subject; and what was asked before is
//! not evaluated again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::str::FromStr;
use std::sync::{PoisonError, RwLock};

use cedar_policy::{
    ActionConstraint, Authorizer, Context, Decision, Effect, Entities, EntityId, EntityTypeName, EntityUid, Policy,
    PolicyId, PolicySet, Request, ResourceConstraint, RestrictedExpression, Schema, ValidationMode, Validator,
};
use tallystick_model::consent::ConsentForm;
use tallystick_model::inquiry::{Purpose, Reason};
use tallystick_model::member::MemberKind;
use tallystick_model::{DataCategory, SubjectId, SubjectKind};

/// What is weighed of one consent to an inquiry. A greater one promises more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ConsentStanding {
    pub(crate) names_purpose: bool,
    pub(crate) active: bool,
    pub(crate) form: ConsentForm,
    pub(crate) paused: bool,
    pub(crate) used_up: bool,
    pub(crate) not_yet_valid: bool,
    pub(crate) expired: bool,
    pub(crate) withdrawn: bool,
    /// Evidence of it is on record.
    pub(crate) evidenced: bool,
    /// It goes further than fair use of this purpose lets a consent.
    pub(crate) beyond_fair_use: bool,
}

/// What speaks for a furnisher's having the subject's consent, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FurnishConsent {
    Nothing,
    Attested,
    /// On record here, in this form; `separate` if it was tied to nothing else.
    Recorded {
        form: ConsentForm,
        separate: bool,
    },
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Question {
    Inquire {
        kind: MemberKind,
        subscriber: bool,
        about: SubjectKind,
        purpose: Purpose,
        frozen: bool,
        opted_out: bool,
        /// What the purpose asks of the subscriber it has undertaken.
        undertaken: bool,
        /// A single question is asked, and no report.
        answer: bool,
        consent: Option<ConsentStanding>,
    },
    Furnish {
        kind: MemberKind,
        furnisher: bool,
        about: SubjectKind,
        category: DataCategory,
        consent: FurnishConsent,
    },
    Transfer {
        from: MemberKind,
        to: MemberKind,
        about: SubjectKind,
        category: DataCategory,
        furnished: bool,
        received: bool,
    },
    OwnReport(SubjectId),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Permitted(Grounds),
    Denied(Vec<Reason>),
}

/// What a permission rests on; at least one of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grounds {
    pub(crate) reasons: Vec<Reason>,
    /// A policy that needs no consent permits it.
    pub(crate) law: bool,
    /// A policy that rests on the consent in question permits it.
    pub(crate) consent: bool,
}

/// What the annotations of one policy say.
#[derive(Clone, Debug)]
pub(crate) struct Annotated {
    pub(crate) id: String,
    pub(crate) rule: String,
    pub(crate) code: String,
    /// Where the words stand that it holds.
    pub(crate) source: String,
    rests_on_consent: bool,
    /// Where it stands in the text.
    place: usize,
}

/// The group of actions that are purposes.
const INQUIRE: &str = "inquire";
const FURNISH: &str = "furnish";
const OWN_ACCESS: &str = "own_access";
const TRANSFER: &str = "transfer";

/// Questions whose answers are kept, at the most: some hundred bytes each.
const ASKED_MAX: usize = 4096;

/// An action, and the policies that may speak to it.
struct Slice {
    action: EntityUid,
    set: PolicySet,
}

/// The names of entity types, parsed once.
struct Names {
    member_kind: EntityTypeName,
    subject_kind: EntityTypeName,
    category: EntityTypeName,
    subject: EntityTypeName,
}

/// The policies of one rulebook, ready to be asked.
pub(crate) struct Policies {
    authorizer: Authorizer,
    entities: Entities,
    names: Names,
    inquire: BTreeMap<(Purpose, SubjectKind), Slice>,
    furnish: Slice,
    transfer: Slice,
    own_access: Slice,
    cited: HashMap<PolicyId, Cited>,
    /// Questions that were asked before, with their answers: a policy says the same of the same evidence. Evidence is codes
    /// and yes or no, so there are few different questions, and a bureau asks fewer.
    asked: RwLock<HashMap<Question, Answer>>,
    /// The rulebook's name, cited where none of its rules speaks.
    name: String,
}

/// A policy as it is cited.
struct Cited {
    rule: String,
    code: String,
    rests_on_consent: bool,
    /// By which reasons are ordered: the place of the code in the precedence, then of the policy in the text.
    order: (usize, usize),
}

impl Policies {
    /// Reads and validates the policies. What is wrong comes back as one line for the one who wrote them.
    ///
    /// `precedence` gives the order of codes; every code used has to be in it.
    pub(crate) fn parse(name: &str, text: &str, precedence: &[String]) -> Result<(Self, Vec<Annotated>), String> {
        let parsed = PolicySet::from_str(text).map_err(|error| one_line(&error))?;
        if parsed.num_of_templates() > 0 {
            return Err("a policy with slots; templates have no place here".to_owned());
        }
        let mut annotated = Vec::new();
        let mut policies = Vec::new();
        for policy in parsed.policies() {
            let annotation = read_annotations(policy)?;
            policies.push(policy.new_id(PolicyId::new(&annotation.id)));
            annotated.push(annotation);
        }
        annotated.sort_by_key(|annotation| annotation.place);
        let mut ids = BTreeSet::new();
        if let Some(twice) = annotated.iter().find(|annotation| !ids.insert(&annotation.id)) {
            return Err(format!("policy `{}`: the id is used twice", twice.id));
        }
        let entities = validate(&policies)?;
        let names = Names {
            member_kind: type_name("MemberKind")?,
            subject_kind: type_name("SubjectKind")?,
            category: type_name("Category")?,
            subject: type_name("Subject")?,
        };
        let mut inquire = BTreeMap::new();
        for purpose in Purpose::ALL {
            for about in SubjectKind::ALL {
                let resource = uid(&names.subject_kind, about.code());
                let slice = slice(&policies, purpose.code(), Some(INQUIRE), Some(&resource))?;
                inquire.insert((*purpose, *about), slice);
            }
        }
        let policies = Self {
            authorizer: Authorizer::new(),
            entities,
            names,
            inquire,
            furnish: slice(&policies, FURNISH, None, None)?,
            transfer: slice(&policies, TRANSFER, None, None)?,
            own_access: slice(&policies, OWN_ACCESS, None, None)?,
            cited: cited(&annotated, precedence)?,
            asked: RwLock::default(),
            name: name.to_owned(),
        };
        Ok((policies, annotated))
    }

    /// The answer to one question. A policy that could not be evaluated makes it a denial.
    pub(crate) fn ask(&self, question: Question) -> Answer {
        // Of own reports every subject's is another question.
        if matches!(question, Question::OwnReport(_)) {
            return self.evaluate(question);
        }
        if let Some(answer) = self.asked.read().unwrap_or_else(PoisonError::into_inner).get(&question) {
            return answer.clone();
        }
        let answer = self.evaluate(question);
        let mut asked = self.asked.write().unwrap_or_else(PoisonError::into_inner);
        if asked.len() < ASKED_MAX {
            asked.insert(question, answer.clone());
        }
        answer
    }

    /// Forgets the questions asked before.
    pub(crate) fn forget(&self) {
        self.asked.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Puts a question to the policies.
    fn evaluate(&self, question: Question) -> Answer {
        let Some((slice, request)) = self.request(question) else {
            return self.denied_by_itself("rule_not_evaluable");
        };
        let response = self.authorizer.is_authorized(&request, &slice.set, &self.entities);
        if response.diagnostics().errors().next().is_some() {
            return self.denied_by_itself("rule_not_evaluable");
        }
        let mut cited: Vec<&Cited> =
            response.diagnostics().reason().filter_map(|policy| self.cited.get(policy)).collect();
        cited.sort_by_key(|cited| cited.order);
        let mut reasons: Vec<Reason> = Vec::with_capacity(cited.len());
        for policy in &cited {
            let reason = Reason { rule: policy.rule.clone(), code: fill(&policy.code, question) };
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        match response.decision() {
            Decision::Allow => Answer::Permitted(Grounds {
                reasons,
                law: cited.iter().any(|policy| !policy.rests_on_consent),
                consent: cited.iter().any(|policy| policy.rests_on_consent),
            }),
            Decision::Deny if reasons.is_empty() => self.denied_by_itself("no_rule_permits"),
            Decision::Deny => Answer::Denied(reasons),
        }
    }

    fn denied_by_itself(&self, code: &str) -> Answer {
        Answer::Denied(vec![Reason { rule: self.name.clone(), code: code.to_owned() }])
    }

    /// The question as Cedar has it, and whom to put it to. `None` cannot happen: all names are codes of enums.
    fn request(&self, question: Question) -> Option<(&Slice, Request)> {
        let names = &self.names;
        let (slice, principal, resource, pairs) = match question {
            Question::Inquire { kind, subscriber, about, purpose, frozen, opted_out, undertaken, answer, consent } => {
                let mut pairs = vec![
                    pair("subscriber", subscriber),
                    pair("frozen", frozen),
                    pair("opted_out", opted_out),
                    pair("undertaken", undertaken),
                    pair("answer", answer),
                ];
                if let Some(consent) = consent {
                    pairs.push(record(&[
                        ("names_purpose", consent.names_purpose),
                        ("active", consent.active),
                        ("written", is_written(consent.form)),
                        ("warned", is_warned(consent.form)),
                        ("paused", consent.paused),
                        ("used_up", consent.used_up),
                        ("not_yet_valid", consent.not_yet_valid),
                        ("expired", consent.expired),
                        ("withdrawn", consent.withdrawn),
                        ("evidenced", consent.evidenced),
                        ("beyond_fair_use", consent.beyond_fair_use),
                    ])?);
                }
                let slice = self.inquire.get(&(purpose, about))?;
                let about = uid(&names.subject_kind, about.code());
                (slice, uid(&names.member_kind, kind.code()), about, pairs)
            }
            Question::Furnish { kind, furnisher, about, category, consent } => {
                let about = RestrictedExpression::new_entity_uid(uid(&names.subject_kind, about.code()));
                let mut pairs = vec![pair("furnisher", furnisher), ("about".to_owned(), about)];
                let consent = match consent {
                    FurnishConsent::Nothing => None,
                    // What a furnisher attests is that it holds a written consent.
                    FurnishConsent::Attested => Some((false, ConsentForm::Written, false)),
                    FurnishConsent::Recorded { form, separate } => Some((true, form, separate)),
                };
                if let Some((recorded, form, separate)) = consent {
                    let evidence = [
                        ("recorded", recorded),
                        ("written", is_written(form)),
                        ("warned", is_warned(form)),
                        ("separate", separate),
                    ];
                    pairs.push(record(&evidence)?);
                }
                let category = uid(&names.category, category.code());
                (&self.furnish, uid(&names.member_kind, kind.code()), category, pairs)
            }
            Question::Transfer { from, to, about, category, furnished, received } => {
                let entity = RestrictedExpression::new_entity_uid;
                let pairs = vec![
                    ("about".to_owned(), entity(uid(&names.subject_kind, about.code()))),
                    ("category".to_owned(), entity(uid(&names.category, category.code()))),
                    pair("furnished", furnished),
                    pair("received", received),
                ];
                (&self.transfer, uid(&names.member_kind, from.code()), uid(&names.member_kind, to.code()), pairs)
            }
            Question::OwnReport(subject) => {
                let subject = uid(&names.subject, &subject.to_string());
                (&self.own_access, subject.clone(), subject, Vec::new())
            }
        };
        let context = Context::from_pairs(pairs).ok()?;
        let request = Request::new(principal, slice.action.clone(), resource, context, None).ok()?;
        Some((slice, request))
    }
}

fn is_written(form: ConsentForm) -> bool {
    form >= ConsentForm::Written
}

fn is_warned(form: ConsentForm) -> bool {
    form >= ConsentForm::WrittenWarned
}

fn pair(name: &str, value: bool) -> (String, RestrictedExpression) {
    (name.to_owned(), RestrictedExpression::new_bool(value))
}

fn record(values: &[(&str, bool)]) -> Option<(String, RestrictedExpression)> {
    let record = RestrictedExpression::new_record(values.iter().map(|(name, value)| pair(name, *value)));
    Some(("consent".to_owned(), record.ok()?))
}

fn uid(name: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(name.clone(), EntityId::new(id))
}

fn type_name(name: &str) -> Result<EntityTypeName, String> {
    EntityTypeName::from_str(name).map_err(|error| one_line(&error))
}

/// The code with the purpose put in.
fn fill(code: &str, question: Question) -> String {
    match question {
        Question::Inquire { purpose, .. } => code.replace("{purpose}", purpose.code()),
        Question::Furnish { .. } | Question::Transfer { .. } | Question::OwnReport(_) => code.to_owned(),
    }
}

/// The policies whose scope can match `action`, or its group, and `resource`. Those left out would say nothing.
fn slice(
    policies: &[Policy],
    action: &str,
    group: Option<&str>,
    resource: Option<&EntityUid>,
) -> Result<Slice, String> {
    let actions = type_name("Action")?;
    let action = uid(&actions, action);
    let group = group.map(|group| uid(&actions, group));
    let of_action = |policy: &Policy| match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(named) => named == action,
        ActionConstraint::In(named) => named.iter().any(|named| *named == action || Some(named) == group.as_ref()),
    };
    let of_resource = |policy: &Policy| match (policy.resource_constraint(), resource) {
        (ResourceConstraint::Eq(named), Some(resource)) => named == *resource,
        _ => true,
    };
    let speaking = policies.iter().filter(|policy| of_action(policy) && of_resource(policy)).cloned();
    let set = PolicySet::from_policies(speaking).map_err(|error| one_line(&error))?;
    Ok(Slice { action, set })
}

fn read_annotations(policy: &Policy) -> Result<Annotated, String> {
    let parsed_as: &str = policy.id().as_ref();
    let place = parsed_as.strip_prefix("policy").and_then(|number| number.parse().ok()).unwrap_or(usize::MAX);
    let id = policy.annotation("id").ok_or_else(|| format!("policy {} from the top has no `@id`", place + 1))?;
    let needed = |name: &str| {
        let value = policy.annotation(name).filter(|value| !value.is_empty());
        value.map(str::to_owned).ok_or_else(|| format!("policy `{id}`: expected `@{name}`"))
    };
    let rests_on_consent = match (policy.annotation("rests_on"), policy.effect()) {
        (None, _) => false,
        (Some("consent"), Effect::Permit) => true,
        (Some(other), _) => {
            return Err(format!("policy `{id}`: `@rests_on(\"{other}\")`, expected a permit and `consent`"));
        }
    };
    let known = ["id", "rule", "code", "source", "rests_on"];
    if let Some((other, _)) = policy.annotations().find(|(name, _)| !known.contains(name)) {
        return Err(format!("policy `{id}`: unknown annotation `@{other}`"));
    }
    let (rule, code, source) = (needed("rule")?, needed("code")?, needed("source")?);
    Ok(Annotated { id: id.to_owned(), rule, code, source, rests_on_consent, place })
}

fn cited(annotated: &[Annotated], precedence: &[String]) -> Result<HashMap<PolicyId, Cited>, String> {
    let places: BTreeMap<&str, usize> =
        precedence.iter().enumerate().map(|(place, code)| (code.as_str(), place)).collect();
    let cite = |annotated: &Annotated| {
        let place = places.get(annotated.code.as_str()).copied();
        let place = place.ok_or_else(|| {
            format!("policy `{}`: code `{}` is not in the precedence of reasons", annotated.id, annotated.code)
        })?;
        let cited = Cited {
            rule: annotated.rule.clone(),
            code: annotated.code.clone(),
            rests_on_consent: annotated.rests_on_consent,
            order: (place, annotated.place),
        };
        Ok((PolicyId::new(&annotated.id), cited))
    };
    annotated.iter().map(cite).collect()
}

/// Checks the policies against the schema; gives the actions and their group.
fn validate(policies: &[Policy]) -> Result<Entities, String> {
    let (schema, _) = Schema::from_cedarschema_str(&schema_text()).map_err(|error| one_line(&error))?;
    let set = PolicySet::from_policies(policies.iter().cloned()).map_err(|error| one_line(&error))?;
    let actions = schema.action_entities().map_err(|error| one_line(&error))?;
    let result = Validator::new(schema).validate(&set, ValidationMode::Strict);
    let mut found: Vec<String> = result.validation_errors().map(|error| one_line(error)).collect();
    found.extend(result.validation_warnings().map(|warning| one_line(warning)));
    found.sort_unstable();
    found.into_iter().next().map_or(Ok(actions), Err)
}

/// What a policy may speak of.
fn schema_text() -> String {
    let listed = |codes: Vec<&str>| codes.iter().map(|code| format!("\"{code}\"")).collect::<Vec<_>>().join(", ");
    let kinds = listed(MemberKind::ALL.iter().map(|kind| kind.code()).collect());
    let subjects = listed(SubjectKind::ALL.iter().map(|kind| kind.code()).collect());
    let purposes = listed(Purpose::ALL.iter().map(|purpose| purpose.code()).collect());
    let categories = listed(DataCategory::ALL.iter().map(|category| category.code()).collect());
    format!(
        "entity MemberKind enum [{kinds}];
         entity SubjectKind enum [{subjects}];
         entity Category enum [{categories}];
         entity Subject;
         type InquireConsent = {{
           names_purpose: Bool, active: Bool, written: Bool, warned: Bool, paused: Bool, used_up: Bool,
           not_yet_valid: Bool, expired: Bool, withdrawn: Bool,
           evidenced: Bool, beyond_fair_use: Bool
         }};
         action {INQUIRE};
         action {purposes} in [{INQUIRE}] appliesTo {{
           principal: MemberKind, resource: SubjectKind,
           context: {{
             subscriber: Bool, frozen: Bool, opted_out: Bool, undertaken: Bool, answer: Bool, consent?: InquireConsent
           }}
         }};
         type FurnishConsent = {{ recorded: Bool, written: Bool, warned: Bool, separate: Bool }};
         action {FURNISH} appliesTo {{
           principal: MemberKind, resource: Category,
           context: {{ furnisher: Bool, about: SubjectKind, consent?: FurnishConsent }}
         }};
         action {TRANSFER} appliesTo {{
           principal: MemberKind, resource: MemberKind,
           context: {{ about: SubjectKind, category: Category, furnished: Bool, received: Bool }}
         }};
         action {OWN_ACCESS} appliesTo {{ principal: Subject, resource: Subject, context: {{}} }};"
    )
}

/// An error of the engine and what caused it, on one line.
fn one_line(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
