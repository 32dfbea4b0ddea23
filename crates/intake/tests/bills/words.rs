//! What each platform's words mean, one row a case.

use super::*;

/// What becomes of a bill's one row: its flows, the reason it is set aside for, or the reject's code.
fn outcome(layout: &Layout, bill: &str) -> String {
    let (summary, taken) = accepted(layout, bill.as_bytes());
    assert_eq!(summary.records, 1, "{bill}");
    assert_accounted(&summary, &taken);
    let month = shown(&taken).first().map(|line| line.split(" | ").skip(1).collect::<Vec<_>>().join(" | "));
    let set_aside = summary.set_aside.first().map(|(reason, _)| reason.clone());
    let reject = taken.rejects.first().map(|reject| reject.code.to_string());
    month.or(set_aside).or(reject).unwrap()
}

#[test]
fn the_words_of_the_alipay_app_mean() {
    for (row, expected) in [
        ("餐饮美食 | 午饭 | 支出 | 余额 | 交易成功", "spending 1x1000"),
        ("日用百货 | 杯子 | 支出 | 余额宝 | 等待确认收货", "spending 1x1000"),
        ("日用百货 | 杯子 | 支出 | 花呗&红包 | 支付成功", "spending 1x1000 | deferred 1x1000"),
        ("日用百货 | 杯子 | 支出 | 先享后付 | 交易成功", "spending 1x1000 | deferred 1x1000"),
        ("日用百货 | 杯子 | 支出 | 某行信用卡(1234) | 交易成功", "spending 1x1000"),
        ("充值缴费 | 话费充值 | 支出 | 余额 | 交易成功", "spending 1x1000"),
        ("退款 | 退款-杯子 | 不计收支 | 余额 | 退款成功", "refunds 1x1000"),
        ("退款 | 退款-杯子 | 收入 | 余额 | 交易成功", "refunds 1x1000"),
        ("转账红包 | 还款给你 | 支出 | 余额 | 交易成功", "transfers_out 1x1000"),
        ("亲友代付 | 亲情卡 | 支出 | 余额 | 交易成功", "transfers_out 1x1000"),
        ("转账红包 | 转账 | 收入 | 余额 | 交易成功", "income 1x1000"),
        ("收入 | 商品 | 收入 |  | 交易成功", "income 1x1000"),
        ("信用借还 | 花呗主动还款-2024年02月账单 | 不计收支 | 余额 | 还款成功", "repayments 1x1000"),
        ("信用借还 | 借呗还款 | 支出 | 余额 | 交易成功", "repayments 1x1000"),
        ("其他 | 信用卡还款 | 其他 | 余额 | 交易成功", "repayments 1x1000"),
        ("信用借还 | 花呗主动还款 | 不计收支 |  | 还款失败", "closed 1x1000"),
        ("日用百货 | 杯子 | 不计收支 |  | 交易关闭", "closed 1x1000"),
        ("账户存取 | 提现-实时提现 | 不计收支 | 余额 | 提现成功", "own_moves 1x1000"),
        ("账户存取 | 充值-普通充值 | 其他 | 某行 | 交易成功", "own_moves 1x1000"),
        ("投资理财 | 余额宝-单次转入 | 不计收支 | 余额 | 交易成功", "own_moves 1x1000"),
        ("投资理财 | 余额宝-转出到余额 | 不计收支 | 余额宝 | 交易成功", "own_moves 1x1000"),
        ("投资理财 | 余额宝-2024.03.04-收益发放 | 不计收支 | 余额宝 | 交易成功", "investments 1x1000"),
        ("投资理财 | 蚂蚁财富-某基金-卖出至余额宝 | 不计收支 | 余额宝 | 交易成功", "investments 1x1000"),
        ("投资理财 | 某黄金-买入 | 其他 |  | 交易成功", "investments 1x1000"),
        ("其他 | 分期账单 | 支出 | 余额 | 还款成功", "repayments 1x1000"),
        ("账户存取 | 转账 | 不计收支 | 余额 | 交易成功", "own_moves 1x1000"),
        ("其他 | 某贷 | 收入 | 余额 | 放款成功", "loan_received"),
        ("信用借还 | 借款 | 收入 | 余额 | 交易成功", "loan_received"),
        ("其他 | 花呗还款 | 支出 | 余额 | 交易成功", "repayments 1x1000"),
        ("其他 | 网商贷放款 | 收入 | 余额 | 交易成功", "loan_received"),
        ("信用借还 | 借呗放款 | 不计收支 | 余额 | 放款成功", "loan_received"),
        ("信用借还 | 免押 | 不计收支 |  | 芝麻免押下单成功", "deposit_hold"),
        ("信用借还 | 免押 | 不计收支 |  | 解冻成功", "deposit_hold"),
        ("日用百货 | 杯子 | 支出 |  | 等待付款", "awaiting_payment"),
        ("转账红包 | 转账 | 不计收支 | 余额 | 交易成功", "neutral_other"),
        ("餐饮美食 | 午饭 | 支出 | 余额 | 交易大概成功", "R009"),
        ("餐饮美食 | 午饭 | 支出 | 余额 | ", "R004"),
        ("餐饮美食 | 午饭 | 花出 | 余额 | 交易成功", "R009"),
    ] {
        assert_eq!(outcome(&Layout::Alipay, &format!("{APP}{}", app_row(row))), expected, "{row}");
    }
    let free = app_row("餐饮美食 | 午饭 | 支出 | 余额 | 交易成功").replace("10.00", "0.00");
    assert_eq!(outcome(&Layout::Alipay, &format!("{APP}{free}")), "zero_amount");
}

