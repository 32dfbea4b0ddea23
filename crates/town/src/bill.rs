//! Bills of payment platforms, as a person exports them: the layout of Alipay's app in 2023 and of WeChat Pay until 2025.
//!
//! A bill is about one person and some months, newest payment first, with totals before the table.

use std::fmt::Write as _;
use std::io::{self, Write};

use encoding_rs::GB18030;
use tallystick_model::money::DecimalMinor;
use tallystick_model::payment_profile::Provenance;
use tallystick_model::{Date, Month};

use super::expect::{Expected, Reported};
use super::fault::{Fault, Faults, PossibleFault, RecordOf};
use super::people::Person;
use super::wallet::{Payment, PaymentKind, Platform, profile};
use super::words::{Direction, Other, words};
use super::{Town, Written, credit};

/// The months of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BillPeriod {
    /// The first.
    pub first: Month,
    /// How many.
    pub months: u16,
}

impl BillPeriod {
    /// The months, the latest first.
    fn newest_first(self) -> impl Iterator<Item = Month> {
        (0..i32::from(self.months)).rev().filter_map(move |later| self.first.plus(later))
    }
}

/// A row before it is written.
struct Row {
    record: u64,
    payment: Payment,
    fault: Option<PossibleFault>,
}

const ALIPAY_FAULTS: [PossibleFault; 4] = [
    (Fault::NotADate, "交易时间"),
    (Fault::NotAnAmount, "金额"),
    (Fault::UnknownCode, "交易状态"),
    (Fault::ShortRow, "row"),
];

const WECHAT_FAULTS: [PossibleFault; 4] = [
    (Fault::NotADate, "交易时间"),
    (Fault::NotAnAmount, "金额(元)"),
    (Fault::UnknownCode, "当前状态"),
    (Fault::ShortRow, "row"),
];

impl Platform {
    const fn faults(self) -> &'static [PossibleFault] {
        match self {
            Self::Alipay => &ALIPAY_FAULTS,
            Self::Wechat => &WECHAT_FAULTS,
        }
    }

    const fn layout(self) -> u64 {
        match self {
            Self::Alipay => 4,
            Self::Wechat => 5,
        }
    }

    const fn direction(self, direction: Direction) -> &'static str {
        match (self, direction) {
            (_, Direction::In) => "收入",
            (_, Direction::Out) => "支出",
            (Self::Alipay, Direction::Neutral) => "不计收支",
            (Self::Wechat, Direction::Neutral) => "/",
        }
    }
}

/// The rows of a bill. A fault takes only payments that no other row refers to.
fn rows(town: &Town, person: &Person, platform: Platform, period: BillPeriod, faults: &Faults) -> Vec<Row> {
    let payments = period.newest_first().flat_map(|month| {
        let payments = town.payments(person, platform, month);
        payments.into_iter().rev().map(move |payment| (month, payment))
    });
    let row = |((month, payment), record): ((Month, Payment), u64)| {
        let possible = if payment.kind.stands_alone() { platform.faults() } else { &[] };
        let place = RecordOf { layout: platform.layout(), month, index: payment.number, record };
        Row { record, payment, fault: faults.of(town, place, possible) }
    };
    payments.zip(1..).map(row).collect()
}

/// Writes a person's bill in GB18030.
///
/// # Errors
/// Those of `out`.
pub fn write_alipay_bill(
    town: &Town,
    person: &Person,
    period: BillPeriod,
    faults: &Faults,
    out: &mut impl Write,
) -> io::Result<Written> {
    let rows = rows(town, person, Platform::Alipay, period, faults);
    let mut text = alipay_preamble(town, person, period, &rows);
    for column in ALIPAY_COLUMNS {
        padded(&mut text, column.0, column.1);
    }
    text.push('\n');
    for row in &rows {
        alipay_row(town, row, &mut text);
    }
    let (bytes, _, _) = GB18030.encode(&text);
    finish(&rows, &bytes, out)
}

