//! The file's encoding, and where a place in decoded text stands in the file.

use std::borrow::Cow;

use encoding_rs::{DecoderResult, GB18030};
use memchr::memchr_iter;

use crate::read::Refused;
use crate::reject::Found;

/// How a file's text is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Nothing but ASCII so far, and nothing declared.
    Unknown,
    Utf8,
    Gb18030,
}

impl Encoding {
    /// The encoding an XML declaration names.
    pub(super) fn named(name: &str) -> Result<Self, Refused> {
        match name.to_ascii_uppercase().as_str() {
            "UTF-8" | "UTF8" | "US-ASCII" => Ok(Self::Utf8),
            "GB18030" | "GBK" | "GB2312" => Ok(Self::Gb18030),
            _ => Err(Refused::NotThisLayout {
                byte: 0,
                field: "encoding".to_owned(),
                expected: "UTF-8 or GB18030".to_owned(),
                found: Found::quoted(name),
            }),
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Unknown | Self::Utf8 => "UTF-8",
            Self::Gb18030 => "GB18030",
        }
    }

    /// The text of `bytes`. The first that are not ASCII decide for the file, where nothing is declared.
    ///
    /// # Errors
    /// The offset of the first byte that is no text in the encoding.
    pub(super) fn decode<'b>(&mut self, bytes: &'b [u8]) -> Result<Cow<'b, str>, usize> {
        if *self == Self::Unknown && !bytes.is_ascii() {
            *self = if std::str::from_utf8(bytes).is_ok() { Self::Utf8 } else { Self::Gb18030 };
        }
        if *self == Self::Gb18030 {
            return gb18030(bytes).map(Cow::Owned);
        }
        std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| error.valid_up_to())
    }
}

fn gb18030(bytes: &[u8]) -> Result<String, usize> {
    let mut decoder = GB18030.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(0);
    let mut text = String::with_capacity(room);
    match decoder.decode_to_string_without_replacement(bytes, &mut text, true) {
        (DecoderResult::InputEmpty, _) => Ok(text),
        (DecoderResult::Malformed(length, after), read) => {
            Err(read.saturating_sub(usize::from(length) + usize::from(after)))
        }
        // The buffer has room for the longest text.
        (DecoderResult::OutputFull, read) => Err(read),
    }
}

/// Where `offset` in `text` stands in the `bytes` it was decoded from. `offset` is at a `<`, or within ASCII after one.
pub(super) fn offset_in_file(bytes: &[u8], text: &str, offset: usize) -> usize {
    if bytes.len() == text.len() {
        return offset;
    }
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    let at_tag = text.as_bytes().get(offset) == Some(&b'<');
    let tags = memchr_iter(b'<', before).count() + usize::from(at_tag);
    let tag_in_text = if at_tag { offset } else { memchr::memrchr(b'<', before).unwrap_or(0) };
    let tag_in_file = memchr_iter(b'<', bytes).nth(tags.saturating_sub(1)).unwrap_or(0);
    tag_in_file + (offset - tag_in_text)
}

/// The number that digits alone write.
pub(super) fn number(digits: &str) -> Option<u64> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_text_is_found_in_the_file() {
        let text = "<a><b>张三</b><c>7</c></a>";
        let bytes = GB18030.encode(text).0;
        for (mark, in_text, in_file) in
            [("<b>", 3, 3), ("<c>", text.find("<c>").unwrap(), 14), ("7", text.find('7').unwrap(), 17)]
        {
            assert_eq!(offset_in_file(&bytes, text, in_text), in_file, "{mark}");
            assert!(bytes[in_file..].starts_with(mark.as_bytes()));
        }
        assert_eq!(offset_in_file(text.as_bytes(), text, 20), 20);
    }

    #[test]
    fn the_first_text_beyond_ascii_decides() {
        let mut encoding = Encoding::Unknown;
        assert_eq!(encoding.decode(b"<a/>").as_deref(), Ok("<a/>"));
        assert_eq!(encoding, Encoding::Unknown);
        assert_eq!(encoding.decode(b"<a>\xd5\xc5</a>").as_deref(), Ok("<a>张</a>"));
        assert_eq!(encoding, Encoding::Gb18030);
        assert_eq!(encoding.decode(b"<a>\xff</a>"), Err(3));
        assert_eq!(Encoding::Utf8.decode(b"ab\xff"), Err(2));
    }
}
