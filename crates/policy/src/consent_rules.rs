//! How consent is asked for, and who may give or end it: what follows from a rulebook's `[numbers.consent]`.
//!
//! Two answers of different weight. What speaks against the way a consent was asked for is a flag ([`Rulebook::consent_flags`]):
//! it is recorded with the consent or refusal and shown, and the consent holds. Who acts for a subject without the right to
//! is denied ([`Rulebook::may_act`]).

use tallystick_model::consent::{ConsentScope, Refusal};
use tallystick_model::consent_terms::{Actor, Bundle, ConsentTerms, DataRange, Necessity};
use tallystick_model::inquiry::{Detail, Purpose, Reason};
use tallystick_model::{CategorySet, DataCategory, Date, Timestamp};

use crate::decision::Denial;
use crate::fair_use::{Ask, Depth, fi_types, purpose_code};
use crate::rulebook::Rulebook;

/// What a subject was asked to agree to.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Number of the member that asked.
    pub member: u16,
    /// What it wants to do.
    pub scope: ConsentScope,
    /// For which purposes; empty for furnishing.
    pub purposes: &'a [Purpose],
    /// For which data.
    pub categories: &'a [DataCategory],
    /// What it was tied to.
    pub bundle: Option<&'a Bundle>,
}

impl Asked<'_> {
    /// Whether this asks for something that was refused: of the same member, for the same use and some of the same data.
    fn repeats(&self, refusal: &Refusal) -> bool {
        let both = |one: &[DataCategory], other: &[DataCategory]| one.iter().any(|of_one| other.contains(of_one));
        self.member == refusal.member
            && self.scope == refusal.scope
            && (self.scope == ConsentScope::Furnish
                || self.purposes.iter().any(|purpose| refusal.purposes.contains(purpose)))
            && both(self.categories, &refusal.categories)
    }
}

/// What someone does in a subject's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Gives one, or lets a suspended one hold again.
    Give,
    /// Ends, suspends or refuses one.
    End,
    /// Sees, copies, corrects or deletes what is held.
    Own,
}

impl Rulebook {
    /// What speaks against the way a consent was asked for at `now`, after these refusals of the same subject; nothing if
    /// nothing does.
    pub fn consent_flags(&self, asked: &Asked<'_>, refusals: &[(Timestamp, Refusal)], now: Timestamp) -> Vec<Reason> {
        let mut flags = Vec::new();
        let mut flag = |rule: &str, code: &str| flags.push(Reason { rule: rule.to_owned(), code: code.to_owned() });
        if let (Some(bundle), Some(rules)) = (asked.bundle, &self.consent().bundle)
            && !self.needs(asked, bundle)
        {
            flag(&rules.rule, "bundled_with_unnecessary_condition");
        }
        if let Some(rules) = &self.consent().ask_again {
            let soon = |at: Timestamp| rules.term.after(at).is_none_or(|again| now < again);
            if refusals.iter().any(|(at, refusal)| soon(*at) && asked.repeats(refusal)) {
                flag(&rules.rule, "asked_again_after_refusal");
            }
        }
        flags
    }

    /// Whether a consent to inquire stays within fair use, from now until then, where a scheme has bounds: for each of these
    /// purposes that the scheme knows, over the kinds of data that are its.
    ///
    /// # Errors
    /// [`Denial`] with everything that is over, for the first purpose with which anything is.
    pub fn check_fair_use(
        &self,
        (purposes, categories): (&[Purpose], &[DataCategory]),
        terms: &ConsentTerms,
        valid: (Timestamp, Timestamp),
    ) -> Result<(), Denial> {
        let Some(table) = self.fair_use() else { return Ok(()) };
        let fi_types: Vec<&str> = categories.iter().flat_map(|category| fi_types(*category)).copied().collect();
        if fi_types.is_empty() {
            return Ok(());
        }
        for purpose in purposes.iter().filter_map(|purpose| purpose_code(*purpose)) {
            // No member has a template here: the general rules hold.
            table.check_consent(&Ask { purpose, templates: &[], fi_types: &fi_types }, terms, valid)?;
        }
        Ok(())
    }