/// Writes a person's bill in UTF-8.
///
/// # Errors
/// Those of `out`.
pub fn write_wechat_bill(
    town: &Town,
    person: &Person,
    period: BillPeriod,
    faults: &Faults,
    out: &mut impl Write,
) -> io::Result<Written> {
    let rows = rows(town, person, Platform::Wechat, period, faults);
    let mut text = wechat_preamble(town, person, period, &rows);
    text.push_str("交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号,商户单号,备注\n");
    for row in &rows {
        wechat_row(town, row, &mut text);
    }
    finish(&rows, text.as_bytes(), out)
}

fn finish(rows: &[Row], bytes: &[u8], out: &mut impl Write) -> io::Result<Written> {
    out.write_all(bytes)?;
    out.flush()?;
    let faulty = rows.iter().filter(|row| row.fault.is_some()).count();
    Ok(Written { records: rows.len() as u64, faulty: faulty as u64, bytes: bytes.len() as u64 })
}

impl Town {
    /// What a bill says of itself to name its owner: an address on one platform, a nickname on the other, which is no account.
    pub fn bill_account(&self, person: &Person, platform: Platform) -> String {
        let (family, given) = person.name_by_sound();
        match platform {
            Platform::Alipay => format!("{family}.{given}.{}@example.com", person.index),
            Platform::Wechat => format!("{family}{given}{}", person.index),
        }
    }
}

/// Number and sum of the rows of a direction, as if none had a fault.
fn total(rows: &[Row], platform: Platform, direction: Direction) -> String {
    let of = rows.iter().filter(|row| words(row.payment.kind, platform).direction == direction);
    let (count, minor) = of.fold((0, 0), |(count, minor), row| (count + 1, minor + row.payment.minor));
    format!("{count}笔 {}元", DecimalMinor { minor, digits: 2 })
}

/// First and last instant of a bill, and the time of its export: the morning after.
fn span(period: BillPeriod) -> (Date, Date, Date) {
    let first = i32::from(period.first.number());
    let after = credit::day_of(first + i32::from(period.months), 1);
    (credit::day_of(first, 1), after.yesterday().unwrap_or(after), after)
}

fn alipay_preamble(town: &Town, person: &Person, period: BillPeriod, rows: &[Row]) -> String {
    let (first, last, export) = span(period);
    let sum = |direction| total(rows, Platform::Alipay, direction);
    let lines = [
        "-".repeat(84),
        "导出信息：".to_owned(),
        format!("姓名：{}", person.name()),
        format!("支付宝账户：{}", town.bill_account(person, Platform::Alipay)),
        format!("起始时间：[{first} 00:00:00]    终止时间：[{last} 23:59:59]"),
        "导出交易类型：[全部]".to_owned(),
        format!("导出时间：[{export} 09:00:00]"),
        format!("共{}笔记录", rows.len()),
        format!("收入：{}", sum(Direction::In)),
        format!("支出：{}", sum(Direction::Out)),
        format!("不计收支：{}", sum(Direction::Neutral)),
        String::new(),
        "特别提示：".to_owned(),
        "1.本文件由虚构的小镇生成，其中没有任何真实的人或交易；".to_owned(),
        "2.姓名、账户、商家、金额与单号均为虚构；".to_owned(),
        "3.格式仿照支付平台的账单，用于软件测试；".to_owned(),
        "4.不是付款凭证；".to_owned(),
        "5.不是收款凭证；".to_owned(),
        "6.不计收支的交易包括退款、还款、理财与账户之间的转移；".to_owned(),
        "7.统计金额按未出错的明细计算；".to_owned(),
        "8.同一种子总是生成同一文件；".to_owned(),
        "9.可以自由使用。".to_owned(),
        String::new(),
        format!("{0}虚构的小镇  电子客户回单{0}", "-".repeat(24)),
    ];
    lines.join("\n") + "\n"
}

