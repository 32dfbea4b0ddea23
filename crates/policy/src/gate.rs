//! Decides what a furnisher may hand over: once per delivery, then applied to its records without asking again.
//!
//! Each category is asked about with ever stronger evidence of the subject's consent; the weakest that the rulebook's
//! policies permit is what the category needs. Start at [`gate()`].

use std::collections::BTreeMap;

use tallystick_model::consent::{ConsentForm, ConsentId, ConsentScope, ConsentState};
use tallystick_model::inquiry::Reason;
use tallystick_model::member::{ConsentDuty, Member, MemberRole};
use tallystick_model::{CategorySet, DataCategory, SubjectId, SubjectKind, Timestamp};

use crate::decision::Denial;
use crate::policies::{Answer, FurnishConsent, Question};
use crate::rulebook::Rulebook;

/// How many forms of consent there are.
const FORMS: usize = ConsentForm::ALL.len();

/// What one furnisher may hand over at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    furnisher: u16,
    decided_at: Timestamp,
    admissions: BTreeMap<(SubjectKind, DataCategory), Admission>,
    /// What is said of a category that was not asked for.
    otherwise: Admission,
}

/// Whether data of one category, about one kind of subject, may come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may, where the need is met.
    Admitted {
        /// What it takes of the subject's consent.
        need: ConsentNeed,
        /// The rules that admit it.
        reasons: Vec<Reason>,
    },
    /// It may not, whatever the subject agrees to.
    NotAdmitted {
        /// The rules that forbid it.
        reasons: Vec<Reason>,
    },
}

/// What is needed of a subject's consent before data comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentNeed {
    /// Nothing.
    Nothing,
    /// That the furnisher holds it, as it has bound itself to (`ConsentDuty::Attested`): this furnisher has.
    Attested,
    /// That it is on record here, active, for this furnisher and category, at least in this form.
    Recorded(ConsentForm),
    /// As [`ConsentNeed::Recorded`], and tied to nothing else.
    Separate(ConsentForm),
}

/// What `furnisher` may hand over of `categories`, about persons and about firms.
///
/// A furnisher that has promised nothing is never found to need only its promise: it needs consent on record.
pub fn gate(rulebook: &Rulebook, furnisher: &Member, categories: CategorySet, now: Timestamp) -> Gate {
    let mut admissions = BTreeMap::new();
    for about in SubjectKind::ALL {
        for category in categories.iter() {
            admissions.insert((*about, category), admission(rulebook, furnisher, *about, category));
        }
    }
    let not_declared = Reason { rule: rulebook.name().to_owned(), code: "not_declared".to_owned() };
    let otherwise = Admission::NotAdmitted { reasons: vec![not_declared] };
    Gate { furnisher: furnisher.number, decided_at: now, admissions, otherwise }
}

fn admission(rulebook: &Rulebook, furnisher: &Member, about: SubjectKind, category: DataCategory) -> Admission {
    let mut denied = Vec::new();
    for (need, consent) in levels(furnisher.duty) {
        let question = Question::Furnish {
            kind: furnisher.kind,
            furnisher: furnisher.has(MemberRole::Furnisher),
            about,
            category,
            consent,
        };
        match rulebook.policies.ask(question) {
            Answer::Permitted(grounds) => return Admission::Admitted { need, reasons: grounds.reasons },
            Answer::Denied(reasons) => denied = reasons,
        }
    }
    Admission::NotAdmitted { reasons: denied }
}

/// What could be asked of a consent, the weakest first.
fn levels(duty: ConsentDuty) -> impl Iterator<Item = (ConsentNeed, FurnishConsent)> {
    let attested = match duty {
        ConsentDuty::Nothing => None,
        ConsentDuty::Attested => Some((ConsentNeed::Attested, FurnishConsent::Attested)),
    };
    let recorded = |form: &ConsentForm| {
        let form = *form;
        [
            (ConsentNeed::Recorded(form), FurnishConsent::Recorded { form, separate: false }),
            (ConsentNeed::Separate(form), FurnishConsent::Recorded { form, separate: true }),
        ]
    };
    [(ConsentNeed::Nothing, FurnishConsent::Nothing)]
        .into_iter()
        .chain(attested)
        .chain(ConsentForm::ALL.iter().flat_map(recorded))
}

