//! The fixed sample set below `samples/`: small files about people of the town of seed 1, for the demo and the README.
//!
//! Start at [`write`]. Who the people with names are follows from what they have to be ([`cast`]): it is looked for in the
//! town, not put there.

use std::fs;
use std::io;
use std::path::Path;

use tallystick_model::Month;

use crate::town::{
    BillPeriod, Fault, Faults, Payment, PaymentKind, Person, Platform, Standing, Town, TownSize, write_alipay_bill,
    write_card_csv, write_card_csv_corrected, write_loan_csv, write_metro2, write_payment_profile_csv,
    write_wechat_bill,
};

/// The layouts that read the town's deliveries, and one for a public data set: file name and text.
pub const LAYOUTS: [(&str, &str); 4] = [
    ("card.toml", include_str!("../../../samples/layouts/card.toml")),
    ("loan.toml", include_str!("../../../samples/layouts/loan.toml")),
    ("profile.toml", include_str!("../../../samples/layouts/profile.toml")),
    ("uci_taiwan_card.toml", include_str!("../../../samples/layouts/uci_taiwan_card.toml")),
];

/// The seed of the samples.
pub const SEED: u64 = 1;

/// The town of the samples.
pub fn town() -> Town {
    Town::new(SEED, TownSize::SMALL)
}

/// The months of the samples: 2026-01, 2026-02 and 2026-03.
pub fn months() -> [Month; 3] {
    [1, 2, 3].map(|month| Month::new(2026, month).unwrap_or_else(|_| unreachable!("these are months")))
}

/// The people with names.
#[derive(Clone, Copy, Debug)]
pub struct Cast {
    /// Has a card, always in time, and a wallet of WeChat Pay.
    pub zhang: Person,
    /// No loan, no card; a wallet of Alipay.
    pub li: Person,
    /// No loan, no card; a wallet of WeChat Pay.
    pub wang: Person,
    /// Has a card and was reported late in 2026-02, which the lender later corrects.
    pub chen: Person,
    /// Index of the person in the Metro 2 file.
    pub smith: u64,
    /// In no delivery.
    pub nobody: Person,
}

/// What the samples need is not in the town: the seed or the town's rules were changed.
#[derive(Debug)]
pub struct NotInTown(&'static str);

impl std::fmt::Display for NotInTown {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "the town of seed {SEED} has no {}: choose another seed", self.0)
    }
}

impl std::error::Error for NotInTown {}

/// Finds the people with names: each the first in the town who fits.
///
/// # Errors
/// [`NotInTown`] if someone can't be found.
pub fn cast(town: &Town) -> Result<Cast, NotInTown> {
    let [january, february, march] = months();
    let standing = |person: &Person, month| town.card_month(person, month).map(|card| card.standing);
    let is_in_time = |standing: Option<Standing>| matches!(standing, Some(Standing::Current | Standing::PaidInFull));
    let find = |name, fits: &dyn Fn(&Person) -> bool| {
        let named = |person: &Person| person.name_by_sound().0 == name && fits(person);
        town.people().find(named).ok_or(NotInTown(name))
    };
    let owes_nothing = |person: &Person| !person.has_card && !person.has_loans;
    let repays = |payment: &Payment| {
        matches!(
            payment.kind,
            PaymentKind::CardRepayment | PaymentKind::DeferredRepayment | PaymentKind::DeferredShopping
        )
    };
    let is_lived_in = |person: &Person, platform| {
        let rows = months().map(|month| town.payments(person, platform, month).len());
        rows.iter().all(|rows| *rows >= 10) && rows.iter().sum::<usize>() <= 60
    };
    let zhang = find("zhang", &|person| {
        person.wallet == Some(Platform::Wechat)
            && !person.has_loans
            && months().iter().all(|month| is_in_time(standing(person, *month)))
            && is_lived_in(person, Platform::Wechat)
    })?;
    let only_pays = |person: &Person, platform| {
        let never_repays = |month: &Month| !town.payments(person, platform, *month).iter().any(repays);
        owes_nothing(person)
            && person.wallet == Some(platform)
            && is_lived_in(person, platform)
            && months().iter().all(never_repays)
    };
    let li = find("li", &|person| only_pays(person, Platform::Alipay))?;
    let wang = find("wang", &|person| only_pays(person, Platform::Wechat))?;
    let chen = find("chen", &|person| {
        is_in_time(standing(person, january))
            && standing(person, february) == Some(Standing::Late(1))
            && is_in_time(standing(person, march))
    })?;
    let nobody = town.people().find(|person| owes_nothing(person) && person.wallet.is_none());
    let smiths = (0..town.size().people).filter(|index| town.american(*index).who.surname == "SMITH");
    let mut open = smiths.filter(|index| {
        let account = town.american_account(*index, march);
        account.is_some_and(|(_, month)| matches!(month.standing, Standing::Late(_)))
    });
    let smith = open.next().ok_or(NotInTown("smith"))?;
    Ok(Cast { zhang, li, wang, chen, smith, nobody: nobody.ok_or(NotInTown("nobody"))? })
}

