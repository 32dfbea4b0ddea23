//! One module for each layout, under its own name.

pub mod alipay;
mod bill;
pub mod jd;
pub mod mapped;
pub mod meituan;
pub mod metro2;
pub mod wechat;

pub use self::bill::{Locked, recognise_locked};
