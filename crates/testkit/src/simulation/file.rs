//! Delivery files made on the fly: a shape (which columns), rows, and the same as mapping and as CSV.
//!
//! The reference bureau reads the rows, the bureau under test the mapping and the bytes; neither sees the other's.

use tallystick_model::ids::{credit_code_check, resident_id_check};
use tallystick_model::payment_profile::Flow;
use tallystick_model::tradeline::{AccountKind, PaymentRating};
use tallystick_model::{DataCategory, Date, IdScheme, Identifier, Month};

/// A subject of the simulated world, under one of its identifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// A person by the resident id.
    Person(u8),
    /// The same person by the passport.
    Passport(u8),
    /// A firm.
    Firm(u8),
    /// A member's customer by the member's own number.
    Customer(u8),
}

impl Who {
    /// The scheme its identifier is of.
    pub const fn scheme(self) -> IdScheme {
        match self {
            Self::Person(_) => IdScheme::CnResidentId,
            Self::Passport(_) => IdScheme::Passport,
            Self::Firm(_) => IdScheme::CnCreditCode,
            Self::Customer(_) => IdScheme::MemberNumber,
        }
    }

    /// As it stands in a file.
    pub fn column_text(self) -> String {
        let checked = |body: String, check: Option<u8>| format!("{body}{}", char::from(check.unwrap_or(b'?')));
        match self {
            Self::Person(number) => {
                let body = format!("110101198{}0615{:03}", number % 10, u16::from(number) + 1);
                let check = resident_id_check(body.as_bytes());
                checked(body, check)
            }
            Self::Passport(number) => format!("CN/E{:08}", 40_000_000 + u32::from(number)),
            Self::Firm(number) => {
                let body = format!("91350100M{:08}", 100 + u32::from(number));
                let check = credit_code_check(body.as_bytes());
                checked(body, check)
            }
            Self::Customer(number) => format!("K{number}"),
        }
    }

    /// Its identifier; a customer's is scoped by the member's code.
    ///
    /// # Errors
    /// What the identifier's scheme says against it: a fault of the simulation.
    pub fn identifier(self, member: &str) -> Result<Identifier, String> {
        let text = match self {
            Self::Customer(_) => format!("{member}/{}", self.column_text()),
            _ => self.column_text(),
        };
        Identifier::parse(self.scheme(), &text).map_err(|error| format!("{self:?}: {error}"))
    }
}

/// Which columns a file has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// What the first column identifies.
    pub scheme: IdScheme,
    /// Whether a second column has passports.
    pub alias: bool,
    /// Whether each row has a month; else the month is told beside the file.
    pub month: bool,
    /// Whether a row says a month of an account.
    pub tradeline: bool,
    /// Whether it says when the account was opened.
    pub terms: bool,
    /// Whether it says a month of a wallet.
    pub profile: bool,
    /// Whether it names the subject.
    pub names: bool,
    /// Further attributes, by their category.
    pub attributes: Vec<DataCategory>,
}

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A column too few.
    Columns,
    /// An identifier whose check digit does not fit.
    Identifier,
    /// No account number.
    Account,
    /// A month that is none.
    Month,
    /// A product the layout does not know.
    Product,
    /// A balance with three decimals.
    Balance,
    /// An income below zero.
    Income,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Whom it is about.
    pub who: Who,
    /// Whether the passport is given too, where the shape has a column for it.
    pub passport: bool,
    /// The furnisher's number of the account and of the wallet.
    pub account: String,
    /// The month, where the shape has a column for it.
    pub month: Month,
    /// What kind of account.
    pub kind: AccountKind,
    /// How it is paid.
    pub rating: PaymentRating,
    /// Owed; blank if `None`.
    pub balance_minor: Option<i64>,
    /// Limit; blank if `None`.
    pub limit_minor: Option<i64>,
    /// When it was opened.
    pub opened: Option<Date>,
    /// Days with a payment.
    pub active_days: u8,
    /// Spent.
    pub spending: Flow,
    /// Received.
    pub income: Flow,
    /// Invested.
    pub investments: Flow,
    /// The subject's name.
    pub name: Option<String>,
    /// One for each attribute of the shape.
    pub attributes: Vec<Option<String>>,
    /// What is wrong with it.
    pub fault: Option<Fault>,
}

