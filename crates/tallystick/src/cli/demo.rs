//! `demo`: the whole story on synthetic samples.

use anyhow::Result;

use super::{Told, args};

pub(super) fn run(_demo: &args::Demo, _quiet: bool) -> Result<Told> {
    anyhow::bail!("in the making")
}
