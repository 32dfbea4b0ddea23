//! Who a subject is, in the clear. Stored only sealed, under a key that can be destroyed.

use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};
use crate::tradeline::{read_date, write_date};
use crate::{DataCategory, Date, Sensitive};

/// Longest single text of an identity, in bytes.
pub const IDENTITY_TEXT_BYTES_MAX: usize = 512;

/// What a furnisher says of who the subject is. Every text is personal data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Full name, as the furnisher writes it.
    pub name: Option<Sensitive<String>>,
    /// Date of birth.
    pub born: Option<Sensitive<Date>>,
    /// Telephone number.
    pub telephone: Option<Sensitive<String>>,
    /// Postal address on one line.
    pub address: Option<Sensitive<String>>,
    /// The furnisher's number of the account this came with.
    pub account_number: Option<Sensitive<String>>,
    /// Further attributes that the rulebook admits, each with its category.
    pub attributes: Vec<(DataCategory, Sensitive<String>)>,
}

coded_enum! {
    /// One thing that an identity says; what a subject can dispute of it.
    pub enum IdentityPart {
        Name = 1, "name", "The name";
        Born = 2, "born", "The date of birth";
        Telephone = 3, "telephone", "The telephone number";
        Address = 4, "address", "The address";
        AccountNumber = 5, "account_number", "The furnisher's number of the account";
        Identifiers = 6, "identifiers", "Further identifiers";
        Attributes = 7, "attributes", "Further attributes";
    }
}

impl Identity {
    /// Whether nothing is said at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it says this part.
    pub fn says(&self, part: IdentityPart) -> bool {
        let mut without = self.clone();
        without.remove(part);
        without != *self
    }

    /// Leaves a part out.
    pub fn remove(&mut self, part: IdentityPart) {
        match part {
            IdentityPart::Name => self.name = None,
            IdentityPart::Born => self.born = None,
            IdentityPart::Telephone => self.telephone = None,
            IdentityPart::Address => self.address = None,
            IdentityPart::AccountNumber => self.account_number = None,
            IdentityPart::Identifiers => self.attributes.retain(|(category, _)| *category != DataCategory::Identity),
            IdentityPart::Attributes => self.attributes.retain(|(category, _)| *category == DataCategory::Identity),
        }
    }
}

impl Canonical for Identity {
    fn write(&self, out: &mut Writer<'_>) {
        let text = |out: &mut Writer<'_>, text: &Option<Sensitive<String>>| {
            out.option(text.as_ref(), |out, text| out.text(text.expose()));
        };
        text(out, &self.name);
        out.option(self.born.as_ref(), |out, date| write_date(out, *date.expose()));
        text(out, &self.telephone);
        text(out, &self.address);
        text(out, &self.account_number);
        out.list(&self.attributes, |out, (category, value)| {
            category.write(out);
            out.text(value.expose());
        });
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let text = |input: &mut Reader<'_>| input.option(|input| input.text().map(Sensitive::new));
        Ok(Self {
            name: text(input)?,
            born: input.option(|input| read_date(input).map(Sensitive::new))?,
            telephone: text(input)?,
            address: text(input)?,
            account_number: text(input)?,
            attributes: input.list(|input| Ok((DataCategory::read(input)?, Sensitive::new(input.text()?))))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_left_out_alone() {
        let whole = Identity {
            name: Some("A".to_owned().into()),
            born: Some(Date::constant(1972, 3, 18).into()),
            telephone: Some("1".to_owned().into()),
            address: Some("B".to_owned().into()),
            account_number: Some("2".to_owned().into()),
            attributes: vec![
                (DataCategory::Identity, "passport:CN/E1".to_owned().into()),
                (DataCategory::Education, "2".to_owned().into()),
            ],
        };
        let mut left = whole.clone();
        for part in IdentityPart::ALL {
            assert!(whole.says(*part) && left.says(*part), "{part}");
            left.remove(*part);
            assert!(!left.says(*part), "{part}");
        }
        assert!(left.is_empty(), "and all of them are all there is");
    }

    #[test]
    fn an_identity_returns_from_its_bytes_and_prints_nothing() {
        let identity = Identity {
            name: Some("SMITH-JONES, JUNIOR".to_owned().into()),
            born: Some(Date::constant(1972, 3, 18).into()),
            attributes: vec![(DataCategory::Education, "2".to_owned().into())],
            ..Identity::default()
        };
        assert_eq!(Identity::from_bytes(&identity.to_bytes()), Ok(identity.clone()));
        let text = format!("{identity:?}");
        assert!(!text.contains("SMITH") && !text.contains("1972") && !text.contains('2'), "{text}");
    }
}
