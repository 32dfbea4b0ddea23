//! Real exports, where they are at hand: exact months, and printed totals beside counted ones.

use std::path::PathBuf;

use super::*;

fn shared_bill(name: &str) -> Option<Vec<u8>> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/bills"));
    if !folder.is_dir() {
        println!("SKIPPED {name}: {} is not there", folder.display());
        return None;
    }
    Some(std::fs::read(folder.join(name)).unwrap())
}

/// What a real file must give.
struct RealBill {
    file: &'static str,
    layout: Layout,
    account: &'static str,
    months: Vec<&'static str>,
    set_aside: &'static [(&'static str, u64)],
    /// What is told of rows that count.
    findings: &'static [(&'static str, u64)],
    /// Printed, then counted; `x` is printed and unreadable.
    totals: &'static str,
}

impl RealBill {
    fn check(&self) {
        let Some(bill) = shared_bill(self.file) else { return };
        let (summary, taken) = accepted(&self.layout, &bill);
        assert_eq!(shown(&taken), self.months, "{}", self.file);
        assert_accounted(&summary, &taken);
        let set_aside: Vec<_> = summary.set_aside.iter().map(|(reason, rows)| (reason.as_str(), *rows)).collect();
        assert_eq!((set_aside, taken.rejects), (self.set_aside.to_vec(), vec![]), "{}", self.file);
        assert_eq!(totals(&summary), self.totals, "{}", self.file);
        let findings: Vec<_> = summary.findings.iter().map(|(what, rows)| (what.as_str(), *rows)).collect();
        assert_eq!(findings, self.findings, "{}", self.file);
        assert!(summary.control_totals_bind, "{}", self.file);
        for record in &taken.records {
            assert_eq!(record.identifiers, [Identifier::parse(IdScheme::MemberNumber, "W1/1").unwrap()]);
            let Statement::PaymentProfileMonth(account, ..) = &record.statements[0] else { unreachable!() };
            assert_eq!(account.expose(), self.account.as_bytes(), "{}", self.file);
        }
    }
}

/// `=` agrees, `!` differs. The 2019 file is as its author exported it, and every total agrees. To the others rows were
/// added and removed by their authors, who left the printed totals as they were or wrote `x` into them.
#[test]
fn real_alipay_bills_give_these_months_and_totals() {
    const SEPTEMBER_2019: &str = "2019-09 @1+517 days 1 | spending 1x2700 | investments 1x1";
    const JUNE_2021: &str = "2021-06 @1+350 days 4 of 1-25 | spending 1x651 | closed 1x10990 | income 2x5200";
    const MAY_2021: &str = "2021-05 @4+1130 days 3 of 19-31 | spending 1x8790 | own_moves 1x200 | investments 1x5000";
    const JUNE_2020: &str = "2020-06 @5+1367 days 3 of 2-14 | spending 1x7900 | investments 2x1551";
    const DECEMBER_2021: &str = "2021-12 @12+3067 days 2 of 9-11 | spending 2x3850";
    let refund_of_closed = &[("refund_of_closed", 1)];
    let bills = [
        RealBill {
            file: "alipay/2019-10-09_457b2411_example-alipay-records.csv",
            layout: Layout::Alipay,
            account: "faker@faker.com",
            months: vec![SEPTEMBER_2019],
            set_aside: &[],
            findings: &[],
            totals: "rows 2=2, income_count 1=1, income_minor 1=1, income_pending_count 0=0, income_pending_minor 0=0, \
                     spending_count 1=1, spending_minor 2700=2700, spending_pending_count 0=0, spending_pending_minor 0=0",
        },
        // Four rows added: the count of rows was mended, the sums were not.
        RealBill {
            file: "alipay/2021-05-25_a9e2f14a_example-alipay-records.csv",
            layout: Layout::Alipay,
            account: "faker@faker.com",
            months: vec![
                SEPTEMBER_2019,
                "2021-02 @3+1061 days 1 of 6-6 | spending 1x300000 | refunds 1x272542",
                "2020-11 @6+1861 days 1 of 1-1 | closed 1x8300",
            ],
            set_aside: refund_of_closed,
            findings: &[("outside_printed_period", 4)],
            totals: "rows 6=6, income_count 1=1, income_minor 1=1, income_pending_count 0=0, income_pending_minor 0=0, \
                     spending_count 1!3, spending_minor 2700!311000, spending_pending_count 0=0, spending_pending_minor 0=0",
        },
        // Twelve of 21 rows removed, counts overwritten with `x`, sums invented.
        RealBill {
            file: "alipay/2021-06-19_0204c4cf_example-alipay-records.csv",
            layout: Layout::Alipay,
            account: "abc@triplez.cn",
            months: vec!["2021-06 @1+350 days 2 of 1-19 | spending 1x651 | closed 1x10990", MAY_2021, JUNE_2020],
            set_aside: refund_of_closed,
            findings: &[("outside_printed_period", 3)],
            totals: "rows 21!9, income_count 0=0, income_minor 0=0, spending_count x!4, spending_minor 123456!28331, \
                     neutral_count x!5, neutral_minor 987654!17741",
        },
        // As before, four rows added.
        RealBill {
            file: "alipay/2021-12-14_320e8ffd_example-alipay-records.csv",
            layout: Layout::Alipay,
            account: "abc@triplez.cn",
            months: vec![JUNE_2021, MAY_2021, JUNE_2020, DECEMBER_2021],
            set_aside: refund_of_closed,
            findings: &[("outside_printed_period", 7)],
            totals: "rows 21!13, income_count 0!2, income_minor 0!5200, spending_count x!6, spending_minor 123456!32181, \
                     neutral_count x!5, neutral_minor 987654!17741",
        },
        // As before, two rows added.
        RealBill {
            file: "alipay/2021-12-15_ded9e2f3_example-alipay-records.csv",
            layout: Layout::Alipay,
            account: "abc@triplez.cn",
            months: vec![
                JUNE_2021,
                MAY_2021,
                JUNE_2020,
                DECEMBER_2021,
                "2021-09 @14+3643 days 1 of 29-29 | investments 2x302000",
            ],
            set_aside: refund_of_closed,
            findings: &[("outside_printed_period", 9)],
            totals: "rows 21!15, income_count 0!2, income_minor 0!5200, spending_count x!6, spending_minor 123456!32181, \
                     neutral_count x!7, neutral_minor 987654!319741",
        },
        // 61 of 66 rows removed and amounts changed; the one income and the two neutral rows were kept.
        RealBill {
            file: "alipay/2023-02-20_93f00597_example-alipay-records.csv",
            layout: Layout::Alipay,
            account: "xx@gmail.com",
            months: vec![
                "2023-02 @1+1355 days 4 of 2-13 | spending 1x2000 | refunds 1x1603 | transfers_out 1x4974 | investments 1x9934",
                "2023-01 @5+2489 days 1 of 18-18 | income 1x22222850",
            ],
            set_aside: &[],
            findings: &[("outside_printed_period", 4)],
            totals: "rows 66!5, income_count 1=1, income_minor 2850!22222850, spending_count 63!2, \
                     spending_minor 1654!6974, neutral_count 2=2, neutral_minor 1637!11537",
        },
    ];
    bills.iter().for_each(RealBill::check);
}