/// Names of the columns, and how wide they are padded.
const ALIPAY_COLUMNS: [(&str, usize); 12] = [
    ("交易时间", 20),
    ("交易分类", 20),
    ("交易对方", 24),
    ("对方账号", 20),
    ("商品说明", 24),
    ("收/支", 20),
    ("金额", 20),
    ("收/付款方式", 24),
    ("交易状态", 20),
    ("交易订单号", 20),
    ("商家订单号", 20),
    ("备注", 20),
];

/// A field filled up with blanks, and a comma; a Chinese character is as wide as two Latin ones.
fn padded(text: &mut String, field: &str, width: usize) {
    text.push_str(field);
    let wide: usize = field.chars().map(|character| if character.is_ascii() { 1 } else { 2 }).sum();
    text.extend(std::iter::repeat_n(' ', width.saturating_sub(wide)));
    text.push(',');
}

/// The time as both platforms write it; the 30th of February if that is the fault.
fn time(payment: &Payment, fault: Option<Fault>) -> String {
    let Payment { day, second, .. } = payment;
    let clock = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    if fault == Some(Fault::NotADate) { format!("{}-02-30 {clock}", day.year()) } else { format!("{day} {clock}") }
}

/// The amount; with a letter in it if that is the fault.
fn amount(payment: &Payment, fault: Option<Fault>) -> String {
    let amount = DecimalMinor { minor: payment.minor, digits: 2 }.to_string();
    if fault == Some(Fault::NotAnAmount) { amount.replace('.', ".O") } else { amount }
}

fn other(town: &Town, payment: &Payment, other: Other) -> String {
    match other {
        Other::Shop(names) => {
            let place = usize::try_from(payment.other).unwrap_or(0) % names.len().max(1);
            names.get(place).copied().unwrap_or("/").to_owned()
        }
        Other::Employer => town.firm(payment.other).name,
        Other::Person => town.person(payment.other).name(),
        Other::Nobody => "/".to_owned(),
    }
}

fn alipay_row(town: &Town, row: &Row, text: &mut String) {
    let (payment, fault) = (&row.payment, row.fault.map(|(fault, _)| fault));
    let words = words(payment.kind, Platform::Alipay);
    let status = if fault == Some(Fault::UnknownCode) { "交易迷路" } else { words.status };
    let is_refund = matches!(payment.kind, PaymentKind::PartRefund | PaymentKind::FullRefund);
    let stamp = payment.day.to_string().replace('-', "");
    // A refund's number is that of the payment given back, a mark, and more.
    let number = match is_refund {
        true => format!("{}{:014}_1", payment.day.year(), payment.number),
        false => format!("{}{:014}", payment.day.year(), payment.number),
    };
    let fields = [
        time(payment, fault),
        words.kind.to_owned(),
        other(town, payment, words.other),
        "/".to_owned(),
        words.goods.to_owned(),
        Platform::Alipay.direction(words.direction).to_owned(),
        amount(payment, fault),
        words.method.to_owned(),
        status.to_owned(),
        format!("{number}\t"),
        format!("T{stamp}{:06}\t", payment.number % 1_000_000),
        String::new(),
    ];
    let kept = if fault == Some(Fault::ShortRow) { 8 } else { fields.len() };
    for (field, (_, width)) in fields.iter().zip(ALIPAY_COLUMNS).take(kept) {
        padded(text, field, if field.ends_with('\t') { 0 } else { width });
    }
    text.push('\n');
}

fn wechat_preamble(town: &Town, person: &Person, period: BillPeriod, rows: &[Row]) -> String {
    let (first, last, export) = span(period);
    let sum = |direction| total(rows, Platform::Wechat, direction);
    let lines = [
        "微信支付账单明细".to_owned(),
        format!("微信昵称：[{}]", town.bill_account(person, Platform::Wechat)),
        format!("起始时间：[{first} 00:00:00] 终止时间：[{last} 23:59:59]"),
        "导出类型：[全部]".to_owned(),
        format!("导出时间：[{export} 09:00:00]"),
        String::new(),
        format!("共{}笔记录", rows.len()),
        format!("收入：{}", sum(Direction::In)),
        format!("支出：{}", sum(Direction::Out)),
        format!("中性交易：{}", sum(Direction::Neutral)),
        "注：".to_owned(),
        "1. 本文件由虚构的小镇生成，其中没有任何真实的人或交易".to_owned(),
        "2. 充值、提现、理财、还款计入中性交易".to_owned(),
        "3. 用于软件测试，可以自由使用".to_owned(),
        String::new(),
        "----------------------微信支付账单明细列表--------------------".to_owned(),
    ];
    lines.iter().fold(String::new(), |text, line| text + line + ",,,,,,,,,,\n")
}

