//! What a bill prints before and after its table: totals, whose wallet it is, and from when to when it reaches.
//!
//! How totals are counted, and which real bills agree: `docs/formats/payment-bills.md`.

use tallystick_model::fact::ReportedAccount;
use tallystick_model::payment_profile::DaysCovered;
use tallystick_model::{Date, Month, Sensitive};

use super::meaning::Direction;
use super::{Platform, value};
use crate::read::ControlTotal;

/// A printed total: the label before its colon, and what it counts.
const LABELS: [(&str, Total); 9] = [
    ("收入", Total::Income),
    ("已收入", Total::Income),
    ("待收入", Total::IncomePending),
    ("支出", Total::Spending),
    ("已支出", Total::Spending),
    ("待支出", Total::SpendingPending),
    ("不计收支", Total::Neutral),
    ("其他", Total::Neutral),
    ("中性交易", Total::Neutral),
];

/// What stands before the first and the last day of a bill.
const PERIOD_LABELS: [&str; 3] = ["起始时间", "起始日期", "日期区间"];
/// What stands before the time at which it was made.
const MADE_LABELS: [&str; 2] = ["导出时间", "申请时间"];

/// Other lines that stand after a table and never in it.
const TRAILER_MARKS: [&str; 5] = ["----", "导出信息", "导出时间", "特别提示", "注："];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Total {
    Income,
    IncomePending,
    Spending,
    SpendingPending,
    Neutral,
}

impl Total {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Income, "income"),
        (Self::IncomePending, "income_pending"),
        (Self::Spending, "spending"),
        (Self::SpendingPending, "spending_pending"),
        (Self::Neutral, "neutral"),
    ];

    const fn of(direction: Direction, funds: Funds) -> Self {
        match (direction, funds) {
            (Direction::In, Funds::Moved) => Self::Income,
            (Direction::In, Funds::Pending) => Self::IncomePending,
            (Direction::Out, Funds::Moved) => Self::Spending,
            (Direction::Out, Funds::Pending) => Self::SpendingPending,
            (Direction::Neutral, _) => Self::Neutral,
        }
    }
}

/// Whether a row's money has moved, as the oldest exports say in a column of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Funds {
    Moved,
    Pending,
}

impl Funds {
    pub(super) fn of(text: &str) -> Self {
        if matches!(text, "待收入" | "待支出") { Self::Pending } else { Self::Moved }
    }
}

/// `None`: not printed. `Some(None)`: printed and unreadable.
type Stated = Option<Option<i64>>;

/// What was printed and what was counted.
#[derive(Debug, Default)]
pub(super) struct Totals {
    rows: Stated,
    printed: Vec<(Total, Option<i64>, Option<i64>)>,
    counted: Vec<(Total, i64, i64)>,
    account: Option<Sensitive<String>>,
    period: Option<(Date, Date)>,
    made: Option<Date>,
}

impl Totals {
    /// Takes what a line outside the table says.
    pub(super) fn note(&mut self, line: &str, account_labels: &[&str]) {
        let line = plain(line);
        if self.account.is_none() {
            self.account = account_labels.iter().find_map(|label| account(line, label)).map(Sensitive::new);
        }
        if PERIOD_LABELS.iter().any(|label| line.starts_with(label)) {
            let mut days = days(line);
            if let (Some(first), Some(last)) = (days.next(), days.next()) {
                self.period.get_or_insert((first, last));
            }
        }
        if MADE_LABELS.iter().any(|label| line.starts_with(label))
            && let Some(day) = days(line).next()
        {
            self.made.get_or_insert(day);
        }
        if let Some(number) = rows(line) {
            self.rows.get_or_insert(number.parse().ok());
        }
        if let Some((total, text)) = labelled(line)
            && !self.printed.iter().any(|(known, ..)| *known == total)
        {
            let (count, rest) = text.split_once('笔').unwrap_or((text, ""));
            // `16笔(含4笔部分退款)，1648.43元`
            let rest = rest
                .strip_prefix(['(', '（'])
                .and_then(|rest| rest.split_once([')', '）']))
                .map_or(rest, |(_, rest)| rest);
            let sum = rest.trim_start_matches([',', '，', ' ']).trim_end().strip_suffix('元');
            self.printed.push((total, count.trim().parse().ok(), sum.and_then(|sum| value::amount(sum).ok())));
        }
    }

    /// Counts a row, a refused one too, by its direction; of an amount that can't be read, no sum is counted.
    pub(super) fn count(&mut self, direction: Direction, funds: Funds, minor: Option<i64>) {
        let total = Total::of(direction, funds);
        let at = self.counted.iter().position(|(known, ..)| *known == total).unwrap_or_else(|| {
            self.counted.push((total, 0, 0));
            self.counted.len() - 1
        });
        if let Some((_, count, sum)) = self.counted.get_mut(at) {
            *count += 1;
            *sum = sum.saturating_add(minor.unwrap_or(0));
        }
    }

