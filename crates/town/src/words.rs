//! The words of two payment platforms for each kind of payment, as their bills have them; names of shops are invented.

use super::wallet::{PaymentKind, Platform};

/// Money in, out or neither, as a platform counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    In,
    Out,
    Neutral,
}

/// Who is on the other side.
#[derive(Clone, Copy, Debug)]
pub(super) enum Other {
    /// One of these.
    Shop(&'static [&'static str]),
    /// A firm of the town.
    Employer,
    /// A person of the town.
    Person,
    /// Nobody is named.
    Nobody,
}

/// What a row says beside its numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    /// Category on one platform, kind of payment on the other.
    pub(super) kind: &'static str,
    pub(super) other: Other,
    pub(super) goods: &'static str,
    pub(super) direction: Direction,
    pub(super) method: &'static str,
    pub(super) status: &'static str,
}

const CANTEENS: &[&str] = &["晨光面馆", "木签食堂", "东桥饺子店", "南湖茶铺", "西园小厨", "云溪米粉"];
const GROCERS: &[&str] = &["小镇超市", "青山菜场", "长河便利店", "北岭鲜果"];
const TRANSIT: &[&str] = &["小镇公交", "青山地铁", "长河轮渡"];
const SHOPS: &[&str] = &["木签书店", "晨光电器", "南湖服饰", "东桥家居", "云溪运动"];
const UTILITIES: &[&str] = &["小镇电力", "小镇自来水", "小镇燃气"];
const BANK: &[&str] = &["小镇银行"];
const FUNDS: &[&str] = &["长河基金销售有限公司"];

const DEBIT: &str = "小镇银行储蓄卡(0123)";
const DONE: &str = "交易成功";

/// What a platform's bill says of a payment.
pub(super) const fn words(kind: PaymentKind, platform: Platform) -> Words {
    match platform {
        Platform::Alipay => alipay(kind),
        Platform::Wechat => wechat(kind),
    }
}

const fn row(
    kind: &'static str,
    other: Other,
    goods: &'static str,
    direction: Direction,
    method: &'static str,
    status: &'static str,
) -> Words {
    Words { kind, other, goods, direction, method, status }
}

const fn alipay(kind: PaymentKind) -> Words {
    use Direction::{In, Neutral, Out};
    match kind {
        PaymentKind::Salary => row("收入", Other::Employer, "工资", In, "余额", DONE),
        PaymentKind::TransferIn => row("转账红包", Other::Person, "转账", In, "余额", DONE),
        PaymentKind::TransferOut => row("转账红包", Other::Person, "转账", Out, "余额宝", DONE),
        PaymentKind::Rent => row("住房物业", Other::Person, "房租", Out, DEBIT, DONE),
        PaymentKind::Utility => row("充值缴费", Other::Shop(UTILITIES), "生活缴费", Out, "余额宝", DONE),
        PaymentKind::Meal => row("餐饮美食", Other::Shop(CANTEENS), "到店消费", Out, "余额宝", DONE),
        PaymentKind::Groceries => row("日用百货", Other::Shop(GROCERS), "到店消费", Out, DEBIT, DONE),
        PaymentKind::Transit => row("交通出行", Other::Shop(TRANSIT), "乘车", Out, "余额宝", DONE),
        PaymentKind::Shopping => row("服饰装扮", Other::Shop(SHOPS), "商品", Out, DEBIT, "等待确认收货"),
        PaymentKind::DeferredShopping => row("数码电器", Other::Shop(SHOPS), "商品", Out, "花呗", DONE),
        PaymentKind::PartReturnedShopping => row("家居家装", Other::Shop(SHOPS), "商品", Out, DEBIT, DONE),
        PaymentKind::PartRefund => row("退款", Other::Shop(SHOPS), "退款-商品", Neutral, DEBIT, "退款成功"),
        PaymentKind::ReturnedShopping => row("文化休闲", Other::Shop(SHOPS), "商品", Neutral, DEBIT, "交易关闭"),
        PaymentKind::FullRefund => row("退款", Other::Shop(SHOPS), "退款-商品", Neutral, DEBIT, "退款成功"),
        PaymentKind::UnpaidOrder => row("服饰装扮", Other::Shop(SHOPS), "商品", Neutral, "", "交易关闭"),
        PaymentKind::CardRepayment => row("信用借还", Other::Shop(BANK), "信用卡还款", Neutral, DEBIT, "还款成功"),
        PaymentKind::DeferredRepayment => {
            row("信用借还", Other::Shop(&["花呗"]), "花呗主动还款", Neutral, DEBIT, "还款成功")
        }
        PaymentKind::FundPurchase => row("投资理财", Other::Shop(FUNDS), "基金买入", Neutral, "余额宝", DONE),
        PaymentKind::BalanceMove => row("投资理财", Other::Shop(FUNDS), "余额宝-自动转入", Neutral, "余额", DONE),
        PaymentKind::Withdrawal => row("账户存取", Other::Shop(BANK), "提现", Neutral, "余额", DONE),
    }
}

