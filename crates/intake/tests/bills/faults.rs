//! Rows and files at fault, and what must hold of any bill.

use encoding_rs::GB18030;
use proptest::prelude::*;
use tallystick_intake::RejectCode;

use super::*;

fn gb18030(text: &str) -> Vec<u8> {
    GB18030.encode(text).0.into_owned()
}

/// Rows with one fault each: what stands in the row, and the field, code and texts of the reject.
#[test]
fn a_row_at_fault_is_refused_with_code_record_offset_and_field() {
    let good = app_row("餐饮美食 | 午饭 | 支出 | 余额 | 交易成功");
    let list = "`支出`, `收入`, `不计收支`, `其他`, blank";
    let faults = [
        (",10.00,", ",1O.00,", "金额", RejectCode::NotAnAmount, "an amount of yuan", "5 characters"),
        (",10.00,", ",1.2.3,", "金额", RejectCode::NotAnAmount, "an amount of yuan", "`1.2.3`"),
        (",10.00,", ",10.005,", "金额", RejectCode::NotAnAmount, "an amount of yuan", "`10.005`"),
        (",10.00,", ",-10.00,", "金额", RejectCode::OutOfRange, "an amount of zero or more", "`-10.00`"),
        (",10.00,", ",,", "金额", RejectCode::Required, "an amount of yuan", "blank"),
        (
            "2024-03-05",
            "2024-02-30",
            "交易时间",
            RejectCode::NotADate,
            "`YYYY-MM-DD hh:mm:ss` or `YYYY/M/D h:mm`",
            "19 characters",
        ),
        (
            "2024-03-05 10:00:00",
            " ",
            "交易时间",
            RejectCode::Required,
            "`YYYY-MM-DD hh:mm:ss` or `YYYY/M/D h:mm`",
            "blank",
        ),
        (",支出,", ",张三,", "收/支", RejectCode::UnknownCode, list, "6 bytes beyond ASCII"),
        (",交易成功,", ",李四,", "交易状态", RejectCode::UnknownCode, "a known status", "6 bytes beyond ASCII"),
        // One value short: the last column takes the blank one behind it, and the values from there on have slipped.
        (",余额,", ",", "交易状态", RejectCode::UnknownCode, "a known status", "4 digits"),
        (",余额,交易成功", "", "row", RejectCode::ColumnCount, "12 columns", "11 columns"),
    ];
    for (from, to, field, code, expected, found) in faults {
        let bad = good.replacen(from, to, 1);
        let head = format!("{APP}{good}");
        let before = match field {
            "row" => String::new(),
            _ => bad
                .split(',')
                .take(APP.split(',').position(|name| name.trim() == field).unwrap())
                .map(|cell| format!("{cell},"))
                .collect(),
        };
        for encode in [gb18030, |text: &str| text.as_bytes().to_vec()] {
            let (summary, taken) = accepted(&Layout::Alipay, &encode(&format!("{head}{bad}{good}")));
            assert_eq!((summary.records, summary.rejects), (3, 1), "{to}");
            assert_accounted(&summary, &taken);
            let Reject { place, .. } = &taken.rejects[0];
            assert_eq!((taken.rejects[0].code, place.record), (code, 2), "{to}");
            assert_eq!(place.byte, (encode(&head).len() + encode(&before).len()) as u64, "{to}");
            let message = format!("{code} record 2 byte {} `{field}`: expected {expected}, found {found}", place.byte);
            assert_eq!(taken.rejects[0].to_string(), message);
        }
    }
}

#[test]
fn a_malformed_byte_refuses_its_row_and_outside_the_rows_the_file() {
    let row = app_row("餐饮美食 | 午饭 | 支出 | 余额 | 交易成功");
    let mut bill = gb18030(&format!("{APP}{row}{row}------\n共2笔记录\n"));
    let at = gb18030(&format!("{APP}{row}2024-03-05 10:00:00,")).len();
    bill[at] = 0xff;
    let (summary, taken) = accepted(&Layout::Alipay, &bill);
    assert_eq!(
        taken.rejects[0].to_string(),
        format!("R003 record 2 byte {at} `row`: expected GB18030 text, found a malformed byte")
    );
    assert_eq!((summary.rejects, totals(&summary).as_str()), (1, "rows 2=2"));
    assert!(summary.control_totals_bind);
    let end = bill.len() - 3;
    bill[end] = 0xff;
    assert!(read(&Layout::Alipay, &bill).0.unwrap_err().to_string().contains("`text`: expected GB18030 text"));
}

