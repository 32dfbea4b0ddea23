//! Real messages beside their JSON twins, and messages of our own, fault by fault.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tallystick_model::fact::{ReportedRecord, Statement as Fact};
use tallystick_model::payment_profile::{Flow, Provenance};

use super::*;

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/iso20022/genkgo_camt");
    if !folder.is_dir() {
        println!("SKIPPED: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}

/// Everything that a message holds, as lines: balances and entries.
#[derive(Default)]
struct Shown {
    balances: Vec<String>,
    entries: Vec<String>,
    accounts: Vec<String>,
    rejects: Vec<String>,
}

impl Visitor for Shown {
    fn entry(&mut self, _: &Statement, entry: Result<Entry, Box<Reject>>, _: &Moved) -> Result<(), Refused> {
        match entry {
            Ok(entry) => self.entries.push(shown(&entry)),
            Err(reject) => self.rejects.push(reject.to_string()),
        }
        Ok(())
    }

    fn statement(&mut self, statement: &Statement) {
        self.accounts.extend(statement.account.clone());
        self.balances.extend(statement.balances.iter().map(|balance| {
            let date = balance.date.map(|date| date.to_string()).unwrap_or_default();
            format!("{} {} {} {date}", balance.kind, balance.minor, balance.currency)
        }));
    }
}

fn shown(entry: &Entry) -> String {
    let minor = if entry.direction == Direction::Debit { -entry.minor } else { entry.minor };
    let day = |day: Option<tallystick_model::Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let code = [&entry.code.domain, &entry.code.family, &entry.code.sub_family].map(String::as_str).join("/");
    format!(
        "{minor} {} {} {} {} {} {} {code}",
        entry.currency,
        if entry.direction == Direction::Debit { "DBIT" } else { "CRDT" },
        entry.status.code(),
        entry.reversal,
        day(entry.booked),
        day(entry.valued),
    )
}

/// Collects the objects of a class, wherever the twin prints them: it prints each once.
fn of_class<'v>(value: &'v Value, class: &str, found: &mut Vec<&'v Value>) {
    match value {
        Value::Object(map) => {
            if map.get("__CLASS__").and_then(Value::as_str).is_some_and(|name| name.ends_with(class)) {
                found.push(value);
            }
            map.values().for_each(|value| of_class(value, class, found));
        }
        Value::Array(list) => list.iter().for_each(|value| of_class(value, class, found)),
        _ => {}
    }
}

fn text<'v>(value: &'v Value, path: &[&str]) -> &'v str {
    path.iter().fold(value, |value, key| &value[*key]).as_str().unwrap_or_default()
}

fn twin_money(value: &Value) -> String {
    format!("{} {}", text(value, &["getAmount"]), text(value, &["getCurrency", "getCode"]))
}

fn twin_day(value: &Value) -> &str {
    text(value, &["0"]).get(..10).unwrap_or_default()
}

fn twin_entry(entry: &Value) -> String {
    let code = |value: &Value| {
        let domain = &value["getDomain"];
        let family = &domain["getFamily"];
        let parts = [text(domain, &["getCode"]), text(family, &["getCode"]), text(family, &["getSubFamilyCode"])];
        parts.join("/")
    };
    let own = code(&entry["getBankTransactionCode"]);
    let details = code(&entry["getTransactionDetail"]["getBankTransactionCode"]);
    format!(
        "{} {} {} {} {} {} {}",
        twin_money(&entry["getAmount"]),
        text(entry, &["getCreditDebitIndicator"]),
        text(entry, &["getStatus"]),
        entry["getReversalIndicator"].as_bool().unwrap_or(false),
        twin_day(&entry["getBookingDate"]),
        twin_day(&entry["getValueDate"]),
        if own.starts_with('/') { details } else { own },
    )
}

fn twin_balance(balance: &Value) -> String {
    let kind = match text(balance, &["getType"]) {
        "opening" => "OPBD",
        "opening_available" => "OPAV",
        "closing" => "CLBD",
        "closing_available" => "CLAV",
        "forward_available" => "FWAV",
        "interim" => "ITBD",
        "interim_available" => "ITAV",
        "information" => "INFO",
        "expected_credit" => "XPCD",
        "previously_closed_booked" => "PRCD",
        other => other,
    };
    format!("{kind} {} {}", twin_money(&balance["getAmount"]), twin_day(&balance["getDate"]))
}