#[test]
fn the_words_of_the_alipay_web_export_mean() {
    for (row, expected) in [
        ("即时到账交易 | 午饭 | 支出 | 已支出 | 交易成功", "spending 1x1000 | fees 1x10"),
        ("即时到账交易 | 转账 | 支出 | 已支出 | 交易成功", "transfers_out 1x1000 | fees 1x10"),
        ("即时到账交易 | 亲情卡 | 支出 | 已支出 | 交易成功", "transfers_out 1x1000 | fees 1x10"),
        ("即时到账交易 | 蚂蚁财富-某基金-买入 | 支出 | 已支出 | 交易成功", "investments 1x1000 | fees 1x10"),
        ("支付宝担保交易 | 转账 | 支出 | 已支出 | 交易成功", "spending 1x1000 | fees 1x10"),
        ("即时到账交易 | 余额宝-2024.03.04-收益发放 | 收入 | 已收入 | 交易成功", "investments 1x1000 | fees 1x10"),
        ("即时到账交易 | 提现 |  |  | 交易成功", "own_moves 1x1000 | fees 1x10"),
        ("即时到账交易 | 信用卡还款 |  |  | 交易成功", "repayments 1x1000 | fees 1x10"),
        ("即时到账交易 | 退款-杯子 |  | 已收入 | 退款成功", "refunds 1x1000"),
        ("支付宝担保交易 | 杯子 | 支出 |  | 交易关闭", "closed 1x1000"),
    ] {
        assert_eq!(outcome(&Layout::Alipay, &format!("{WEB}{}", web_row(row))), expected, "{row}");
    }
    let fund = web_row("即时到账交易 | 某产品 |  |  | 交易成功").replace("私密人", "某基金管理有限公司");
    assert_eq!(outcome(&Layout::Alipay, &format!("{WEB}{fund}")), "investments 1x1000 | fees 1x10");
    let fee = web_row("即时到账交易 | 午饭 | 支出 | 已支出 | 交易成功").replace(",0.10,", ",gratis,");
    assert_eq!(outcome(&Layout::Alipay, &format!("{WEB}{fee}")), "R006");
    let pending = web_row("支付宝担保交易 | 杯子 | 支出 | 待支出 | 等待确认收货");
    let bill = format!("{WEB}{pending}已支出:0笔,0元\n待支出:1笔,10.00元\n");
    let (summary, _) = accepted(&Layout::Alipay, bill.as_bytes());
    assert_eq!(
        totals(&summary),
        "spending_count 0=0, spending_minor 0=0, spending_pending_count 1=1, spending_pending_minor 1000=1000"
    );
}