    /// The wallet's number or name with what the platform's are marked with, or the name of the layout.
    pub(super) fn account(&self, platform: &Platform) -> ReportedAccount {
        let account = match &self.account {
            Some(account) => [platform.account_mark, account.expose()].concat(),
            None => platform.name.to_owned(),
        };
        Sensitive::new(account.into_bytes())
    }

    /// From when to when the bill reaches, if it says so: not beyond the day it was made.
    pub(super) fn period(&self) -> Option<(Date, Date)> {
        let (first, last) = self.period?;
        Some((first, self.made.map_or(last, |made| made.min(last)))).filter(|(first, last)| first <= last)
    }

    /// The days of a month that the bill covers: those of its period, and in any case those from its first row to its last.
    /// `None` if they are all, or the bill does not say from when to when it reaches.
    pub(super) fn covered(&self, month: Month, (row_first, row_last): (u8, u8)) -> Option<DaysCovered> {
        let (from, to) = self.period()?;
        let day = |date: Date| u8::try_from(date.day()).unwrap_or(1);
        let (from_month, to_month) = (Month::of(from)?, Month::of(to)?);
        let (first, last) = if month < from_month || month > to_month {
            (row_first, row_last)
        } else {
            let first = if month == from_month { day(from) } else { 1 };
            let last = if month == to_month { day(to) } else { month.days() };
            (first.min(row_first), last.max(row_last))
        };
        DaysCovered::of(month, first, last)
    }

    /// Whether the bill says that it has another number of rows, or says it unreadably.
    pub(super) fn rows_disagree(&self, records: u64) -> bool {
        self.rows.is_some_and(|stated| stated.and_then(|rows| u64::try_from(rows).ok()) != Some(records))
    }

    /// Printed totals beside counted ones, in a fixed order.
    pub(super) fn compared(&self, records: u64) -> Vec<ControlTotal> {
        let mut totals = Vec::new();
        if let Some(stated) = self.rows {
            let counted = i64::try_from(records).unwrap_or(i64::MAX);
            totals.push(ControlTotal { name: "rows".to_owned(), stated, counted });
        }
        for (total, name) in Total::ALL {
            let Some((_, count, sum)) = self.printed.iter().find(|(known, ..)| *known == total) else { continue };
            let counted =
                self.counted.iter().find(|(known, ..)| *known == total).map_or((0, 0), |found| (found.1, found.2));
            totals.push(ControlTotal { name: format!("{name}_count"), stated: *count, counted: counted.0 });
            totals.push(ControlTotal { name: format!("{name}_minor"), stated: *sum, counted: counted.1 });
        }
        totals
    }
}

/// Whether a line stands after a table.
pub(super) fn is_trailer(line: &str) -> bool {
    let line = plain(line);
    TRAILER_MARKS.iter().any(|mark| line.starts_with(mark)) || rows(line).is_some() || labelled(line).is_some()
}

/// The days (`YYYY-MM-DD`) in a line, in their order.
fn days(line: &str) -> impl Iterator<Item = Date> {
    let texts = line.split(|character: char| !character.is_ascii_digit() && !"-/:".contains(character));
    texts.filter(|text| text.contains(['-', '/'])).filter_map(|text| value::local_day(&format!("{text} 0:00")))
}

/// A line without the quotes and commas that a spreadsheet puts around it.
fn plain(line: &str) -> &str {
    line.trim_matches(|character: char| character.is_whitespace() || ",\"\u{feff}".contains(character))
}

/// The number in `共2笔记录`.
fn rows(line: &str) -> Option<&str> {
    let number = line.strip_prefix('共')?.trim_start_matches([':', '：']).trim();
    number.strip_suffix("笔记录").map(str::trim)
}

/// `收入：1笔 28.50元` or `已支出:1笔,27元`, its label taken off.
fn labelled(line: &str) -> Option<(Total, &str)> {
    let (label, text) = line.split_once([':', '：'])?;
    let (_, total) = LABELS.iter().find(|(known, _)| *known == label.trim())?;
    text.contains('笔').then_some((*total, text))
}

