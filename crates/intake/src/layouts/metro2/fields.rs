//! The one table of Metro 2's fields: where each stands in the character and in the packed form, and how it is read.
//!
//! Names, places and presence are those of public descriptions of the format (the field lists of moov-io/metro2). Places
//! count from 0 at the record descriptor word; the block descriptor word stands before it, where there is one
//! ([`SegmentKind::before`]). The appended segments J1 to N1 have one form only. Reading, validating, writing and the
//! control totals all go through these rows.

/// Which segment or record a field belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SegmentKind {
    /// First record of a file.
    Header,
    /// Last record of a file.
    Trailer,
    /// First segment of each record between the two.
    Base,
    /// Associated consumer, same address.
    J1,
    /// Associated consumer, other address.
    J2,
    /// Original creditor.
    K1,
    /// Purchased from or sold to.
    K2,
    /// Mortgage information.
    K3,
    /// Specialised payment information.
    K4,
    /// Change of account or identification number.
    L1,
    /// Employment.
    N1,
}

impl SegmentKind {
    /// The segments that may follow a base segment.
    pub const APPENDED: [Self; 8] = [Self::J1, Self::J2, Self::K1, Self::K2, Self::K3, Self::K4, Self::L1, Self::N1];

    /// The segment that begins with this identifier.
    pub const fn from_identifier(identifier: [u8; 2]) -> Option<Self> {
        Some(match &identifier {
            b"J1" => Self::J1,
            b"J2" => Self::J2,
            b"K1" => Self::K1,
            b"K2" => Self::K2,
            b"K3" => Self::K3,
            b"K4" => Self::K4,
            b"L1" => Self::L1,
            b"N1" => Self::N1,
            _ => return None,
        })
    }

    /// As rejects name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header => "Header",
            Self::Trailer => "Trailer",
            Self::Base => "Base",
            Self::J1 => "J1",
            Self::J2 => "J2",
            Self::K1 => "K1",
            Self::K2 => "K2",
            Self::K3 => "K3",
            Self::K4 => "K4",
            Self::L1 => "L1",
            Self::N1 => "N1",
        }
    }

    /// Every field, in file order.
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::Header => header::FIELDS,
            Self::Trailer => trailer::FIELDS,
            Self::Base => base::FIELDS,
            Self::J1 => j1::FIELDS,
            Self::J2 => j2::FIELDS,
            Self::K1 => k1::FIELDS,
            Self::K2 => k2::FIELDS,
            Self::K3 => k3::FIELDS,
            Self::K4 => k4::FIELDS,
            Self::L1 => l1::FIELDS,
            Self::N1 => n1::FIELDS,
        }
    }

    /// The field that may stand before the record: the block descriptor word.
    pub const fn before(self) -> &'static [Field] {
        match self {
            Self::Header => header::BEFORE,
            Self::Base => base::BEFORE,
            _ => &[],
        }
    }

    /// Length in bytes.
    pub const fn length(self, form: Form) -> usize {
        match (self, form) {
            (Self::Header | Self::Trailer | Self::Base, Form::Character) => 426,
            (Self::Header | Self::Trailer | Self::Base, Form::Packed | Form::PackedDecimal) => 366,
            (Self::J1, _) => 100,
            (Self::J2, _) => 200,
            (Self::K1 | Self::K2, _) => 34,
            (Self::K3, _) => 40,
            (Self::K4, _) => 30,
            (Self::L1, _) => 54,
            (Self::N1, _) => 146,
        }
    }
}

/// How a file writes its header, base segments and trailer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Text throughout, 426 bytes.
    Character,
    /// Numbers and dates in binary, 366 bytes.
    Packed,
    /// The places of [`Form::Packed`]; numbers and dates in packed decimal, as mainframes keep them: two digits a byte, and
    /// a sign in the last half byte. Which of the two holds shows in each record.
    PackedDecimal,
}

impl Form {
    /// Whether numbers and dates are packed.
    pub const fn is_packed(self) -> bool {
        matches!(self, Self::Packed | Self::PackedDecimal)
    }
}

