//! Bills of the payment platform of JD (京东), as its users export them: CSV, of 2025.
//!
//! Only the platform's words stand here; how they are read is in `bill`. Start at the rules. In words, with what each
//! generation has: `docs/formats/payment-bills.md`.

use super::bill::{
    CameBack, Column, ColumnNames, Direction, FeeColumn, Flow, Meaning, Platform, PrintedSums, Rule, State, Test, Words,
};

pub(super) static JD: Platform = Platform {
    name: "jd 1",
    titles: &["京东账号名", "京东交易"],
    columns: COLUMNS,
    required: &[Column::Time, Column::Direction, Column::Amount, Column::Status, Column::Counterparty, Column::Goods],
    unused_columns: &["商家订单号", "备注"],
    directions: DIRECTIONS,
    statuses: STATUSES,
    came_back: CameBack::InAmount,
    printed_sums: PrintedSums::Net { without: ORDERED_ON_CREDIT },
    // Kinds are the shop's departments, several in one field.
    kinds: None,
    // Numbers are those of orders, which have no day.
    number_day: None,
    fee: FeeColumn::None,
    rules: RULES,
    account_labels: &["京东账号名"],
    account_mark: "jd ",
};

const COLUMNS: &[ColumnNames] = &[
    (Column::Time, &["交易时间"]),
    (Column::Direction, &["收/支"]),
    (Column::Amount, &["金额"]),
    (Column::Status, &["交易状态"]),
    (Column::Counterparty, &["商户名称"]),
    (Column::Kind, &["交易分类"]),
    (Column::Goods, &["交易说明"]),
    (Column::Method, &["收/付款方式"]),
    (Column::Id, &["交易订单号"]),
];

const DIRECTIONS: &[(&str, Direction)] =
    &[("支出", Direction::Out), ("收入", Direction::In), ("不计收支", Direction::Neutral)];

const STATUSES: &[(&str, State)] = &[
    ("交易成功", State::Done),
    ("支付成功", State::Done),
    ("付款成功", State::Done),
    ("转账成功", State::Done),
    ("充值成功", State::Done),
    ("提现成功", State::Done),
    ("转入成功", State::Done),
    ("转出成功", State::Done),
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
    ("待付款", State::Awaiting),
];

const OUT: Test = Test::Direction(&[Direction::Out]);
const NEUTRAL: Test = Test::Direction(&[Direction::Neutral]);
const NOT_IN: Test = Test::Direction(&[Direction::Out, Direction::Neutral]);
const NOT_OUT: Test = Test::Direction(&[Direction::In, Direction::Neutral]);

/// Ordered to be paid once the goods are kept: the platform counts it for nothing, and the payment is a row of its own.
const ORDERED_ON_CREDIT: &[Test] = &[NEUTRAL, Test::Is(Column::Kind, &["先享后付"])];
const REPAYMENT: Test = Test::Has(Column::Goods, &["还款"]);
const CREDIT: Words = &["白条", "金条", "信用卡"];
/// The money market fund that holds the wallet's balance.
const BALANCE_FUND: Words = &["小金库"];

const RULES: &[Rule] = &[
    // How far it got.
    (&[Test::State(&[State::Closed])], Meaning::Counts(Flow::Closed)),
    (&[Test::State(&[State::Awaiting])], Meaning::SetAside("awaiting_payment")),
    (&[Test::State(&[State::Lent])], Meaning::SetAside("loan_received")),
    (&[Test::State(&[State::Refunded])], Meaning::Counts(Flow::Refunds)),
    (&[NOT_OUT, Test::Starts(Column::Goods, &["退款"])], Meaning::Counts(Flow::Refunds)),
    // All of it came back: the platform counts neither it nor, net, what gave it back.
    (&[Test::State(&[State::Returned])], Meaning::Counts(Flow::Closed)),
    (&[NEUTRAL, Test::Is(Column::Kind, &["先享后付"])], Meaning::SetAside("awaiting_payment")),
    // Credit.
    (&[NOT_IN, Test::State(&[State::Repaid])], Meaning::Counts(Flow::Repayments)),
    (&[NOT_IN, REPAYMENT, Test::Has(Column::Goods, CREDIT)], Meaning::Counts(Flow::Repayments)),
    (&[NOT_IN, REPAYMENT, Test::Has(Column::Counterparty, CREDIT)], Meaning::Counts(Flow::Repayments)),
    (&[NOT_IN, Test::Has(Column::Kind, &["还款"])], Meaning::Counts(Flow::Repayments)),
    (&[NOT_OUT, Test::Has(Column::Goods, &["金条"])], Meaning::SetAside("loan_received")),
    (&[NOT_OUT, Test::Has(Column::Goods, &["放款", "借款"])], Meaning::SetAside("loan_received")),
    // Funds, and moves between the subject's own accounts.
    (
        &[Test::Has(Column::Goods, BALANCE_FUND), Test::Has(Column::Goods, &["收益"])],
        Meaning::Counts(Flow::Investments),
    ),
    (&[Test::Has(Column::Goods, BALANCE_FUND)], Meaning::Counts(Flow::OwnMoves)),
    (&[Test::Has(Column::Kind, &["理财", "基金"])], Meaning::Counts(Flow::Investments)),
    (&[NEUTRAL, Test::Has(Column::Goods, &["充值", "提现", "转入", "转出"])], Meaning::Counts(Flow::OwnMoves)),
    // Persons.
    (&[OUT, Test::Has(Column::Kind, &["转账", "红包"])], Meaning::Counts(Flow::TransfersOut)),
    (&[OUT, Test::Starts(Column::Goods, &["转账", "红包"])], Meaning::Counts(Flow::TransfersOut)),
];
