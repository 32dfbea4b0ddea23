//! What users type, as the model's types; each error says what is allowed.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, anyhow, bail, ensure};
use tallystick_intake::Layout;
use tallystick_intake::layouts::mapped::Mapping;
use tallystick_model::{Date, Identifier, Month, Sensitive, Timestamp};

use crate::config::read_small;

/// The value with this code, or an error that lists the codes.
pub(crate) fn coded<T: Copy>(
    flag: &str,
    text: &str,
    all: impl IntoIterator<Item = T>,
    code: impl Fn(T) -> &'static str,
) -> Result<T> {
    one_of(&format!("--{flag}"), text, all, code)
}

/// The same of a file's key.
pub(crate) fn one_of<T: Copy>(
    key: &str,
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
    Err(anyhow!("`{key}`: expected one of {}, found `{text}`", known.join(", ")))
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
    month_of("month", text)
}

/// The month of an option.
pub(crate) fn month_of(option: &str, text: &str) -> Result<Month> {
    Month::parse(text).with_context(|| format!("`--{option}`: found `{text}`"))
}

/// A day, `YYYY-MM-DD`.
pub(crate) fn date(text: &str) -> Result<Date> {
    let date = (text.len() == 10).then(|| text.parse().ok()).flatten();
    date.ok_or_else(|| anyhow!("`--as-of`: expected a day `YYYY-MM-DD`, found `{text}`"))
}

/// The last instant of a day `YYYY-MM-DD` (UTC), or an RFC 3339 instant itself.
pub(crate) fn end_of(text: &str) -> Result<Timestamp> {
    const DAY_MILLIS: i64 = 86_400_000;
    let instant = timestamp("as-known-on", text)?;
    if text.len() > 10 {
        return Ok(instant);
    }
    Timestamp::from_millis(instant.millis().saturating_add(DAY_MILLIS - 1)).context("`--as-known-on`")
}

pub(crate) fn timestamp(flag: &str, text: &str) -> Result<Timestamp> {
    Timestamp::parse(text).with_context(|| format!("`--{flag}`: found `{text}`"))
}

/// A public key in C2SP's text form, or all keys of a log: the text itself, a file that holds it, or `@FILE`.
pub(crate) fn public_key<K>(flag: &str, text: &str) -> Result<K>
where
    K: FromStr,
    K::Err: std::error::Error + Send + Sync + 'static,
{
    let path = text.strip_prefix('@').unwrap_or(text);
    // A key's text has two plus signs and slashes; who has a file of that name can say `@`.
    let is_file = path.len() < text.len() || (text.parse::<K>().is_err() && Path::new(path).is_file());
    let read = if is_file { read_small(Path::new(path))? } else { text.to_owned() };
    read.trim().parse().with_context(|| format!("`{flag}`: expected a public key, a file that holds one, or `@FILE`"))
}

/// A password, from the file that holds it.
pub(crate) fn password(text: &str) -> Result<Sensitive<String>> {
    let Some(path) = text.strip_prefix('@') else { bail!("`--password`: expected `@FILE`") };
    Ok(Sensitive::new(read_small(Path::new(path))?.trim_end_matches(['\r', '\n']).to_owned()))
}

/// The layout of a file that a password opens.
pub(crate) fn locked(layout: &Layout, password: Sensitive<String>) -> Result<Layout> {
    layout.locked(password).ok_or_else(|| {
        anyhow!("`--password`: only payment bills come in archives, and `--layout` is `{}`", layout.name())
    })
}

/// A built-in layout by its name, or a mapping by its file.
pub(crate) fn layout(text: &str) -> Result<Layout> {
    match text {
        "metro2" => return Ok(Layout::Metro2),
        "alipay" => return Ok(Layout::Alipay),
        "wechat" => return Ok(Layout::Wechat),
        "jd" => return Ok(Layout::Jd),
        "meituan" => return Ok(Layout::Meituan),
        "camt" => return Ok(Layout::Camt),
        "registry" => return Ok(Layout::Registry),
        _ => {}
    }
    let path = Path::new(text);
    let is_mapping = path.extension().is_some_and(|extension| extension == "toml");
    if !is_mapping {
        bail!(
            "`--layout`: expected `metro2`, `registry`, `camt`, `alipay`, `wechat`, `jd`, `meituan` or a mapping's `.toml` file, found `{text}`"
        );
    }
    ensure!(path.exists(), "`--layout`: there is no file `{text}`");
    Ok(Layout::Mapped(Box::new(mapping(path)?)))
}

fn mapping(path: &Path) -> Result<Mapping> {
    Mapping::parse(&read_small(path)?).with_context(|| format!("mapping `{}`", path.display()))
}

/// The mappings of every `.toml` file in these folders, by name; the same one twice counts once.
pub(crate) fn mappings(folders: &[PathBuf]) -> Result<Vec<Mapping>> {
    let mut paths = Vec::new();
    for folder in folders {
        let entries = fs::read_dir(folder).with_context(|| format!("`{}`", folder.display()))?;
        for entry in entries {
            let path = entry.with_context(|| format!("`{}`", folder.display()))?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let (mut texts, mut mappings) = (Vec::new(), Vec::new());
    for path in paths {
        let text = read_small(&path)?;
        if !texts.contains(&text) {
            mappings.push(mapping(&path)?);
            texts.push(text);
        }
    }
    Ok(mappings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_read_from_a_file_for_payment_bills_only_and_never_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "24 68\n").unwrap();
        let at_file = format!("@{}", path.display());
        let layout = locked(&Layout::Jd, password(&at_file).unwrap()).unwrap();
        let Layout::Locked(_, word) = &layout else { panic!("{layout:?}") };
        assert_eq!((word.expose().as_str(), layout.name().as_str()), ("24 68", "jd 1"));
        assert_eq!(password("2468").unwrap_err().to_string(), "`--password`: expected `@FILE`");
        assert_eq!(
            locked(&Layout::Metro2, password(&at_file).unwrap()).unwrap_err().to_string(),
            format!("`--password`: only payment bills come in archives, and `--layout` is `{}`", Layout::Metro2.name())
        );
    }
}