#[test]
fn the_words_of_wechat_mean() {
    for (row, expected) in [
        ("商户消费 | 支出 | 零钱 | 支付成功 | /", "spending 1x1000"),
        ("扫二维码付款 | 支出 | 零钱通 | 已转账 | /", "spending 1x1000"),
        ("商户消费 | 支出 | 分付 | 支付成功 | /", "spending 1x1000 | deferred 1x1000"),
        ("商户消费 | 支出 | 零钱 | 已退款(￥4.00) | /", "spending 1x1000"),
        ("商户消费 | 支出 | 零钱 | 已全额退款 | /", "spending 1x1000"),
        ("某店-退款 | 收入 | 零钱 | 已全额退款 | /", "refunds 1x1000"),
        ("退款 | 收入 | 零钱 | 已退款￥10.00 | /", "refunds 1x1000"),
        ("转账 | 支出 | 零钱 | 朋友已收钱 | /", "transfers_out 1x1000"),
        ("微信红包（单发） | 支出 | 零钱 | 已退款(￥4.00) | /", "transfers_out 1x600"),
        ("微信红包（群红包） | 支出 | 零钱 | 已退款(￥10.00) | /", "closed 1x1000"),
        ("转账 | 支出 | 零钱 | 对方已退还 | /", "closed 1x1000"),
        ("转账-退款 | 收入 | / | 已全额退款 | /", "transfer_returned"),
        ("亲属卡交易 | 支出 | 零钱通 | 支付成功 | 服务费¥0.10", "transfers_out 1x990 | fees 1x10"),
        ("二维码收款 | 收入 | 零钱 | 已收钱 | /", "income 1x1000"),
        ("微信红包 | 收入 | / | 已存入零钱 | /", "income 1x1000"),
        ("信用卡还款 | / | 零钱 | 支付成功 | 服务费¥0.10", "repayments 1x990 | fees 1x10"),
        ("微粒贷还款 | / | 零钱 | 支付成功 | /", "repayments 1x1000"),
        ("分付还款 | 支出 | 零钱 | 支付成功 | /", "repayments 1x1000"),
        ("微粒贷借款 | 收入 | / | 已到账 | /", "loan_received"),
        ("信用卡还款-退款 | / | 零钱 | 退款成功 | /", "move_returned"),
        ("信用卡还款 | / | 零钱 | 已全额退款 | /", "closed 1x1000"),
        ("零钱提现-退款 | / | 某行 | 退款成功 | /", "move_returned"),
        ("零钱提现 | / | 某行 | 已退还 | /", "closed 1x1000"),
        ("购买理财通-退款 | / | 某行 | 退款成功 | /", "move_returned"),
        ("购买理财通 | / | 某行 | 已全额退款 | /", "closed 1x1000"),
        ("某店-退款 | / | 零钱 | 支付成功 | /", "refunds 1x1000"),
        ("其他 | 收入 | 零钱 | 退款成功 | /", "refunds 1x1000"),
        ("商户消费 | 收入 | 零钱 | 已退款￥4.00 | /", "refunds 1x1000"),
        ("转账 | 收入 | / | 已退还 | /", "closed 1x1000"),
        ("零钱提现 | / | 某行 | 提现已到账 | 服务费¥0.10", "own_moves 1x990 | fees 1x10"),
        ("零钱提现 | / | 某行 | 提现失败，已退回零钱 | 服务费¥0.10", "closed 1x1000"),
        ("零钱提现 | / | 某行 | 提现已到账 | 服务费¥10.01", "R014"),
        ("零钱提现 | / | 某行 | 提现已到账 | 说好的服务费¥0.10", "own_moves 1x1000"),
        ("转入零钱通-来自某行(1) | / | 某行 | 支付成功 | /", "own_moves 1x1000"),
        ("零钱通转出-到零钱 | / | 零钱通 | 支付成功 | /", "own_moves 1x1000"),
        ("零钱充值 | 中性交易 | 某行 | 充值完成 | /", "own_moves 1x1000"),
        ("购买理财通 | / | 某行 | 支付成功 | /", "investments 1x1000"),
        ("其他 | / | 零钱 | 支付成功 | /", "neutral_other"),
        ("转账 | 支出 | 零钱 | 待朋友收钱 | /", "awaiting_payment"),
        ("商户消费 | 支出 | 零钱 | 已退款(很多) | /", "R009"),
        ("商户消费 |  | 零钱 | 支付成功 | /", "R004"),
    ] {
        assert_eq!(outcome(&Layout::Wechat, &format!("{WECHAT}{}", wechat_row(row))), expected, "{row}");
    }
    // The variant without a yuan sign.
    let bare = wechat_row("商户消费 | 支出 | 零钱 | 支付成功 | /").replace('¥', "");
    assert_eq!(outcome(&Layout::Wechat, &format!("{WECHAT}{bare}")), "spending 1x1000");
}