    /// What of the months `asked` for a request under a consent gets, of these categories that the consent alone releases: of an
    /// account aggregator's the latest days, as many as the strictest rule lets. Where no scheme bounds them, all of it.
    ///
    /// # Errors
    /// [`Denial`] if a report of this detail goes deeper than the scheme shows, or no rule of it covers the data.
    pub(crate) fn trim_request(
        &self,
        purpose: Purpose,
        categories: CategorySet,
        detail: Detail,
        asked: Option<DataRange>,
    ) -> Result<Option<DataRange>, Denial> {
        let (Some(table), Some(code)) = (self.fair_use(), purpose_code(purpose)) else { return Ok(asked) };
        let fi_types: Vec<&str> = categories.iter().flat_map(fi_types).copied().collect();
        if fi_types.is_empty() {
            return Ok(asked);
        }
        let ask = Ask { purpose: code, templates: &[], fi_types: &fi_types };
        table.check_depth(&ask, Depth::of(detail))?;
        asked.map(|asked| table.trim_request(&ask, asked)).transpose()
    }

    /// Whether the service needs what it was tied to. That furnishing to a bureau or an offer nobody asked for is needed for
    /// a service is not believed; else the one who asked is, as far as the purposes' field budgets go.
    fn needs(&self, asked: &Asked<'_>, bundle: &Bundle) -> bool {
        let budget: CategorySet = asked.purposes.iter().flat_map(|purpose| self.budget(*purpose).iter()).collect();
        bundle.necessity == Necessity::Necessary
            && asked.scope == ConsentScope::Inquire
            && !asked.purposes.contains(&Purpose::Marketing)
            && asked.categories.iter().all(|category| budget.contains(*category))
    }

    /// Whether `actor` may do this for a subject, who was born on `born` (if that is known) and has died if `died`.
    /// `shown` tells if evidence of the right to act was given.
    ///
    /// # Errors
    /// [`Denial`] with the rules that stand against it.
    pub fn may_act(
        &self,
        actor: Actor,
        shown: bool,
        deed: Deed,
        (born, died): (Option<Date>, bool),
        now: Timestamp,
    ) -> Result<(), Denial> {
        let deny = |rule: &str, code: &str| {
            Err(Denial { reasons: vec![Reason { rule: rule.to_owned(), code: code.to_owned() }] })
        };
        if deed == Deed::Own {
            let known = match actor {
                Actor::Subject => true,
                Actor::Guardian => self.consent().guardian.is_some(),
                Actor::NextOfKin => self.consent().next_of_kin.is_some(),
            };
            if !known {
                return deny(self.name(), "no_rule_permits");
            }
        }
        let kin = self.consent().next_of_kin.as_ref().map_or(self.name(), |kin| kin.rule.as_str());
        if died && (deed == Deed::Give || actor != Actor::NextOfKin) {
            return deny(kin, "subject_has_died");
        }
        if actor == Actor::NextOfKin && !died {
            return deny(kin, "no_death_recorded");
        }
        let guardian = self.consent().guardian.as_ref();
        if actor != Actor::Subject && !shown {
            let rule =
                if actor == Actor::NextOfKin { kin } else { guardian.map_or(self.name(), |of| of.rule.as_str()) };
            return deny(rule, "evidence_of_authority_needed");
        }
        match guardian.filter(|guardian| {
            actor == Actor::Subject
                && deed == Deed::Give
                && born.is_some_and(|born| is_below(guardian.below_years, born, now.date()))
        }) {
            Some(guardian) => deny(&guardian.rule, "guardian_needed"),
            None => Ok(()),
        }
    }
}

/// Whether someone born then is not yet so many years old that day. Who was born on 29 February is older on 1 March.
fn is_below(years: u8, born: Date, day: Date) -> bool {
    let birthday = |date: Date| (date.month(), date.day());
    let completed = i32::from(day.year()) - i32::from(born.year()) - i32::from(birthday(day) < birthday(born));
    completed < i32::from(years)
}

#[cfg(test)]
mod tests {
    use tallystick_model::SubjectId;
    use tallystick_model::consent_terms::ConsentTerms;