const fn wechat(kind: PaymentKind) -> Words {
    use Direction::{In, Neutral, Out};
    match kind {
        PaymentKind::Salary => row("转账", Other::Employer, "转账备注:工资", In, "/", "已存入零钱"),
        PaymentKind::TransferIn => row("微信红包", Other::Person, "/", In, "/", "已存入零钱"),
        PaymentKind::TransferOut => row("微信红包", Other::Person, "/", Out, "零钱", "支付成功"),
        PaymentKind::Rent => row("转账", Other::Person, "转账备注:房租", Out, DEBIT, "朋友已收钱"),
        PaymentKind::Utility => row("商户消费", Other::Shop(UTILITIES), "生活缴费", Out, "零钱通", "支付成功"),
        PaymentKind::Meal => row("扫二维码付款", Other::Shop(CANTEENS), "收款方备注:二维码收款", Out, "零钱", "已转账"),
        PaymentKind::Groceries => row("商户消费", Other::Shop(GROCERS), "到店消费", Out, DEBIT, "支付成功"),
        PaymentKind::Transit => row("商户消费", Other::Shop(TRANSIT), "乘车", Out, "零钱", "支付成功"),
        PaymentKind::Shopping => row("商户消费", Other::Shop(SHOPS), "商品", Out, DEBIT, "支付成功"),
        PaymentKind::DeferredShopping => row("商户消费", Other::Shop(SHOPS), "商品", Out, "分付", "支付成功"),
        PaymentKind::PartReturnedShopping => row("商户消费", Other::Shop(SHOPS), "商品", Out, DEBIT, "已退款"),
        PaymentKind::PartRefund => row("商户消费-退款", Other::Shop(SHOPS), "商品", In, DEBIT, "已退款"),
        PaymentKind::ReturnedShopping => row("商户消费", Other::Shop(SHOPS), "商品", Out, DEBIT, "已全额退款"),
        PaymentKind::FullRefund => row("商户消费-退款", Other::Shop(SHOPS), "商品", In, DEBIT, "已全额退款"),
        PaymentKind::UnpaidOrder => row("商户消费", Other::Shop(SHOPS), "商品", Neutral, "/", "支付失败"),
        PaymentKind::CardRepayment => row("信用卡还款", Other::Shop(BANK), "/", Neutral, "零钱", "支付成功"),
        PaymentKind::DeferredRepayment => row("分付还款", Other::Shop(&["分付"]), "/", Neutral, DEBIT, "支付成功"),
        PaymentKind::FundPurchase => row("购买理财通", Other::Shop(FUNDS), "基金买入", Neutral, DEBIT, "支付成功"),
        PaymentKind::BalanceMove => row("转入零钱通-来自零钱", Other::Nobody, "/", Neutral, "零钱", "支付成功"),
        PaymentKind::Withdrawal => row("零钱提现", Other::Shop(BANK), "/", Neutral, "小镇银行(0123)", "提现已到账"),
    }
}
