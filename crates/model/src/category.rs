//! Categories of personal data: what a rulebook admits, admits on conditions, or forbids.

use crate::canonical::coded_enum;

coded_enum! {
    /// What kind of data a value is, as the law sees it. Every reported value has one.
    pub enum DataCategory {
        Identity = 1, "identity", "Who the subject is: name, identifiers, date of birth, contact details";
        Credit = 2, "credit", "Loans, cards and other credit, and how they are repaid";
        Payments = 3, "payments", "Monthly aggregates of payments made through a platform";
        Income = 4, "income", "What the subject earns";
        Deposits = 5, "deposits", "Money the subject holds on deposit";
        Securities = 6, "securities", "Securities and funds the subject holds";
        Insurance = 7, "insurance", "Commercial insurance the subject holds";
        RealEstate = 8, "real_estate", "Real estate the subject owns";
        Tax = 9, "tax", "Amounts of tax the subject pays";
        PublicRecord = 10, "public_record", "Judgments, enforcement and administrative penalties made public by law";
        NonCredit = 11, "non_credit", "Post-paid services: telephone, water, power";
        Age = 12, "age", "The subject's age as an attribute of its own";
        Sex = 13, "sex", "The subject's sex";
        Education = 14, "education", "The subject's schooling";
        MaritalStatus = 15, "marital_status", "Whether the subject is married";
        Religion = 16, "religion", "The subject's religious belief";
        Genetic = 17, "genetic", "The subject's genes";
        Biometric = 18, "biometric", "Fingerprints and other biometric features";
        BloodType = 19, "blood_type", "The subject's blood type";
        Health = 20, "health", "Diseases and medical history";
        Ethnicity = 21, "ethnicity", "The subject's race or ethnic origin";
        SocialNetwork = 22, "social_network", "Whom the subject knows";
        Location = 23, "location", "Where the subject is or was";
        Occupation = 24, "occupation", "The subject's employer and occupation";
        OutcomeLabel = 25, "outcome_label", "What happened later, used to develop scorecards and never to answer inquiries";
    }
}

/// A set of categories, e.g. those a rulebook admits from one furnisher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CategorySet(u64);

impl CategorySet {
    /// No category.
    pub const EMPTY: Self = Self(0);

    /// Every category there is.
    pub fn all() -> Self {
        DataCategory::ALL.iter().copied().collect()
    }

    /// The set with `category` in it too.
    #[must_use]
    pub const fn with(self, category: DataCategory) -> Self {
        Self(self.0 | 1 << category.number())
    }

    /// Whether `category` is in the set.
    pub const fn contains(self, category: DataCategory) -> bool {
        self.0 & 1 << category.number() != 0
    }

    /// What is in both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in either set.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The categories in the set, in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = DataCategory> {
        DataCategory::ALL.iter().copied().filter(move |category| self.contains(*category))
    }
}

impl FromIterator<DataCategory> for CategorySet {
    fn from_iter<I: IntoIterator<Item = DataCategory>>(categories: I) -> Self {
        categories.into_iter().fold(Self::EMPTY, Self::with)
    }
}