/// The first file has 43 rows by its own count, of which its author kept two and made the sums fit them: sums and counts
/// by direction agree. To the later ones rows were added without touching what is printed.
#[test]
fn real_wechat_bills_give_these_months_and_totals() {
    const ADDED: [&str; 8] = [
        "2019-09 @1+850 days 2 | spending 1x2816 | income 1x35",
        "2021-01 @3+1109 days 2 of 17-22 | spending 1x1200 | transfers_out 1x50000 | own_moves 1x200000",
        "2020-11 @5+1367 days 1 of 27-27 | income 1x2300",
        "2021-07 @7+1617 days 4 of 11-18 | own_moves 3x111010 | income 1x7 | fees 3x120",
        "2017-10 @10+2052 days 1 of 20-20 | repayments 1x54858",
        "2020-02 @11+2215 days 1 of 14-14 | own_moves 1x263478 | investments 2x1300000",
        "2020-07 @14+2702 days 1 of 6-6 | own_moves 1x550500",
        "2019-04 @15+2842 days 1 of 16-16 | own_moves 1x130000",
    ];
    const LATER: [&str; 2] = [
        "2021-10 @16+2981 days 1 of 19-19 | transfers_out 1x224346",
        "2021-12 @17+3136 days 1 of 15-15 | spending 2x2400",
    ];
    let bill = |file, months, findings, totals| RealBill {
        file,
        layout: Layout::Wechat,
        account: "wechat 测试",
        months,
        set_aside: &[],
        findings,
        totals,
    };
    let mut december_2021 = ADDED.to_vec();
    december_2021[3] = "2021-07 @7+1617 days 3 of 11-15 | own_moves 3x111010 | fees 3x120";
    december_2021.push("2021-12 @16+2981 days 1 of 15-15 | spending 2x2400");
    let march_2022 = [&ADDED[..], &LATER].concat();
    let later =
        ["2022-07 @20+3564 days 1 of 18-18 | income 1x7", "2022-09 @21+3762 days 1 of 24-24 | transfers_out 1x3699"];
    let bills = [
        bill(
            "wechat/2019-10-09_9b0a8060_example-wechat-records.csv",
            vec!["2019-09 @1+818 days 2 | spending 1x2816 | income 1x35"],
            &[],
            "rows 43!2, income_count 1=1, income_minor 35=35, spending_count 1=1, spending_minor 2816=2816, \
             neutral_count 0=0, neutral_minor 0=0",
        ),
        bill(
            "wechat/2021-05-20_d8a555cf_example-wechat-records.csv",
            ADDED[..3].to_vec(),
            &[("outside_printed_period", 4)],
            "rows 43!6, income_count 1!2, income_minor 35!2335, spending_count 1!3, spending_minor 2816!54016, \
             neutral_count 0!1, neutral_minor 0!200000",
        ),
        bill(
            "wechat/2021-12-15_4a98d180_example-wechat-records.csv",
            december_2021,
            &[("outside_printed_period", 15)],
            "rows 43!17, income_count 1!2, income_minor 35!2335, spending_count 1!5, spending_minor 2816!56416, \
             neutral_count 0!10, neutral_minor 0!2609966",
        ),
        bill(
            "wechat/2022-03-13_e2d6d8cd_example-wechat-records.csv",
            march_2022.clone(),
            &[("outside_printed_period", 17)],
            "rows 43!19, income_count 1!3, income_minor 35!2342, spending_count 1!6, spending_minor 2816!280762, \
             neutral_count 0!10, neutral_minor 0!2609966",
        ),
        bill(
            "wechat/2022-10-10_82eb5058_example-wechat-records.csv",
            [&march_2022[..], &later].concat(),
            &[("outside_printed_period", 19)],
            "rows 43!21, income_count 1!4, income_minor 35!2349, spending_count 1!7, spending_minor 2816!284461, \
             neutral_count 0!10, neutral_minor 0!2609966",
        ),
        // A spreadsheet that its author made: the bill of 2022 and six rows more, twice, in two sheets.
        RealBill {
            file: "wechat/2025-07-15_d77ee78c_example-wechat-records.xlsx",
            layout: Layout::Wechat,
            account: "wechat 测试",
            months: vec![
                "2019-09 @1+0 days 2 | spending 1x2816 | income 1x35",
                "2021-01 @3+0 days 2 of 17-22 | spending 1x1200 | transfers_out 1x50000 | own_moves 1x200000",
                "2020-11 @5+0 days 1 of 27-27 | income 1x2300",
                "2021-07 @7+0 days 4 of 11-18 | own_moves 3x111010 | income 1x7 | fees 3x120",
                "2017-10 @10+0 days 1 of 20-20 | repayments 1x54858",
                "2020-02 @11+0 days 1 of 14-14 | own_moves 2x263601 | investments 2x1300000",
                "2020-07 @15+0 days 1 of 6-6 | own_moves 1x550500",
                "2019-04 @16+0 days 1 of 16-16 | own_moves 1x130000",
                "2021-10 @17+0 days 1 of 19-19 | transfers_out 1x224346",
                "2021-12 @18+0 days 1 of 15-15 | spending 2x2400",
                "2022-07 @21+0 days 1 of 18-18 | income 1x7",
                "2022-09 @22+0 days 1 of 24-24 | transfers_out 1x3699",
                "2023-06 @23+0 days 1 of 23-23 | income 1x500",
                "2023-07 @24+0 days 1 of 9-9 | spending 2x5990",
                "2024-06 @26+0 days 1 of 7-7 | spending 2x2",
            ],
            set_aside: &[],
            findings: &[("kind_not_known", 1), ("outside_printed_period", 25), ("further_sheets", 1)],
            totals: "rows 43!27, income_count 1!5, income_minor 35!2849, spending_count 1!11, spending_minor 2816!290453, \
                     neutral_count 0!11, neutral_minor 0!2610089",
        },
    ];
    bills.iter().for_each(RealBill::check);
}