#[test]
fn the_words_of_jd_mean() {
    let jd = |fields: &str, amount: &str| outcome(&Layout::Jd, &format!("{JD}{}", jd_row(fields, amount)));
    for (row, expected) in [
        ("食品酒饮 | 橘子 | 支出 | 某行信用卡(1) | 交易成功", "spending 1x1000"),
        ("食品酒饮 | 橘子 | 支出 | 白条 | 交易成功", "spending 1x1000 | deferred 1x1000"),
        ("网购 | 橘子 | 支出 | 先享后付 | 交易成功", "spending 1x1000 | deferred 1x1000"),
        // Ordered, and paid by a row of its own once the goods are kept.
        ("先享后付 | 橘子 | 不计收支 | 先享后付 | 交易成功", "awaiting_payment"),
        ("网购 | 退款-橘子 | 不计收支 | 某行信用卡(1) | 退款成功", "refunds 1x1000"),
        ("网购 | 退款-橘子 | 收入 | 钱包余额 | 交易成功", "refunds 1x1000"),
        ("食品酒饮 | 橘子 | 不计收支 | 白条 | 交易关闭", "closed 1x1000"),
        ("白条 | 白条主动还款 | 支出 | 某行储蓄卡(1) | 还款成功", "repayments 1x1000"),
        ("白条 | 京东白条还款 | 不计收支 | 某行储蓄卡(1) | 交易成功", "repayments 1x1000"),
        ("金融 | 金条借款 | 收入 | 某行储蓄卡(1) | 交易成功", "loan_received"),
        ("小金库 | 小金库收益 | 收入 | 小金库 | 交易成功", "investments 1x1000"),
        ("小金库 | 转入小金库 | 不计收支 | 某行储蓄卡(1) | 交易成功", "own_moves 1x1000"),
        ("其他 | 钱包提现 | 不计收支 | 钱包余额 | 提现成功", "own_moves 1x1000"),
        ("转账红包 | 转账 | 支出 | 钱包余额 | 交易成功", "transfers_out 1x1000"),
        ("其他 | 奖励 | 收入 | 钱包余额 | 交易成功", "income 1x1000"),
        ("其他 | 别的 | 不计收支 | 钱包余额 | 交易成功", "neutral_other"),
        ("食品酒饮 | 橘子 | 支出 | 白条 | 等待付款", "awaiting_payment"),
        ("食品酒饮 | 橘子 | 支出 | 白条 | 大概成功", "R009"),
    ] {
        assert_eq!(jd(row, "10.00"), expected, "{row}");
    }
    let paid = "食品酒饮 | 橘子 | 支出 | 白条 | 交易成功";
    for (amount, expected) in [
        ("131.77(已退款89.84)", "spending 1x13177 | deferred 1x13177"),
        ("131.77(已全额退款)", "closed 1x13177"),
        ("131.77(已退款131.77)", "closed 1x13177"),
        ("131.77(别的)", "R006"),
        ("0.00", "zero_amount"),
    ] {
        assert_eq!(jd(paid, amount), expected, "{amount}");
    }
}

#[test]
fn jds_totals_are_without_what_came_back_and_without_orders_on_credit() {
    let rows = [
        jd_row("食品酒饮 | 橘子 | 支出 | 白条 | 交易成功", "10.00(已退款4.00)"),
        jd_row("网购 | 退款-橘子 | 不计收支 | 白条 | 退款成功", "4.00"),
        jd_row("食品酒饮 | 橘子 | 不计收支 | 白条 | 交易成功", "7.00(已全额退款)").replace("9001", "9002"),
        jd_row("网购 | 退款-橘子 | 不计收支 | 白条 | 退款成功", "7.00").replace("9001", "9002"),
        jd_row("先享后付 | 橘子 | 不计收支 | 先享后付 | 交易成功", "5.00"),
    ];
    let bill = format!("共：5笔记录\n支出：1笔(含1笔部分退款)，6.00元\n不计收支：4笔，11.00元\n{JD}{}", rows.concat());
    let (summary, taken) = accepted(&Layout::Jd, bill.as_bytes());
    assert_eq!(
        totals(&summary),
        "rows 5=5, spending_count 1=1, spending_minor 600=600, neutral_count 4=4, neutral_minor 1100=1100"
    );
    let month = shown(&taken)[0].split(" | ").skip(1).collect::<Vec<_>>().join(" | ");
    assert_eq!(month, "spending 1x1000 | refunds 1x400 | closed 1x700 | deferred 1x1000");
    assert_eq!(summary.set_aside, [("awaiting_payment".to_owned(), 1), ("refund_of_closed".to_owned(), 1)]);
    assert_accounted(&summary, &taken);
}

