//! Bills of the payment platform WeChat Pay, as its users export them: CSV from 2019 to 2025, spreadsheets
//! since.
//!
//! Only the platform's words stand here; how they are read is in `bill`. Start at the rules. In words, with what each
//! generation has: `docs/formats/payment-bills.md`.

use super::bill::{
    CameBack, Column, ColumnNames, Direction, FeeColumn, Flow, Meaning, Platform, PrintedSums, Rule, State, Test, Words,
};

pub(super) static WECHAT: Platform = Platform {
    name: "wechat 1",
    titles: &["微信支付账单明细", "微信昵称"],
    columns: COLUMNS,
    required: &[Column::Time, Column::Direction, Column::Amount, Column::Status, Column::Counterparty],
    unused_columns: &["商品", "交易单号", "商户单号"],
    directions: DIRECTIONS,
    statuses: STATUSES,
    came_back: CameBack::InStatus("已退款"),
    printed_sums: PrintedSums::Gross,
    kinds: Some(KINDS),
    number_day: None,
    fee: FeeColumn::Remark("服务费"),
    rules: RULES,
    // A name that its owner can change; bills print no number.
    account_labels: &["微信昵称"],
    account_mark: "wechat ",
};

const COLUMNS: &[ColumnNames] = &[
    (Column::Time, &["交易时间"]),
    (Column::Direction, &["收/支"]),
    (Column::Amount, &["金额(元)"]),
    (Column::Status, &["当前状态"]),
    (Column::Counterparty, &["交易对方"]),
    (Column::Kind, &["交易类型"]),
    (Column::Method, &["支付方式"]),
    (Column::Remark, &["备注"]),
];

const DIRECTIONS: &[(&str, Direction)] =
    &[("支出", Direction::Out), ("收入", Direction::In), ("/", Direction::Neutral), ("中性交易", Direction::Neutral)];

const STATUSES: &[(&str, State)] = &[
    ("支付成功", State::Done),
    ("已转账", State::Done),
    ("对方已收钱", State::Done),
    ("朋友已收钱", State::Done),
    ("已收钱", State::Done),
    ("已存入零钱", State::Done),
    ("已存入零钱通", State::Done),
    ("已到账", State::Done),
    ("资金已到账", State::Done),
    ("提现已到账", State::Done),
    ("充值完成", State::Done),
    ("充值成功", State::Done),
    ("还款成功", State::Done),
    // Paid, and held by the platform until the goods come.
    ("等待确认收货", State::Done),
    ("退款成功", State::Refunded),
    ("已全额退款", State::Returned),
    ("对方已退还", State::Returned),
    ("已退还", State::Returned),
    ("支付失败", State::Closed),
    ("转账失败", State::Closed),
    ("还款失败", State::Closed),
    ("提现失败，已退回零钱", State::Closed),
    ("交易关闭", State::Closed),
    ("已关闭", State::Closed),
    ("已撤销", State::Closed),
    ("等待付款", State::Awaiting),
    ("待对方收钱", State::Awaiting),
    ("待朋友收钱", State::Awaiting),
];

const KINDS: Words = &[
    "商户消费",
    "扫二维码付款",
    "二维码收款",
    "转账",
    "微信红包",
    "群收款",
    "退款",
    "赞赏码",
    "亲属卡",
    "分分捐",
    "转入零钱通",
    "零钱通转出",
    "零钱充值",
    "零钱提现",
    "余额充值",
    "余额提现",
    "经营账户提现",
    "充值",
    "提现",
    "信用卡还款",
    "购买理财通",
    "理财通",
    "微粒贷",
    "分付",
    "其他",
];

const OUT: Test = Test::Direction(&[Direction::Out]);
const IN: Test = Test::Direction(&[Direction::In]);
const NOT_IN: Test = Test::Direction(&[Direction::Out, Direction::Neutral]);
const NOT_OUT: Test = Test::Direction(&[Direction::In, Direction::Neutral]);
const GIVES_BACK: Test = Test::Ends(Column::Kind, &["退款"]);
const RETURNED: Test = Test::State(&[State::Returned]);

/// Kinds of payment between persons; each may go on (`微信红包（单发）`, `转账-退款`).
/// `亲属卡` is the card of a person whom the subject lets use the wallet.
const PERSONS: Words = &["转账", "微信红包", "群收款", "赞赏码", "二维码收款", "亲属卡"];
/// Moves between the subject's own accounts.
const OWN_MOVES: Words =
    &["转入零钱通", "零钱通转出", "零钱充值", "零钱提现", "余额充值", "余额提现", "经营账户提现", "充值", "提现"];
/// Funds.
const FUNDS: Words = &["理财通"];
/// Credit paid out.
const LOANS: Words = &["借款", "放款", "微粒贷"];
const REPAYMENT: Words = &["还款"];

const RULES: &[Rule] = &[
    // How far it got.
    (&[Test::State(&[State::Closed])], Meaning::Counts(Flow::Closed)),
    (&[Test::State(&[State::Awaiting])], Meaning::SetAside("awaiting_payment")),
    // Rows that give back another row.
    (&[NOT_OUT, GIVES_BACK, Test::Starts(Column::Kind, PERSONS)], Meaning::SetAside("transfer_returned")),
    (&[NOT_OUT, GIVES_BACK, Test::Starts(Column::Kind, OWN_MOVES)], Meaning::SetAside("move_returned")),
    (&[NOT_OUT, GIVES_BACK, Test::Has(Column::Kind, FUNDS)], Meaning::SetAside("move_returned")),
    (&[NOT_OUT, GIVES_BACK, Test::Has(Column::Kind, REPAYMENT)], Meaning::SetAside("move_returned")),
    (&[NOT_OUT, GIVES_BACK], Meaning::Counts(Flow::Refunds)),
    (&[Test::State(&[State::Refunded])], Meaning::Counts(Flow::Refunds)),
    // Rows of which all came back, by a row that is set aside above.
    (&[RETURNED, Test::Starts(Column::Kind, PERSONS)], Meaning::Counts(Flow::Closed)),
    (&[RETURNED, Test::Starts(Column::Kind, OWN_MOVES)], Meaning::Counts(Flow::Closed)),
    (&[RETURNED, Test::Has(Column::Kind, FUNDS)], Meaning::Counts(Flow::Closed)),
    (&[RETURNED, Test::Has(Column::Kind, REPAYMENT)], Meaning::Counts(Flow::Closed)),
    (&[IN, Test::State(&[State::Returned, State::PartlyReturned])], Meaning::Counts(Flow::Refunds)),
    // Credit, funds, own accounts.
    (&[NOT_IN, Test::Has(Column::Kind, REPAYMENT)], Meaning::Counts(Flow::Repayments)),
    (&[NOT_OUT, Test::Has(Column::Kind, LOANS)], Meaning::SetAside("loan_received")),
    (&[Test::Has(Column::Kind, FUNDS)], Meaning::Counts(Flow::Investments)),
    (&[Test::Starts(Column::Kind, OWN_MOVES)], Meaning::Counts(Flow::OwnMoves)),
    // Persons.
    (&[OUT, Test::Starts(Column::Kind, PERSONS)], Meaning::Counts(Flow::TransfersOut)),
];