    use super::*;

    fn cn() -> Rulebook {
        Rulebook::built_in("cn").unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn codes(flags: &[Reason]) -> Vec<String> {
        flags.iter().map(|flag| format!("{} {}", flag.rule, flag.code)).collect()
    }

    const ASKED: Asked<'_> = Asked {
        member: 7,
        scope: ConsentScope::Inquire,
        purposes: &[Purpose::Tenancy],
        categories: &[DataCategory::Credit, DataCategory::Income],
        bundle: None,
    };

    #[test]
    fn a_consent_tied_to_what_does_not_need_it_is_flagged() {
        let tied = |necessity| Bundle { condition: "a flat".to_owned(), necessity };
        let (needed, unneeded) = (tied(Necessity::Necessary), tied(Necessity::NotNecessary));
        let flagged = ["cn-18 bundled_with_unnecessary_condition"];
        let flags = |asked: Asked<'_>| codes(&cn().consent_flags(&asked, &[], at("2026-03-01")));
        assert_eq!(flags(ASKED), Vec::<String>::new());
        assert_eq!(flags(Asked { bundle: Some(&needed), ..ASKED }), Vec::<String>::new());
        assert_eq!(flags(Asked { bundle: Some(&unneeded), ..ASKED }), flagged);
        // Tenancy's field budget has no deposits.
        let deposits = [DataCategory::Credit, DataCategory::Deposits];
        assert_eq!(flags(Asked { bundle: Some(&needed), categories: &deposits, ..ASKED }), flagged);
        let marketing = [Purpose::Marketing];
        let credit = [DataCategory::Credit];
        assert_eq!(flags(Asked { bundle: Some(&needed), purposes: &marketing, categories: &credit, ..ASKED }), flagged);
        let furnish = Asked { bundle: Some(&needed), scope: ConsentScope::Furnish, purposes: &[], ..ASKED };
        assert_eq!(flags(furnish), flagged);
    }

    #[test]
    fn asking_again_for_what_was_refused_is_flagged_for_half_a_year() {
        let refusal = Refusal {
            subject: SubjectId([1; 16]),
            member: 7,
            scope: ConsentScope::Inquire,
            purposes: vec![Purpose::Tenancy, Purpose::Marketing],
            categories: vec![DataCategory::Credit],
            terms: ConsentTerms::default(),
            flags: Vec::new(),
        };
        let refused = [(at("2026-03-01"), refusal)];
        let flags = |asked: Asked<'_>, now: &str| codes(&cn().consent_flags(&asked, &refused, at(now)));
        assert_eq!(flags(ASKED, "2026-03-01"), ["cn-33 asked_again_after_refusal"]);
        // 180 days on, to the millisecond.
        assert_eq!(flags(ASKED, "2026-08-27T23:59:59.999Z"), ["cn-33 asked_again_after_refusal"]);
        assert_eq!(flags(ASKED, "2026-08-28"), Vec::<String>::new());
        let guarantee = [Purpose::Guarantee];
        let income = [DataCategory::Income];
        for other in [
            Asked { member: 8, ..ASKED },
            Asked { purposes: &guarantee, ..ASKED },
            Asked { categories: &income, ..ASKED },
            Asked { scope: ConsentScope::Furnish, ..ASKED },
        ] {
            assert_eq!(flags(other, "2026-03-02"), Vec::<String>::new());
        }
    }

    #[test]
    fn only_where_a_scheme_has_bounds_are_consents_held_to_them_and_only_over_its_data() {
        let india = Rulebook::built_in("in").unwrap();
        let (loan, deposits) = ([Purpose::CreditApplication], [DataCategory::Deposits, DataCategory::Credit]);
        let valid = (at("2026-03-01"), at("2027-03-01"));
        let terms = ConsentTerms::default();
        let told = |book: &Rulebook, of: (&[Purpose], &[DataCategory])| {
            let answer = book.check_fair_use(of, &terms, valid);
            answer.err().map(|denial| codes(&denial.reasons)).unwrap_or_default()
        };
        // Unlimited use is periodic, and underwriting is once.
        assert_eq!(told(&india, (&loan, &deposits)), ["in-11 no_fair_use_for_this"]);
        assert_eq!(told(&cn(), (&loan, &deposits)), Vec::<String>::new());
        assert_eq!(told(&india, (&loan, &[DataCategory::Credit])), Vec::<String>::new());
        // One look (105) covers deposits on demand, and not those for a term.
        assert_eq!(told(&india, (&[Purpose::Tenancy], &deposits)), ["in-11 no_fair_use_for_this"]);
        assert_eq!(
            told(&india, (&[Purpose::Marketing], &deposits)),
            Vec::<String>::new(),
            "no purpose of the scheme's"
        );
    }

