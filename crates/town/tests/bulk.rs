//! Bulk rows: the same in every form, plausible, each subject with an identifier of its own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;
use tallystick_model::tradeline::PaymentRating;
use tallystick_model::{IdScheme, Identifier, Month};
use tallystick_town::{Bulk, BulkSize};

fn month() -> Month {
    Month::new(2024, 3).unwrap()
}

fn bulk(subjects: u64, accounts: u16) -> Bulk {
    Bulk::new(1, BulkSize { subjects, accounts })
}

fn csv(bulk: &Bulk) -> String {
    let mut out = Vec::new();
    let written = bulk.write_csv(month(), &mut out).unwrap();
    assert_eq!((written.records, written.bytes), (bulk.rows(), out.len() as u64));
    String::from_utf8(out).unwrap()
}

#[test]
fn the_rows_of_a_seed_never_change() {
    let expected = "resident_id,account,month,status,repayment,balance,past_due,credit_limit,paid,due\n";
    let text = csv(&bulk(2, 2));
    assert!(text.starts_with(expected), "{text}");
    assert_eq!(text.lines().collect::<Vec<_>>()[1..], FIRST_ROWS, "{text}");
}

const FIRST_ROWS: [&str; 4] = [
    "450302197809137824,CC0000000000000,2024-03,normal,F,3043.78,0.00,17000.00,2603.36,260.33",
    "440605196006139948,CC0000000000001,2024-03,normal,N,3193.93,0.00,19000.00,237.68,236.37",
    "450302197809137824,CC0010000000000,2024-03,normal,F,30490.46,0.00,85000.00,15570.97,1557.09",
    "440605196006139948,CC0010000000001,2024-03,normal,N,110630.05,0.00,440000.00,25297.34,17297.72",
];

#[test]
fn a_row_does_not_depend_on_how_many_there_are() {
    let (few, many) = (csv(&bulk(3, 1)), csv(&bulk(300, 2)));
    assert!(many.starts_with(&few));
}

#[test]
fn csv_plain_and_parquet_say_the_same() {
    let bulk = bulk(700, 3);
    let csv = csv(&bulk);
    let (mut plain, mut parquet) = (Vec::new(), Vec::new());
    bulk.write_plain(month(), &mut plain).unwrap();
    let written = bulk.write_parquet(month(), &mut parquet).unwrap();
    assert_eq!((written.records, written.bytes), (2100, parquet.len() as u64));
    let plain = String::from_utf8(plain).unwrap();
    let file = SerializedFileReader::new(bytes::Bytes::from(parquet)).unwrap();
    let mut columns = file.get_row_iter(None).unwrap();
    let mut rows = 0;
    for (csv, plain) in csv.lines().zip(plain.lines()).skip(1) {
        let (csv, plain): (Vec<_>, Vec<_>) = (csv.split(',').collect(), plain.split(',').collect());
        let row = columns.next().unwrap().unwrap();
        for (column, text) in csv.iter().enumerate().take(5) {
            assert_eq!(row.get_string(column).unwrap(), text);
        }
        assert_eq!(csv[..2], plain[..2]);
        assert_eq!(plain[2], "2024-03-01");
        for column in 5..10 {
            assert_eq!(csv[column].replace('.', "").parse::<u64>().unwrap(), plain[column].parse::<u64>().unwrap());
            let decimal = row.get_decimal(column).unwrap();
            let unscaled = decimal.data().iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
            assert_eq!((decimal.scale(), unscaled), (2, plain[column].parse().unwrap()));
        }
        let number = plain[4].parse().unwrap();
        assert!(PaymentRating::from_number(number).is_some(), "{number}");
        rows += 1;
    }
    assert_eq!(rows, 2100);
    assert!(columns.next().is_none());
}

#[test]
fn identifiers_are_valid_and_distinct_up_to_the_last_subject() {
    let bulk = bulk(Bulk::SUBJECTS_MAX, 1);
    const { assert!(Bulk::SUBJECTS_MAX >= 1_000_000_000) };
    let places = (0..20_000).chain(999_990_000..1_000_000_000);
    let mut seen = HashSet::new();
    for place in places {
        let id = bulk.resident_id(place);
        let identifier = Identifier::parse(IdScheme::CnResidentId, std::str::from_utf8(&id).unwrap()).unwrap();
        assert_eq!(bulk.identifier(place), Some(identifier));
        assert!(seen.insert(id));
    }
    assert_eq!(seen.len(), 30_000);
    assert_ne!(bulk.account(0, 1), bulk.account(1, 0));
    assert_eq!(&bulk.account(1_234_567_890, 7), b"CC0071234567890");
}

#[test]
fn amounts_are_plausible_and_differ() {
    let bulk = bulk(20_000, 1);
    let rows: Vec<_> = (0..20_000).map(|subject| bulk.month(subject, 0, month())).collect();
    for row in &rows {
        assert!(row.past_due <= row.balance && row.balance <= row.limit, "{row:?}");
        assert!(row.late <= 6 && (row.late == 0) == (row.past_due == 0), "{row:?}");
        assert!(row.late == 0 || row.paid == 0, "{row:?}");
        assert!(row.is_used == (row.balance > 0), "{row:?}");
    }
    let share = |is: &dyn Fn(&tallystick_town::BulkMonth) -> bool| rows.iter().filter(|row| is(row)).count();
    assert!((200..1200).contains(&share(&|row| row.late > 0)), "{}", share(&|row| row.late > 0));
    assert!((1200..2000).contains(&share(&|row| !row.is_used)), "{}", share(&|row| !row.is_used));
    let balances: HashSet<_> = rows.iter().map(|row| row.balance).collect();
    assert!(balances.len() > 17_000, "{}", balances.len());
    let changed = (0..1000).filter(|subject| {
        let next = bulk.month(*subject, 0, month().plus(1).unwrap());
        next.balance != rows[usize::try_from(*subject).unwrap()].balance
    });
    assert!(changed.count() > 850);
}
