//! Bills of the payment platform Alipay, as its users export them: the web exports of 2019 and 2021, the exports of the
//! app of 2021 and 2023.
//!
//! Only the platform's words stand here; how they are read is in `bill`. Start at the rules. In words, with what each
//! generation has: `docs/formats/payment-bills.md`.

use super::bill::{
    CameBack, Column, ColumnNames, Direction, FeeColumn, Flow, Meaning, NumberDay, Platform, PrintedSums, Rule, State,
    Test, Words,
};

pub(super) static ALIPAY: Platform = Platform {
    name: "alipay 1",
    titles: &["支付宝交易记录明细查询", "支付宝（中国）网络技术有限公司", "支付宝账户"],
    columns: COLUMNS,
    required: &[Column::Time, Column::Direction, Column::Amount, Column::Status, Column::Counterparty],
    unused_columns: &["对方账号", "商家订单号", "备注", "付款时间", "最近修改时间", "交易来源地", "成功退款(元)"],
    directions: DIRECTIONS,
    statuses: STATUSES,
    came_back: CameBack::NotTold,
    printed_sums: PrintedSums::Gross,
    kinds: Some(KINDS),
    number_day: Some(NumberDay { digits: 8, length_min: 28 }),
    fee: FeeColumn::Own,
    rules: RULES,
    account_labels: &["支付宝账户", "账号"],
    // Kept as it is printed: it is a mail address or a telephone number, and was so before there were other platforms.
    account_mark: "",
};

const COLUMNS: &[ColumnNames] = &[
    (Column::Time, &["交易时间", "交易创建时间"]),
    (Column::Direction, &["收/支"]),
    (Column::Amount, &["金额", "金额(元)"]),
    (Column::Status, &["交易状态"]),
    (Column::Counterparty, &["交易对方"]),
    (Column::Kind, &["交易分类", "类型"]),
    (Column::Goods, &["商品说明", "商品名称"]),
    (Column::Method, &["收/付款方式"]),
    (Column::Id, &["交易订单号", "交易号"]),
    (Column::Fee, &["服务费(元)"]),
    (Column::Funds, &["资金状态"]),
];

const DIRECTIONS: &[(&str, Direction)] = &[
    ("支出", Direction::Out),
    ("收入", Direction::In),
    ("不计收支", Direction::Neutral),
    ("其他", Direction::Neutral),
    // Web exports leave it blank.
    ("", Direction::Neutral),
];

const STATUSES: &[(&str, State)] = &[
    ("交易成功", State::Done),
    ("支付成功", State::Done),
    ("付款成功", State::Done),
    ("代付成功", State::Done),
    ("转账成功", State::Done),
    ("充值成功", State::Done),
    ("提现成功", State::Done),
    ("转入成功", State::Done),
    ("转出成功", State::Done),
    // Paid, and held by the platform until the goods come.
    ("等待发货", State::Done),
    ("等待对方发货", State::Done),
    ("等待确认收货", State::Done),
    ("还款成功", State::Repaid),
    ("放款成功", State::Lent),
    ("退款成功", State::Refunded),
    ("交易关闭", State::Closed),
    ("已关闭", State::Closed),
    ("已取消", State::Closed),
    ("交易失败", State::Closed),
    ("支付失败", State::Closed),
    ("还款失败", State::Closed),
    ("等待付款", State::Awaiting),
    ("芝麻免押下单成功", State::Held),
    ("信用服务使用成功", State::Held),
    ("冻结成功", State::Held),
    ("解冻成功", State::Held),
];

/// Categories of the app, and kinds of the web exports.
const KINDS: Words = &[
    "餐饮美食",
    "服饰装扮",
    "日用百货",
    "家居家装",
    "数码电器",
    "运动户外",
    "美容美发",
    "母婴亲子",
    "宠物",
    "交通出行",
    "爱车养车",
    "住房物业",
    "酒店旅游",
    "文化休闲",
    "教育培训",
    "医疗健康",
    "生活服务",
    "公共服务",
    "商业服务",
    "公益捐赠",
    "互助保障",
    "投资理财",
    "保险",
    "信用借还",
    "充值缴费",
    "收入",
    "转账红包",
    "亲友代付",
    "账户存取",
    "退款",
    "其他",
    "充值",
    "提现",
    "转账",
    "红包",
    "即时到账交易",
    "支付宝担保交易",
    "代理充值",
    "代扣",
];