/// How many people the card lender reports on.
const CARDS: usize = 40;
/// Of these, how many are late at the end.
const LATE_CARDS: usize = 4;
const WALLETS: usize = 40;
const LOANS: usize = 40;
const LATE_LOANS: usize = 4;
const METRO2_RECORDS: usize = 12;

/// Whom each sample file is about, by index, in ascending order.
#[derive(Clone, Debug)]
pub struct Scenes {
    /// `card_2026-*.csv`.
    pub cards: Vec<u64>,
    /// `loan_2026-03.csv`.
    pub loans: Vec<u64>,
    /// `profile_2026-03.csv`.
    pub wallets: Vec<u64>,
    /// `metro2_2026-03.txt`.
    pub metro2: Vec<u64>,
}

/// Chooses whom the sample files are about: the people with names, some who are late, and the first who come.
pub fn scenes(town: &Town, cast: &Cast) -> Scenes {
    let march = months()[2];
    let is_late = |standing| matches!(standing, Standing::Late(_) | Standing::ChargedOff);
    let has_cards = |person: &Person| months().iter().all(|month| town.card_month(person, *month).is_some());
    let late = town.people().filter(|person| {
        has_cards(person) && town.card_month(person, march).is_some_and(|card| is_late(card.standing))
    });
    let named = [cast.zhang.index, cast.chen.index];
    let cards = (named.into_iter()).chain(late.take(LATE_CARDS).map(|person| person.index));
    let cards = chosen(cards, town.people().filter(has_cards), CARDS);
    let has_loan = |person: &Person| town.loan_month(person, march).is_some();
    let late =
        town.people().filter(|person| town.loan_month(person, march).is_some_and(|loan| is_late(loan.1.standing)));
    let loans = chosen(late.take(LATE_LOANS).map(|person| person.index), town.people().filter(has_loan), LOANS);
    let named = [cast.zhang.index, cast.li.index, cast.wang.index].into_iter();
    let wallets = chosen(named, town.people().filter(|person| person.wallet.is_some()), WALLETS);
    let americans = (0..town.size().people).filter(|index| town.american_account(*index, march).is_some());
    let mut metro2: Vec<u64> = std::iter::once(cast.smith).chain(americans).take(METRO2_RECORDS).collect();
    metro2.sort_unstable();
    metro2.dedup();
    Scenes { cards, loans, wallets, metro2 }
}

