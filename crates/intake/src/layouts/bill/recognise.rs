//! Which platform's bill a file is, by content alone.
//!
//! What the beginning shows is enough for text; of a spreadsheet or an archive the whole file is needed, whose table of parts
//! stands at its end. What is in an archive with a password shows with the password only: [`recognise_locked`].

use std::io::BufReader;

use tallystick_model::Sensitive;

use super::header::Header;
use super::text::Text;
use super::{Platform, source};
use crate::file::{Bytes, DeliveryFile};
use crate::layouts::{alipay, jd, meituan, wechat};
use crate::read::{PaymentPlatform, Refused};

/// The platform's words.
pub(super) const fn words(platform: PaymentPlatform) -> &'static Platform {
    match platform {
        PaymentPlatform::Alipay => &alipay::ALIPAY,
        PaymentPlatform::Wechat => &wechat::WECHAT,
        PaymentPlatform::Jd => &jd::JD,
        PaymentPlatform::Meituan => &meituan::MEITUAN,
    }
}

/// Why `head`, the first bytes of a file, is a bill of the platform, in one phrase; `None` if it does not show that.
pub fn recognise(platform: PaymentPlatform, head: &[u8]) -> Option<String> {
    if source::is_archive(head) {
        return None;
    }
    reason(words(platform), &[source::beginning(head)?])
}

/// Why a file is a bill of the platform, in one phrase: also of spreadsheets and archives without a password.
pub fn recognise_file(platform: PaymentPlatform, file: &dyn DeliveryFile) -> Option<String> {
    let texts = source::open(&mut BufReader::new(whole_archive(file)?), None).ok()?;
    reason(words(platform), &texts)
}

/// What an archive with a password shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Locked {
    /// It asks for a password, or for another one.
    Shut,
    /// With the password, it is a bill of this platform, for this reason.
    Bill(PaymentPlatform, String),
}

/// Whether a file is an archive that asks for a password, and with `password`, whose bill is in it. `None` if it is no such
/// archive, or what is in it is no bill.
pub fn recognise_locked(file: &dyn DeliveryFile, password: Option<&Sensitive<String>>) -> Option<Locked> {
    let input = &mut BufReader::new(whole_archive(file)?);
    if !matches!(source::open(input, None), Err(Refused::PasswordNeeded)) {
        return None;
    }
    let opened = password.and_then(|password| source::open(&mut BufReader::new(Bytes::new(file)), Some(password)).ok());
    let Some(texts) = opened else { return Some(Locked::Shut) };
    PaymentPlatform::ALL.into_iter().find_map(|platform| Some(Locked::Bill(platform, reason(words(platform), &texts)?)))
}

/// The file from its beginning, if it is an archive and not too large to be a bill.
fn whole_archive(file: &dyn DeliveryFile) -> Option<Bytes<'_>> {
    let mut head = [0; 4];
    let read = file.read_at(0, &mut head).ok()?;
    let may_be = source::is_archive(head.get(..read)?) && file.length().ok()? <= source::BILL_BYTES_MAX;
    may_be.then(|| Bytes::new(file))
}

/// The heading row decides; a title confirms, and is told if it is there.
fn reason(platform: &'static Platform, texts: &[Text]) -> Option<String> {
    texts.iter().find_map(|text| {
        let header = Header::find(text, platform).ok()?;
        let title = platform.titles.iter().find(|title| has_before(text, header.start, title));
        let columns: Vec<_> = platform.required.iter().map(|column| format!("`{}`", header.name(*column))).collect();
        let columns = format!("a heading row with {}", columns.join(", "));
        Some(match title {
            Some(title) => format!("`{title}`, and {columns}"),
            None => columns,
        })
    })
}

/// Whether a word stands before the heading row.
fn has_before(text: &Text, end: usize, word: &str) -> bool {
    let mut at = text.start;
    while at < end
        && let Some(line) = text.line(at)
    {
        if text.decode(line.raw).is_ok_and(|line| line.contains(word)) {
            return true;
        }
        at = line.next;
    }
    false
}