const OUT: Test = Test::Direction(&[Direction::Out]);
const NEUTRAL: Test = Test::Direction(&[Direction::Neutral]);
const NOT_IN: Test = Test::Direction(&[Direction::Out, Direction::Neutral]);
const NOT_OUT: Test = Test::Direction(&[Direction::In, Direction::Neutral]);

/// Money market funds that hold the wallet's balance.
const BALANCE_FUNDS: Test = Test::Starts(Column::Goods, &["余额宝", "余利宝"]);
/// A kind of payment of the web exports, which tell no category.
const WEB_INSTANT: Test = Test::Is(Column::Kind, &["即时到账交易"]);
const TO_PERSONS: Test = Test::Is(Column::Kind, &["转账红包", "亲友代付", "转账", "红包"]);
const NAMED_TRANSFER: Test = Test::Starts(Column::Goods, &["转账", "红包"]);
const FAMILY_CARD: Test = Test::Starts(Column::Goods, &["亲情卡", "亲密付"]);
const REPAYMENT: Test = Test::Has(Column::Goods, &["还款"]);
const CREDIT: Test = Test::Is(Column::Kind, &["信用借还"]);
const CREDIT_NAMED: Test = Test::Has(Column::Goods, &["花呗", "借呗", "信用购", "备用金", "网商贷", "信用卡"]);

const RULES: &[Rule] = &[
    // How far it got.
    (&[Test::State(&[State::Closed])], Meaning::Counts(Flow::Closed)),
    (&[Test::State(&[State::Awaiting])], Meaning::SetAside("awaiting_payment")),
    (&[Test::State(&[State::Held])], Meaning::SetAside("deposit_hold")),
    (&[Test::State(&[State::Lent])], Meaning::SetAside("loan_received")),
    (&[Test::State(&[State::Refunded])], Meaning::Counts(Flow::Refunds)),
    (&[NOT_OUT, Test::Is(Column::Kind, &["退款"])], Meaning::Counts(Flow::Refunds)),
    // Credit.
    (&[NOT_IN, Test::State(&[State::Repaid])], Meaning::Counts(Flow::Repayments)),
    (&[NOT_IN, CREDIT, REPAYMENT], Meaning::Counts(Flow::Repayments)),
    (&[NOT_IN, CREDIT_NAMED, REPAYMENT], Meaning::Counts(Flow::Repayments)),
    (&[NOT_OUT, CREDIT_NAMED, Test::Has(Column::Goods, &["放款", "借款"])], Meaning::SetAside("loan_received")),
    (&[NOT_OUT, CREDIT, Test::Has(Column::Goods, &["放款", "借款"])], Meaning::SetAside("loan_received")),
    // Funds, and moves between the subject's own accounts.
    (&[BALANCE_FUNDS, Test::Has(Column::Goods, &["收益"])], Meaning::Counts(Flow::Investments)),
    (&[BALANCE_FUNDS], Meaning::Counts(Flow::OwnMoves)),
    (&[Test::Is(Column::Kind, &["投资理财"])], Meaning::Counts(Flow::Investments)),
    (&[Test::Starts(Column::Goods, &["蚂蚁财富"])], Meaning::Counts(Flow::Investments)),
    (&[NEUTRAL, Test::Has(Column::Counterparty, &["基金管理", "基金销售"])], Meaning::Counts(Flow::Investments)),
    (&[NEUTRAL, Test::Is(Column::Kind, &["账户存取", "充值", "提现"])], Meaning::Counts(Flow::OwnMoves)),
    (
        &[NEUTRAL, Test::Starts(Column::Goods, &["充值", "提现", "转出到银行卡", "转账收款到余额宝", "账户转存"])],
        Meaning::Counts(Flow::OwnMoves),
    ),
    // Persons.
    (&[OUT, TO_PERSONS], Meaning::Counts(Flow::TransfersOut)),
    (&[OUT, FAMILY_CARD], Meaning::Counts(Flow::TransfersOut)),
    (&[OUT, WEB_INSTANT, NAMED_TRANSFER], Meaning::Counts(Flow::TransfersOut)),
];
