//! Names put together from short lists of this project's own. Any likeness is the lists' smallness.

use super::random::Chance;

/// A character and its sound.
pub(super) type Character = (&'static str, &'static str);

const FAMILIES: [Character; 40] = [
    ("王", "wang"),
    ("李", "li"),
    ("张", "zhang"),
    ("刘", "liu"),
    ("陈", "chen"),
    ("杨", "yang"),
    ("赵", "zhao"),
    ("黄", "huang"),
    ("周", "zhou"),
    ("吴", "wu"),
    ("徐", "xu"),
    ("孙", "sun"),
    ("胡", "hu"),
    ("朱", "zhu"),
    ("高", "gao"),
    ("林", "lin"),
    ("何", "he"),
    ("郭", "guo"),
    ("马", "ma"),
    ("罗", "luo"),
    ("梁", "liang"),
    ("宋", "song"),
    ("郑", "zheng"),
    ("谢", "xie"),
    ("韩", "han"),
    ("唐", "tang"),
    ("冯", "feng"),
    ("于", "yu"),
    ("董", "dong"),
    ("萧", "xiao"),
    ("程", "cheng"),
    ("曹", "cao"),
    ("袁", "yuan"),
    ("邓", "deng"),
    ("许", "xu"),
    ("傅", "fu"),
    ("沈", "shen"),
    ("曾", "zeng"),
    ("彭", "peng"),
    ("吕", "lv"),
];

const GIVEN: [Character; 60] = [
    ("明", "ming"),
    ("华", "hua"),
    ("平", "ping"),
    ("安", "an"),
    ("宁", "ning"),
    ("文", "wen"),
    ("武", "wu"),
    ("山", "shan"),
    ("川", "chuan"),
    ("海", "hai"),
    ("江", "jiang"),
    ("河", "he"),
    ("春", "chun"),
    ("夏", "xia"),
    ("秋", "qiu"),
    ("冬", "dong"),
    ("松", "song"),
    ("竹", "zhu"),
    ("梅", "mei"),
    ("兰", "lan"),
    ("云", "yun"),
    ("月", "yue"),
    ("星", "xing"),
    ("辰", "chen"),
    ("阳", "yang"),
    ("光", "guang"),
    ("亮", "liang"),
    ("清", "qing"),
    ("静", "jing"),
    ("雅", "ya"),
    ("思", "si"),
    ("远", "yuan"),
    ("志", "zhi"),
    ("诚", "cheng"),
    ("信", "xin"),
    ("义", "yi"),
    ("仁", "ren"),
    ("礼", "li"),
    ("智", "zhi"),
    ("勇", "yong"),
    ("强", "qiang"),
    ("毅", "yi"),
    ("恒", "heng"),
    ("永", "yong"),
    ("长", "chang"),
    ("新", "xin"),
    ("立", "li"),
    ("建", "jian"),
    ("国", "guo"),
    ("家", "jia"),
    ("玉", "yu"),
    ("珍", "zhen"),
    ("芳", "fang"),
    ("雪", "xue"),
    ("晴", "qing"),
    ("雨", "yu"),
    ("晓", "xiao"),
    ("天", "tian"),
    ("一", "yi"),
    ("可", "ke"),
];

/// A Chinese name: family first, one or two characters given.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChineseName {
    family: Character,
    given: Character,
    second: Option<Character>,
}

impl ChineseName {
    pub(super) fn draw(mut chance: Chance) -> Self {
        let (family, given) = (chance.one_of(&FAMILIES), chance.one_of(&GIVEN));
        Self { family, given, second: chance.per_mille(700).then(|| chance.one_of(&GIVEN)) }
    }

    /// The parts as written.
    pub(super) fn parts(&self) -> [&'static str; 3] {
        [self.family.0, self.given.0, self.second.map_or("", |character| character.0)]
    }

    /// Family and given name by sound: `zhang`, `xiaoming`.
    pub(super) fn sounds(&self) -> (&'static str, String) {
        (self.family.1, format!("{}{}", self.given.1, self.second.map_or("", |character| character.1)))
    }
}