/// A whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its columns.
    pub shape: Shape,
    /// Its rows.
    pub rows: Vec<Row>,
    /// Whether a column stands in the header that the layout does not know: the file is refused whole.
    pub strange_column: bool,
}

/// Kinds of account and the words that files have for them.
pub const PRODUCTS: [(&str, AccountKind); 4] = [
    ("card", AccountKind::CreditCard),
    ("loan", AccountKind::Installment),
    ("later", AccountKind::BuyNowPayLater),
    ("phone", AccountKind::Service),
];

/// Ratings and the words that files have for them.
pub const LATE: [(&str, PaymentRating); 4] = [
    ("0", PaymentRating::Current),
    ("1", PaymentRating::Late(1)),
    ("3", PaymentRating::Late(3)),
    ("X", PaymentRating::ChargeOff),
];

fn decimal(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", minor.abs() / 100, minor.abs() % 100)
}

impl Shape {
    /// Name and version of its layout.
    pub fn layout_name(&self) -> String {
        format!("{} 1", self.name())
    }

    fn name(&self) -> String {
        let flags = [
            (self.alias, "alias"),
            (self.month, "month"),
            (self.tradeline, "tradeline"),
            (self.terms, "terms"),
            (self.profile, "profile"),
            (self.names, "names"),
        ];
        let mut name = format!("sim-{}", self.scheme);
        for word in flags.iter().filter(|(is_so, _)| *is_so).map(|(_, word)| (*word).to_owned()) {
            name = format!("{name}-{word}");
        }
        self.attributes.iter().fold(name, |name, category| format!("{name}-{category}"))
    }

    /// Its columns, in the order of the file.
    pub fn columns(&self) -> Vec<String> {
        let when = |is_so: bool, columns: &[&str]| -> Vec<String> {
            columns.iter().filter(|_| is_so).map(|column| (*column).to_owned()).collect()
        };
        let mut columns = when(true, &["id"]);
        columns.extend(when(self.alias, &["passport"]));
        columns.extend(when(true, &["account"]));
        columns.extend(when(self.month, &["month"]));
        columns.extend(when(self.tradeline, &["product", "late", "balance", "limit"]));
        columns.extend(when(self.tradeline && self.terms, &["opened"]));
        let flows = ["spending_n", "spending", "income_n", "income", "investments_n", "investments"];
        columns.extend(when(self.profile, &["days"]));
        columns.extend(when(self.profile, &flows));
        columns.extend(when(self.names, &["name"]));
        columns.extend(self.attributes.iter().map(|category| format!("about_{category}")));
        columns
    }

    /// The mapping that reads it.
    pub fn mapping(&self) -> String {
        let quoted = |words: &[(&str, &str)]| {
            words.iter().map(|(word, code)| format!("\"{word}\" = \"{code}\"")).collect::<Vec<_>>().join(", ")
        };
        let month = if self.month { "month = { column = \"month\", pattern = \"YYYY-MM\" }\n" } else { "" };
        let mut toml = format!(
            "[layout]\nname = \"{}\"\nversion = 1\n[subject]\ncolumn = \"id\"\nscheme = \"{}\"\n",
            self.name(),
            self.scheme
        );
        if self.alias {
            toml.push_str("alias = [{ column = \"passport\", scheme = \"passport\" }]\n");
        }
        if self.tradeline {
            toml.push_str("[[tradeline]]\naccount = \"account\"\ncurrency = \"CNY\"\n");
            toml.push_str(month);
            let kinds: Vec<_> = PRODUCTS.iter().map(|(word, kind)| (*word, kind.code())).collect();
            let ratings: Vec<_> = LATE.iter().map(|(word, rating)| (*word, rating.code())).collect();
            toml.push_str(&format!("kind = {{ column = \"product\", codes = {{ {} }} }}\n", quoted(&kinds)));
            toml.push_str(&format!("rating = {{ column = \"late\", codes = {{ {} }} }}\n", quoted(&ratings)));
            toml.push_str("balance = \"balance\"\nlimit = \"limit\"\n");
            if self.terms {
                toml.push_str("opened = { column = \"opened\", pattern = \"YYYY-MM-DD\" }\n");
            }
        }
        if self.profile {
            toml.push_str("[[payment_profile]]\naccount = \"account\"\ncurrency = \"CNY\"\nactive_days = \"days\"\n");
            toml.push_str(month);
            toml.push_str("[payment_profile.flow]\n");
            for flow in ["spending", "income", "investments"] {
                toml.push_str(&format!("{flow} = {{ count = \"{flow}_n\", sum = \"{flow}\" }}\n"));
            }
        }
        if self.names {
            toml.push_str("[identity]\nname = \"name\"\n");
        }
        for category in &self.attributes {
            toml.push_str(&format!("[[attribute]]\ncolumn = \"about_{category}\"\ncategory = \"{category}\"\n"));
        }
        toml
    }
}