/// Both are as they were exported but for the numbers, and every total agrees: the platforms count JD's amounts without what
/// came back and orders on credit for nothing, Meituan's repayments as payments of no sum.
#[test]
fn real_bills_of_jd_and_meituan_give_these_months_and_totals() {
    let bills = [
        RealBill {
            file: "bnpl/example-jd-records.csv",
            layout: Layout::Jd,
            account: "jd jd_55370d18d5bb4",
            // 468.32 was paid, came back in two parts and is counted once, as closed.
            months: vec!["2024-12 @1+1309 days 13 | spending 16x227770 | refunds 4x62927 | closed 1x46832"],
            set_aside: &[("awaiting_payment", 2), ("refund_of_closed", 2), ("zero_amount", 1)],
            findings: &[],
            totals: "rows 26=26, income_count 0=0, income_minor 0=0, spending_count 16=16, spending_minor 164843=164843, \
                     neutral_count 10=10, neutral_minor 109759=109759",
        },
        RealBill {
            file: "bnpl/example-mt-records.csv",
            layout: Layout::Meituan,
            account: "meituan SJT714453696",
            months: vec![
                "2025-02 @1+959 days 9 | spending 22x117568 | refunds 6x20973 | repayments 1x4812 | deferred 4x6931",
            ],
            set_aside: &[],
            findings: &[],
            totals: "rows 29=29, income_count 6=6, income_minor 20973=20973, spending_count 23=23, \
                     spending_minor 117568=117568, neutral_count 0=0, neutral_minor 0=0",
        },
    ];
    bills.iter().for_each(RealBill::check);
}