/// `账号:[somebody]` or `支付宝账户：somebody`, without label and brackets.
fn account(line: &str, label: &str) -> Option<String> {
    let text = line.strip_prefix(label)?.strip_prefix([':', '：'])?.trim();
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text).trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(lines: &[&str]) -> Totals {
        let mut totals = Totals::default();
        for line in lines {
            totals.note(line, &["账号"]);
        }
        totals
    }

    #[test]
    fn totals_are_read_in_each_of_their_spellings() {
        let stated = |lines: &[&str]| -> Vec<(String, Option<i64>)> {
            noted(lines).compared(0).into_iter().map(|total| (total.name, total.stated)).collect()
        };
        let pair = |name: &str, count, sum| vec![(format!("{name}_count"), count), (format!("{name}_minor"), sum)];
        assert_eq!(stated(&["共2笔记录"]), [("rows".to_owned(), Some(2))]);
        assert_eq!(stated(&["共x笔记录,,,"]), [("rows".to_owned(), None)]);
        assert_eq!(stated(&["收入：1笔 28.50元,,,,"]), pair("income", Some(1), Some(2850)));
        assert_eq!(stated(&["已支出:1笔,27元"]), pair("spending", Some(1), Some(2700)));
        assert_eq!(stated(&["支出：x笔,1234.56元"]), pair("spending", None, Some(123_456)));
        assert_eq!(stated(&["待收入:0笔,0.00元", "待收入:9笔,9元"]), pair("income_pending", Some(0), Some(0)));
        assert_eq!(stated(&["其他：3笔,2346,78元"]), pair("neutral", Some(3), None));
        assert_eq!(stated(&["支出：16笔(含4笔部分退款)，1648.43元"]), pair("spending", Some(16), Some(164_843)));
        assert_eq!(stated(&["共：26笔记录"]), [("rows".to_owned(), Some(26))]);
        assert_eq!(stated(&["收入：很多", "起始时间：[2019-08-01 00:00:00]", "收入1笔"]), []);
    }

    #[test]
    fn the_account_is_taken_without_label_and_brackets() {
        let account = |lines: &[&str]| {
            String::from_utf8(noted(lines).account(&super::super::super::jd::JD).into_exposed()).unwrap()
        };
        assert_eq!(account(&["账号:[a@b.cn]", "账号:[later]"]), "jd a@b.cn");
        assert_eq!(account(&["\"账号：某人\",,"]), "jd 某人");
        assert_eq!(account(&["账号:[]"]), "jd 1");
    }

    #[test]
    fn the_period_ends_with_the_day_the_bill_was_made() {
        let day = |text: &str| value::local_day(&format!("{text} 0:00")).unwrap();
        for (lines, from, to) in [
            (&["起始时间：[2023-02-10 00:00:00]    终止时间：[2023-02-13 23:59:59]"][..], "2023-02-10", "2023-02-13"),
            (&["起始日期:[2019-08-01 00:00:00]    终止日期:[2019-10-01 00:00:00]"], "2019-08-01", "2019-10-01"),
            (&["日期区间：2024-12-01 至 2024-12-31,,", "申请时间：2025-01-01 11:32:42"], "2024-12-01", "2024-12-31"),
            (
                &["起始时间：[2025-02-01] 终止时间：[2025-02-28]", "导出时间：[2025-02-20 17:43:31]"],
                "2025-02-01",
                "2025-02-20",
            ),
            (&["起始时间：[2021/5/19 0:00] 终止时间：[2021/6/19 23:59]"], "2021-05-19", "2021-06-19"),
        ] {
            assert_eq!(noted(lines).period(), Some((day(from), day(to))), "{lines:?}");
        }
        for line in [
            "起始时间：[] 终止时间：[]",
            "起始时间：[2025-02-02] 终止时间：[2025-02-01]",
            "导出时间：[2025-02-20 17:43:31]",
        ] {
            assert_eq!(noted(&[line]).period(), None, "{line}");
        }
    }

    #[test]
    fn a_month_is_covered_as_far_as_the_period_and_the_rows_reach() {
        let bill = noted(&["起始时间：[2021-05-19] 终止时间：[2021-07-10]"]);
        let covered = |bill: &Totals, month: u8, rows: (u8, u8)| {
            bill.covered(Month::new(2021, month).unwrap(), rows).map(|days| (days.first(), days.last()))
        };
        assert_eq!(covered(&bill, 5, (20, 25)), Some((19, 31)));
        assert_eq!(covered(&bill, 5, (3, 25)), Some((3, 31)), "a row before the period");
        assert_eq!(covered(&bill, 6, (3, 3)), None, "all of June");
        assert_eq!(covered(&bill, 7, (1, 2)), Some((1, 10)));
        assert_eq!(covered(&bill, 8, (4, 9)), Some((4, 9)), "outside: as far as there are rows");
        assert_eq!(covered(&noted(&[]), 5, (3, 3)), None);
    }

    #[test]
    fn trailer_lines_are_told_from_rows() {
        for line in ["--------", "共2笔记录", "已收入:1笔,0.01元", "导出时间:[x]    用户:x", "特别提示："]
        {
            assert!(is_trailer(line), "{line}");
        }
        for line in ["2021-06-14 14:00:38,支出", "支出,某人", "收入"] {
            assert!(!is_trailer(line), "{line}");
        }
    }
}
