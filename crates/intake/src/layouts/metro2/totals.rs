//! The control totals of the trailer: what stands in the file, refused records too.

use super::codes::{self, STATUSES};
use super::fields::{Field, Form, SegmentKind, base, j1, j2, trailer};
use super::frame::Frame;
use super::segment::{CutFault, Record, Segment, packed_form};
use crate::read::{ControlTotal, Refused};
use crate::reject::Found;

/// What was counted.
#[derive(Debug, Default)]
pub(super) struct Totals {
    base_records: i64,
    statuses: [i64; STATUSES.len()],
    ecoa_z: i64,
    /// In the order of [`SegmentKind::APPENDED`]; segments that fixed-length files carry unused are not counted.
    appended: [i64; SegmentKind::APPENDED.len()],
    /// In base, J1 and J2 segments each.
    social_security_numbers: [i64; 3],
    dates_of_birth: [i64; 3],
    telephone_numbers: [i64; 3],
}

impl Totals {
    /// Counts a record that could not be cut.
    pub(super) fn count_uncut(&mut self) {
        self.base_records += 1;
    }

    /// Counts a record, and gives how many of its J1 and J2 segments have no content.
    pub(super) fn count(&mut self, record: &Record<'_>) -> u64 {
        self.count_base(record);
        let mut fillers = 0;
        for segment in record.appended() {
            match segment {
                Ok(segment) if !segment.is_filler() => self.count_appended(&segment),
                Ok(segment) if matches!(segment.kind, SegmentKind::J1 | SegmentKind::J2) => fillers += 1,
                Err(CutFault::Length { kind, .. }) => self.count_cut_off(kind),
                Ok(_) | Err(CutFault::Unknown { .. }) => {}
            }
        }
        fillers
    }

    /// Counts a base segment.
    fn count_base(&mut self, record: &Record<'_>) {
        self.base_records += 1;
        let segment = &record.base;
        let place = codes::status_place(segment.raw(&base::ACCOUNT_STATUS));
        if let Some(count) = place.and_then(|place| self.statuses.get_mut(place)) {
            *count += 1;
        }
        let fields = [&base::SOCIAL_SECURITY_NUMBER, &base::DATE_BIRTH, &base::TELEPHONE_NUMBER, &base::ECOA_CODE];
        self.count_consumer(segment, 0, fields);
    }

    /// Counts a segment of which only the identifier can be trusted.
    fn count_cut_off(&mut self, kind: SegmentKind) {
        let place = SegmentKind::APPENDED.iter().position(|known| *known == kind);
        if let Some(count) = place.and_then(|place| self.appended.get_mut(place)) {
            *count += 1;
        }
    }

    /// Counts an appended segment.
    fn count_appended(&mut self, segment: &Segment<'_>) {
        self.count_cut_off(segment.kind);
        match segment.kind {
            SegmentKind::J1 => {
                let fields = [&j1::SOCIAL_SECURITY_NUMBER, &j1::DATE_BIRTH, &j1::TELEPHONE_NUMBER, &j1::ECOA_CODE];
                self.count_consumer(segment, 1, fields);
            }
            SegmentKind::J2 => {
                let fields = [&j2::SOCIAL_SECURITY_NUMBER, &j2::DATE_BIRTH, &j2::TELEPHONE_NUMBER, &j2::ECOA_CODE];
                self.count_consumer(segment, 2, fields);
            }
            _ => {}
        }
    }

    fn count_consumer(&mut self, segment: &Segment<'_>, place: usize, fields: [&Field; 4]) {
        let [number, born, telephone, ecoa] = fields;
        let count = |counts: &mut [i64; 3], field: &Field| {
            if let Some(count) = counts.get_mut(place) {
                *count += i64::from(segment.says_something(field));
            }
        };
        count(&mut self.social_security_numbers, number);
        count(&mut self.dates_of_birth, born);
        count(&mut self.telephone_numbers, telephone);
        self.ecoa_z += i64::from(segment.letter(ecoa) == b'Z');
    }

