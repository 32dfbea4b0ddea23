//! Bills of the payment platform of Meituan (美团), as its users export them: CSV, of 2025.
//!
//! Only the platform's words stand here; how they are read is in `bill`. Start at the rules. In words, with what each
//! generation has: `docs/formats/payment-bills.md`.

use super::bill::{
    CameBack, Column, ColumnNames, Direction, FeeColumn, Flow, Meaning, NumberDay, Platform, PrintedSums, Rule, Test,
    Words,
};

pub(super) static MEITUAN: Platform = Platform {
    name: "meituan 1",
    titles: &["美团交易账单明细", "美团用户名"],
    columns: COLUMNS,
    required: &[Column::Time, Column::Kind, Column::Direction, Column::Amount, Column::Goods],
    // The price of the order before what the platform paid of it, and when the payment was through.
    unused_columns: &["交易成功时间", "订单金额", "商家单号", "备注"],
    directions: DIRECTIONS,
    // Bills list what went through only, and have no column of states.
    statuses: &[],
    came_back: CameBack::NotTold,
    printed_sums: PrintedSums::Net { without: REPAYMENT },
    kinds: Some(KINDS),
    number_day: Some(NumberDay { digits: 6, length_min: 19 }),
    fee: FeeColumn::None,
    rules: RULES,
    account_labels: &["美团用户名"],
    account_mark: "meituan ",
};

const COLUMNS: &[ColumnNames] = &[
    (Column::Time, &["交易创建时间"]),
    (Column::Direction, &["收/支"]),
    (Column::Amount, &["实付金额"]),
    (Column::Kind, &["交易类型"]),
    (Column::Goods, &["订单标题"]),
    (Column::Method, &["支付方式"]),
    (Column::Id, &["交易单号"]),
];

const DIRECTIONS: &[(&str, Direction)] =
    &[("支出", Direction::Out), ("收入", Direction::In), ("不计收支", Direction::Neutral), ("/", Direction::Neutral)];

const KINDS: Words = &["支付", "退款", "还款", "充值", "提现", "转账", "红包", "借款", "放款"];

/// Counted by the platform as a payment of no sum.
const REPAYMENT: &[Test] = &[Test::Is(Column::Kind, &["还款"])];

const OUT: Test = Test::Direction(&[Direction::Out]);
const NOT_IN: Test = Test::Direction(&[Direction::Out, Direction::Neutral]);
const NOT_OUT: Test = Test::Direction(&[Direction::In, Direction::Neutral]);

const RULES: &[Rule] = &[
    (&[NOT_OUT, Test::Is(Column::Kind, &["退款"])], Meaning::Counts(Flow::Refunds)),
    (&[NOT_IN, Test::Is(Column::Kind, &["还款"])], Meaning::Counts(Flow::Repayments)),
    (&[NOT_OUT, Test::Is(Column::Kind, &["借款", "放款"])], Meaning::SetAside("loan_received")),
    (&[Test::Is(Column::Kind, &["充值", "提现"])], Meaning::Counts(Flow::OwnMoves)),
    (&[OUT, Test::Is(Column::Kind, &["转账", "红包"])], Meaning::Counts(Flow::TransfersOut)),
];
