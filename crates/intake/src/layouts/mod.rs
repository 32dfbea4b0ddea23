//! One module for each layout, under its own name.

pub mod alipay;
mod bill;
pub mod mapped;
pub mod metro2;
pub mod registry;
pub mod wechat;
