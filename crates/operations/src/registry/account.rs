//! Loan accounts and credit agreements: report, re-key, correct, take back, events.

use std::collections::BTreeMap;

use tallystick_intake::RejectCode;
use tallystick_model::fact::{FactKind, ReportedAccount, Slot};
use tallystick_model::registry::{Segment, Value, named_identifier, table_of, text_of};
use tallystick_model::tradeline::TradelineTerms;
use tallystick_model::{AccountKey, DataCategory, Identifier, Month, Sensitive, SubjectId, SubjectKind};

use super::unit::{Said, Unit, Why};
use super::{Refusal, Resolving, meaning};

/// Who answers for an account beside its holder, with the terms each has.
type Guarantors = BTreeMap<SubjectId, (SubjectKind, Option<TradelineTerms>)>;

/// One whom a segment names, with what it says.
type NamedIn<'s> = (SubjectId, SubjectKind, &'s [Value]);

impl Resolving<'_, '_> {
    fn code_name(&self) -> &'static str {
        if self.is_agreement() { "ContractCode" } else { "AcctCode" }
    }

    const fn basic_kind(&self) -> FactKind {
        if self.is_agreement() { FactKind::AgreementBasic } else { FactKind::AccountBasic }
    }

    const fn terms_kind(&self) -> FactKind {
        if self.is_agreement() { FactKind::AgreementLimit } else { FactKind::AccountTerms }
    }

    /// The place that says whose an account is.
    fn index(&self, account: AccountKey) -> Result<Unit, Refusal> {
        let place = self.view.pseudonymiser.holder_place(account);
        Ok(Unit::load(self.view.snapshot, place, account)?)
    }

    /// What is held under `code`: its place, and the account itself.
    fn known(&self, code: &ReportedAccount) -> Result<(Unit, Unit), Refusal> {
        let account = self.key(code);
        let byte = self.record.places.code;
        let index = self.index(account)?;
        self.check_untouched(index.subject, byte, self.code_name())?;
        let Some(holder) = index.holder() else {
            let expected = "a code that this furnisher has reported and not taken back";
            return Err(self.reject(RejectCode::UnknownAccount, byte, self.code_name(), expected, "one not on record"));
        };
        let unit = Unit::load(self.view.snapshot, holder, account)?;
        Ok((index, unit))
    }

    fn check_account_type(&self, unit: &Unit) -> Result<(), Refusal> {
        let held = unit.segment(FactKind::AccountBasic, None).and_then(|basic| basic.text("AcctType"));
        match (&self.record.account_type, held) {
            (Some(said), Some(held)) if said != held => {
                let byte = self.record.places.account_type;
                Err(self.reject(
                    RejectCode::AccountType,
                    byte,
                    "AcctType",
                    format!("`{held}`, as on record"),
                    format!("`{said}`"),
                ))
            }
            _ => Ok(()),
        }
    }

    /// 210, 220.
    pub(super) fn report(&mut self, who: &Identifier, code: &ReportedAccount) -> Result<(), Refusal> {
        let subject = self.view.pseudonymiser.subject(who);
        self.admits(SubjectKind::Person, subject, DataCategory::Credit)?;
        let account = self.key(code);
        let index = self.index(account)?;
        if let Some((_, unit)) = self.touched.last.as_ref().filter(|(place, _)| *place == index.subject) {
            // Directly after another report of it in this delivery: on from there.
            let mut unit = unit.clone();
            self.check_report(&unit, Some(unit.subject), subject)?;
            self.settle_report(&mut unit)?;
            self.touched.last = Some((index.subject, unit));
            return Ok(());
        }
        self.check_untouched(index.subject, self.record.places.code, self.code_name())?;
        let mut unit = Unit::load(self.view.snapshot, subject, account)?;
        self.check_report(&unit, index.holder(), subject)?;
        self.settle_report(&mut unit)?;
        self.touch(index.subject, self.record.places.code, self.code_name())?;
        self.touched.last = Some((index.subject, unit));
        self.hold(index, subject, Why::Report);
        Ok(())
    }

    /// Lets the account of a place be that of `holder`.
    fn hold(&mut self, mut index: Unit, holder: SubjectId, why: Why) {
        let slot = index.slot(FactKind::Holder, None);
        let change = index.settle(slot, Some(Said::Holder(holder)), why);
        self.change(change);
    }

    fn check_report(&self, unit: &Unit, holder: Option<SubjectId>, subject: SubjectId) -> Result<(), Refusal> {
        match holder {
            None => self.check_opening(),
            Some(holder) if holder != subject => {
                let expected = "the subject on record; another is a correction of the basic segment";
                let byte = self.record.places.holder;
                Err(self.reject(RejectCode::HeldOtherwise, byte, "IDNum", expected, "another subject"))
            }
            Some(_) => {
                self.check_account_type(unit)?;
                self.check_closing(unit)
            }
        }
    }

    fn check_opening(&self) -> Result<(), Refusal> {
        let terms = self.terms_kind();
        if self.record.segments.iter().any(|segment| segment.kind == terms) {
            return Ok(());
        }
        let name = table_of(terms).and_then(|table| table.names.first()).unwrap_or(&"segment");
        let expected = format!("`{name}` with the first record under a code");
        Err(self.reject(RejectCode::NewWithoutTerms, self.record.places.segment, name, expected, "none in the record"))
    }

    fn check_closing(&self, unit: &Unit) -> Result<(), Refusal> {
        match (self.record.reported, unit.reported_last()) {
            (Some(reported), Some(last)) if self.record.closes && reported < last => {
                let expected = format!("{last} or later for a record that closes");
                Err(self.reject(
                    RejectCode::ClosedTooEarly,
                    self.record.places.reported,
                    "RptDate",
                    expected,
                    reported.to_string(),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Lets the segments of a report stand, each unless what is held is newer, and what follows of them.
    fn settle_report(&mut self, unit: &mut Unit) -> Result<(), Refusal> {
        let mut changed = Vec::new();
        for segment in &self.record.segments {
            let slot = unit.slot(segment.kind, segment.month());
            let held = unit.segment(slot.kind, slot.month).and_then(|held| held.reported);
            let is_older = held.is_some() && segment.reported < held;
            // What was corrected holds against reports up to the date of the correction.
            let is_overruled = unit.is_corrected(slot) && segment.reported <= held;
            if (slot.month.is_none() && is_older) || is_overruled {
                continue;
            }
            let change = unit.report(slot, segment.clone());
            changed.push(slot);
            self.change(change);
        }
        self.derive(unit, &changed, Why::Report)
    }

    /// Settles what follows of the segments of `unit`, of which those in `changed` are new.
    fn derive(&mut self, unit: &mut Unit, changed: &[Slot], why: Why) -> Result<(), Refusal> {
        if self.is_agreement() {
            return Ok(());
        }
        // Terms say what kind of credit and which currency: months follow them too where they are mended.
        let of_terms = changed.iter().any(|slot| slot.kind == FactKind::AccountTerms);
        let performed = |kind| matches!(kind, FactKind::AccountMonth | FactKind::AccountStanding);
        let mut months: Vec<Month> =
            changed.iter().filter(|slot| performed(slot.kind)).filter_map(|slot| slot.month).collect();
        if of_terms && why == Why::Correct {
            months.extend(unit.segments().filter(|(slot, _)| performed(slot.kind)).filter_map(|(slot, _)| slot.month));
        }
        months.sort_unstable();
        months.dedup();
        for month in &months {
            let said = meaning::month(unit, *month).map_err(|fault| self.too_precise(fault))?;
            let slot = unit.slot(FactKind::TradelineMonth, Some(*month));
            let change = unit.settle(slot, said.map(Said::Month), why);
            self.change(change);
        }
        let of_guarantors = changed.iter().any(|slot| slot.kind == FactKind::AccountGuarantors);
        if of_terms || of_guarantors || !months.is_empty() {
            let said = meaning::terms(unit).map_err(|fault| self.too_precise(fault))?;
            let slot = unit.slot(FactKind::TradelineTerms, None);
            let change = unit.settle(slot, said.map(Said::Terms), why);
            self.change(change);
        }
        if of_terms || of_guarantors || self.record.closes {
            self.derive_guarantors(unit, why)?;
        }
        Ok(())
    }

    /// Those whom segment D of `unit` names, with the terms they have; those it named before, with none.
    fn derive_guarantors(&mut self, unit: &Unit, why: Why) -> Result<(), Refusal> {
        let stored = Unit::load(self.view.snapshot, unit.subject, unit.account)?;
        let mut guarantors = Guarantors::new();
        if let Some(segment) = stored.segment(FactKind::AccountGuarantors, None) {
            for (subject, about, _) in self.named(segment) {
                guarantors.insert(subject, (about, None));
            }
        }
        if let Some(segment) = unit.segment(FactKind::AccountGuarantors, None) {
            for (subject, about, group) in self.named(segment) {
                let terms = meaning::guarantee(unit, group).map_err(|fault| self.too_precise(fault))?;
                guarantors.insert(subject, (about, terms));
            }
        }
        // A subject's own terms stand at the same slot; intake refuses a guarantor that is the subject, a correction may
        // still make the two meet.
        guarantors.remove(&unit.subject);
        for (subject, (about, terms)) in guarantors {
            if terms.is_some() && !(self.admits)(about, subject)?.contains(DataCategory::Credit) {
                self.resolved.left_out.push(DataCategory::Credit);
                continue;
            }
            let mut theirs = Unit::load(self.view.snapshot, subject, unit.account)?;
            let slot = theirs.slot(FactKind::TradelineTerms, None);
            let change = theirs.settle(slot, terms.map(Said::Terms), why);
            self.change(change);
        }
        Ok(())
    }

    /// The persons and organisations that a segment D names and that have a pseudonym.
    fn named<'s>(&self, segment: &'s Segment) -> Vec<NamedIn<'s>> {
        let of = |group: &'s Vec<Value>| {
            let text = |number| text_of(group, number).unwrap_or_default();
            let identifier = named_identifier(text(1), text(3), text(4)).ok().flatten()?;
            let about = if text(1) == "1" { SubjectKind::Person } else { SubjectKind::Firm };
            Some((self.view.pseudonymiser.subject(&identifier), about, group.as_slice()))
        };
        segment.groups.iter().filter_map(of).collect()
    }

    /// 211, 221: everything that is held under one code is held under another from now on.
    pub(super) fn rekey(&mut self, code: &ReportedAccount) -> Result<(), Refusal> {
        let (index, unit) = self.known(code)?;
        let Some(new_code) = &self.record.new_code else { return Ok(()) };
        let account = self.key(new_code);
        let byte = self.record.places.new_code;
        let taken = self.index(account)?;
        if taken.holder().is_some() || self.touched.seen.contains(&taken.subject) {
            let expected = "a code that nothing is on record under";
            return Err(self.reject(RejectCode::HeldOtherwise, byte, "NwBnesCode", expected, "one that is taken"));
        }
        self.touch(index.subject, self.record.places.code, "OdBnesCode")?;
        self.touch(taken.subject, byte, "NwBnesCode")?;
        let to = Unit::load(self.view.snapshot, unit.subject, account)?;
        let new_code = String::from_utf8_lossy(new_code.expose()).into_owned();
        let subject = unit.subject;
        self.move_unit(unit, to, Some(new_code))?;
        self.let_go(index);
        self.hold(taken, subject, Why::Report);
        Ok(())
    }

    /// Takes back whose the account of a place is.
    fn let_go(&mut self, mut index: Unit) {
        let slot = index.slot(FactKind::Holder, None);
        let change = index.settle(slot, None, Why::Correct);
        self.change(change);
    }

    /// Takes everything back at one unit and lets it stand at another; what guarantors have under the code goes along.
    fn move_unit(&mut self, mut from: Unit, mut to: Unit, new_code: Option<String>) -> Result<(), Refusal> {
        let moved: Vec<(Slot, Said)> = from.all().map(|(slot, said)| (slot, said.clone())).collect();
        let guarantors = from.segment(FactKind::AccountGuarantors, None).cloned();
        for (slot, mut said) in moved {
            let change = from.settle(slot, None, Why::Correct);
            self.change(change);
            if let (Said::Segment(segment), Some(code)) = (&mut said, &new_code) {
                self.set_code(segment, code);
            }
            let slot = Slot { account: to.account, ..slot };
            let change = to.settle(slot, Some(said), Why::Report);
            self.change(change);
        }
        if from.account == to.account {
            return Ok(());
        }
        for (subject, ..) in guarantors.iter().flat_map(|segment| self.named(segment)).collect::<Vec<_>>() {
            let mut theirs = Unit::load(self.view.snapshot, subject, from.account)?;
            let mut new = Unit::load(self.view.snapshot, subject, to.account)?;
            let terms =
                theirs.all().find(|(slot, _)| slot.kind == FactKind::TradelineTerms).map(|(_, said)| said.clone());
            let (old_slot, new_slot) =
                (theirs.slot(FactKind::TradelineTerms, None), new.slot(FactKind::TradelineTerms, None));
            let change = theirs.settle(old_slot, None, Why::Correct);
            self.change(change);
            if terms.is_some() {
                let change = new.settle(new_slot, terms, Why::Report);
                self.change(change);
            }
        }
        Ok(())
    }

    /// The basic segment says the code itself: it says the new one from now on.
    fn set_code(&self, segment: &mut Segment, code: &str) {
        let name = self.code_name();
        let number = table_of(segment.kind).and_then(|table| table.named(name)).map(|element| element.number);
        if segment.kind == self.basic_kind() {
            for (_, text) in segment.values.iter_mut().filter(|(known, _)| Some(*known) == number) {
                *text = Sensitive::new(code.to_owned());
            }
        }
    }

    /// 212, 222.
    pub(super) fn correct(&mut self, who: Option<&Identifier>, code: &ReportedAccount) -> Result<(), Refusal> {
        let (index, mut unit) = self.known(code)?;
        self.check_account_type(&unit)?;
        let [segment] = self.record.segments.as_slice() else { return Ok(()) };
        let slot = unit.slot(segment.kind, segment.month());
        let Some(held) = unit.segment(slot.kind, slot.month) else { return Err(self.nothing_held(slot)) };
        self.check_mended_closing(&unit, slot)?;
        let subject = who.map(|who| self.view.pseudonymiser.subject(who)).filter(|subject| *subject != unit.subject);
        if let Some(subject) = subject {
            self.admits(SubjectKind::Person, subject, DataCategory::Credit)?;
        }
        self.touch(index.subject, self.record.places.code, self.code_name())?;
        let is_basic = slot.kind == self.basic_kind();
        let mended = if is_basic { with_marks(held.clone(), segment) } else { segment.clone() };
        let change = unit.settle(slot, Some(Said::Segment(mended)), Why::Correct);
        let Some(subject) = subject else {
            self.change(change);
            return self.derive(&mut unit, &[slot], Why::Correct);
        };
        // Another subject: everything moves, with the basic segment as it is now.
        let mended = unit;
        let stored = Unit::load(self.view.snapshot, mended.subject, mended.account)?;
        let mut from = stored;
        let mut to = Unit::load(self.view.snapshot, subject, mended.account)?;
        for (slot, said) in mended.all() {
            let change = from.settle(slot, None, Why::Correct);
            self.resolved.changes.extend(change);
            let change = to.settle(slot, Some(said.clone()), Why::Report);
            self.resolved.changes.extend(change);
        }
        self.hold(index, subject, Why::Correct);
        Ok(())
    }

    fn nothing_held(&self, slot: Slot) -> Refusal {
        let name = table_of(slot.kind).and_then(|table| table.names.first()).unwrap_or(&"segment");
        let of_month = slot.month.map_or(String::new(), |month| format!(" of {month}"));
        let expected = format!("`{name}`{of_month} on record");
        self.reject(RejectCode::NothingHeld, self.record.places.segment, name, expected, "none")
    }

    /// A correction cannot close an account of which something later is on record.
    fn check_mended_closing(&self, unit: &Unit, slot: Slot) -> Result<(), Refusal> {
        let performed = |kind| matches!(kind, FactKind::AccountMonth | FactKind::AccountStanding);
        let later =
            unit.segments().filter(|(other, _)| performed(other.kind)).filter_map(|(other, _)| other.month).max();
        match (later, slot.month) {
            (Some(later), Some(month)) if self.record.closes && later > month => {
                let expected = format!("no closing before {later}, which is on record");
                let byte = self.record.places.reported;
                Err(self.reject(RejectCode::ClosedTooEarly, byte, "RptDate", expected, format!("closed in {month}")))
            }
            _ => Ok(()),
        }
    }

    /// 213, 223.
    pub(super) fn delete_segment(&mut self, code: &ReportedAccount) -> Result<(), Refusal> {
        let (index, mut unit) = self.known(code)?;
        let Some(kind) = self.record.target else { return Ok(()) };
        let within = |segment: &Segment| match (self.record.between, segment.reported) {
            (None, _) => true,
            (Some((from, to)), Some(reported)) => from <= reported && reported <= to,
            (Some(_), None) => false,
        };
        let slots: Vec<Slot> = unit
            .segments()
            .filter(|(slot, segment)| slot.kind == kind && within(segment))
            .map(|(slot, _)| slot)
            .collect();
        if slots.is_empty() {
            return Err(self.nothing_held(unit.slot(kind, None)));
        }
        self.touch(index.subject, self.record.places.code, self.code_name())?;
        for slot in &slots {
            let change = unit.settle(*slot, None, Why::Correct);
            self.change(change);
        }
        self.derive(&mut unit, &slots, Why::Correct)
    }

    /// 214, 224.
    pub(super) fn delete(&mut self, code: &ReportedAccount) -> Result<(), Refusal> {
        let (index, mut unit) = self.known(code)?;
        self.touch(index.subject, self.record.places.code, self.code_name())?;
        let slots: Vec<Slot> = unit.all().map(|(slot, _)| slot).collect();
        for slot in slots {
            let change = unit.settle(slot, None, Why::Correct);
            self.change(change);
        }
        self.derive_guarantors(&unit, Why::Correct)?;
        self.let_go(index);
        Ok(())
    }

    /// 215: one event of an account, beside those of the same month; flag 0 takes it back.
    pub(super) fn event(&mut self, code: &ReportedAccount) -> Result<(), Refusal> {
        let (index, mut unit) = self.known(code)?;
        self.admits(SubjectKind::Person, unit.subject, DataCategory::Credit)?;
        let [segment] = self.record.segments.as_slice() else { return Ok(()) };
        let [event] = segment.groups.as_slice() else { return Ok(()) };
        let slot = unit.slot(FactKind::AccountEvents, self.record.event_month);
        let held = unit.segment(slot.kind, slot.month).map(|held| held.groups.clone()).unwrap_or_default();
        let is_same = |other: &[Value]| text_of(other, 1) == text_of(event, 1);
        let in_force = |other: &[Value]| text_of(other, 2) == Some("1");
        if !in_force(event) && !held.iter().any(|other| is_same(other) && in_force(other)) {
            let expected = format!(
                "an event of this type in {} on record",
                self.record.event_month.map_or(String::new(), |month| month.to_string())
            );
            return Err(self.reject(
                RejectCode::NothingHeld,
                self.record.places.reported,
                "OpetnType",
                expected,
                "none",
            ));
        }
        self.touch(index.subject, self.record.places.code, "AcctCode")?;
        let mut groups: Vec<_> = held.into_iter().filter(|other| !is_same(other)).collect();
        groups.push(event.clone());
        groups.sort_by(|one, other| text_of(one, 1).cmp(&text_of(other, 1)));
        let said = Segment { groups, ..segment.clone() };
        let change = if in_force(event) {
            unit.report(slot, said)
        } else {
            unit.settle(slot, Some(Said::Segment(said)), Why::Correct)
        };
        self.change(change);
        Ok(())
    }
}

/// A basic segment with the marks of who the subject is, and who keeps the account, as a correction says them; the rest stays
/// as it was reported.
fn with_marks(mut held: Segment, correction: &Segment) -> Segment {
    const MARKS: [&str; 4] = ["Name", "IDType", "IDNum", "MngmtOrgCode"];
    let is_mark = |number: u8| {
        let element = table_of(correction.kind).and_then(|table| table.element(number));
        element.is_some_and(|element| MARKS.contains(&element.name))
    };
    for (number, text) in correction.values.iter().filter(|(number, _)| is_mark(*number)) {
        held.values.retain(|(known, _)| known != number);
        held.values.push((*number, text.clone()));
    }
    held.values.sort_by_key(|(number, _)| *number);
    held.reported = held.reported.max(correction.reported);
    held
}
