//! The program `town`: what it writes is the library's, and what it can't do it says.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::process::{Command, Output};

use tallystick_model::Month;
use tallystick_testkit::town::{Faults, Town, TownSize, write_card_csv};

fn town(arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_town"));
    command.args(arguments.split_whitespace()).output().expect("runs")
}

#[test]
fn a_delivery_on_standard_output_is_the_library_s() {
    let output = town("deliver --layout card --people 300 --first 50 --month 2026-03 --seed 9 --faults 100 --out -");
    let (town, month) = (Town::new(9, TownSize::LARGEST), Month::parse("2026-03").expect("a month"));
    let mut expected = Vec::new();
    let written = write_card_csv(&town, month, 50..350, &Faults::PerMille(100), &mut expected).expect("a vector");
    assert!(output.status.success());
    assert!(output.stdout == expected);
    let said = format!("{} records, {} with a fault, {} bytes\n", written.records, written.faulty, written.bytes);
    assert_eq!(String::from_utf8_lossy(&output.stderr), said);
}

#[test]
fn help_has_examples_and_wrong_arguments_end_with_two() {
    let help = town("deliver --help");
    assert!(String::from_utf8_lossy(&help.stdout).contains("town deliver --layout metro2"));
    for (arguments, said) in [
        ("deliver --layout card --people 1 --month 2026-13 --out -", "not a month"),
        (
            "deliver --layout card --people 2000000000 --month 2026-03 --out -",
            "no town has more than 1307746944 people",
        ),
        ("deliver --layout alipay --people 1 --month 2026-03 --out -", "name a folder"),
        ("deliver --layout card --people 1 --month 2026-03 --faults 1001 --out -", "1001"),
        ("samples", "--folder"),
    ] {
        let output = town(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(said), "{arguments}: {output:?}");
    }
}