fn accept_all(_: Kind, _: u64) -> Result<(), Refused> {
    Ok(())
}

#[test]
fn every_message_says_what_its_json_twin_says() {
    let Some(folder) = folder() else { return };
    let mut versions: BTreeMap<String, u64> = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.extension().is_none_or(|extension| extension != "xml") || name.ends_with("wrong.xml") {
            continue;
        }
        let file = std::fs::read(&path).unwrap();
        let mut seen = Shown::default();
        let (kind, version, entries) = message::read(&mut file.as_slice(), accept_all, &mut seen).unwrap();
        *versions.entry(format!("{} v{version}", kind.code())).or_default() += 1;
        assert_eq!(entries, seen.entries.len() as u64, "{name}");
        assert_eq!(seen.rejects, Vec::<String>::new(), "{name}");
        assert!(recognise(&file).unwrap().contains(&format!("`{}` version {version}", kind.code())), "{name}");

        let twin: Value = serde_json::from_slice(&std::fs::read(path.with_extension("json")).unwrap()).unwrap();
        let (mut twin_entries, mut twin_balances, mut accounts) = (Vec::new(), Vec::new(), Vec::new());
        of_class(&twin, "DTO\\Entry", &mut twin_entries);
        of_class(&twin, "DTO\\Balance", &mut twin_balances);
        for class in ["DTO\\Statement", "DTO\\Report", "DTO\\Notification"] {
            of_class(&twin, class, &mut accounts);
        }
        let sorted = |mut lines: Vec<String>| {
            lines.sort();
            lines
        };
        let entries = sorted(twin_entries.into_iter().map(twin_entry).collect());
        if name == "camt053.v2.multi.statement.xml" {
            // Its twin prints the second of two statements alone.
            seen.entries.drain(..1);
            seen.balances.drain(..2);
            seen.accounts.drain(..1);
        }
        assert_eq!(sorted(seen.entries), entries, "{name}");
        // The twin's reader takes the balance of the day before for the opening one.
        let balances = seen.balances.iter().map(|line| line.replace("PRCD ", "OPBD ")).collect();
        assert_eq!(sorted(balances), sorted(twin_balances.into_iter().map(twin_balance).collect()), "{name}");
        let accounts =
            accounts.iter().map(|record| text(record, &["getAccount", "getIdentification"]).to_owned()).collect();
        assert_eq!(sorted(seen.accounts), sorted(accounts), "{name}");
    }
    let versions: Vec<_> = versions.iter().map(|(version, files)| format!("{version}: {files}")).collect();
    assert_eq!(
        versions,
        [
            "camt.052 v1: 1",
            "camt.052 v2: 3",
            "camt.052 v4: 1",
            "camt.052 v6: 2",
            "camt.052 v8: 1",
            "camt.053 v2: 8",
            "camt.053 v3: 1",
            "camt.053 v4: 1",
            "camt.053 v8: 1",
            "camt.054 v2: 2",
            "camt.054 v4: 1",
            "camt.054 v8: 3",
        ]
    );
}

#[derive(Default)]
struct Taken {
    records: Vec<ReportedRecord>,
    rejects: Vec<String>,
    not_admitted: Vec<(DataCategory, u64)>,
}

impl Sink for Taken {
    fn record(&mut self, record: ReportedRecord) {
        self.records.push(record);
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject.to_string());
    }

    fn not_admitted(&mut self, category: DataCategory, count: u64) {
        self.not_admitted.push((category, count));
    }
}

fn context(admitted: CategorySet) -> ReadContext {
    ReadContext {
        furnisher: "B1".to_owned(),
        subject: Identifier::parse_tagged("cn-resident-id:11010519491231002X").ok(),
        provenance: Provenance::SelfAsserted,
        admitted,
        month: None,
    }
}

fn read_all(file: &[u8], admitted: CategorySet) -> Result<(FileSummary, Taken), String> {
    let mut taken = Taken::default();
    let read = read(&mut { file }, &context(admitted), &mut taken);
    read.map(|summary| (summary, taken)).map_err(|refused| refused.to_string())
}