/// How a field's bytes are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// Text, left-justified, blank-filled.
    Alphanumeric,
    /// Digits, right-justified, zero-filled.
    Numeric,
    /// `MMDDYYYY`; zeros or blanks say nothing.
    Date,
    /// `MMDDYYYYhhmmss`; zeros or blanks say nothing.
    Timestamp,
    /// A length: two bytes, high first, then two zero bytes.
    Descriptor,
    /// A number in binary, high byte first; or in packed decimal.
    PackedNumber,
    /// The number `MMDDYYYY` in four bytes, high byte first, then `s`; or in packed decimal.
    PackedDate,
    /// The number `MMDDYYYYhhmmss` in seven bytes, high byte first, then `s`; or in packed decimal.
    PackedTimestamp,
}

/// Whether a field must say something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Presence {
    /// Always.
    Required,
    /// Where it applies.
    Applicable,
    /// Never.
    Nullable,
}

/// What stands where a field has nothing to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unstated {
    /// Blanks; of a date the zeros that say none.
    Plain,
    /// Zeros.
    ZeroFill,
    /// Nothing: the field is left out.
    Omitted,
}

/// Where a field stands in one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// First byte, from 0.
    pub start: usize,
    /// Bytes.
    pub length: usize,
    /// How to read them.
    pub kind: FieldKind,
}

/// One field of one segment.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// Of which segment.
    pub segment: SegmentKind,
    /// Its name in the format.
    pub name: &'static str,
    /// In the character form.
    pub character: Place,
    /// In the packed form.
    pub packed: Place,
    /// Whether it must say something.
    pub presence: Presence,
    /// What stands there if it says nothing.
    pub unstated: Unstated,
}

impl Field {
    /// Where it stands in `form`.
    pub const fn place(&self, form: Form) -> Place {
        match form {
            Form::Character => self.character,
            Form::Packed | Form::PackedDecimal => self.packed,
        }
    }

    /// As rejects name it: `PortfolioType`, `J1.ECOACode`.
    pub fn path(&self) -> String {
        match self.segment {
            SegmentKind::Base | SegmentKind::Header | SegmentKind::Trailer => self.name.to_owned(),
            segment => format!("{}.{}", segment.name(), self.name),
        }
    }
}

