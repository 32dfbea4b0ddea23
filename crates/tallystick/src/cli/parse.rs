//! What users type, as the model's types; each error says what is allowed.

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use tallystick_intake::Layout;
use tallystick_intake::layouts::mapped::Mapping;
use tallystick_model::{Identifier, Month, Timestamp};

use crate::config::read_small;

/// The value with this code, or an error that lists the codes.
pub(crate) fn coded<T: Copy>(
    flag: &str,
    text: &str,
    all: impl IntoIterator<Item = T>,
    code: impl Fn(T) -> &'static str,
) -> Result<T> {
    let mut known = Vec::new();
    for value in all {
        if code(value) == text {
            return Ok(value);
        }
        known.push(format!("`{}`", code(value)));
    }
    Err(anyhow!("`--{flag}`: expected one of {}, found `{text}`", known.join(", ")))
}

/// `SCHEME:IDENTIFIER`, or `@FILE` holding it. Errors never repeat the identifier.
pub(crate) fn subject(text: &str) -> Result<Identifier> {
    let read;
    let text = match text.strip_prefix('@') {
        Some(path) => {
            read = read_small(Path::new(path))?;
            read.trim()
        }
        None => text,
    };
    Identifier::parse_tagged(text).context("`--subject`")
}

pub(crate) fn month(text: &str) -> Result<Month> {
    Month::parse(text).with_context(|| format!("`--month`: found `{text}`"))
}

pub(crate) fn timestamp(flag: &str, text: &str) -> Result<Timestamp> {
    Timestamp::parse(text).with_context(|| format!("`--{flag}`: found `{text}`"))
}

/// A built-in layout by its name, or a mapping by its file.
pub(crate) fn layout(text: &str) -> Result<Layout> {
    match text {
        "metro2" => return Ok(Layout::Metro2),
        "alipay" => return Ok(Layout::Alipay),
        "wechat" => return Ok(Layout::Wechat),
        "registry" => return Ok(Layout::Registry),
        _ => {}
    }
    let path = Path::new(text);
    let is_mapping = path.extension().is_some_and(|extension| extension == "toml");
    if !is_mapping {
        bail!(
            "`--layout`: expected `metro2`, `alipay`, `wechat`, `registry` or a mapping's `.toml` file, found `{text}`"
        );
    }
    ensure!(path.exists(), "`--layout`: there is no file `{text}`");
    let mapping = Mapping::parse(&read_small(path)?).with_context(|| format!("mapping `{text}`"))?;
    Ok(Layout::Mapped(Box::new(mapping)))
}