    fn denied(actor: Actor, shown: bool, deed: Deed, of: (Option<Date>, bool), now: &str) -> Option<String> {
        let denial = cn().may_act(actor, shown, deed, of, at(now)).err()?;
        codes(&denial.reasons).pop()
    }

    #[test]
    fn a_child_gives_no_consent_and_may_end_one() {
        let child = (Some(Date::constant(2012, 3, 2)), false);
        let needed = Some("cn-24 guardian_needed".to_owned());
        assert_eq!(denied(Actor::Subject, false, Deed::Give, child, "2026-03-01"), needed);
        assert_eq!(denied(Actor::Subject, false, Deed::End, child, "2026-03-01"), None);
        assert_eq!(denied(Actor::Subject, false, Deed::Give, child, "2026-03-02"), None, "14 that day");
        assert_eq!(denied(Actor::Guardian, true, Deed::Give, child, "2026-03-01"), None);
        assert_eq!(
            denied(Actor::Guardian, false, Deed::Give, child, "2026-03-01"),
            Some("cn-24 evidence_of_authority_needed".to_owned())
        );
        assert_eq!(denied(Actor::Subject, false, Deed::Give, (None, false), "2026-03-01"), None, "age is not known");
    }

    #[test]
    fn next_of_kin_have_the_rights_to_the_file_after_a_death_where_a_rule_says_so() {
        let (alive, dead) = ((None, false), (None, true));
        let now = "2026-03-01";
        let died = Some("cn-27 subject_has_died".to_owned());
        assert_eq!(denied(Actor::NextOfKin, true, Deed::Own, dead, now), None);
        assert_eq!(denied(Actor::Subject, false, Deed::Own, dead, now), died);
        assert_eq!(denied(Actor::Guardian, true, Deed::Own, dead, now), died);
        let shown = Some("cn-27 evidence_of_authority_needed".to_owned());
        assert_eq!(denied(Actor::NextOfKin, false, Deed::Own, dead, now), shown);
        assert_eq!(denied(Actor::NextOfKin, true, Deed::Own, alive, now), Some("cn-27 no_death_recorded".to_owned()));
        assert_eq!(denied(Actor::Subject, false, Deed::Own, alive, now), None);
        let us = Rulebook::built_in("us").unwrap();
        let denial = us.may_act(Actor::NextOfKin, true, Deed::Own, dead, at(now)).unwrap_err();
        assert_eq!(codes(&denial.reasons), ["us no_rule_permits"]);
    }

    #[test]
    fn after_a_death_next_of_kin_may_end_a_consent_and_nobody_may_give_one() {
        let (alive, dead) = ((None, false), (None, true));
        let died = Some("cn-27 subject_has_died".to_owned());
        let now = "2026-03-01";
        assert_eq!(denied(Actor::NextOfKin, true, Deed::End, dead, now), None);
        assert_eq!(denied(Actor::NextOfKin, true, Deed::Give, dead, now), died);
        assert_eq!(denied(Actor::Subject, false, Deed::End, dead, now), died);
        assert_eq!(denied(Actor::Guardian, true, Deed::End, dead, now), died);
        assert_eq!(
            denied(Actor::NextOfKin, false, Deed::End, dead, now),
            Some("cn-27 evidence_of_authority_needed".to_owned())
        );
        assert_eq!(denied(Actor::NextOfKin, true, Deed::End, alive, now), Some("cn-27 no_death_recorded".to_owned()));
    }
}