fn wechat_row(town: &Town, row: &Row, text: &mut String) {
    let (payment, fault) = (&row.payment, row.fault.map(|(fault, _)| fault));
    let words = words(payment.kind, Platform::Wechat);
    let returned = DecimalMinor { minor: payment.returned_minor, digits: 2 };
    let status = match (fault, payment.kind) {
        (Some(Fault::UnknownCode), _) => "支付迷路".to_owned(),
        (_, PaymentKind::PartReturnedShopping | PaymentKind::PartRefund) => format!("{}(￥{returned})", words.status),
        _ => words.status.to_owned(),
    };
    let remark = match payment.fee_minor {
        0 => "/".to_owned(),
        minor => format!("服务费¥{}", DecimalMinor { minor, digits: 2 }),
    };
    let fields = [
        time(payment, fault),
        words.kind.to_owned(),
        other(town, payment, words.other),
        words.goods.to_owned(),
        Platform::Wechat.direction(words.direction).to_owned(),
        format!("¥{}", amount(payment, fault)),
        words.method.to_owned(),
        status,
        format!("1000{:014}\t", payment.number),
        format!("M{:06}\t", payment.number % 1_000_000),
        remark,
    ];
    let kept = if fault == Some(Fault::ShortRow) { 8 } else { fields.len() };
    let line = fields.get(..kept).unwrap_or(&fields).join(",");
    // Writing to a text can't fail.
    let _ = writeln!(text, "{line}");
}

/// What each month and each faulty row of [`write_alipay_bill`] should become, in the order of their records.
pub fn alipay_truth(
    town: &Town,
    person: &Person,
    period: BillPeriod,
    faults: &Faults,
) -> impl Iterator<Item = Expected> {
    truth(town, person, Platform::Alipay, period, faults)
}

/// What each month and each faulty row of [`write_wechat_bill`] should become, in the order of their records.
pub fn wechat_truth(
    town: &Town,
    person: &Person,
    period: BillPeriod,
    faults: &Faults,
) -> impl Iterator<Item = Expected> {
    truth(town, person, Platform::Wechat, period, faults)
}

fn truth(
    town: &Town,
    person: &Person,
    platform: Platform,
    period: BillPeriod,
    faults: &Faults,
) -> impl Iterator<Item = Expected> {
    let rows = rows(town, person, platform, period, faults);
    let rejects = rows.iter().filter_map(|row| Some(Expected::rejected(row.record, row.fault?)));
    let mut expected: Vec<_> = rejects.collect();
    let account = match platform {
        Platform::Wechat => format!("wechat {}", town.bill_account(person, platform)),
        Platform::Alipay => town.bill_account(person, platform),
    };
    for month in period.newest_first() {
        let of_month = |row: &&Row| row.fault.is_none() && Month::of(row.payment.day) == Some(month);
        let counted: Vec<_> = rows.iter().filter(of_month).filter(|row| row.payment.is_counted(platform)).collect();
        let Some(first) = counted.first() else { continue };
        let payments = counted.iter().map(|row| &row.payment);
        expected.push(Expected::reported(
            first.record,
            Reported {
                profile: Some(profile(payments, platform, Provenance::SelfAsserted)),
                ..Reported::about(person.identifier().into_iter().collect(), account.clone(), month)
            },
        ));
    }
    expected.sort_by_key(|expected| expected.record);
    expected.into_iter()
}