/// Where numbers repeat, a refund that is just what came back of a kept payment does not give back a closed one.
#[test]
fn a_refund_of_a_kept_payment_is_not_taken_for_one_of_a_closed_payment() {
    let rows = [
        jd_row("网购 | 退款-橘子 | 不计收支 | 白条 | 退款成功", "4.00"),
        jd_row("网购 | 退款-橘子 | 不计收支 | 白条 | 退款成功", "7.00"),
        jd_row("食品酒饮 | 橘子 | 支出 | 余额 | 交易成功", "10.00(已退款4.00)"),
        jd_row("食品酒饮 | 橘子 | 不计收支 | 余额 | 交易成功", "7.00(已全额退款)"),
    ];
    let (summary, taken) = accepted(&Layout::Jd, format!("{JD}{}", rows.concat()).as_bytes());
    let month = shown(&taken)[0].split(" | ").skip(1).collect::<Vec<_>>().join(" | ");
    assert_eq!(month, "spending 1x1000 | refunds 1x400 | closed 1x700");
    assert_eq!(summary.set_aside, [("refund_of_closed".to_owned(), 1)]);
}

#[test]
fn the_words_of_meituan_mean() {
    for (row, expected) in [
        ("支付 | 米粉 | 支出 | 美团月付 | 1", "spending 1x1000 | deferred 1x1000"),
        ("支付 | 米粉 | 支出 | 某行信用卡(1) | 1", "spending 1x1000"),
        ("退款 | 米粉 | 收入 | 美团月付 | 1", "refunds 1x1000"),
        ("还款 | 【美团月付】主动还款2025年3月账单 | 支出 | 某行储蓄卡(1) | 1", "repayments 1x1000"),
        ("还款 | 【美团月付】自动还款 | 不计收支 | 某行储蓄卡(1) | 1", "repayments 1x1000"),
        ("借款 | 借钱 | 收入 | / | 1", "loan_received"),
        ("提现 | 余额提现 | 不计收支 | 美团余额 | 1", "own_moves 1x1000"),
        ("充值 | 余额充值 | / | 某行储蓄卡(1) | 1", "own_moves 1x1000"),
        ("转账 | 某人 | 支出 | 美团余额 | 1", "transfers_out 1x1000"),
        ("奖励 | 骑行 | 收入 | 美团余额 | 1", "income 1x1000"),
        ("别的 | 米粉 | 支出 | 微信支付 | 1", "spending 1x1000"),
        ("别的 | 米粉 | 不计收支 | 微信支付 | 1", "neutral_other"),
        ("支付 | 米粉 | 花出 | 微信支付 | 1", "R009"),
    ] {
        assert_eq!(outcome(&Layout::Meituan, &format!("{MEITUAN}{}", meituan_row(row))), expected, "{row}");
    }
}