const LATIN_FAMILIES: [&str; 44] = [
    "SMITH",
    "MILLER",
    "BAKER",
    "COOPER",
    "TURNER",
    "FISHER",
    "MASON",
    "CARTER",
    "WEAVER",
    "POTTER",
    "ASHFORD",
    "ASHWELL",
    "BRADWELL",
    "BRANFORD",
    "CALDFORD",
    "CRESTWOOD",
    "DALEBROOK",
    "DUNFIELD",
    "EASTBROOK",
    "ELMFORD",
    "FARWELL",
    "FENWOOD",
    "GLENFIELD",
    "GREYWELL",
    "HARTFIELD",
    "HAZELWOOD",
    "KINGSDALE",
    "LANGWELL",
    "LINDBROOK",
    "MARFIELD",
    "MILLBROOK",
    "NORWOOD",
    "OAKFIELD",
    "PENBROOK",
    "QUARLES",
    "REDFIELD",
    "ROSEWELL",
    "STANDALE",
    "STONEFORD",
    "THORNWOOD",
    "UPFIELD",
    "WESTDALE",
    "WINTERFORD",
    "YARWELL",
];

const LATIN_GIVEN: [&str; 36] = [
    "ADA", "ALAN", "AMOS", "ANNA", "BASIL", "BERTA", "CARL", "CORA", "DORA", "EDGAR", "ELSA", "EMIL", "FLORA", "FRANK",
    "GRETA", "HUGO", "IDA", "IRIS", "JONAS", "JUDITH", "KARIN", "LEO", "LUCY", "MARIE", "MAX", "NINA", "OSCAR", "OTTO",
    "PAULA", "RUTH", "SIMON", "THEA", "UNA", "VERA", "WALTER", "ZOE",
];

const STREETS: [&str; 12] = [
    "LANTERN ST",
    "WILLOW LN",
    "MILL RD",
    "QUARRY RD",
    "ORCHARD AVE",
    "TALLY CT",
    "LEDGER LN",
    "HARBOR ST",
    "MEADOW DR",
    "SEXTANT WAY",
    "COPPER ST",
    "FERRY RD",
];

/// Invented towns with a state and the first three digits of its postal codes.
const TOWNS: [(&str, &str, &str); 8] = [
    ("NEW TALLY", "OH", "440"),
    ("WEST LEDGER", "KS", "666"),
    ("PORT STICK", "ME", "041"),
    ("NOTCH CREEK", "TX", "770"),
    ("SPLIT OAK", "IL", "611"),
    ("FAIR SHARE", "VT", "054"),
    ("EVEN RIVER", "OR", "970"),
    ("LONG COUNT", "NV", "894"),
];

/// A Latin name and where its bearer lives, in capitals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatinPerson {
    /// Family name.
    pub surname: &'static str,
    /// Given name.
    pub first_name: &'static str,
    /// One more, or blank.
    pub middle_name: &'static str,
    /// Number and street.
    pub street: String,
    /// An invented town.
    pub city: &'static str,
    /// Its state.
    pub state: &'static str,
    /// Five digits.
    pub zip_code: String,
}

impl LatinPerson {
    pub(super) fn draw(mut chance: Chance, mut home: Chance) -> Self {
        let (surname, first_name) = (chance.one_of(&LATIN_FAMILIES), chance.one_of(&LATIN_GIVEN));
        let middle_name = if chance.per_mille(300) { chance.one_of(&LATIN_GIVEN) } else { "" };
        let (city, state, zip) = home.one_of(&TOWNS);
        let street = format!("{} {}", home.between(1, 999), home.one_of(&STREETS));
        Self { surname, first_name, middle_name, street, city, state, zip_code: format!("{zip}{:02}", home.below(100)) }
    }
}

const FIRM_PLACES: [&str; 10] = ["小镇", "晨光", "青山", "长河", "东桥", "西园", "南湖", "北岭", "云溪", "木签"];
const FIRM_TRADES: [&str; 10] = ["食品", "纺织", "机械", "运输", "建材", "软件", "印刷", "园艺", "餐饮", "五金"];
const FIRM_FORMS: [&str; 3] = ["有限公司", "股份有限公司", "商行"];

pub(super) fn firm_name(mut chance: Chance) -> String {
    let (place, trade, form) = (chance.one_of(&FIRM_PLACES), chance.one_of(&FIRM_TRADES), chance.one_of(&FIRM_FORMS));
    format!("{place}{trade}{form}")
}
