//! The codes of Metro 2 and what each means in the model.
//!
//! Meanings are those of public descriptions (Oracle and M2 Reporter help pages, moov-io/metro2, cfpb/Metro2); see
//! `docs/formats/metro2.md` for each decision.

use tallystick_model::tradeline::{AccountKind, AccountStatus, Liability, PaymentRating};

use super::fields::{Field, trailer};

/// An account status (field 17A) and what goes with it.
pub(super) struct StatusRule {
    pub(super) code: [u8; 2],
    pub(super) status: AccountStatus,
    /// The rating it states by itself; `None` where the payment rating field states it.
    pub(super) rating: Option<PaymentRating>,
    /// Whether the payment rating is required.
    pub(super) rating_required: bool,
    /// Whether the date of first delinquency is required.
    pub(super) delinquency_required: bool,
    /// Where the trailer counts it.
    pub(super) total: Field,
}

/// Rows read: code, status, rating (or `-` for the one reported), whether rating and first delinquency are required.
macro_rules! statuses {
    ($($code:literal $status:ident $($rating:ident $(($months:literal))?)? , $needs_rating:ident $needs_delinquency:ident $total:ident;)*) => {
        pub(super) const STATUSES: &[StatusRule] = &[$(
            StatusRule {
                code: *$code,
                status: AccountStatus::$status,
                rating: statuses!(@rating $($rating $(($months))?)?),
                rating_required: statuses!(@flag $needs_rating),
                delinquency_required: statuses!(@flag $needs_delinquency),
                total: trailer::$total,
            },
        )*];
    };
    (@rating) => { None };
    (@rating $rating:ident) => { Some(PaymentRating::$rating) };
    (@rating $rating:ident ($months:literal)) => { Some(PaymentRating::$rating($months)) };
    (@flag yes) => { true };
    (@flag no) => { false };
}

// code, status, rating where the code says it, payment rating required, first delinquency required, total.
statuses! {
    b"05" Transferred,                    yes no  TOTAL_STATUS_CODE_05;
    b"11" Open Current,                   no  no  TOTAL_STATUS_CODE_11;
    b"13" Closed,                         yes no  TOTAL_STATUS_CODE_13;
    b"61" PaidAfterTrouble Repossession,  no  yes TOTAL_STATUS_CODE_61;
    b"62" PaidAfterTrouble Collection,    no  yes TOTAL_STATUS_CODE_62;
    b"63" PaidAfterTrouble Repossession,  no  yes TOTAL_STATUS_CODE_63;
    b"64" PaidAfterTrouble ChargeOff,     no  yes TOTAL_STATUS_CODE_64;
    b"65" PaidAfterTrouble,               yes yes TOTAL_STATUS_CODE_65;
    b"71" Open Late(1),                   no  yes TOTAL_STATUS_CODE_71;
    b"78" Open Late(2),                   no  yes TOTAL_STATUS_CODE_78;
    b"80" Open Late(3),                   no  yes TOTAL_STATUS_CODE_80;
    b"82" Open Late(4),                   no  yes TOTAL_STATUS_CODE_82;
    b"83" Open Late(5),                   no  yes TOTAL_STATUS_CODE_83;
    b"84" Open Late(6),                   no  yes TOTAL_STATUS_CODE_84;
    b"88" GovernmentClaim,                yes yes TOTAL_STATUS_CODE_88;
    b"89" Foreclosure,                    yes yes TOTAL_STATUS_CODE_89;
    b"93" Collection Collection,          no  yes TOTAL_STATUS_CODE_93;
    b"94" Foreclosure,                    yes yes TOTAL_STATUS_CODE_94;
    b"95" Repossession,                   yes yes TOTAL_STATUS_CODE_95;
    b"96" Repossession Repossession,      no  yes TOTAL_STATUS_CODE_96;
    b"97" ChargeOff ChargeOff,            no  yes TOTAL_STATUS_CODE_97;
    b"DA" Deleted,                        no  no  TOTAL_STATUS_CODE_DA;
    b"DF" DeletedForFraud,                no  no  TOTAL_STATUS_CODE_DF;
}

/// The place of an account status in [`STATUSES`].
pub(super) fn status_place(code: &[u8]) -> Option<usize> {
    STATUSES.iter().position(|rule| rule.code == code)
}

/// The rating a payment rating code (field 17B) states.
pub(super) const fn payment_rating(code: u8) -> Option<PaymentRating> {
    Some(match code {
        b'0' => PaymentRating::Current,
        b'1'..=b'6' => PaymentRating::Late(code - b'0'),
        b'G' => PaymentRating::Collection,
        b'L' => PaymentRating::ChargeOff,
        _ => return None,
    })
}

/// The rating one month of the payment history profile (field 18) states.
pub(super) const fn history_rating(code: u8) -> Option<PaymentRating> {
    Some(match code {
        b'0'..=b'6' | b'G' | b'L' => return payment_rating(code),
        // No history before this month, or none for it; `Z` is said of Canadian files.
        b'B' | b'D' | b'Z' => PaymentRating::Unknown,
        // Zero balance and current.
        b'E' => PaymentRating::NothingDue,
        b'H' => PaymentRating::Foreclosure,
        b'J' | b'K' => PaymentRating::Repossession,
        _ => return None,
    })
}

/// How a subject is bound to an account, by ECOA code (field 37).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ecoa {
    pub(super) liability: Liability,
    /// `Z`: the furnisher asks that the account be taken from this subject's file.
    pub(super) deletes: bool,
    /// `W`: the subject is a firm, and has no first name.
    pub(super) is_firm: bool,
}