#[test]
fn what_is_unusual_and_counts_all_the_same_is_told() {
    let findings = |layout: &Layout, bill: String| accepted(layout, bill.as_bytes()).0.findings;
    let found = |what: &str, count| vec![(what.to_owned(), count)];
    // A kind that the platform is not known to have counts by its direction.
    let kind = wechat_row("新玩意 | 支出 | 零钱 | 支付成功 | /");
    assert_eq!(findings(&Layout::Wechat, format!("{WECHAT}{kind}")), found("kind_not_known", 1));
    let merchant = wechat_row("某店-退款 | 收入 | 零钱 | 已全额退款 | /");
    assert_eq!(findings(&Layout::Wechat, format!("{WECHAT}{merchant}")), []);
    // Numbers begin with the day.
    let meituan = |number: &str| {
        let row = meituan_row(&format!("支付 | 米粉 | 支出 | 微信支付 | {number}"));
        findings(&Layout::Meituan, format!("{MEITUAN}{row}"))
    };
    assert_eq!(meituan("24030511100401670006000394166443"), []);
    assert_eq!(meituan("24030411100401670006000394166443"), [], "begun the day before");
    assert_eq!(meituan("24030311100401670006000394166443"), found("number_of_another_day", 1));
    assert_eq!(meituan("99999911100401670006000394166443"), [], "no day");
    assert_eq!(meituan("240303111"), [], "another kind of number");
    let alipay = |number: &str| {
        let row = app_row("餐饮美食 | 午饭 | 支出 | 余额 | 交易成功").replace("9001", number);
        findings(&Layout::Alipay, format!("{APP}{row}"))
    };
    assert_eq!(alipay("2024030522001468815736847417"), []);
    assert_eq!(alipay("2024020522001468815736847417"), found("number_of_another_day", 1));
    // A column that no export had, and payments outside the period.
    let row = wechat_row("商户消费 | 支出 | 零钱 | 支付成功 | /").replace('\n', ",x\n");
    let wide = WECHAT.replace('\n', ",新列\n");
    assert_eq!(findings(&Layout::Wechat, format!("{wide}{row}")), found("unknown_columns", 1));
    let period = "起始时间：[2024-03-06 00:00:00] 终止时间：[2024-03-31 23:59:59],,\n";
    let row = wechat_row("商户消费 | 支出 | 零钱 | 支付成功 | /");
    assert_eq!(findings(&Layout::Wechat, format!("{period}{WECHAT}{row}")), found("outside_printed_period", 1));
}

#[test]
fn a_platforms_own_delivery_is_graded_down_where_the_file_was_written_again() {
    let row = app_row("餐饮美食 | 午饭 | 支出 | 余额 | 交易成功");
    let graded = |bill: &str, provenance: Provenance| {
        let (mut taken, context) = (Taken::default(), context(Layout::Alipay.categories()));
        let context = ReadContext { provenance, ..context };
        let summary = read_delivery(&Layout::Alipay, &mut bill.as_bytes(), &context, &mut taken).unwrap();
        let told =
            summary.findings.iter().find(|(what, _)| what == "months_graded_down").map_or(0, |(_, months)| *months);
        (months(&taken)[0].2.provenance, told)
    };
    let (own, signed) = (Provenance::SelfAsserted, Provenance::FurnisherSigned);
    let period = "起始时间：[2024-03-06 00:00:00] 终止时间：[2024-03-31 23:59:59]";
    for (bill, expected) in [
        (format!("共1笔记录\n{APP}{row}"), (signed, 0)),
        (format!("{APP}{row}"), (signed, 0)),
        (format!("共2笔记录\n{APP}{row}"), (own, 1)),
        (format!("{period}\n{APP}{row}"), (own, 1)),
        (format!("{APP}{}", row.replace("9001", "2024020522001468815736847417")), (own, 1)),
        (format!("{APP}{row}").replace('\t', "").replace(',', "\t"), (own, 1)),
    ] {
        assert_eq!(graded(&bill, signed), expected, "{bill}");
        assert_eq!(graded(&bill, own), (own, 0), "{bill}");
    }
}

#[test]
fn each_wallet_is_one_account_whichever_way_it_was_exported() {
    let account = |layout: &Layout, bill: String| {
        let (_, taken) = accepted(layout, bill.as_bytes());
        let Statement::PaymentProfileMonth(account, ..) = &taken.records[0].statements[0] else { panic!() };
        String::from_utf8(account.expose().clone()).unwrap()
    };
    let app = app_row("餐饮美食 | 午饭 | 支出 | 余额 | 交易成功");
    let web = web_row("即时到账交易 | 午饭 | 支出 | 已支出 | 交易成功");
    let wechat = wechat_row("商户消费 | 支出 | 零钱 | 支付成功 | /");
    let jd = jd_row("食品酒饮 | 橘子 | 支出 | 白条 | 交易成功", "1");
    let meituan = meituan_row("支付 | 米粉 | 支出 | 美团月付 | 1");
    for (layout, bill, expected) in [
        (Layout::Alipay, format!("支付宝账户：a@x.cn\n{APP}{app}"), "a@x.cn"),
        (Layout::Alipay, format!("账号:[a@x.cn]\n{WEB}{web}"), "a@x.cn"),
        (Layout::Alipay, format!("支付宝账户：b@x.cn\n{APP}{app}"), "b@x.cn"),
        (Layout::Alipay, format!("{APP}{app}"), "alipay 1"),
        (Layout::Wechat, format!("微信昵称：[甲],,\n{WECHAT}{wechat}"), "wechat 甲"),
        (Layout::Wechat, format!("{WECHAT}{wechat}"), "wechat 1"),
        (Layout::Jd, format!("京东账号名：甲\n{JD}{jd}"), "jd 甲"),
        (Layout::Meituan, format!("美团用户名：[甲]\n{MEITUAN}{meituan}"), "meituan 甲"),
    ] {
        assert_eq!(account(&layout, bill), expected);
    }
}

