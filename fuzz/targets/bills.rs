//! Payment bills: the first byte chooses platform and packing: as it is, in an archive, or as the parts of a spreadsheet.
#![no_main]
mod common;
use tallystick_intake::layouts::bill;
use tallystick_intake::{DeliveryFile, PaymentPlatform};

libfuzzer_sys::fuzz_target!(|file: &[u8]| {
    let Some((first, rest)) = file.split_first() else { return };
    let layout = PaymentPlatform::ALL[usize::from(first % 4)].layout();
    let bytes = match first / 4 % 4 {
        0 | 1 => rest.to_vec(),
        2 => archive(&[("bill", rest)]),
        _ => spreadsheet(rest),
    };
    common::read(&layout, &bytes);
    if let Some(locked) = layout.locked("1".to_owned().into()) {
        common::read(&locked, &bytes);
    }
    recognise(&bytes);
});

/// However a file is recognised, it is then read without a complaint that it is of another layout.
fn recognise(bytes: &[u8]) {
    let file: &dyn DeliveryFile = &bytes.to_vec();
    for platform in PaymentPlatform::ALL {
        if bill::recognise(platform, bytes).or_else(|| bill::recognise_file(platform, file)).is_some() {
            common::read(&platform.layout(), bytes);
        }
    }
}

/// The parts of a spreadsheet, which stand in the input one behind another with a zero byte between.
fn spreadsheet(bytes: &[u8]) -> Vec<u8> {
    const RELATIONS: &[u8] = b"<Relationships><Relationship Id=\"r\" Target=\"sheet.xml\"/></Relationships>";
    const WORKBOOK: &[u8] = b"<workbook><sheets><sheet r:id=\"r\"/></sheets></workbook>";
    let mut parts = bytes.split(|byte| *byte == 0);
    let mut next = |otherwise: &'static [u8]| parts.next().filter(|part| !part.is_empty()).unwrap_or(otherwise);
    let (sheet, strings, styles) = (next(b""), next(b""), next(b""));
    let (workbook, relations) = (next(WORKBOOK), next(RELATIONS));
    archive(&[
        ("xl/workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", relations),
        ("xl/sharedStrings.xml", strings),
        ("xl/styles.xml", styles),
        ("xl/sheet.xml", sheet),
    ])
}

/// A ZIP archive whose files are not compressed.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let (at, length) = (out.len() as u32, bytes.len() as u32);
        // Version, flags, method, time and date; check, both sizes, lengths of the name and of what follows it.
        let mut common = [20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0].to_vec();
        for number in [checksum(bytes), length, length] {
            common.extend(number.to_le_bytes());
        }
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(*bytes);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (at, count) = (out.len() as u32, files.len() as u16);
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend([0, 0]);
    out
}

fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 })
    })
}