impl Row {
    /// Its fields under their columns, in the order of the file.
    pub fn fields(&self, shape: &Shape) -> Vec<(String, String)> {
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut field = |column: &str, text: String| fields.push((column.to_owned(), text));
        let has = |fault: Fault| self.fault == Some(fault);
        let id = self.who.column_text();
        // A resident id or credit code with its last character cut off and doubled at the front has a wrong length or check.
        field("id", if has(Fault::Identifier) { format!("1{id}") } else { id });
        if shape.alias {
            let passport = match self.who {
                Who::Person(number) if self.passport => Who::Passport(number).column_text(),
                _ => String::new(),
            };
            field("passport", passport);
        }
        field("account", if has(Fault::Account) { String::new() } else { self.account.clone() });
        if shape.month {
            field("month", if has(Fault::Month) { "2026-13".to_owned() } else { self.month.to_string() });
        }
        if shape.tradeline {
            let word = PRODUCTS.iter().find(|(_, kind)| *kind == self.kind).map_or("?", |(word, _)| *word);
            field("product", if has(Fault::Product) { "yacht".to_owned() } else { word.to_owned() });
            let late = LATE.iter().find(|(_, rating)| *rating == self.rating).map_or("?", |(word, _)| *word);
            field("late", late.to_owned());
            let balance = self.balance_minor.map(decimal).unwrap_or_default();
            field("balance", if has(Fault::Balance) { "12.345".to_owned() } else { balance });
            field("limit", self.limit_minor.map(decimal).unwrap_or_default());
            if shape.terms {
                field("opened", self.opened.map(|date| date.to_string()).unwrap_or_default());
            }
        }
        if shape.profile {
            field("days", self.active_days.to_string());
            let income = if has(Fault::Income) { Flow { count: 1, minor: -1 } } else { self.income };
            for (name, flow) in [("spending", self.spending), ("income", income), ("investments", self.investments)] {
                field(&format!("{name}_n"), flow.count.to_string());
                field(name, decimal(flow.minor));
            }
        }
        if shape.names {
            field("name", self.name.clone().unwrap_or_default());
        }
        for (category, value) in shape.attributes.iter().zip(&self.attributes) {
            field(&format!("about_{category}"), value.clone().unwrap_or_default());
        }
        if has(Fault::Columns) {
            fields.pop();
        }
        fields
    }

    /// Its line, with its end.
    pub fn line(&self, shape: &Shape) -> String {
        let fields: Vec<String> = self.fields(shape).into_iter().map(|(_, text)| text).collect();
        fields.join(",") + "\n"
    }
}

impl File {
    /// The header line, with its end.
    pub fn header(&self) -> String {
        let mut columns = self.shape.columns();
        if self.strange_column {
            columns.push("star_sign".to_owned());
        }
        columns.join(",") + "\n"
    }

    /// The whole text.
    pub fn text(&self) -> String {
        self.rows.iter().fold(self.header(), |text, row| text + &row.line(&self.shape))
    }
}
