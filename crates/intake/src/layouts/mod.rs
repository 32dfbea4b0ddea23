//! One module for each layout, under its own name.

mod alipay;
pub mod bill;
pub mod camt;
mod jd;
pub mod mapped;
mod meituan;
pub mod metro2;
mod months;
pub mod registry;
mod wechat;