#[test]
fn the_heading_row_is_found_wherever_it_stands_and_in_any_column_order() {
    let bill = format!(
        "{}交易状态,收/支,金额,备注,交易时间,交易对方,,\n交易成功,支出,10,,2024/3/5 9:05,私密人,,\n",
        "注\n".repeat(99)
    );
    let (summary, taken) = accepted(&Layout::Alipay, bill.as_bytes());
    assert_eq!(shown(&taken)[0].split(" | ").nth(1), Some("spending 1x1000"));
    assert!(summary.control_totals.is_empty() && !summary.control_totals_bind, "it prints none");
    let late = format!("注\n{bill}");
    let expected = "byte 0 `heading row`: expected a heading row with `交易时间` or `交易创建时间`, `收/支`, `金额` or `金额(元)`, \
                    `交易状态`, `交易对方` within 100 lines, found none in the file's UTF-8 text";
    assert_eq!(refused(&Layout::Alipay, late.as_bytes()), expected);
    assert!(refused(&Layout::Wechat, b"").starts_with("byte 0 `heading row`"));
    let twice = APP.replace("商品说明", "金额(元)");
    assert!(refused(&Layout::Alipay, twice.as_bytes()).contains("expected one column `金额` or `金额(元)`, found two"));
}

#[test]
fn nothing_after_the_table_or_a_blank_line_is_lost() {
    let row = wechat_row("商户消费 | 支出 | 零钱 | 支付成功 | /");
    let bill = format!("{WECHAT}{row},,,,,,,,,,\n\n{row}支出：2笔 20.00元,,,,\n{WECHAT}{row}");
    let (summary, taken) = accepted(&Layout::Wechat, bill.as_bytes());
    assert_eq!((summary.records, totals(&summary).as_str()), (4, "spending_count 2=2, spending_minor 2000=2000"));
    let codes: Vec<_> = taken.rejects.iter().map(|reject| (reject.code, reject.place.record)).collect();
    assert_eq!(codes, [(RejectCode::MisplacedRecord, 3), (RejectCode::MisplacedRecord, 4)]);
    assert_accounted(&summary, &taken);
}

#[test]
fn the_same_rows_give_the_same_profiles_in_every_encoding_line_end_and_spelling() {
    let rows =
        ["餐饮美食 | 午饭 | 支出 | 花呗 | 交易成功", "转账红包 | 转账 | 收入 | 余额 | 交易成功"].map(app_row).concat();
    let bill = format!("支付宝账户：某人\n{APP}{rows}");
    let what = |bill: &[u8]| {
        let (summary, taken) = accepted(&Layout::Alipay, bill);
        (summary, taken.records.into_iter().map(|record| (record.place.record, record.statements)).collect::<Vec<_>>())
    };
    let expected = what(bill.as_bytes());
    assert_eq!(expected.1.len(), 1);
    for other in [
        gb18030(&bill),
        format!("\u{feff}{bill}").into_bytes(),
        gb18030(&bill.replace('\n', "\r\n")),
        bill.replace("2024-03-05 10:00:00", "2024/3/5 9:05").into_bytes(),
        bill.replace(",10.00,", ",\"￥10\",").into_bytes(),
        bill.replace("午饭", "\"午,饭\"").into_bytes(),
        bill.replace("午饭", "\"午饭").into_bytes(),
    ] {
        assert_eq!(what(&other), expected, "{}", String::from_utf8_lossy(&other));
    }
}

#[test]
fn flows_whose_category_is_not_admitted_go_no_further() {
    let rows = [
        "餐饮美食 | 饭 | 支出 |  | 交易成功",
        "收入 | 工资 | 收入 |  | 交易成功",
        "投资理财 | 基金-买入 | 其他 |  | 交易成功",
    ];
    let bill = format!("{APP}{}", rows.map(app_row).concat());
    let with = |admitted: &[DataCategory]| {
        let mut taken = Taken::default();
        let context = context(admitted.iter().copied().collect());
        let summary = read_delivery(&Layout::Alipay, &mut bill.as_bytes(), &context, &mut taken).unwrap();
        let profiles: Vec<_> =
            months(&taken).into_iter().map(|(.., profile)| (profile.income, profile.investments)).collect();
        (profiles, taken.not_admitted.clone(), summary.set_aside)
    };
    let aside = |reasons: &[&str]| reasons.iter().map(|reason| ((*reason).to_owned(), 1)).collect::<Vec<_>>();
    let one = Some(Flow { count: 1, minor: 1000 });
    use DataCategory::{Income, Payments, Securities};
    assert_eq!(with(&[Payments, Income, Securities]), (vec![(one, one)], vec![], vec![]));
    assert_eq!(with(&[Payments, Securities]), (vec![(None, one)], vec![(Income, 1)], aside(&["income_not_admitted"])));
    assert_eq!(
        with(&[Payments, Income]),
        (vec![(one, None)], vec![(Securities, 1)], aside(&["securities_not_admitted"]))
    );
    let none = aside(&["income_not_admitted", "payments_not_admitted", "securities_not_admitted"]);
    assert_eq!(with(&[]), (vec![], vec![(Payments, 1), (Income, 1), (Securities, 1)], none));
    assert_eq!(with(&[Income, Securities]).0, []);
}

