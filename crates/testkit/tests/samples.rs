//! The sample set: what lies below `samples/` is what the town writes, and holds what its page says.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tallystick_intake::layouts::mapped::Mapping;
use tallystick_intake::{Layout, ReadContext, Reject, Sink, read_delivery};
use tallystick_model::fact::{ReportedRecord, Statement};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::tradeline::PaymentRating;
use tallystick_model::{CategorySet, DataCategory, Identifier, Month};
use tallystick_testkit::samples::{LAYOUTS, cast, months, scenes, town, write};
use tallystick_testkit::town::{PaymentKind, Platform, Standing};

#[derive(Default)]
struct Taken {
    records: Vec<ReportedRecord>,
    rejects: Vec<Reject>,
}

impl Sink for Taken {
    fn record(&mut self, record: ReportedRecord) {
        self.records.push(record);
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }

    fn not_admitted(&mut self, _: DataCategory, _: u64) {}
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples")
}

/// Reads a sample; `None` where the layout has no reader yet.
fn read(layout: &Layout, file: &str, subject: Option<Identifier>) -> Taken {
    let bytes = std::fs::read(folder().join("deliveries").join(file)).expect("is there");
    read_bytes(layout, &bytes, subject)
}

fn read_bytes(layout: &Layout, bytes: &[u8], subject: Option<Identifier>) -> Taken {
    let context = ReadContext {
        furnisher: "F1".to_owned(),
        subject,
        provenance: Provenance::FurnisherSigned,
        admitted: CategorySet::all(),
        month: None,
    };
    let mut taken = Taken::default();
    match read_delivery(layout, &mut &*bytes, &context, &mut taken) {
        Ok(_) => taken,
        Err(refused) => unreachable!("{refused}"),
    }
}

fn mapped(file: &str) -> Layout {
    let (_, text) = LAYOUTS.iter().find(|(name, _)| *name == file).expect("is one of the samples");
    Layout::Mapped(Box::new(Mapping::parse(text).expect("a mapping")))
}

/// The rejects without what the reader says beside code and place.
fn placed(rejects: &[Reject]) -> Vec<String> {
    let placed = |reject: &Reject| reject.to_string().split(": expected").next().unwrap_or_default().to_owned();
    rejects.iter().map(placed).collect()
}

fn told(rejects: &[Reject]) -> Vec<String> {
    rejects.iter().map(Reject::to_string).collect()
}

#[test]
fn every_sample_mapping_is_one() {
    let names: Vec<_> = LAYOUTS.iter().map(|(_, text)| Mapping::parse(text).expect("a mapping").name()).collect();
    assert_eq!(names, ["town-card 1", "town-loan 1", "town-profile 1", "uci-taiwan-card 1"]);
}

#[test]
fn the_folder_holds_what_the_town_writes() {
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("samples");
    std::fs::create_dir_all(&fresh).expect("a folder");
    write(&fresh).expect("the samples");
    let (tracked, fresh) = (contents(&folder()), contents(&fresh));
    let names: Vec<_> = fresh.keys().collect();
    assert_eq!(names.len(), 15, "{names:?}");
    for (name, bytes) in &fresh {
        assert!(tracked.get(name) == Some(bytes), "{} differs: `cargo xtask regen`", name.display());
    }
    assert_eq!(tracked.len(), fresh.len() + 1, "README.md is written by hand");
}

fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for folder in [folder.to_owned(), folder.join("layouts"), folder.join("deliveries")] {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                let name: PathBuf = path.components().rev().take(2).collect::<Vec<_>>().into_iter().rev().collect();
                let name = if folder.ends_with("layouts") || folder.ends_with("deliveries") {
                    name
                } else {
                    name.file_name().map(PathBuf::from).expect("a name")
                };
                found.insert(name, std::fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

#[test]
fn the_card_files_have_forty_rows_and_three_positioned_rejects() {
    for (file, rejects) in [
        ("card_2026-01.csv", vec![]),
        (
            "card_2026-02.csv",
            vec![
                "R010 record 7 byte 762 `resident_id`: expected valid cn-resident-id, found check digit does not fit",
                "R006 record 19 byte 2131 `balance`: expected an amount, found `5115.O0`",
                "R004 record 33 byte 3612 `month`: expected a value, found blank",
            ],
        ),
        ("card_2026-03.csv", vec![]),
    ] {
        let taken = read(&mapped("card.toml"), file, None);
        assert_eq!(told(&taken.rejects), rejects, "{file}");
        assert_eq!(taken.records.len() + taken.rejects.len(), 40);
    }
}

#[test]
fn chen_was_late_in_february_and_the_correction_says_otherwise() {
    let chen = cast(&town()).expect("the cast").chen;
    let ratings = |file: &str| -> Vec<PaymentRating> {
        let taken = read(&mapped("card.toml"), file, None);
        let of_chen = taken
            .records
            .iter()
            .filter(|record| record.identifiers == chen.identifier().into_iter().collect::<Vec<_>>());
        let of = |statement: &Statement| match statement {
            Statement::TradelineMonth(_, _, tradeline) => Some(tradeline.rating),
            _ => None,
        };
        of_chen.flat_map(|record| record.statements.iter().filter_map(of)).collect()
    };
    assert_eq!(ratings("card_2026-02.csv"), [PaymentRating::Late(1)]);
    assert_eq!(ratings("card_2026-02_correction.csv"), [PaymentRating::Current]);
    for file in ["card_2026-01.csv", "card_2026-03.csv"] {
        assert!(!ratings(file)[0].is_adverse(), "{file}");
    }
}

#[test]
fn the_people_with_names_have_what_the_page_says() {
    let (town, [.., march]) = (town(), months());
    let cast = cast(&town).expect("the cast");
    let scenes = scenes(&town, &cast);
    assert!(cast.zhang.has_card && scenes.cards.contains(&cast.zhang.index));
    assert!(scenes.cards.contains(&cast.chen.index));
    for person in [cast.li, cast.wang] {
        assert!(town.card_month(&person, march).is_none() && town.loan_month(&person, march).is_none());
        assert!(!scenes.cards.contains(&person.index) && !scenes.loans.contains(&person.index));
        assert!(scenes.wallets.contains(&person.index));
        let platform = person.wallet.expect("a wallet");
        let repays = |month| {
            town.payments(&person, platform, month).iter().any(|payment| payment.kind == PaymentKind::CardRepayment)
        };
        assert!(!months().into_iter().any(repays));
    }
    assert_eq!((cast.zhang.wallet, cast.li.wallet), (Some(Platform::Wechat), Some(Platform::Alipay)));
    let everyone = [&scenes.cards, &scenes.loans, &scenes.wallets];
    assert!(everyone.iter().all(|people| !people.contains(&cast.nobody.index)));
    assert_eq!((scenes.cards.len(), scenes.loans.len(), scenes.wallets.len(), scenes.metro2.len()), (40, 40, 40, 12));
    let (_, smith) = town.american_account(cast.smith, march).expect("an account");
    assert!(matches!(smith.standing, Standing::Late(_)), "{smith:?}");
}

#[test]
fn people_toml_names_them_with_tagged_identifiers() {
    let text = std::fs::read_to_string(folder().join("people.toml")).expect("is there");
    let people: toml::Table = text.parse().expect("TOML");
    let names: Vec<_> = people.keys().map(String::as_str).collect();
    assert_eq!(names.len(), 6);
    for name in ["zhang", "li", "wang", "chen", "smith", "nobody"] {
        let id = people[name]["id"].as_str().expect("a text");
        assert!(Identifier::parse_tagged(id).is_ok(), "{name}");
    }
    assert_eq!(people["chen"]["late_month"].as_str(), Some("2026-02"));
    assert_eq!(people["chen"]["card"].as_str(), Some("CC0000000966"));
    assert_eq!(people["smith"]["account"].as_str(), Some("US000000134900"));
}

#[test]
fn the_other_samples_are_read_and_each_fault_is_told() {
    for (layout, file, count) in [("loan.toml", "loan_2026-03.csv", 40), ("profile.toml", "profile_2026-03.csv", 40)] {
        let taken = read(&mapped(layout), file, None);
        assert_eq!((taken.records.len(), taken.rejects.len()), (count, 0), "{file}");
    }
    let cast = cast(&town()).expect("the cast");
    let taken = read(&Layout::Metro2, "metro2_2026-03.txt", None);
    assert_eq!(placed(&taken.rejects), ["R009 record 5 byte 2358 `AccountStatus`"]);
    assert!(taken.records.len() > 11, "one for each holder and each joint holder");
    for (layout, file, person, rejects) in [
        (Layout::Wechat, "bill_zhang_wechat.csv", cast.zhang, vec![]),
        (Layout::Alipay, "bill_li_alipay.csv", cast.li, vec![]),
        (Layout::Wechat, "bill_wang_wechat.csv", cast.wang, vec!["R007 record 20 byte 3426 `交易时间`"]),
    ] {
        let taken = read(&layout, file, person.identifier());
        assert_eq!(placed(&taken.rejects), rejects, "{file}");
        assert_eq!(taken.records.len(), 3, "{file}: a record for each month");
    }
}

/// The header is the data set's; the row is made up.
#[test]
fn the_mapping_for_the_public_card_data_reads_six_months_of_a_row() {
    let file = "ID,LIMIT_BAL,SEX,EDUCATION,MARRIAGE,AGE,PAY_0,PAY_2,PAY_3,PAY_4,PAY_5,PAY_6,BILL_AMT1,BILL_AMT2,BILL_AMT3,\
                BILL_AMT4,BILL_AMT5,BILL_AMT6,PAY_AMT1,PAY_AMT2,PAY_AMT3,PAY_AMT4,PAY_AMT5,PAY_AMT6,\
                default.payment.next.month\n7,50000,1,2,1,33,2,1,0,-1,-2,8,100,200,300,-4,0,600,1,2,3,4,5,6,1\n";
    let taken = read_bytes(&mapped("uci_taiwan_card.toml"), file.as_bytes(), None);
    assert_eq!(told(&taken.rejects), Vec::<String>::new());
    let record = &taken.records[0];
    assert_eq!(record.identifiers[0].text().expose(), "F1/7");
    let months: Vec<_> = (record.statements.iter())
        .filter_map(|statement| match statement {
            Statement::TradelineMonth(_, month, line) => {
                Some((month.to_string(), line.rating.code(), line.balance_minor, line.paid_minor, line.limit_minor))
            }
            _ => None,
        })
        .collect();
    let limit = Some(5_000_000);
    let expected = [
        ("2005-09", "late_2", Some(10_000), Some(100)),
        ("2005-08", "late_1", Some(20_000), Some(200)),
        ("2005-07", "current", Some(30_000), Some(300)),
        ("2005-06", "paid_in_full", Some(-400), Some(400)),
        ("2005-05", "nothing_due", Some(0), Some(500)),
        ("2005-04", "late_8", Some(60_000), Some(600)),
    ];
    assert_eq!(months, expected.map(|(month, rating, balance, paid)| (month.to_owned(), rating, balance, paid, limit)));
    let attributes = record.statements.iter().find_map(|statement| match statement {
        Statement::Identity(_, identity) => {
            Some(identity.attributes.iter().map(|(category, _)| *category).collect::<Vec<_>>())
        }
        _ => None,
    });
    let declared = [
        DataCategory::Sex,
        DataCategory::Education,
        DataCategory::MaritalStatus,
        DataCategory::Age,
        DataCategory::OutcomeLabel,
    ];
    assert_eq!(attributes.as_deref(), Some(declared.as_slice()));
    assert_eq!(Month::parse("2005-09").map(|month| month.number()), Ok(2005 * 12 + 8));
}