fn months(taken: &Taken) -> Vec<String> {
    taken
        .records
        .iter()
        .map(|record| {
            let [Fact::PaymentProfileMonth(account, month, profile)] = record.statements.as_slice() else {
                panic!("one profile")
            };
            let account = String::from_utf8_lossy(account.expose()).into_owned();
            let mut line =
                format!("{account} {month} {} @{} days {}", profile.currency, record.place.record, profile.active_days);
            if let Some(days) = profile.covered {
                line += &format!(" of {}-{}", days.first(), days.last());
            }
            let flows: [(&str, Flow); 8] = [
                ("spending", profile.spending),
                ("refunds", profile.refunds),
                ("transfers_out", profile.transfers_out),
                ("repayments", profile.repayments),
                ("fees", profile.fees),
                ("own_moves", profile.own_moves),
                ("income", profile.income.unwrap_or_default()),
                ("investments", profile.investments.unwrap_or_default()),
            ];
            for (name, flow) in flows.into_iter().filter(|(_, flow)| !flow.is_empty()) {
                line += &format!(" | {name} {}x{}", flow.count, flow.minor);
            }
            line
        })
        .collect()
}

fn totals(summary: &FileSummary) -> Vec<String> {
    let shown = |total: &ControlTotal| {
        let sign = if total.agrees() { "=" } else { "!" };
        let stated = total.stated.map_or("x".to_owned(), |stated| stated.to_string());
        format!("{} {stated}{sign}{}", total.name, total.counted)
    };
    summary.control_totals.iter().map(shown).collect()
}