    /// What was counted, beside each field of the trailer that states it, in the order of the fields.
    pub(super) fn counted(&self, blocks: i64) -> Vec<(&'static Field, i64)> {
        let [j1, j2, k1, k2, k3, k4, l1, n1] = self.appended;
        let all = |counts: [i64; 3]| counts.iter().sum::<i64>();
        let [base_numbers, j1_numbers, j2_numbers] = self.social_security_numbers;
        let [base_births, j1_births, j2_births] = self.dates_of_birth;
        let mut counted = vec![
            (&trailer::TOTAL_BASE_RECORDS, self.base_records),
            (&trailer::TOTAL_CONSUMER_SEGMENTS_J1, j1),
            (&trailer::TOTAL_CONSUMER_SEGMENTS_J2, j2),
            (&trailer::BLOCK_COUNT, blocks),
            (&trailer::TOTAL_ECOA_CODE_Z, self.ecoa_z),
            (&trailer::TOTAL_EMPLOYMENT_SEGMENTS, n1),
            (&trailer::TOTAL_ORIGINAL_CREDITOR_SEGMENTS, k1),
            (&trailer::TOTAL_PURCHASED_TO_SEGMENTS, k2),
            (&trailer::TOTAL_MORTGAGE_INFORMATION_SEGMENTS, k3),
            (&trailer::TOTAL_PAYMENT_INFORMATION_SEGMENTS, k4),
            (&trailer::TOTAL_CHANGE_SEGMENTS, l1),
            (&trailer::TOTAL_SOCIAL_NUMBERS_ALL_SEGMENTS, all(self.social_security_numbers)),
            (&trailer::TOTAL_SOCIAL_NUMBERS_BASE_SEGMENTS, base_numbers),
            (&trailer::TOTAL_SOCIAL_NUMBERS_J1_SEGMENTS, j1_numbers),
            (&trailer::TOTAL_SOCIAL_NUMBERS_J2_SEGMENTS, j2_numbers),
            (&trailer::TOTAL_DATES_BIRTH_ALL_SEGMENTS, all(self.dates_of_birth)),
            (&trailer::TOTAL_DATES_BIRTH_BASE_SEGMENTS, base_births),
            (&trailer::TOTAL_DATES_BIRTH_J1_SEGMENTS, j1_births),
            (&trailer::TOTAL_DATES_BIRTH_J2_SEGMENTS, j2_births),
            (&trailer::TOTAL_TELEPHONE_NUMBERS_ALL_SEGMENTS, all(self.telephone_numbers)),
        ];
        counted.extend(STATUSES.iter().map(|rule| &rule.total).zip(self.statuses));
        counted.sort_by_key(|(field, _)| field.character.start);
        counted
    }
}

/// What a trailer states, in the order of its fields.
#[derive(Clone, Debug)]
pub(super) struct StatedTotals(Vec<(&'static str, Option<i64>)>);

/// The totals that a trailer states. A blank one states nothing and is left out; so is a block count of zero, which no file
/// has and some programs write.
///
/// # Errors
/// [`Refused`] if the trailer record has not the length of one.
pub(super) fn stated(trailer: &Frame<'_>, form: Form) -> Result<StatedTotals, Refused> {
    let bytes = trailer.bytes;
    let full = SegmentKind::Trailer.length(form);
    // As with the header, a program that strips closing blanks drops the reserved field, and no more.
    let least = trailer::RESERVED_2.place(form).start;
    let filling = bytes.get(full..).unwrap_or(&[]);
    if bytes.len() < least || filling.iter().any(|&byte| byte != b' ') {
        return Err(Refused::NotThisLayout {
            byte: trailer.byte,
            field: "TRAILER".to_owned(),
            expected: format!("{full} bytes, or {least} without the reserved field"),
            found: Found::phrase(format!("{} bytes", bytes.len())),
        });
    }
    let form = if form.is_packed() { packed_form(SegmentKind::Trailer, bytes) } else { form };
    let segment = Segment { kind: SegmentKind::Trailer, form, bytes, byte: trailer.byte };
    let mut stated = Vec::new();
    for (field, _) in Totals::default().counted(0) {
        match segment.number(field) {
            Ok(None) => {}
            Ok(Some(0)) if *field == trailer::BLOCK_COUNT => {}
            Ok(Some(total)) => stated.push((field.name, i64::try_from(total).ok())),
            Err(_) => stated.push((field.name, None)),
        }
    }
    Ok(StatedTotals(stated))
}

impl StatedTotals {
    /// Each beside what was counted.
    pub(super) fn compare(&self, totals: &Totals, blocks: i64) -> Vec<ControlTotal> {
        let counted = totals.counted(blocks).into_iter().map(|(field, counted)| (field.name, counted));
        self.beside(counted)
    }

    /// Each beside what was counted under its name.
    pub(super) fn beside<'n>(&self, counted: impl IntoIterator<Item = (&'n str, i64)>) -> Vec<ControlTotal> {
        let mut totals = Vec::with_capacity(self.0.len());
        for (name, counted) in counted {
            if let Some((_, stated)) = self.0.iter().find(|(known, _)| *known == name) {
                totals.push(ControlTotal { name: name.to_owned(), stated: *stated, counted });
            }
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_total_of_the_trailer_is_counted_in_the_order_of_its_fields() {
        let is_total = |field: &&Field| field.name.starts_with("Total") || field.name == "BlockCount";
        let totals: Vec<_> = trailer::FIELDS.iter().filter(is_total).map(|field| field.name).collect();
        let counted: Vec<_> = Totals::default().counted(0).into_iter().map(|(field, _)| field.name).collect();
        assert_eq!(counted, totals);
        assert_eq!(totals.len(), 43);
    }
}
