//! Records about a person: 110 and 114, 120, 130 and 134, 140.

use tallystick_intake::RejectCode;
use tallystick_model::fact::{FactKind, Slot};
use tallystick_model::registry::{RecordType, Segment, table_of};
use tallystick_model::{AccountKey, CategorySet, DataCategory, Identifier, SubjectId, SubjectKind};

use super::unit::{Said, Unit, Why};
use super::{Refusal, Resolving, meaning};

/// What record 110 says and 114 takes back.
const OF_PERSON: [FactKind; 9] = [
    FactKind::PersonBasic,
    FactKind::PersonDocuments,
    FactKind::PersonProfile,
    FactKind::PersonMarriage,
    FactKind::PersonEducation,
    FactKind::PersonOccupation,
    FactKind::PersonResidence,
    FactKind::PersonMail,
    FactKind::PersonIncome,
];

impl Resolving<'_, '_> {
    pub(super) fn person(&mut self, who: &Identifier) -> Result<(), Refusal> {
        let subject = self.view.pseudonymiser.subject(who);
        let own = AccountKey::of_furnisher(self.view.furnisher);
        match self.record.record_type {
            RecordType::PersonDelete => self.take_back(subject, own, &OF_PERSON),
            RecordType::ValidityDelete => self.take_back(subject, own, &[FactKind::PersonValidity]),
            RecordType::Family => self.link(subject, "family", ["FamMemCertType", "FamMemCertNum"], "FamRelaAssFlag"),
            RecordType::Link => self.link(subject, "link", ["OthIDType", "OthIDNum"], "OthAssFlg"),
            _ => self.say(subject, own),
        }
    }

    /// The segments of the record that may come in about `subject`, without the elements that may not.
    fn admitted(&mut self, subject: SubjectId) -> Result<Vec<Segment>, Refusal> {
        let allowed: CategorySet = (self.admits)(SubjectKind::Person, subject)?;
        let whole = self.record.segments.first().map_or(DataCategory::Identity, Segment::category);
        if !allowed.contains(whole) {
            return Err(Refusal::Category(whole));
        }
        let mut admitted = Vec::with_capacity(self.record.segments.len());
        for segment in &self.record.segments {
            let category = segment.category();
            if !allowed.contains(category) {
                let name = table_of(segment.kind).and_then(|table| table.names.first()).unwrap_or(&"segment");
                self.resolved.refused.push((category, name));
                continue;
            }
            let mut segment = segment.clone();
            self.resolved.left_out.extend(segment.strip(|category| allowed.contains(category)));
            admitted.push(segment);
        }
        Ok(admitted)
    }

    /// 110, 130.
    fn say(&mut self, subject: SubjectId, own: AccountKey) -> Result<(), Refusal> {
        let segments = self.admitted(subject)?;
        let mut unit = match self.touched.last.take() {
            Some((place, unit)) if place == subject => unit,
            _ => {
                self.touch(subject, self.record.places.holder, "IDNum")?;
                Unit::load(self.view.snapshot, subject, own)?
            }
        };
        for segment in segments {
            let slot = unit.slot(segment.kind, None);
            let held = unit.segment(slot.kind, None).and_then(|held| held.reported);
            if held.is_some() && segment.reported < held {
                continue;
            }
            let change = unit.report(slot, segment);
            self.change(change);
        }
        self.derive_identity(&mut unit, Why::Report);
        self.touched.last = Some((subject, unit));
        Ok(())
    }

    fn derive_identity(&mut self, unit: &mut Unit, why: Why) {
        if self.record.record_type != RecordType::Person && self.record.record_type != RecordType::PersonDelete {
            return;
        }
        let said = meaning::identity(unit).map(|identity| Said::Identity(Box::new(identity)));
        let slot = unit.slot(FactKind::Identity, None);
        let change = unit.settle(slot, said, why);
        self.change(change);
    }

    /// 114, 134.
    fn take_back(&mut self, subject: SubjectId, own: AccountKey, kinds: &[FactKind]) -> Result<(), Refusal> {
        let mut unit = Unit::load(self.view.snapshot, subject, own)?;
        let held = |slot: &Slot| kinds.contains(&slot.kind);
        let slots: Vec<Slot> = unit.segments().map(|(slot, _)| slot).filter(held).collect();
        if slots.is_empty() {
            let byte = self.record.places.holder;
            let expected = "a person of whom this furnisher has said it";
            return Err(self.reject(RejectCode::NothingHeld, byte, "IDNum", expected, "nothing on record"));
        }
        self.touch(subject, self.record.places.holder, "IDNum")?;
        for slot in slots {
            let change = unit.settle(slot, None, Why::Correct);
            self.change(change);
        }
        self.derive_identity(&mut unit, Why::Correct);
        Ok(())
    }

    /// 120, 140: something else is named, and whether the link holds.
    fn link(
        &mut self,
        subject: SubjectId,
        domain: &str,
        [id_type, number]: [&str; 2],
        flag: &str,
    ) -> Result<(), Refusal> {
        let segments = self.admitted(subject)?;
        let Some(segment) = segments.into_iter().next() else { return Ok(()) };
        let text = |name: &str| segment.text(name).unwrap_or_default();
        let named = format!("{domain}\0{}/{}", text(id_type), text(number));
        let account = self.view.pseudonymiser.account(self.view.furnisher, named.as_bytes());
        // Several links of one person may stand in a delivery; one of them only once.
        self.touch(self.view.pseudonymiser.holder_place(account), self.record.places.holder, "IDNum")?;
        let mut unit = Unit::load(self.view.snapshot, subject, account)?;
        let slot = unit.slot(segment.kind, None);
        let in_force = text(flag) == "1";
        if !in_force && unit.segment(slot.kind, None).is_none() {
            let byte = self.record.places.holder;
            return Err(self.reject(RejectCode::NothingHeld, byte, flag, "a link on record", "none"));
        }
        let change = if in_force { unit.report(slot, segment) } else { unit.settle(slot, None, Why::Correct) };
        self.change(change);
        Ok(())
    }
}