#[test]
fn the_subject_is_asked_for_and_a_sink_can_stop() {
    let bill = format!("{APP}{}", app_row("餐饮美食 | 午饭 | 支出 | 余额 | 交易成功"));
    let nobody = ReadContext { subject: None, ..context(CategorySet::all()) };
    let summary = read_delivery(&Layout::Alipay, &mut bill.as_bytes(), &nobody, &mut Taken::default());
    assert!(matches!(summary, Err(Refused::SubjectNeeded)));
    for patience in 0..3 {
        let mut taken = Taken { patience: Some(patience), ..Taken::default() };
        let summary = read_delivery(&Layout::Alipay, &mut bill.as_bytes(), &context(CategorySet::all()), &mut taken);
        assert_eq!(matches!(summary, Err(Refused::Stopped)), patience < 2, "{patience}");
    }
    assert_eq!(
        PaymentPlatform::ALL.map(|platform| platform.layout().name()),
        ["alipay 1", "wechat 1", "jd 1", "meituan 1"]
    );
    assert_eq!(Layout::Alipay.categories(), Layout::Wechat.categories());
}

fn bills() -> Vec<(Layout, Vec<u8>)> {
    let app: String = ["餐饮美食 | 私密物 | 支出 | 余额 | 交易成功", "退款 | 退款-私密物 | 不计收支 | 余额 | 退款成功"]
        .map(app_row)
        .concat();
    let web: String =
        ["即时到账交易 | 私密物 | 支出 | 已支出 | 交易成功", "支付宝担保交易 | 私密物 | 支出 |  | 交易关闭"]
            .map(web_row)
            .concat();
    let wechat: String =
        ["转账 | 支出 | 零钱 | 已退款(￥4.00) | 私密", "零钱提现 | / | 私密行 | 提现已到账 | 服务费¥0.10"]
            .map(wechat_row)
            .concat();
    let app = format!("姓名：私密人\n支付宝账户：私密人\n共2笔记录\n{APP}{app}");
    let web = format!("账号:[私密人]\n{WEB}{web}--------\n已支出:1笔,10元\n导出时间:[x]    用户:私密人\n");
    let wechat = format!("微信昵称：[私密人],,\n{WECHAT}{wechat}");
    let jd: String = [
        jd_row("食品酒饮 | 私密物 | 支出 | 白条 | 交易成功", "10.00(已退款4.00)"),
        jd_row("网购 | 退款-私密物 | 不计收支 | 白条 | 退款成功", "4.00"),
    ]
    .concat();
    let jd = format!("京东账号名：私密人\n日期区间：2024-03-01 至 2024-03-20\n{JD}{jd}");
    let meituan: String =
        ["支付 | 私密物 | 支出 | 美团月付 | 9001", "还款 | 私密 | 支出 | 私密行 | 9001"].map(meituan_row).concat();
    let meituan = format!("美团用户名：[私密人]\n{MEITUAN}{meituan}");
    let utf8 = [
        (Layout::Alipay, app),
        (Layout::Alipay, web),
        (Layout::Wechat, wechat),
        (Layout::Jd, jd),
        (Layout::Meituan, meituan),
    ];
    utf8.into_iter()
        // With a letter, so that no number is taken for an amount where columns have slipped.
        .map(|(layout, bill)| (layout, bill.replace("9001", "9001N")))
        .flat_map(|(layout, bill)| [(layout.clone(), gb18030(&bill)), (layout, bill.into_bytes())])
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// However a bill is cut and overwritten: no panic, each row accounted for, offsets inside the file, nothing told.
    #[test]
    fn a_mutated_bill_is_accounted_for_and_tells_nothing(
        which in 0..10_usize,
        anywhere in prop::bool::weighted(0.2),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..9_usize, 0..12_usize), 0..12),
    ) {
        let (layout, mut bill) = bills().swap_remove(which);
        let pieces: [&[u8]; 9] = [b",", b"\"", b"\n", b"\r\n", b"-", b"9", b" ", &[0xff], b",\"\","];
        let rows = bill.windows(10).position(|bytes| bytes == b"2024-03-05").unwrap();
        let from = if anywhere { 0 } else { rows };
        for (at, piece, removed) in changes {
            let at = from + at.index(bill.len() + 1 - from);
            let end = (at + removed.saturating_sub(6)).min(bill.len());
            bill.splice(at..end, pieces[piece].iter().copied());
        }
        let (summary, taken) = read(&layout, &bill);
        let told: String = taken.rejects.iter().map(Reject::to_string).collect();
        let told = format!("{told} {summary:?} {taken:?}");
        prop_assert!(!told.contains("私密") && !told.contains("9001N") && !told.contains("x.cn"), "{}", told);
        prop_assert!(taken.rejects.iter().all(|reject| reject.place.byte <= bill.len() as u64));
        if let Ok(summary) = summary {
            assert_accounted(&summary, &taken);
        }
    }
}
