//! What a bill prints before and after its table: totals, and whose wallet it is.
//!
//! How totals are counted, and which real bills agree: `docs/formats/payment-bills.md`.

use tallystick_model::Sensitive;
use tallystick_model::fact::ReportedAccount;

use super::meaning::Direction;
use super::value;
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
}

impl Totals {
    /// Takes what a line outside the table says.
    pub(super) fn note(&mut self, line: &str, account_labels: &[&str]) {
        let line = plain(line);
        if self.account.is_none() {
            self.account = account_labels.iter().find_map(|label| account(line, label)).map(Sensitive::new);
        }
        if let Some(number) = rows(line) {
            self.rows.get_or_insert(number.parse().ok());
        }
        if let Some((total, text)) = labelled(line)
            && !self.printed.iter().any(|(known, ..)| *known == total)
        {
            let (count, rest) = text.split_once('笔').unwrap_or((text, ""));
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

    /// The wallet's number, or the name of the layout.
    pub(super) fn account(&self, layout: &str) -> ReportedAccount {
        let account = self.account.as_ref().map_or(layout, |account| account.expose());
        Sensitive::new(account.as_bytes().to_vec())
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
        assert_eq!(stated(&["收入：很多", "起始时间：[2019-08-01 00:00:00]", "收入1笔"]), []);
    }

    #[test]
    fn the_account_is_taken_without_label_and_brackets() {
        assert_eq!(noted(&["账号:[a@b.cn]", "账号:[later]"]).account("x 1").expose(), b"a@b.cn");
        assert_eq!(noted(&["\"账号：某人\",,"]).account("x 1").expose(), "某人".as_bytes());
        assert_eq!(noted(&["账号:[]"]).account("x 1").expose(), b"x 1");
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