#[test]
fn what_gives_back_a_closed_purchase_is_counted_neither_as_spending_nor_as_refund() {
    let row = |id: &str, amount: &str, status: &str| {
        app_row(&format!("日用百货 | 杯子 | 支出 | 余额 | {status}")).replace("9001", id).replace("10.00", amount)
    };
    let (paid, closed, refund) = ("交易成功", "交易关闭", "退款成功");
    let rows = [
        row("77_1", "6.00", refund), // Two parts of the closed 77.
        row("77*2", "4.00", refund),
        row("77_3", "0.01", refund), // More than was paid: of another purchase.
        row("77", "10.00", closed),
        row("88_1", "2.00", refund), // Part of the paid 88.
        row("88", "10.00", paid),
        row("775", "3.00", refund), // 77 is not its beginning up to a mark.
        row("", "5.00", closed),
        row("", "5.00", refund), // No number links these.
    ];
    let (summary, taken) = accepted(&Layout::Alipay, format!("{APP}{}", rows.concat()).as_bytes());
    let at = APP.len() + rows[..2].concat().len();
    assert_eq!(shown(&taken), [format!("2024-03 @3+{at} days 1 | spending 1x1000 | refunds 4x1001 | closed 2x1500")]);
    assert_eq!(summary.set_aside, [("refund_of_closed".to_owned(), 2)]);
    assert_accounted(&summary, &taken);
}

/// Every status word of a payment for goods.
#[test]
fn every_status_word_says_how_far_a_purchase_got() {
    let alipay = |status: &str| format!("{APP}{}", app_row(&format!("日用百货 | 杯子 | 支出 | 余额 | {status}")));
    let wechat = |status: &str| format!("{WECHAT}{}", wechat_row(&format!("商户消费 | 支出 | 零钱 | {status} | /")));
    for (words, expected) in [
        ("交易成功 支付成功 付款成功 代付成功 转账成功 充值成功 提现成功 转入成功 转出成功", "spending 1x1000"),
        ("等待发货 等待对方发货 等待确认收货", "spending 1x1000"),
        ("交易关闭 已关闭 已取消 交易失败 支付失败 还款失败", "closed 1x1000"),
        ("等待付款", "awaiting_payment"),
        ("芝麻免押下单成功 信用服务使用成功 冻结成功 解冻成功", "deposit_hold"),
    ] {
        for word in words.split(' ') {
            assert_eq!(outcome(&Layout::Alipay, &alipay(word)), expected, "{word}");
        }
    }
    for (words, expected) in [
        ("支付成功 已转账 对方已收钱 朋友已收钱 已收钱 已存入零钱 已存入零钱通 已到账 资金已到账", "spending 1x1000"),
        ("提现已到账 充值完成 充值成功 还款成功 等待确认收货", "spending 1x1000"),
        // Of a purchase: what came back is a refund and stands in a row of its own.
        ("已全额退款 对方已退还 已退还 已退款(￥10.00) 已退款￥4.00", "spending 1x1000"),
        ("支付失败 转账失败 还款失败 提现失败，已退回零钱 交易关闭 已关闭 已撤销", "closed 1x1000"),
        ("等待付款 待对方收钱 待朋友收钱", "awaiting_payment"),
    ] {
        for word in words.split(' ') {
            assert_eq!(outcome(&Layout::Wechat, &wechat(word)), expected, "{word}");
        }
    }
}