impl Gate {
    /// The same gate, and nothing outside `collected`: what the partners have not decided to collect stays outside, whatever
    /// the law would let in. What the law forbids is refused by the law.
    #[must_use]
    pub fn within(mut self, collected: CategorySet) -> Self {
        for ((_, category), admission) in &mut self.admissions {
            if !collected.contains(*category) && matches!(admission, Admission::Admitted { .. }) {
                *admission = Admission::NotAdmitted { reasons: vec![crate::charter::not_collected()] };
            }
        }
        self
    }

    /// Whether data of this category may come in, and what that takes. Of a category that the gate was not asked for:
    /// not admitted.
    pub fn admission(&self, about: SubjectKind, category: DataCategory) -> &Admission {
        self.admissions.get(&(about, category)).unwrap_or(&self.otherwise)
    }

    /// Everything that was asked for, with its answer.
    pub fn admissions(&self) -> impl Iterator<Item = (SubjectKind, DataCategory, &Admission)> {
        self.admissions.iter().map(|((about, category), admission)| (*about, *category, admission))
    }

    /// Whether data of this category about `subject` may come in, given the subject's consents (in any order, of any
    /// member and scope); with the consent on record that it needed, if it did. Consents of another subject are none.
    ///
    /// # Errors
    /// [`Denial`] with the rules that forbid the category, or with `no_recorded_consent`.
    pub fn admit(
        &self,
        about: SubjectKind,
        subject: SubjectId,
        category: DataCategory,
        consents: &[ConsentState],
    ) -> Result<Option<ConsentId>, Denial> {
        match self.admission(about, category) {
            Admission::NotAdmitted { reasons } => Err(Denial { reasons: reasons.clone() }),
            Admission::Admitted { need: ConsentNeed::Nothing | ConsentNeed::Attested, .. } => Ok(None),
            Admission::Admitted { need: need @ (ConsentNeed::Recorded(_) | ConsentNeed::Separate(_)), reasons } => {
                let on_record = consents.iter().filter(|state| {
                    state.is_active_at(self.decided_at) && self.suffices(state, subject, category, *need)
                });
                let longest = on_record.max_by_key(|state| (state.consent.valid_until, state.consent.id));
                let missing = || Denial { reasons: reasons.iter().map(no_recorded_consent).collect() };
                longest.map(|state| Some(state.consent.id)).ok_or_else(missing)
            }
        }
    }

    /// What the gate opens to about such subjects, for asking about one after the other.
    pub fn opens(&self, about: SubjectKind) -> Opens {
        let mut opens = Opens {
            furnisher: self.furnisher,
            decided_at: self.decided_at,
            always: CategorySet::EMPTY,
            with: [CategorySet::EMPTY; FORMS],
            with_separate: [CategorySet::EMPTY; FORMS],
        };
        for (_, category, admission) in self.admissions().filter(|(kind, ..)| *kind == about) {
            let (with, least) = match admission {
                Admission::NotAdmitted { .. } => continue,
                Admission::Admitted { need: ConsentNeed::Nothing | ConsentNeed::Attested, .. } => {
                    opens.always = opens.always.with(category);
                    continue;
                }
                Admission::Admitted { need: ConsentNeed::Recorded(form), .. } => (&mut opens.with, form),
                Admission::Admitted { need: ConsentNeed::Separate(form), .. } => (&mut opens.with_separate, form),
            };
            for (with, _) in with.iter_mut().zip(ConsentForm::ALL).filter(|(_, given)| *given >= least) {
                *with = with.with(category);
            }
        }
        opens
    }

    /// Whether data of this category that came in from this furnisher has lost its ground: it needs a consent on record, and
    /// of these there is none that is neither withdrawn nor over. One that is suspended keeps what it once let in.
    ///
    /// Gives the rules that ask for the consent.
    pub fn loses_ground(
        &self,
        about: SubjectKind,
        subject: SubjectId,
        category: DataCategory,
        consents: &[ConsentState],
    ) -> Option<Vec<Reason>> {
        match self.admission(about, category) {
            Admission::Admitted { need: need @ (ConsentNeed::Recorded(_) | ConsentNeed::Separate(_)), reasons } => {
                let held = consents
                    .iter()
                    .filter(|state| state.withdrawn_at.is_none() && self.decided_at < state.consent.valid_until)
                    .any(|state| self.suffices(state, subject, category, *need));
                (!held).then(|| reasons.clone())
            }
            Admission::Admitted { .. } | Admission::NotAdmitted { .. } => None,
        }
    }