/// The named ones and as many of the rest as make `count`.
fn chosen(named: impl Iterator<Item = u64>, rest: impl Iterator<Item = Person>, count: usize) -> Vec<u64> {
    let mut chosen: Vec<u64> = named.collect();
    for person in rest {
        if chosen.len() >= count {
            break;
        }
        if !chosen.contains(&person.index) {
            chosen.push(person.index);
        }
    }
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

/// The faults of `card_2026-02.csv`.
pub fn card_faults() -> Faults {
    Faults::At(vec![(7, Fault::WrongCheckDigit), (19, Fault::NotAnAmount), (33, Fault::MissingMonth)])
}

/// The fault of `metro2_2026-03.txt`.
pub fn metro2_faults() -> Faults {
    Faults::At(vec![(5, Fault::UnknownCode)])
}

/// The fault of `bill_wang_wechat.csv`: the first row from the 20th on that can have one.
pub fn wang_faults(town: &Town, wang: &Person) -> Faults {
    let mut payments: Vec<_> =
        months().iter().flat_map(|month| town.payments(wang, Platform::Wechat, *month)).collect();
    payments.reverse();
    let row = payments.iter().zip(1..).skip(19).find(|(payment, _)| payment.is_everyday());
    Faults::At(row.map(|(_, record)| (record, Fault::NotADate)).into_iter().collect())
}

/// The period of the sample bills.
pub fn bill_period() -> BillPeriod {
    BillPeriod { first: months()[0], months: 3 }
}

/// Writes the sample set into `folder`: `layouts`, `deliveries` and `people.toml`. `README.md` is written by hand.
///
/// # Errors
/// If a file can't be written, or the town lacks someone ([`NotInTown`]).
pub fn write(folder: &Path) -> io::Result<()> {
    let town = &town();
    let cast = cast(town).map_err(io::Error::other)?;
    let scenes = scenes(town, &cast);
    let [january, february, march] = months();
    for name in ["layouts", "deliveries"] {
        fs::create_dir_all(folder.join(name))?;
    }
    for (name, text) in LAYOUTS {
        fs::write(folder.join("layouts").join(name), text)?;
    }
    let create = |name: &str| fs::File::create(folder.join("deliveries").join(name));
    let cards = || scenes.cards.iter().copied();
    for (month, faults) in [(january, Faults::None), (february, card_faults()), (march, Faults::None)] {
        write_card_csv(town, month, cards(), &faults, &mut create(&format!("card_{month}.csv"))?)?;
    }
    let mut correction = create("card_2026-02_correction.csv")?;
    write_card_csv_corrected(town, february, [cast.chen.index], &mut correction)?;
    write_loan_csv(town, march, scenes.loans.iter().copied(), &Faults::None, &mut create("loan_2026-03.csv")?)?;
    let wallets = scenes.wallets.iter().copied();
    write_payment_profile_csv(town, march, wallets, &Faults::None, &mut create("profile_2026-03.csv")?)?;
    let metro2 = scenes.metro2.iter().copied();
    write_metro2(town, march, metro2, &metro2_faults(), &mut create("metro2_2026-03.txt")?)?;
    let (period, none) = (bill_period(), Faults::None);
    write_wechat_bill(town, &cast.zhang, period, &none, &mut create("bill_zhang_wechat.csv")?)?;
    write_alipay_bill(town, &cast.li, period, &none, &mut create("bill_li_alipay.csv")?)?;
    let faults = wang_faults(town, &cast.wang);
    write_wechat_bill(town, &cast.wang, period, &faults, &mut create("bill_wang_wechat.csv")?)?;
    fs::write(folder.join("people.toml"), people_toml(town, &cast))
}

fn people_toml(town: &Town, cast: &Cast) -> String {
    let march = months()[2];
    let smith = town.american(cast.smith);
    let account = town.american_account(cast.smith, march).map(|(account, _)| account).unwrap_or_default();
    let head = |key: &str, scheme: &str, id: &str, name: &str| {
        format!("\n[{key}]\nid = \"{scheme}:{id}\"\nname = \"{name}\"\n")
    };
    let chinese = |key, person: &Person| head(key, "cn-resident-id", person.resident_id(), &person.name());
    let card = |person: &Person| format!("card = \"{}\"\n", town.card_account(person.index));
    let bill = |person: &Person, file: &str| {
        format!("bill = \"deliveries/{file}\"\nwallet = \"{}\"\n", town.wallet_account(person.index))
    };
    [
        "# People of the synthetic town in these samples. None of them exists. Written by `town samples`.\n".to_owned(),
        chinese("zhang", &cast.zhang),
        card(&cast.zhang),
        bill(&cast.zhang, "bill_zhang_wechat.csv"),
        chinese("li", &cast.li),
        bill(&cast.li, "bill_li_alipay.csv"),
        chinese("wang", &cast.wang),
        bill(&cast.wang, "bill_wang_wechat.csv"),
        chinese("chen", &cast.chen),
        card(&cast.chen),
        "late_month = \"2026-02\"\ncorrection = \"deliveries/card_2026-02_correction.csv\"\n".to_owned(),
        head("smith", "us-ssn", smith.number(), &format!("{}, {}", smith.who.surname, smith.who.first_name)),
        format!("account = \"{account}\"\n"),
        chinese("nobody", &cast.nobody),
    ]
    .concat()
}