/// Each real file is recognised as what it is, and as nothing else.
#[test]
fn each_real_file_is_recognised_by_its_content_alone() {
    let spreadsheet = "wechat/2025-07-15_d77ee78c_example-wechat-records.xlsx";
    for (file, name, reason) in [
        (
            "alipay/2019-10-09_457b2411_example-alipay-records.csv",
            "alipay",
            "`支付宝交易记录明细查询`, and a heading row with",
        ),
        (
            "alipay/2021-06-19_0204c4cf_example-alipay-records.csv",
            "alipay",
            "`支付宝（中国）网络技术有限公司`, and a heading row with",
        ),
        (
            "alipay/2023-02-20_93f00597_example-alipay-records.csv",
            "alipay",
            "`支付宝（中国）网络技术有限公司`, and a heading row with",
        ),
        (
            "wechat/2022-10-10_82eb5058_example-wechat-records.csv",
            "wechat",
            "`微信支付账单明细`, and a heading row with",
        ),
        (spreadsheet, "wechat", "`微信支付账单明细`, and a heading row with"),
        ("bnpl/example-jd-records.csv", "jd", "`京东账号名`, and a heading row with"),
        ("bnpl/example-mt-records.csv", "meituan", "`美团交易账单明细`, and a heading row with"),
    ] {
        let Some(bill) = shared_bill(file) else { return };
        let by_file = recognised(&bill, Head::File);
        let by_head = recognised(&bill[..bill.len().min(65_536)], Head::Bytes);
        let (found, not_found) = if file == spreadsheet { (by_file, by_head) } else { (by_head, by_file) };
        assert_eq!(not_found, [], "{file}");
        let [(found_name, found_reason)] = &found[..] else { panic!("{file}: {found:?}") };
        assert!(*found_name == name && found_reason.starts_with(reason), "{file}: {found:?}");
    }
}

#[test]
fn a_real_file_of_another_kind_is_refused_and_says_why() {
    let no_status = "`heading row`: expected `交易状态`, found a heading row without";
    let no_amount = "`heading row`: expected `金额(元)`, `当前状态`, found a heading row without";
    let no_time = "`heading row`: expected `交易时间`, `当前状态`, found a heading row without";
    let no_merchant = "`heading row`: expected `商户名称`, `交易说明`, found a heading row without";
    let no_paid_amount = "`heading row`: expected `交易创建时间`, `实付金额`, `订单标题`, found a heading row without";
    let none = "`heading row`: expected a heading row with `交易时间` or `交易创建时间`, `收/支`";
    let no_counterparty = "`heading row`: expected `交易对方`, found a heading row without";
    for (file, layout, error) in [
        ("wechat/2025-07-15_d77ee78c_example-wechat-records.xlsx", Layout::Alipay, no_status),
        ("wechat/2019-10-09_9b0a8060_example-wechat-records.csv", Layout::Alipay, no_status),
        ("wechat/2022-10-10_82eb5058_example-wechat-records.csv", Layout::Alipay, no_status),
        ("alipay/2019-10-09_457b2411_example-alipay-records.csv", Layout::Wechat, no_time),
        ("alipay/2021-06-19_0204c4cf_example-alipay-records.csv", Layout::Wechat, no_amount),
        ("alipay/2023-02-20_93f00597_example-alipay-records.csv", Layout::Wechat, no_amount),
        ("bnpl/example-jd-records.csv", Layout::Alipay, no_counterparty),
        ("bnpl/example-mt-records.csv", Layout::Alipay, none),
        ("alipay/2023-02-20_93f00597_example-alipay-records.csv", Layout::Jd, no_merchant),
        ("wechat/2022-10-10_82eb5058_example-wechat-records.csv", Layout::Meituan, no_paid_amount),
    ] {
        let Some(bill) = shared_bill(file) else { return };
        assert!(refused(&layout, &bill).contains(error), "{file}: {}", refused(&layout, &bill));
    }
}