/// What is made of real files: months, totals, what is set aside. Totals that disagree are as their authors left them.
#[test]
fn real_statements_give_these_months_and_totals() {
    let Some(folder) = folder() else { return };
    type Expected = (&'static str, &'static [&'static str], &'static [&'static str], &'static [(&'static str, u64)]);
    let table: &[Expected] = &[
        ("camt052.v1.xml", &["CH2801234000123456789 2007-10 SEK @1 days 1 of 18-18 | spending 1x20000000"], &[], &[]),
        ("camt052.v4.xml", &[], &[], &[("pending", 1)]),
        (
            "camt052.v8.xml",
            &["CH2801234000123456789 2007-10 SEK @1 days 1 of 18-18 | transfers_out 1x20000000"],
            &[],
            &[],
        ),
        (
            "camt053.v2.multi.statement.xml",
            &["NL26VAYB8060476890 2014-12 EUR @1 days 1 of 30-31 | spending 1x700 | income 1x885"],
            &["statement 1 CLBD (EUR) 2700=2700", "statement 2 CLBD (EUR) 2000=2000"],
            &[],
        ),
        (
            "camt053.v2.five.decimals.xml",
            &["NL26VAYB8060476890 2014-12 EUR @1 days 1 of 30-31 | income 1x885"],
            &["statement 1 CLBD (EUR) 2705!2700"],
            &[],
        ),
        (
            "camt053.v2.all-balance-types.xml",
            &["CH2801234000123456789 2014-12 EUR @1 days 1 of 31-31 | income 1x885"],
            &["statement 1 CLBD (EUR) 404!986"],
            &[],
        ),
        (
            "camt053.v8.xml",
            &["NL26VAYB8060476890 2014-12 EUR @1 days 1 of 31-31 | income 1x885"],
            &["statement 1 CLBD (opened in EUR, closed in SEK) x!2700"],
            &[],
        ),
        ("camt53.only-Dt-with-DtTm.xml", &[], &[], &[]),
    ];
    for (name, expected, expected_totals, aside) in table {
        let file = std::fs::read(folder.join(name)).unwrap();
        let (summary, taken) = read_all(&file, CategorySet::all()).unwrap();
        assert_eq!(months(&taken), *expected, "{name}");
        assert_eq!(totals(&summary), *expected_totals, "{name}");
        let set_aside: Vec<_> = summary.set_aside.iter().map(|(why, count)| (why.as_str(), *count)).collect();
        assert_eq!((set_aside, taken.rejects), (aside.to_vec(), vec![]), "{name}");
        assert!(summary.control_totals_bind, "{name}");
    }
}

#[test]
fn real_files_that_are_no_statements_are_refused_with_place_and_reason() {
    let Some(folder) = folder() else { return };
    let refused = |name: &str| read_all(&std::fs::read(folder.join(name)).unwrap(), CategorySet::all()).err().unwrap();
    let wrong = std::fs::read(folder.join("camt053.v2.wrong.xml")).unwrap();
    let end = String::from_utf8(wrong).unwrap().find("</BkToCstmrStmt>").unwrap();
    assert_eq!(
        refused("camt053.v2.wrong.xml"),
        format!("byte {end} `BkToCstmrStmt`: expected at least one `Stmt`, found none")
    );
    assert_eq!(
        refused("camt054.v8-with-UETR.xml"),
        "byte 249 `Document`: expected a camt.052 or camt.053 of version 1 to 8, found a camt.054: its entries stand in the \
         account's statement, and would count twice"
    );
}

/// A statement of our own; `{}` of each kind is filled in.
fn statement(balances: &str, entries: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>\
         <Stmt><Id>1</Id><Acct><Id><IBAN>NL26VAYB8060476890</IBAN></Id><Ccy>EUR</Ccy></Acct>{balances}{entries}</Stmt>\
         </BkToCstmrStmt></Document>"
    )
}

fn entry_xml(amount: &str, direction: &str, more: &str) -> String {
    format!(
        "<Ntry><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>{more}<Sts><Cd>BOOK</Cd></Sts>\
         <BookgDt><Dt>2026-03-05</Dt></BookgDt></Ntry>"
    )
}

fn coded(amount: &str, direction: &str, code: &str) -> String {
    let [domain, family, sub]: [&str; 3] = code.split('/').collect::<Vec<_>>().try_into().unwrap();
    let code = format!(
        "<BkTxCd><Domn><Cd>{domain}</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn></BkTxCd>"
    );
    entry_xml(amount, direction, "").replace("</Ntry>", &format!("{code}</Ntry>"))
}

fn balance_xml(kind: &str, amount: &str, direction: &str) -> String {
    format!(
        "<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">{amount}</Amt>\
         <CdtDbtInd>{direction}</CdtDbtInd><Dt><Dt>2026-03-31</Dt></Dt></Bal>"
    )
}

#[test]
fn each_bank_transaction_code_counts_towards_its_flow() {
    let reversal = "<RvslInd>true</RvslInd>";
    for (entry, expected) in [
        (coded("1.00", "CRDT", "PMNT/RCDT/SALA"), "income 1x100"),
        (coded("1.00", "CRDT", "PMNT/RDDT/UPDD"), "refunds 1x100"),
        (coded("1.00", "CRDT", "PMNT/CCRD/POSD"), "refunds 1x100"),
        (coded("1.00", "CRDT", "PMNT/CNTR/CDPT"), "own_moves 1x100"),
        (coded("1.00", "CRDT", "ACMT/MCOP/INTR"), "investments 1x100"),
        (coded("1.00", "DBIT", "PMNT/ICDT/ESCT"), "transfers_out 1x100"),
        (coded("1.00", "DBIT", "PMNT/IRCT/ESCT"), "transfers_out 1x100"),
        (coded("1.00", "DBIT", "PMNT/RDDT/ESDD"), "spending 1x100"),
        (coded("1.00", "DBIT", "PMNT/CCRD/POSD"), "spending 1x100"),
        (coded("1.00", "DBIT", "PMNT/CCRD/CWDL"), "own_moves 1x100"),
        (coded("1.00", "DBIT", "ACMT/MDOP/CHRG"), "fees 1x100"),
        (coded("1.00", "DBIT", "LDAS/CSLN/PPAY"), "repayments 1x100"),
        (coded("1.00", "DBIT", "SECU/SETT/TRAD"), "investments 1x100"),
        (entry_xml("1.00", "CRDT", reversal), "refunds 1x100"),
        (entry_xml("1.00", "CRDT", ""), "income 1x100"),
        (entry_xml("1.00", "DBIT", ""), "spending 1x100"),
        (
            entry_xml("5.00", "CRDT", "") + &entry_xml("2.00", "CRDT", "") + &entry_xml("2.00", "DBIT", reversal),
            "income 1x500",
        ),
    ] {
        let (_, taken) = read_all(statement("", &entry).as_bytes(), CategorySet::all()).unwrap();
        assert_eq!(months(&taken), [format!("NL26VAYB8060476890 2026-03 EUR @1 days 1 | {expected}")], "{entry}");
    }
    let aside = |entries: &str| {
        let (summary, taken) = read_all(statement("", entries).as_bytes(), CategorySet::all()).unwrap();
        (summary.set_aside, taken.records.len())
    };
    assert_eq!(aside(&coded("1.00", "CRDT", "LDAS/CSLN/DDWN")), (vec![("loan_received".to_owned(), 1)], 0));
    assert_eq!(aside(&entry_xml("0", "CRDT", "")), (vec![("zero_amount".to_owned(), 1)], 0));
    let taken_back = vec![("credit_of_another_month_taken_back".to_owned(), 1)];
    assert_eq!(aside(&entry_xml("2.00", "DBIT", reversal)), (taken_back, 1));
}

#[test]
fn what_is_not_admitted_goes_no_further_and_balances_never_do() {
    let file = statement(
        &(balance_xml("OPBD", "1.00", "DBIT") + &balance_xml("CLBD", "5.00", "CRDT")),
        &(entry_xml("7.00", "CRDT", "") + &entry_xml("1.00", "DBIT", "")),
    );
    let payments: CategorySet = [DataCategory::Payments].into_iter().collect();
    let (summary, taken) = read_all(file.as_bytes(), payments).unwrap();
    assert_eq!(months(&taken), ["NL26VAYB8060476890 2026-03 EUR @2 days 1 of 5-31 | spending 1x100"]);
    assert_eq!(taken.not_admitted, [(DataCategory::Income, 1), (DataCategory::Deposits, 2)]);
    assert_eq!(summary.set_aside, [("income_not_admitted".to_owned(), 1)]);
    assert_eq!(totals(&summary), ["statement 1 CLBD (EUR) 500=500"], "what is not admitted is counted all the same");
    let Fact::PaymentProfileMonth(_, _, profile) = &taken.records[0].statements[0] else { panic!() };
    assert_eq!((profile.income, profile.investments), (None, None));
}

#[test]
fn stated_numbers_and_sums_are_compared() {
    let summary = "<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries><Sum>8.00</Sum></TtlNtries>\
                   <TtlCdtNtries><NbOfNtries>1</NbOfNtries><Sum>7.00</Sum></TtlCdtNtries>\
                   <TtlDbtNtries><NbOfNtries>2</NbOfNtries><Sum>1,00</Sum></TtlDbtNtries></TxsSummry>";
    let file = statement(summary, &(entry_xml("7.00", "CRDT", "") + &entry_xml("1.00", "DBIT", "")));
    let (summary, _) = read_all(file.as_bytes(), CategorySet::all()).unwrap();
    assert_eq!(
        totals(&summary),
        [
            "statement 1 entries 2=2",
            "statement 1 entries minor 800=800",
            "statement 1 credits 1=1",
            "statement 1 credits minor 700=700",
            "statement 1 debits 2!1",
            "statement 1 debits minor x!100",
        ]
    );
}

/// What the statement of a day hands over must not stand as its whole month, beside a fuller one.
#[test]
fn a_statement_covers_the_days_of_its_period() {
    let of = |from: &str, to: &str| format!("<FrToDt><FrDtTm>{from}</FrDtTm><ToDtTm>{to}</ToDtTm></FrToDt>");
    let balance = |kind: &str, day: &str| balance_xml(kind, "1.00", "CRDT").replace("2026-03-31", day);
    let on = |day: &str| entry_xml("1.00", "DBIT", "").replace("2026-03-05", day);
    let read = |file: &str| months(&read_all(file.as_bytes(), CategorySet::all()).unwrap().1);
    let covered = |before: &str, entries: &str| read(&statement(before, entries));
    let march = |days: &str, count: u8| {
        let active = if count > 1 { 2 } else { 1 };
        vec![format!("NL26VAYB8060476890 2026-03 EUR @1 days {active}{days} | spending {count}x{count}00")]
    };
    let daily = |day: &str| of(&format!("{day}T00:00:00+01:00"), &format!("{day}T23:59:59+01:00"));
    assert_eq!(covered(&daily("2026-03-05"), &on("2026-03-05")), march(" of 5-5", 1));
    assert_eq!(covered(&daily("2026-03-06"), &on("2026-03-06")), march(" of 6-6", 1));
    let whole = of("2026-03-01T00:00:00", "2026-03-31T24:00:00");
    assert_eq!(covered(&whole, &on("2026-03-05")), march("", 1));
    assert_eq!(covered(&whole.replace("DtTm>", "Dt>"), &on("2026-03-05")), march("", 1));
    // Balances where no period is written, or one that can't be.
    for (balances, days) in [
        (balance("OPBD", "2026-03-05") + &balance("CLBD", "2026-03-05"), " of 5-5"),
        (balance("PRCD", "2026-03-04") + &balance("CLBD", "2026-03-05"), " of 5-5"),
        (balance("PRCD", "2026-03-05") + &balance("CLBD", "2026-03-05"), " of 5-5"),
        (balance("PRCD", "2026-02-28") + &balance("CLBD", "2026-03-31"), ""),
        (balance("OPBD", "2026-03-02") + &balance("ITBD", "2026-03-09"), " of 2-9"),
        (of("2026-03-xx", "2026-03-31") + &balance("OPBD", "2026-03-05") + &balance("CLBD", "2026-03-06"), " of 5-6"),
        (of("2026-03-31", "2026-03-01") + &balance("OPBD", "2026-03-05") + &balance("CLBD", "2026-03-06"), " of 5-6"),
        (of("2026-03-04", "2026-03-07") + &balance("OPBD", "2026-03-05") + &balance("CLBD", "2026-03-06"), " of 4-7"),
        (balance("OPBD", "2026-03-09") + &balance("CLBD", "2026-03-02"), ""),
        (balance("CLBD", "2026-03-05"), ""),
        (String::new(), ""),
    ] {
        assert_eq!(covered(&balances, &on("2026-03-05")), march(days, 1), "{balances}");
    }
    let ends = on("2026-02-20") + &on("2026-03-05") + &on("2026-04-02");
    assert_eq!(
        covered(&of("2026-02-10", "2026-04-10"), &ends),
        [
            "NL26VAYB8060476890 2026-02 EUR @1 days 1 of 10-28 | spending 1x100",
            "NL26VAYB8060476890 2026-03 EUR @2 days 1 | spending 1x100",
            "NL26VAYB8060476890 2026-04 EUR @3 days 1 of 1-10 | spending 1x100",
        ]
    );
    // Several statements of one account in one file are one; in another currency too.
    let both = |second: &str, entry: &str| {
        let first = statement(&daily("2026-03-05"), &on("2026-03-05"));
        let second = statement(second, entry);
        let second = second.split_once("<Stmt>").unwrap().1.split_once("</Stmt>").unwrap().0;
        read(&first.replace("</Stmt>", &format!("</Stmt><Stmt>{second}</Stmt>")))
    };
    assert_eq!(both(&daily("2026-03-09"), &on("2026-03-09")), march(" of 5-9", 2));
    assert_eq!(both(&daily("2026-03-09"), ""), march(" of 5-9", 1));
    assert_eq!(both("", &on("2026-03-09")), march("", 2));
    assert_eq!(
        both(&daily("2026-03-09"), &on("2026-03-09").replace("EUR", "USD")),
        [
            "NL26VAYB8060476890 2026-03 EUR @1 days 1 of 5-9 | spending 1x100",
            "NL26VAYB8060476890 USD 2026-03 USD @2 days 1 of 5-9 | spending 1x100",
        ]
    );
}

/// A rejected entry is counted as far as it can be read, so that right totals stay right.
#[test]
fn totals_count_what_can_be_read_of_rejected_entries() {
    let stated = |all: (u8, &str), credits: (u8, &str), debits: (u8, &str)| {
        let one = |name: &str, (count, sum): (u8, &str)| {
            format!("<{name}><NbOfNtries>{count}</NbOfNtries><Sum>{sum}</Sum></{name}>")
        };
        let all = one("TtlNtries", all) + &one("TtlCdtNtries", credits) + &one("TtlDbtNtries", debits);
        balance_xml("OPBD", "10.00", "CRDT")
            + &balance_xml("CLBD", "103.00", "CRDT")
            + &format!("<TxsSummry>{all}</TxsSummry>")
    };
    let right = stated((2, "107.00"), (1, "100.00"), (1, "7.00"));
    let good = entry_xml("100.00", "CRDT", "");
    for (from, to, agreeing, told) in [
        (
            "2026-03-05",
            "2026-09-xx",
            true,
            ["10300=10300", "2=2", "10700=10700", "1=1", "10000=10000", "1=1", "700=700"],
        ),
        (
            "<Sts>",
            "<RvslInd>yes</RvslInd><Sts>",
            true,
            ["10300=10300", "2=2", "10700=10700", "1=1", "10000=10000", "1=1", "700=700"],
        ),
        // Whether it is booked is not known: the balance misses it.
        ("BOOK", "BOOKED", false, ["10300!11000", "2=2", "10700=10700", "1=1", "10000=10000", "1=1", "700=700"]),
        ("DBIT", "DEBIT", false, ["10300!11000", "2=2", "10700=10700", "1=1", "10000=10000", "1!0", "700!0"]),
        ("7.00", "7,00", false, ["10300!11000", "2=2", "10700!10000", "1=1", "10000=10000", "1=1", "700!0"]),
    ] {
        let bad = entry_xml("7.00", "DBIT", "").replace(from, to);
        let file = statement(&right, &(good.clone() + &bad));
        let (summary, taken) = read_all(file.as_bytes(), CategorySet::all()).unwrap();
        assert_eq!((summary.records, summary.rejects, taken.rejects.len()), (2, 1, 1), "{to}");
        assert_eq!(months(&taken), ["NL26VAYB8060476890 2026-03 EUR @1 days 1 of 5-31 | income 1x10000"], "{to}");
        let values: Vec<_> =
            totals(&summary).iter().map(|total| total.rsplit(' ').next().unwrap().to_owned()).collect();
        assert_eq!(values, told, "{to}");
        assert_eq!(summary.control_totals.iter().all(ControlTotal::agrees), agreeing, "{to}");
    }
}

#[test]
fn a_wrong_entry_is_rejected_at_its_element_and_the_rest_is_read() {
    let good = entry_xml("1.00", "DBIT", "");
    let cases = [
        (
            "<Amt Ccy=\"EUR\">1.00</Amt>",
            "<Amt Ccy=\"EUR\">1.001</Amt>",
            "<Amt",
            "R006",
            "`Amt`: expected at most 2 decimal places, found `1.001`",
        ),
        (
            "<Amt Ccy=\"EUR\">1.00</Amt>",
            "<Amt Ccy=\"EUR\">-1.00</Amt>",
            "<Amt",
            "R011",
            "`Amt`: expected an amount not below zero, found `-1.00`",
        ),
        (
            "<Amt Ccy=\"EUR\">1.00</Amt>",
            "<Amt Ccy=\"EUR\">1e5</Amt>",
            "<Amt",
            "R006",
            "`Amt`: expected an amount, found `1e5`",
        ),
        (
            "<Amt Ccy=\"EUR\">",
            "<Amt Ccy=\"ZZZ\">",
            "<Amt",
            "R009",
            "`Amt/@Ccy`: expected the code of a currency that is known here, found `ZZZ`",
        ),
        ("<Amt Ccy=\"EUR\">", "<Amt>", "<Amt", "R004", "`Amt`: expected an attribute `Ccy`, found none"),
        ("<Amt Ccy=\"EUR\">1.00</Amt>", "", "<Ntry", "R004", "`Amt`: expected an amount, found none"),
        ("DBIT", "DEBIT", "<CdtDbtInd", "R009", "`CdtDbtInd`: expected `CRDT` or `DBIT`, found `DEBIT`"),
        ("BOOK", "BOOKED", "<Cd>BOOKED", "R009", "`Sts`: expected `BOOK`, `PDNG`, `INFO` or `FUTR`, found `BOOKED`"),
        (
            "2026-03-05",
            "2026-02-30",
            "<Dt>2026-02-30",
            "R007",
            "`BookgDt`: expected a date `YYYY-MM-DD`, perhaps with a time, found 10 characters",
        ),
        (
            "<BookgDt><Dt>2026-03-05</Dt></BookgDt>",
            "",
            "<Ntry",
            "R004",
            "`BookgDt`: expected a booking or value date, found none",
        ),
        (
            "<Sts>",
            "<RvslInd>yes</RvslInd><Sts>",
            "<RvslInd",
            "R009",
            "`RvslInd`: expected `true` or `false`, found `yes`",
        ),
    ];
    for (from, to, at, code, told) in cases {
        let bad = good.replace(from, to);
        let file = statement("", &format!("{good}{bad}{good}"));
        let start = file.find("<Ntry>").unwrap() + good.len();
        let byte = start + bad.find(at).unwrap();
        let (summary, taken) = read_all(file.as_bytes(), CategorySet::all()).unwrap();
        assert_eq!(taken.rejects, [format!("{code} record 2 byte {byte} {told}")], "{to}");
        assert_eq!((summary.records, summary.rejects), (3, 1), "{to}");
        assert_eq!(months(&taken), ["NL26VAYB8060476890 2026-03 EUR @1 days 1 | spending 2x200"], "{to}");
    }
}

#[test]
fn what_is_no_sound_message_is_refused_with_its_place() {
    let file = statement("", &entry_xml("1.00", "DBIT", ""));
    let refused = |file: &str| read_all(file.as_bytes(), CategorySet::all()).err().unwrap();
    let at = |needle: &str| file.find(needle).unwrap();
    assert_eq!(
        refused(&file.replace("<Document", "<!DOCTYPE Document [<!ENTITY a \"b\">]><Document")),
        "byte 21 `DOCTYPE`: expected no document type, found one"
    );
    assert_eq!(
        refused(&file.replace("<Id>1</Id>", "<Id>&a;</Id>")),
        format!(
            "byte {} `entity`: expected one of the five entities of XML or a character, found another",
            at("<Id>1") + 4
        )
    );
    assert_eq!(
        refused(&file.replace("053.001.08", "053.001.09")),
        "byte 21 `Document`: expected version 1 to 8, found `camt.053` version 9"
    );
    assert_eq!(
        refused(&file.replace("camt.053", "pain.001")),
        "byte 21 `Document`: expected a `Document` of a namespace `…:camt.052.001.01` to `…:camt.053.001.08`, found another \
         root element or namespace"
    );
    assert_eq!(
        refused(file.split("</Stmt>").next().unwrap()),
        format!("byte {}: the file ends where `</Stmt>` was expected", at("</Stmt>"))
    );
    assert_eq!(
        refused(&file.replace("</Sts>", "</Stz>")),
        format!("byte {} `document`: expected well-formed XML, found an end that fits no beginning", at("</Sts>"))
    );
    assert_eq!(
        refused(&format!("\u{feff}{}", file.replace("053.001.08", "053.001.09"))),
        "byte 24 `Document`: expected version 1 to 8, found `camt.053` version 9",
        "the mark of the encoding is counted"
    );
    let deep = "<a>".repeat(xml::DEPTH_MAX);
    assert_eq!(
        refused(&file.replace("<Id>1", &format!("{deep}<Id>1"))),
        format!(
            "byte {} `document`: expected at most 32 levels of elements, found 33 levels of elements",
            at("<Id>1") + 29 * 3
        )
    );
    let long = "x".repeat(70_000);
    assert_eq!(
        refused(&file.replace("<Id>1", &format!("<Id>{long}"))),
        format!("byte {}: a tag or text above the limit of 65536 bytes", at("<Id>1") + 4)
    );
    assert_eq!(
        refused(&statement(&balance_xml("OPBD", "1,00", "CRDT"), "")),
        format!(
            "byte {} `Amt`: expected an amount, found `1,00`",
            at("<Ntry>") + "<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp>".len()
        )
    );
    let mut nobody = context(CategorySet::all());
    nobody.subject = None;
    let refused = read(&mut file.as_bytes(), &nobody, &mut Taken::default());
    assert!(matches!(refused, Err(Refused::SubjectNeeded)));
}

#[test]
fn other_currencies_of_an_account_are_kept_apart() {
    let dollars = entry_xml("1.00", "DBIT", "").replace("EUR", "USD");
    let file = statement("", &(entry_xml("2.00", "DBIT", "") + &dollars));
    let (_, taken) = read_all(file.as_bytes(), CategorySet::all()).unwrap();
    assert_eq!(
        months(&taken),
        [
            "NL26VAYB8060476890 2026-03 EUR @1 days 1 | spending 1x200",
            "NL26VAYB8060476890 USD 2026-03 USD @2 days 1 | spending 1x100"
        ]
    );
}

#[test]
fn the_five_entities_and_characters_are_read_and_prefixes_are_free() {
    let file =
        statement("", &entry_xml("1.00", "DBIT", "")).replace("NL26VAYB8060476890", "A&amp;B&#49;<![CDATA[<2>]]>");
    let prefixed = file.replace("xmlns=", "xmlns:c=").replace('<', "<c:").replace("<c:/", "</c:").replace("<c:?", "<?");
    let prefixed = prefixed.replace("<c:![CDATA[<c:2>", "<![CDATA[<2>");
    for file in [file, prefixed] {
        let (_, taken) = read_all(file.as_bytes(), CategorySet::all()).unwrap();
        assert_eq!(months(&taken), ["A&B1<2> 2026-03 EUR @1 days 1 | spending 1x100"], "{file}");
    }
}
