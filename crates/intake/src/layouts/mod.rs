//! One module for each layout, under its own name.

pub mod alipay;
mod bill;
pub mod camt;
pub mod jd;
pub mod mapped;
pub mod meituan;
pub mod metro2;
mod months;
pub mod registry;
pub mod wechat;

pub use self::bill::{Locked, recognise_locked};
