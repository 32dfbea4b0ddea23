//! Bills of Alipay, WeChat Pay, JD and Meituan: real exports where they are at hand, and rows of our own.
//!
//! Shown as one line a month: `2021-06 @1+350 days 2 | spending 1x651 | closed 1x10990` is the profile of June 2021 whose
//! first row is record 1 at byte 350, with two active days, one payment of 6.51 yuan and one closed one. `days 2 of 1-19`: of
//! the month the bill covers the first nineteen days.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "all of it is tests; clippy allows these in test functions, not in what they share"
)]

use tallystick_intake::{FileSummary, Layout, PaymentPlatform, ReadContext, Refused, Reject, read_delivery};
use tallystick_model::fact::{ReportedRecord, Statement};
use tallystick_model::payment_profile::{Flow, PaymentProfileMonth, Provenance};
use tallystick_model::{CategorySet, DataCategory, IdScheme, Identifier, Sensitive};

#[path = "bills/faults.rs"]
mod faults;
#[path = "bills/packed.rs"]
mod packed;
#[path = "bills/real.rs"]
mod real;
#[path = "support/taken.rs"]
mod taken;
#[path = "bills/words.rs"]
mod words;

use self::taken::Taken;

fn context(admitted: CategorySet) -> ReadContext {
    ReadContext {
        furnisher: "W1".to_owned(),
        subject: Some(Identifier::parse(IdScheme::MemberNumber, "W1/1").unwrap()),
        provenance: Provenance::SelfAsserted,
        admitted,
        month: None,
    }
}

fn read(layout: &Layout, bill: &[u8]) -> (Result<FileSummary, Refused>, Taken) {
    let mut taken = Taken::default();
    let summary = read_delivery(layout, &mut &bill[..], &context(layout.categories()), &mut taken);
    (summary, taken)
}

fn accepted(layout: &Layout, bill: &[u8]) -> (FileSummary, Taken) {
    let (summary, taken) = read(layout, bill);
    (summary.unwrap(), taken)
}

/// What of a file is looked at.
#[derive(Clone, Copy)]
enum Head {
    Bytes,
    File,
}

/// The platforms that take `file` for a bill of theirs, and why.
fn recognised(file: &[u8], head: Head) -> Vec<(&'static str, String)> {
    use tallystick_intake::layouts::bill;
    let by = |platform| match head {
        Head::Bytes => bill::recognise(platform, file),
        Head::File => bill::recognise_file(platform, &file.to_vec()),
    };
    let names = ["alipay", "wechat", "jd", "meituan"];
    let platforms = names.into_iter().zip(PaymentPlatform::ALL);
    platforms.filter_map(|(name, platform)| Some((name, by(platform)?))).collect()
}

fn month(record: &ReportedRecord) -> (&ReportedRecord, String, PaymentProfileMonth) {
    let [Statement::PaymentProfileMonth(_, month, profile)] = &record.statements[..] else { panic!("{record:?}") };
    (record, month.to_string(), *profile)
}

fn months(taken: &Taken) -> Vec<(&ReportedRecord, String, PaymentProfileMonth)> {
    taken.records.iter().map(month).collect()
}