/// What an ECOA code means.
pub(super) const fn ecoa(code: u8) -> Option<Ecoa> {
    let liability = match code {
        b'1' | b'W' => Liability::Holder,
        b'2' => Liability::Joint,
        b'3' => Liability::AuthorisedUser,
        b'5' => Liability::Guarantor,
        b'7' => Liability::Maker,
        b'T' | b'Z' => Liability::Terminated,
        b'X' => Liability::Deceased,
        _ => return None,
    };
    Some(Ecoa { liability, deletes: code == b'Z', is_firm: code == b'W' })
}

/// The way an account is repaid (field 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Portfolio {
    /// `C` line of credit, `R` revolving.
    Revolving,
    /// `I` instalment, and `L`, lease.
    Installment,
    /// `M` mortgage.
    Mortgage,
    /// `O` open.
    Open,
}

impl Portfolio {
    pub(super) const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            b'C' | b'R' => Self::Revolving,
            b'I' | b'L' => Self::Installment,
            b'M' => Self::Mortgage,
            b'O' => Self::Open,
            _ => return None,
        })
    }
}

/// The kind of credit, by account type (field 9) and portfolio type where the account type leaves it open.
pub(super) const fn account_kind(code: &[u8; 2], portfolio: Portfolio) -> AccountKind {
    use AccountKind as Kind;
    match code {
        b"00" | b"3A" => Kind::AutoLoan,
        b"12" => Kind::StudentLoan,
        b"18" | b"0G" => Kind::CreditCard,
        b"2A" => Kind::QuasiCreditCard,
        b"15" | b"37" | b"43" | b"47" | b"89" | b"8B" => Kind::LineOfCredit,
        b"08" | b"19" | b"25" | b"26" | b"2C" | b"5A" | b"5B" | b"6D" => Kind::Mortgage,
        b"10" | b"6A" | b"6B" | b"7A" | b"7B" | b"8A" | b"9B" => Kind::Business,
        b"48" | b"0C" => Kind::Collection,
        b"29" | b"4D" | b"92" => Kind::Service,
        // Charge accounts: payable in full, or revolving like a card.
        b"07" => match portfolio {
            Portfolio::Open => Kind::OpenAccount,
            _ => Kind::CreditCard,
        },
        // Loans by their security or purpose, and construction and mobile homes, which are mortgages if reported so.
        b"01" | b"02" | b"03" | b"04" | b"05" | b"06" | b"0A" | b"0F" | b"11" | b"13" | b"17" | b"20" | b"65"
        | b"66" | b"67" | b"68" | b"91" | b"9A" => match portfolio {
            Portfolio::Revolving => Kind::LineOfCredit,
            Portfolio::Installment => Kind::Installment,
            Portfolio::Mortgage => Kind::Mortgage,
            Portfolio::Open => Kind::OpenAccount,
        },
        // 50 family support, 69-75 claims of government, 77 returned check, 90 medical debt, 93 child support,
        // 95 attorney fees, and every code not known here.
        _ => Kind::Other,
    }
}

/// The suffix a generation code (field 34) stands for.
pub(super) const fn generation(code: u8) -> &'static str {
    match code {
        b'J' => "JR",
        b'S' => "SR",
        b'2' => "II",
        b'3' => "III",
        b'4' => "IV",
        b'5' => "V",
        b'6' => "VI",
        b'7' => "VII",
        b'8' => "VIII",
        b'9' => "IX",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lists as the issue of this layout states them.
    #[test]
    fn the_lists_hold_exactly_the_codes_of_the_format() {
        let statuses: Vec<_> = STATUSES.iter().map(|rule| String::from_utf8_lossy(&rule.code)).collect();
        assert_eq!(statuses.join(" "), "05 11 13 61 62 63 64 65 71 78 80 82 83 84 88 89 93 94 95 96 97 DA DF");
        let those = |is: &dyn Fn(&StatusRule) -> bool| {
            let codes = STATUSES.iter().filter(|rule| is(rule)).map(|rule| String::from_utf8_lossy(&rule.code));
            codes.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(those(&|rule| rule.rating_required), "05 13 65 88 89 94 95");
        assert_eq!(those(&|rule| rule.delinquency_required), "61 62 63 64 65 71 78 80 82 83 84 88 89 93 94 95 96 97");
        let listed =
            |is: &dyn Fn(u8) -> bool| (0..=u8::MAX).filter(|&code| is(code)).map(char::from).collect::<String>();
        assert_eq!(listed(&|code| payment_rating(code).is_some()), "0123456GL");
        assert_eq!(listed(&|code| history_rating(code).is_some()), "0123456BDEGHJKLZ");
        assert_eq!(listed(&|code| ecoa(code).is_some()), "12357TWXZ");
        assert_eq!(listed(&|code| Portfolio::from_code(code).is_some()), "CILMOR");
    }

    #[test]
    fn every_status_is_counted_in_the_field_of_its_name() {
        for rule in STATUSES {
            assert_eq!(rule.total.name, format!("TotalStatusCode{}", String::from_utf8_lossy(&rule.code)));
        }
    }

    #[test]
    fn account_types_have_a_kind_and_unknown_ones_are_other() {
        assert_eq!(account_kind(b"0F", Portfolio::Installment), AccountKind::Installment);
        assert_eq!(account_kind(b"0F", Portfolio::Mortgage), AccountKind::Mortgage);
        assert_eq!(account_kind(b"47", Portfolio::Revolving), AccountKind::LineOfCredit);
        assert_eq!(account_kind(b"07", Portfolio::Open), AccountKind::OpenAccount);
        assert_eq!(account_kind(b"5A", Portfolio::Installment), AccountKind::Mortgage);
        assert_eq!(account_kind(b"ZZ", Portfolio::Installment), AccountKind::Other);
    }
}
