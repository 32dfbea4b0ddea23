//! What intake should say to each deliberate fault of the town's deliveries.

use tallystick_intake::RejectCode;
use tallystick_town::Fault;

/// The code that intake should refuse a record with.
pub const fn reject_code(fault: Fault) -> RejectCode {
    match fault {
        Fault::WrongCheckDigit | Fault::NeverIssued => RejectCode::InvalidIdentifier,
        Fault::NotAnAmount => RejectCode::NotAnAmount,
        Fault::AmountTooLarge => RejectCode::OutOfRange,
        Fault::UnknownCode => RejectCode::UnknownCode,
        Fault::MissingMonth => RejectCode::Required,
        Fault::NotAMonth => RejectCode::NotAMonth,
        Fault::NotADate => RejectCode::NotADate,
        Fault::ShortRow => RejectCode::ColumnCount,
        Fault::MalformedText => RejectCode::Encoding,
        Fault::ClosedBeforeOpened => RejectCode::Contradiction,
        Fault::NoFirstDelinquency => RejectCode::RequiredForStatus,
    }
}