/// Rows read: constant = name, start, length and kind in the character form | the same in the packed form, presence, and
/// what stands there unstated if it is not what its kind has for that. A row with `@` is of a field before the record.
macro_rules! segment {
    (@unstated) => { Unstated::Plain };
    (@unstated $unstated:ident) => { Unstated::$unstated };
    (
        $(#[doc = $doc:literal])*
        $module:ident = $segment:ident {
            $(@$before:ident = $before_name:literal $before_start:literal $before_length:literal $before_kind:ident
              | $before_packed_start:literal $before_packed_length:literal $before_packed_kind:ident
              $before_presence:ident $before_unstated:ident;)?
            $($constant:ident = $name:literal $start:literal $length:literal $kind:ident
              | $packed_start:literal $packed_length:literal $packed_kind:ident $presence:ident $($unstated:ident)?;)*
        }
    ) => {
        $(#[doc = $doc])*
        pub mod $module {
            use super::{Field, FieldKind, Place, Presence, SegmentKind, Unstated};

            $(
                #[doc = concat!("`", $before_name, "`.")]
                pub const $before: Field = Field {
                    segment: SegmentKind::$segment,
                    name: $before_name,
                    character: Place { start: $before_start, length: $before_length, kind: FieldKind::$before_kind },
                    packed: Place {
                        start: $before_packed_start,
                        length: $before_packed_length,
                        kind: FieldKind::$before_packed_kind,
                    },
                    presence: Presence::$before_presence,
                    unstated: Unstated::$before_unstated,
                };
                /// The field that may stand before the record.
                pub const BEFORE: &[Field] = &[$before];
            )?

            $(
                #[doc = concat!("`", $name, "`.")]
                pub const $constant: Field = Field {
                    segment: SegmentKind::$segment,
                    name: $name,
                    character: Place { start: $start, length: $length, kind: FieldKind::$kind },
                    packed: Place { start: $packed_start, length: $packed_length, kind: FieldKind::$packed_kind },
                    presence: Presence::$presence,
                    unstated: segment!(@unstated $($unstated)?),
                };
            )*

            /// Every field, in file order.
            pub const FIELDS: &[Field] = &[$($constant),*];
        }
    };
}

segment! {
    /// The header record: who reports, and when.
    header = Header {
        @BLOCK_DESCRIPTOR_WORD = "BlockDescriptorWord" 0 4 Numeric | 0 4 Descriptor Applicable Omitted;
        RECORD_DESCRIPTOR_WORD         = "RecordDescriptorWord"          0   4 Numeric      |   0  4 Descriptor   Required;
        RECORD_IDENTIFIER              = "RecordIdentifier"              4   6 Alphanumeric |   4  6 Alphanumeric Required;
        CYCLE_IDENTIFIER               = "CycleIdentifier"              10   2 Alphanumeric |  10  2 Alphanumeric Applicable;
        INNOVIS_PROGRAM_IDENTIFIER     = "InnovisProgramIdentifier"     12  10 Alphanumeric |  12 10 Alphanumeric Applicable;
        EQUIFAX_PROGRAM_IDENTIFIER     = "EquifaxProgramIdentifier"     22  10 Alphanumeric |  22 10 Alphanumeric Applicable;
        EXPERIAN_PROGRAM_IDENTIFIER    = "ExperianProgramIdentifier"    32   5 Alphanumeric |  32  5 Alphanumeric Applicable;
        TRANS_UNION_PROGRAM_IDENTIFIER = "TransUnionProgramIdentifier"  37  10 Alphanumeric |  37 10 Alphanumeric Applicable;
        ACTIVITY_DATE                  = "ActivityDate"                 47   8 Date         |  47  8 Date         Required;
        DATE_CREATED                   = "DateCreated"                  55   8 Date         |  55  8 Date         Required;
        PROGRAM_DATE                   = "ProgramDate"                  63   8 Date         |  63  8 Date         Nullable;
        PROGRAM_REVISION_DATE          = "ProgramRevisionDate"          71   8 Date         |  71  8 Date         Nullable;
        REPORTER_NAME                  = "ReporterName"                 79  40 Alphanumeric |  79 40 Alphanumeric Required;
        REPORTER_ADDRESS               = "ReporterAddress"             119  96 Alphanumeric | 119 96 Alphanumeric Required;
        REPORTER_TELEPHONE_NUMBER      = "ReporterTelephoneNumber"     215  10 Numeric      | 215 10 Numeric      Nullable;
        SOFTWARE_VENDOR_NAME           = "SoftwareVendorName"          225  40 Alphanumeric | 225 40 Alphanumeric Applicable;
        SOFTWARE_VERSION_NUMBER        = "SoftwareVersionNumber"       265   5 Alphanumeric | 265  5 Alphanumeric Applicable;
        PRBC_PROGRAM_IDENTIFIER        = "PRBCProgramIdentifier"       270  10 Alphanumeric | 270 10 Alphanumeric Applicable;
        RESERVED                       = "Reserved"                    280 146 Alphanumeric | 280 86 Alphanumeric Nullable;
    }
}

segment! {
    /// The base segment: the account and its first consumer.
    base = Base {
        @BLOCK_DESCRIPTOR_WORD = "BlockDescriptorWord" 0 4 Numeric | 0 4 Descriptor Applicable Omitted;
        RECORD_DESCRIPTOR_WORD           = "RecordDescriptorWord"            0  4 Numeric      |   0  4 Descriptor      Required;
        PROCESSING_INDICATOR             = "ProcessingIndicator"             4  1 Numeric      |   4  1 Numeric         Nullable;
        TIME_STAMP                       = "TimeStamp"                       5 14 Timestamp    |   5  8 PackedTimestamp Nullable;
        CORRECTION_INDICATOR             = "CorrectionIndicator"            19  1 Numeric      |  13  1 Numeric         Nullable ZeroFill;
        IDENTIFICATION_NUMBER            = "IdentificationNumber"           20 20 Alphanumeric |  14 20 Alphanumeric    Required;
        CYCLE_IDENTIFIER                 = "CycleIdentifier"                40  2 Alphanumeric |  34  2 Alphanumeric    Applicable;
        CONSUMER_ACCOUNT_NUMBER          = "ConsumerAccountNumber"          42 30 Alphanumeric |  36 30 Alphanumeric    Required;
        PORTFOLIO_TYPE                   = "PortfolioType"                  72  1 Alphanumeric |  66  1 Alphanumeric    Required;
        ACCOUNT_TYPE                     = "AccountType"                    73  2 Alphanumeric |  67  2 Alphanumeric    Required;
        DATE_OPENED                      = "DateOpened"                     75  8 Date         |  69  5 PackedDate      Required;
        CREDIT_LIMIT                     = "CreditLimit"                    83  9 Numeric      |  74  5 PackedNumber    Applicable ZeroFill;
        HIGHEST_CREDIT                   = "HighestCredit"                  92  9 Numeric      |  79  5 PackedNumber    Nullable ZeroFill;
        TERMS_DURATION                   = "TermsDuration"                 101  3 Alphanumeric |  84  3 Alphanumeric    Required;
        TERMS_FREQUENCY                  = "TermsFrequency"                104  1 Alphanumeric |  87  1 Alphanumeric    Applicable;
        SCHEDULED_MONTHLY_PAYMENT_AMOUNT = "ScheduledMonthlyPaymentAmount" 105  9 Numeric      |  88  5 PackedNumber    Applicable;
        ACTUAL_PAYMENT_AMOUNT            = "ActualPaymentAmount"           114  9 Numeric      |  93  5 PackedNumber    Applicable;
        ACCOUNT_STATUS                   = "AccountStatus"                 123  2 Alphanumeric |  98  2 Alphanumeric    Required;
        PAYMENT_RATING                   = "PaymentRating"                 125  1 Alphanumeric | 100  1 Alphanumeric    Applicable;
        PAYMENT_HISTORY_PROFILE          = "PaymentHistoryProfile"         126 24 Alphanumeric | 101 24 Alphanumeric    Required;
        SPECIAL_COMMENT                  = "SpecialComment"                150  2 Alphanumeric | 125  2 Alphanumeric    Applicable;
        COMPLIANCE_CONDITION_CODE        = "ComplianceConditionCode"       152  2 Alphanumeric | 127  2 Alphanumeric    Applicable;
        CURRENT_BALANCE                  = "CurrentBalance"                154  9 Numeric      | 129  5 PackedNumber    Applicable;
        AMOUNT_PAST_DUE                  = "AmountPastDue"                 163  9 Numeric      | 134  5 PackedNumber    Applicable;
        ORIGINAL_CHARGE_OFF_AMOUNT       = "OriginalChargeOffAmount"       172  9 Numeric      | 139  5 PackedNumber    Applicable;
        DATE_ACCOUNT_INFORMATION         = "DateAccountInformation"        181  8 Date         | 144  5 PackedDate      Required;
        DATE_FIRST_DELINQUENCY           = "DateFirstDelinquency"          189  8 Date         | 149  5 PackedDate      Applicable;
        DATE_CLOSED                      = "DateClosed"                    197  8 Date         | 154  5 PackedDate      Applicable ZeroFill;
        DATE_LAST_PAYMENT                = "DateLastPayment"               205  8 Date         | 159  5 PackedDate      Applicable;
        INTEREST_TYPE_INDICATOR          = "InterestTypeIndicator"         213  1 Alphanumeric | 164  1 Alphanumeric    Nullable;
        RESERVED_2                       = "Reserved2"                     214 17 Alphanumeric | 165 17 Alphanumeric    Nullable;
        SURNAME                          = "Surname"                       231 25 Alphanumeric | 182 25 Alphanumeric    Required;
        FIRST_NAME                       = "FirstName"                     256 20 Alphanumeric | 207 20 Alphanumeric    Required;
        MIDDLE_NAME                      = "MiddleName"                    276 20 Alphanumeric | 227 20 Alphanumeric    Applicable;
        GENERATION_CODE                  = "GenerationCode"                296  1 Alphanumeric | 247  1 Alphanumeric    Applicable;
        SOCIAL_SECURITY_NUMBER           = "SocialSecurityNumber"          297  9 Numeric      | 248  5 PackedNumber    Nullable;
        DATE_BIRTH                       = "DateBirth"                     306  8 Date         | 253  5 PackedDate      Nullable;
        TELEPHONE_NUMBER                 = "TelephoneNumber"               314 10 Numeric      | 258  6 PackedNumber    Nullable;
        ECOA_CODE                        = "ECOACode"                      324  1 Alphanumeric | 264  1 Alphanumeric    Required;
        CONSUMER_INFORMATION_INDICATOR   = "ConsumerInformationIndicator"  325  2 Alphanumeric | 265  2 Alphanumeric    Applicable;
        COUNTRY_CODE                     = "CountryCode"                   327  2 Alphanumeric | 267  2 Alphanumeric    Nullable;
        FIRST_LINE_ADDRESS               = "FirstLineAddress"              329 32 Alphanumeric | 269 32 Alphanumeric    Required;
        SECOND_LINE_ADDRESS              = "SecondLineAddress"             361 32 Alphanumeric | 301 32 Alphanumeric    Applicable;
        CITY                             = "City"                          393 20 Alphanumeric | 333 20 Alphanumeric    Required;
        STATE                            = "State"                         413  2 Alphanumeric | 353  2 Alphanumeric    Required;
        ZIP_CODE                         = "ZipCode"                       415  9 Alphanumeric | 355  9 Alphanumeric    Required;
        ADDRESS_INDICATOR                = "AddressIndicator"              424  1 Alphanumeric | 364  1 Alphanumeric    Nullable;
        RESIDENCE_CODE                   = "ResidenceCode"                 425  1 Alphanumeric | 365  1 Alphanumeric    Nullable;
    }
}

segment! {
    /// An associated consumer at the same address.
    j1 = J1 {
        SEGMENT_IDENTIFIER             = "SegmentIdentifier"             0  2 Alphanumeric |  0  2 Alphanumeric Required;
        RESERVED_1                     = "Reserved1"                     2  1 Alphanumeric |  2  1 Alphanumeric Nullable;
        SURNAME                        = "Surname"                       3 25 Alphanumeric |  3 25 Alphanumeric Required;
        FIRST_NAME                     = "FirstName"                    28 20 Alphanumeric | 28 20 Alphanumeric Required;
        MIDDLE_NAME                    = "MiddleName"                   48 20 Alphanumeric | 48 20 Alphanumeric Applicable;
        GENERATION_CODE                = "GenerationCode"               68  1 Alphanumeric | 68  1 Alphanumeric Applicable;
        SOCIAL_SECURITY_NUMBER         = "SocialSecurityNumber"         69  9 Numeric      | 69  9 Numeric      Nullable;
        DATE_BIRTH                     = "DateBirth"                    78  8 Date         | 78  8 Date         Nullable;
        TELEPHONE_NUMBER               = "TelephoneNumber"              86 10 Numeric      | 86 10 Numeric      Nullable;
        ECOA_CODE                      = "ECOACode"                     96  1 Alphanumeric | 96  1 Alphanumeric Required;
        CONSUMER_INFORMATION_INDICATOR = "ConsumerInformationIndicator" 97  2 Alphanumeric | 97  2 Alphanumeric Applicable;
        RESERVED_2                     = "Reserved2"                    99  1 Alphanumeric | 99  1 Alphanumeric Nullable;
    }
}

segment! {
    /// An associated consumer at another address.
    j2 = J2 {
        SEGMENT_IDENTIFIER             = "SegmentIdentifier"              0  2 Alphanumeric |   0  2 Alphanumeric Required;
        RESERVED_1                     = "Reserved1"                      2  1 Alphanumeric |   2  1 Alphanumeric Nullable;
        SURNAME                        = "Surname"                        3 25 Alphanumeric |   3 25 Alphanumeric Required;
        FIRST_NAME                     = "FirstName"                     28 20 Alphanumeric |  28 20 Alphanumeric Nullable;
        MIDDLE_NAME                    = "MiddleName"                    48 20 Alphanumeric |  48 20 Alphanumeric Applicable;
        GENERATION_CODE                = "GenerationCode"                68  1 Alphanumeric |  68  1 Alphanumeric Applicable;
        SOCIAL_SECURITY_NUMBER         = "SocialSecurityNumber"          69  9 Numeric      |  69  9 Numeric      Nullable;
        DATE_BIRTH                     = "DateBirth"                     78  8 Date         |  78  8 Date         Nullable;
        TELEPHONE_NUMBER               = "TelephoneNumber"               86 10 Numeric      |  86 10 Numeric      Nullable;
        ECOA_CODE                      = "ECOACode"                      96  1 Alphanumeric |  96  1 Alphanumeric Required;
        CONSUMER_INFORMATION_INDICATOR = "ConsumerInformationIndicator"  97  2 Alphanumeric |  97  2 Alphanumeric Applicable;
        COUNTRY_CODE                   = "CountryCode"                   99  2 Alphanumeric |  99  2 Alphanumeric Nullable;
        FIRST_LINE_ADDRESS             = "FirstLineAddress"             101 32 Alphanumeric | 101 32 Alphanumeric Required;
        SECOND_LINE_ADDRESS            = "SecondLineAddress"            133 32 Alphanumeric | 133 32 Alphanumeric Applicable;
        CITY                           = "City"                         165 20 Alphanumeric | 165 20 Alphanumeric Required;
        STATE                          = "State"                        185  2 Alphanumeric | 185  2 Alphanumeric Required;
        ZIP_CODE                       = "ZipCode"                      187  9 Alphanumeric | 187  9 Alphanumeric Required;
        ADDRESS_INDICATOR              = "AddressIndicator"             196  1 Alphanumeric | 196  1 Alphanumeric Nullable;
        RESIDENCE_CODE                 = "ResidenceCode"                197  1 Alphanumeric | 197  1 Alphanumeric Nullable;
        RESERVED_2                     = "Reserved2"                    198  2 Alphanumeric | 198  2 Alphanumeric Nullable;
    }
}

segment! {
    /// The original creditor.
    k1 = K1 {
        SEGMENT_IDENTIFIER      = "SegmentIdentifier"       0  2 Alphanumeric |  0  2 Alphanumeric Required;
        ORIGINAL_CREDITOR_NAME  = "OriginalCreditorName"    2 30 Alphanumeric |  2 30 Alphanumeric Required;
        CREDITOR_CLASSIFICATION = "CreditorClassification" 32  2 Numeric      | 32  2 Numeric      Required;
    }
}

segment! {
    /// Whom the account was purchased from or sold to.
    k2 = K2 {
        SEGMENT_IDENTIFIER  = "SegmentIdentifier"   0  2 Alphanumeric |  0  2 Alphanumeric Required;
        PURCHASED_INDICATOR = "PurchasedIndicator"  2  1 Numeric      |  2  1 Numeric      Required;
        PURCHASED_NAME      = "PurchasedName"       3 30 Alphanumeric |  3 30 Alphanumeric Required;
        RESERVED            = "Reserved"           33  1 Alphanumeric | 33  1 Alphanumeric Nullable;
    }
}

segment! {
    /// Mortgage information.
    k3 = K3 {
        SEGMENT_IDENTIFIER             = "SegmentIdentifier"             0  2 Alphanumeric |  0  2 Alphanumeric Required;
        AGENCY_IDENTIFIER              = "AgencyIdentifier"              2  2 Numeric      |  2  2 Numeric      Applicable;
        ACCOUNT_NUMBER                 = "AccountNumber"                 4 18 Alphanumeric |  4 18 Alphanumeric Applicable;
        MORTGAGE_IDENTIFICATION_NUMBER = "MortgageIdentificationNumber" 22 18 Alphanumeric | 22 18 Alphanumeric Nullable;
    }
}

segment! {
    /// Specialised payment information.
    k4 = K4 {
        SEGMENT_IDENTIFIER            = "SegmentIdentifier"            0 2 Alphanumeric |  0 2 Alphanumeric Required;
        SPECIALIZED_PAYMENT_INDICATOR = "SpecializedPaymentIndicator"  2 2 Numeric      |  2 2 Numeric      Required;
        DEFERRED_PAYMENT_START_DATE   = "DeferredPaymentStartDate"     4 8 Date         |  4 8 Date         Applicable;
        BALLOON_PAYMENT_DUE_DATE      = "BalloonPaymentDueDate"       12 8 Date         | 12 8 Date         Applicable;
        BALLOON_PAYMENT_AMOUNT        = "BalloonPaymentAmount"        20 9 Numeric      | 20 9 Numeric      Applicable;
        RESERVED                      = "Reserved"                    29 1 Alphanumeric | 29 1 Alphanumeric Nullable;
    }
}

segment! {
    /// A changed account or identification number.
    l1 = L1 {
        SEGMENT_IDENTIFIER          = "SegmentIdentifier"         0  2 Alphanumeric |  0  2 Alphanumeric Required;
        CHANGE_INDICATOR            = "ChangeIndicator"           2  1 Numeric      |  2  1 Numeric      Required;
        NEW_CONSUMER_ACCOUNT_NUMBER = "NewConsumerAccountNumber"  3 30 Alphanumeric |  3 30 Alphanumeric Applicable;
        NEW_IDENTIFICATION_NUMBER   = "NewIdentificationNumber"  33 20 Alphanumeric | 33 20 Alphanumeric Applicable;
        RESERVED                    = "Reserved"                 53  1 Alphanumeric | 53  1 Alphanumeric Nullable;
    }
}

segment! {
    /// Employment.
    n1 = N1 {
        SEGMENT_IDENTIFIER           = "SegmentIdentifier"           0  2 Alphanumeric |   0  2 Alphanumeric Required;
        EMPLOYER_NAME                = "EmployerName"                2 30 Alphanumeric |   2 30 Alphanumeric Required;
        FIRST_LINE_EMPLOYER_ADDRESS  = "FirstLineEmployerAddress"   32 32 Alphanumeric |  32 32 Alphanumeric Nullable;
        SECOND_LINE_EMPLOYER_ADDRESS = "SecondLineEmployerAddress"  64 32 Alphanumeric |  64 32 Alphanumeric Nullable;
        EMPLOYER_CITY                = "EmployerCity"               96 20 Alphanumeric |  96 20 Alphanumeric Nullable;
        EMPLOYER_STATE               = "EmployerState"             116  2 Alphanumeric | 116  2 Alphanumeric Nullable;
        ZIP_CODE                     = "ZipCode"                   118  9 Alphanumeric | 118  9 Alphanumeric Nullable;
        OCCUPATION                   = "Occupation"                127 18 Alphanumeric | 127 18 Alphanumeric Applicable;
        RESERVED                     = "Reserved"                  145  1 Alphanumeric | 145  1 Alphanumeric Nullable;
    }
}

segment! {
    /// The trailer record: the totals of the file.
    trailer = Trailer {
        RECORD_DESCRIPTOR_WORD               = "RecordDescriptorWord"               0  4 Numeric      |   0   4 Descriptor   Required;
        RECORD_IDENTIFIER                    = "RecordIdentifier"                   4  7 Alphanumeric |   4   7 Alphanumeric Required;
        TOTAL_BASE_RECORDS                   = "TotalBaseRecords"                  11  9 Numeric      |  11   5 PackedNumber Required;
        RESERVED_1                           = "Reserved1"                         20  9 Alphanumeric |  16   5 Alphanumeric Nullable;
        TOTAL_STATUS_CODE_DF                 = "TotalStatusCodeDF"                 29  9 Numeric      |  21   5 PackedNumber Nullable;
        TOTAL_CONSUMER_SEGMENTS_J1           = "TotalConsumerSegmentsJ1"           38  9 Numeric      |  26   5 PackedNumber Applicable;
        TOTAL_CONSUMER_SEGMENTS_J2           = "TotalConsumerSegmentsJ2"           47  9 Numeric      |  31   5 PackedNumber Applicable;
        BLOCK_COUNT                          = "BlockCount"                        56  9 Numeric      |  36   5 PackedNumber Required;
        TOTAL_STATUS_CODE_DA                 = "TotalStatusCodeDA"                 65  9 Numeric      |  41   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_05                 = "TotalStatusCode05"                 74  9 Numeric      |  46   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_11                 = "TotalStatusCode11"                 83  9 Numeric      |  51   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_13                 = "TotalStatusCode13"                 92  9 Numeric      |  56   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_61                 = "TotalStatusCode61"                101  9 Numeric      |  61   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_62                 = "TotalStatusCode62"                110  9 Numeric      |  66   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_63                 = "TotalStatusCode63"                119  9 Numeric      |  71   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_64                 = "TotalStatusCode64"                128  9 Numeric      |  76   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_65                 = "TotalStatusCode65"                137  9 Numeric      |  81   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_71                 = "TotalStatusCode71"                146  9 Numeric      |  86   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_78                 = "TotalStatusCode78"                155  9 Numeric      |  91   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_80                 = "TotalStatusCode80"                164  9 Numeric      |  96   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_82                 = "TotalStatusCode82"                173  9 Numeric      | 101   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_83                 = "TotalStatusCode83"                182  9 Numeric      | 106   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_84                 = "TotalStatusCode84"                191  9 Numeric      | 111   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_88                 = "TotalStatusCode88"                200  9 Numeric      | 116   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_89                 = "TotalStatusCode89"                209  9 Numeric      | 121   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_93                 = "TotalStatusCode93"                218  9 Numeric      | 126   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_94                 = "TotalStatusCode94"                227  9 Numeric      | 131   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_95                 = "TotalStatusCode95"                236  9 Numeric      | 136   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_96                 = "TotalStatusCode96"                245  9 Numeric      | 141   5 PackedNumber Nullable;
        TOTAL_STATUS_CODE_97                 = "TotalStatusCode97"                254  9 Numeric      | 146   5 PackedNumber Nullable;
        TOTAL_ECOA_CODE_Z                    = "TotalECOACodeZ"                   263  9 Numeric      | 151   5 PackedNumber Nullable;
        TOTAL_EMPLOYMENT_SEGMENTS            = "TotalEmploymentSegments"          272  9 Numeric      | 156   5 PackedNumber Nullable;
        TOTAL_ORIGINAL_CREDITOR_SEGMENTS     = "TotalOriginalCreditorSegments"    281  9 Numeric      | 161   5 PackedNumber Nullable;
        TOTAL_PURCHASED_TO_SEGMENTS          = "TotalPurchasedToSegments"         290  9 Numeric      | 166   5 PackedNumber Nullable;
        TOTAL_MORTGAGE_INFORMATION_SEGMENTS  = "TotalMortgageInformationSegments" 299  9 Numeric      | 171   5 PackedNumber Nullable;
        TOTAL_PAYMENT_INFORMATION_SEGMENTS   = "TotalPaymentInformationSegments"  308  9 Numeric      | 176   5 PackedNumber Nullable;
        TOTAL_CHANGE_SEGMENTS                = "TotalChangeSegments"              317  9 Numeric      | 181   5 PackedNumber Nullable;
        TOTAL_SOCIAL_NUMBERS_ALL_SEGMENTS    = "TotalSocialNumbersAllSegments"    326  9 Numeric      | 186   5 PackedNumber Nullable;
        TOTAL_SOCIAL_NUMBERS_BASE_SEGMENTS   = "TotalSocialNumbersBaseSegments"   335  9 Numeric      | 191   5 PackedNumber Nullable;
        TOTAL_SOCIAL_NUMBERS_J1_SEGMENTS     = "TotalSocialNumbersJ1Segments"     344  9 Numeric      | 196   5 PackedNumber Nullable;
        TOTAL_SOCIAL_NUMBERS_J2_SEGMENTS     = "TotalSocialNumbersJ2Segments"     353  9 Numeric      | 201   5 PackedNumber Nullable;
        TOTAL_DATES_BIRTH_ALL_SEGMENTS       = "TotalDatesBirthAllSegments"       362  9 Numeric      | 206   5 PackedNumber Nullable;
        TOTAL_DATES_BIRTH_BASE_SEGMENTS      = "TotalDatesBirthBaseSegments"      371  9 Numeric      | 211   5 PackedNumber Nullable;
        TOTAL_DATES_BIRTH_J1_SEGMENTS        = "TotalDatesBirthJ1Segments"        380  9 Numeric      | 216   5 PackedNumber Nullable;
        TOTAL_DATES_BIRTH_J2_SEGMENTS        = "TotalDatesBirthJ2Segments"        389  9 Numeric      | 221   5 PackedNumber Nullable;
        TOTAL_TELEPHONE_NUMBERS_ALL_SEGMENTS = "TotalTelephoneNumbersAllSegments" 398  9 Numeric      | 226   5 PackedNumber Nullable;
        RESERVED_2                           = "Reserved2"                        407 19 Numeric      | 231 135 Alphanumeric Nullable;
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_fill_their_segment_without_gap_or_overlap() {
        let all =
            [SegmentKind::Header, SegmentKind::Trailer, SegmentKind::Base].into_iter().chain(SegmentKind::APPENDED);
        for segment in all {
            for form in [Form::Character, Form::Packed] {
                let mut end = 0;
                for field in segment.fields() {
                    let place = field.place(form);
                    assert_eq!(place.start, end, "{} in {form:?}", field.path());
                    end += place.length;
                }
                assert_eq!(end, segment.length(form), "{segment:?} in {form:?}");
            }
        }
    }

    #[test]
    fn every_field_belongs_to_its_segment_and_is_named_once() {
        for segment in [SegmentKind::Base, SegmentKind::Trailer, SegmentKind::J2] {
            let mut names: Vec<_> = segment.fields().iter().map(|field| field.name).collect();
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{segment:?}");
            assert!(segment.fields().iter().all(|field| field.segment == segment));
        }
        assert_eq!(j1::ECOA_CODE.path(), "J1.ECOACode");
        assert_eq!(base::ECOA_CODE.path(), "ECOACode");
    }
}