    /// Whether it is the consent that is needed, whatever has become of it.
    fn suffices(&self, state: &ConsentState, subject: SubjectId, category: DataCategory, need: ConsentNeed) -> bool {
        let consent = &state.consent;
        let enough = match need {
            ConsentNeed::Nothing | ConsentNeed::Attested => true,
            ConsentNeed::Recorded(form) => consent.form >= form,
            ConsentNeed::Separate(form) => consent.form >= form && consent.terms.bundle.is_none(),
        };
        enough
            && consent.subject == subject
            && consent.scope == ConsentScope::Furnish
            && consent.member == self.furnisher
            && consent.categories.contains(&category)
    }
}

/// What a gate opens to, subject by subject: the same answers as [`Gate::admit`], of all categories at once.
#[derive(Clone, Copy, Debug)]
pub struct Opens {
    furnisher: u16,
    decided_at: Timestamp,
    always: CategorySet,
    /// What a consent of each form opens, in the order of the forms.
    with: [CategorySet; FORMS],
    /// What each opens beside, where it is tied to nothing else.
    with_separate: [CategorySet; FORMS],
}

impl Opens {
    /// What comes in whoever the subject is.
    pub const fn always(&self) -> CategorySet {
        self.always
    }

    /// Whether anything more comes in with a consent on record: else nobody's consents have to be looked up.
    pub fn asks_for_consent(&self) -> bool {
        self.with.iter().chain(&self.with_separate).any(|with| *with != CategorySet::EMPTY)
    }

    /// What comes in about `subject`, given its consents (in any order, of any member and scope). Consents of another subject
    /// are none.
    pub fn about<'a>(&self, subject: SubjectId, consents: impl IntoIterator<Item = &'a ConsentState>) -> CategorySet {
        let counts = |state: &&ConsentState| {
            let consent = &state.consent;
            consent.scope == ConsentScope::Furnish
                && consent.member == self.furnisher
                && consent.subject == subject
                && state.is_active_at(self.decided_at)
        };
        consents.into_iter().filter(counts).fold(self.always, |open, state| {
            let form = usize::from(state.consent.form.number().saturating_sub(1));
            let of_form = |with: &[CategorySet; FORMS]| with.get(form).copied().unwrap_or(CategorySet::EMPTY);
            let tied = state.consent.terms.bundle.is_some();
            let separate = if tied { CategorySet::EMPTY } else { of_form(&self.with_separate) };
            let with = of_form(&self.with).or(separate);
            open.or(with.and(state.consent.categories.iter().copied().collect()))
        })
    }

    /// Walks a whole delivery along consents that are sorted by subject like it. See [`Walk::about`].
    pub const fn along<'a>(&'a self, consents: &'a [ConsentState]) -> Walk<'a> {
        Walk { opens: self, consents }
    }
}

/// A gate on its way along sorted consents.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    opens: &'a Opens,
    /// Those that were not passed yet.
    consents: &'a [ConsentState],
}

impl Walk<'_> {
    /// What comes in about `subject`. Each subject is asked about once, in ascending order: of one that was passed it is only
    /// what comes in without consent.
    pub fn about(&mut self, subject: SubjectId) -> CategorySet {
        let passed = self.consents.iter().take_while(|state| state.consent.subject < subject).count();
        let rest = self.consents.get(passed..).unwrap_or_default();
        let own = rest.iter().take_while(|state| state.consent.subject == subject).count();
        let (own, rest) = rest.split_at_checked(own).unwrap_or((&[], rest));
        self.consents = rest;
        self.opens.about(subject, own)
    }
}

/// The rule that would have admitted it, had there been a consent.
fn no_recorded_consent(reason: &Reason) -> Reason {
    Reason { rule: reason.rule.clone(), code: "no_recorded_consent".to_owned() }
}