fn flows(profile: &PaymentProfileMonth) -> [(&'static str, Option<Flow>); 8] {
    let some = |flow: Flow| Some(flow).filter(|flow| !flow.is_empty());
    [
        ("spending", some(profile.spending)),
        ("refunds", some(profile.refunds)),
        ("transfers_out", some(profile.transfers_out)),
        ("repayments", some(profile.repayments)),
        ("closed", some(profile.closed)),
        ("own_moves", some(profile.own_moves)),
        ("income", profile.income.filter(|flow| !flow.is_empty())),
        ("investments", profile.investments.filter(|flow| !flow.is_empty())),
    ]
}

/// Each month as one line; of flows that are part of others, `deferred` and `fees` come last.
fn shown(taken: &Taken) -> Vec<String> {
    let line = |(record, month, profile): (&ReportedRecord, String, PaymentProfileMonth)| {
        assert_eq!((profile.provenance, profile.currency.code()), (Provenance::SelfAsserted, "CNY"));
        assert!(profile.income.is_some() && profile.investments.is_some(), "admitted, so known even if zero");
        let mut line = format!("{month} @{}+{} days {}", record.place.record, record.place.byte, profile.active_days);
        if let Some(covered) = profile.covered {
            line += &format!(" of {}-{}", covered.first(), covered.last());
            assert!(profile.active_days <= covered.days(), "{line}");
        }
        let parts = [("deferred", Some(profile.deferred)), ("fees", Some(profile.fees))];
        for (name, flow) in flows(&profile).into_iter().chain(parts) {
            if let Some(flow) = flow.filter(|flow| !flow.is_empty()) {
                line += &format!(" | {name} {}x{}", flow.count, flow.minor);
            }
        }
        line
    };
    months(taken).into_iter().map(line).collect()
}

/// Each row is in exactly one flow, set aside, or refused.
fn assert_accounted(summary: &FileSummary, taken: &Taken) {
    let counted: u64 = months(taken)
        .iter()
        .flat_map(|(.., profile)| flows(profile))
        .filter_map(|(_, flow)| flow)
        .map(|flow| u64::from(flow.count))
        .sum();
    let set_aside: u64 = summary.set_aside.iter().map(|(_, rows)| rows).sum();
    assert_eq!(summary.rejects, taken.rejects.len() as u64);
    assert_eq!(summary.records, counted + set_aside + summary.rejects, "{summary:?}");
}

fn refused(layout: &Layout, bill: &[u8]) -> String {
    let (summary, taken) = read(layout, bill);
    assert_eq!((taken.records.len(), taken.rejects.len()), (0, 0));
    summary.unwrap_err().to_string()
}

const APP: &str = "交易时间            ,交易分类,交易对方,对方账号,商品说明,收/支,金额,收/付款方式,交易状态,交易订单号,商家订单号,备注,\n";
const WEB: &str = "交易号,商家订单号,交易创建时间,付款时间,最近修改时间,交易来源地,类型,交易对方,商品名称,金额（元）,收/支,交易状态,服务费（元）,成功退款（元）,备注,资金状态,\n";
const WECHAT: &str = "交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号,商户单号,备注\n";

const JD: &str = "交易时间,商户名称,交易说明,金额,收/付款方式,交易状态,收/支,交易分类,交易订单号,商家订单号,备注\n";
const MEITUAN: &str =
    "交易创建时间,交易成功时间,交易类型,订单标题,收/支,支付方式,订单金额,实付金额,交易单号,商家单号,备注\n";

/// A row of the app's export of 10 yuan: kind, goods, direction, method, status.
fn app_row(fields: &str) -> String {
    let [kind, goods, direction, method, status] = split(fields);
    format!(
        "2024-03-05 10:00:00,{kind},私密人,p***@x.cn,{goods},{direction},10.00,{method},{status},9001\t,M1\t,私密,\n"
    )
}

/// A row of the web export of 10 yuan with a fee of 0.10: kind, goods, direction, state of the funds, status.
fn web_row(fields: &str) -> String {
    let [kind, goods, direction, funds, status] = split(fields);
    format!(
        "9001\t,M1\t,2024-03-05 10:00:00,,,,{kind},私密人,{goods},10.00,{direction},{status},0.10,0.00,私密,{funds},\n"
    )
}

/// A row of WeChat of 10 yuan: kind, direction, method, status, remark.
fn wechat_row(fields: &str) -> String {
    let [kind, direction, method, status, remark] = split(fields);
    format!(
        "2024-03-05 10:00:00,{kind},私密人,\"私密\",{direction},¥10.00,{method},{status},9001\t,M1\t,\"{remark}\"\n"
    )
}

/// A row of JD of 10 yuan, or more in the amount's own words: kind, goods, direction, method, status; `amount` as printed.
fn jd_row(fields: &str, amount: &str) -> String {
    let [kind, goods, direction, method, status] = split(fields);
    format!("2024-03-05 10:00:00\t,私密人,{goods},{amount},{method},{status},{direction},{kind},9001\t,M1\t, ,\n")
}

/// A row of Meituan of 10 yuan, of which the platform paid one: kind, goods, direction, method, number.
fn meituan_row(fields: &str) -> String {
    let [kind, goods, direction, method, number] = split(fields);
    format!(
        "2024-03-05 10:00:00,2024-03-05 10:00:09,{kind},{goods},{direction},{method},¥11.00,¥10.00,\"{number}\t\",\"M1\t\",/\n"
    )
}

fn split(fields: &str) -> [&str; 5] {
    fields.split('|').map(str::trim).collect::<Vec<_>>().try_into().unwrap()
}

fn totals(summary: &FileSummary) -> String {
    let total = |total: &tallystick_intake::ControlTotal| {
        let stated = total.stated.map_or("x".to_owned(), |stated| stated.to_string());
        let sign = if total.agrees() { '=' } else { '!' };
        format!("{} {stated}{sign}{}", total.name, total.counted)
    };
    summary.control_totals.iter().map(total).collect::<Vec<_>>().join(", ")
}
