//! One module for each layout, under its own name.

pub mod alipay;
mod bill;
pub mod camt;
mod headings;
pub mod mapped;
pub mod metro2;
mod months;
pub mod wechat;
