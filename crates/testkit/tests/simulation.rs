//! The real bureau against the reference, from seeds. `TALLYSTICK_SIM_SEEDS=500` runs more of them,
//! `TALLYSTICK_SIM_FIRST=17` begins at another, `TALLYSTICK_SIM_STEPS=300` makes each longer.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use tallystick_model::event::EventKind;
use tallystick_testkit::simulation::{Tally, run};

/// Seeds and steps of the normal run.
const SEEDS: u64 = 96;
const STEPS: usize = 100;

/// What no simulation comes to: no settings here demand quality, so nothing is quarantined.
const NOT_PLAYED: [EventKind; 9] = [
    EventKind::DeliveryQuarantined,
    EventKind::DeliveryReleased,
    EventKind::DeliveryDiscarded,
    // `rights_more.rs` has these.
    EventKind::DisputeExtended,
    EventKind::CaseAnswered,
    EventKind::DefaultAlerted,
    // `formats.rs`, `backup.rs` and the program's own tests have these.
    EventKind::LogKeyTurned,
    EventKind::LogKeyRevoked,
    EventKind::LossAccepted,
];

#[expect(clippy::disallowed_methods, reason = "how long to run is asked of whoever runs the tests")]
fn asked(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// A folder in memory where there is one: a simulation waits for no disk, and a power cut here is not the machine's.
fn folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.or_else(|_| tempfile::tempdir()).expect("a folder")
}

#[test]
fn bureau_and_reference_agree_after_every_step() {
    let (first, seeds) = (asked("TALLYSTICK_SIM_FIRST", 1), asked("TALLYSTICK_SIM_SEEDS", SEEDS));
    let steps = usize::try_from(asked("TALLYSTICK_SIM_STEPS", STEPS as u64)).expect("fits");
    println!("simulation: seeds {first} to {}, {steps} steps each", first + seeds - 1);
    let mut tally = Tally::default();
    for seed in first..first + seeds {
        let folder = folder();
        match run(seed, steps, folder.path()) {
            Ok(done) => tally += done,
            Err(failure) => panic!("{failure}\nrun it again: TALLYSTICK_SIM_FIRST={seed} TALLYSTICK_SIM_SEEDS=1"),
        }
    }
    println!("simulation: {tally:?}");
    println!("coverage (cn/us/eu/in): {}", tally.coverage());
    // A simulation that never comes to the interesting part proves nothing.
    if seeds >= SEEDS && steps >= STEPS {
        assert!(tally.permitted > 20 && tally.denied > 100 && tally.no_hit > 5, "{tally:?}");
        assert!(tally.answered.iter().all(|answered| *answered > 0), "{tally:?}");
        assert!(tally.answered.iter().sum::<usize>() > 20, "{tally:?}");
        assert!(tally.transfers.iter().all(|transfers| *transfers > 3) && tally.replayed > 100, "{tally:?}");
        assert!(tally.reproduced[0] > 300 && tally.reproduced[1] > 3, "{tally:?}");
        assert!(tally.delivered > 100 && tally.rejects > 50 && tally.left_out > 20, "{tally:?}");
        assert!(
            tally.files_refused > 10
                && tally.without_consent + tally.forbidden > 5
                && tally.nothing > 5
                && tally.already > 3
                && tally.cut > 5,
            "{tally:?}"
        );
        assert!(
            tally.proposed > 50 && tally.voted > 300 && tally.enacted > 50 && tally.acts > 100 && tally.ended > 10,
            "{tally:?}"
        );
        assert!(
            tally.flagged > 8
                && tally.turned > 20
                && tally.withdrawn > 20
                && tally.erased > 5
                && tally.removed > 0
                && tally.salts_destroyed > 0
                && tally.recipients > 1,
            "{tally:?}"
        );
        assert!(tally.cut_answers > 0, "{tally:?}");
        assert!(tally.asked > 3 && tally.granted > 0 && tally.over > 0 && tally.kin > 0, "{tally:?}");
        assert!(tally.disputed > 30 && tally.settled > 5 && tally.lapsed > 2 && tally.noticed > 0, "{tally:?}");
        assert!(tally.corrected > 10 && tally.reopened > 10, "{tally:?}");
        // Every law is played, and whatever can be recorded is, under one of them at least.
        for kind in EventKind::ALL.iter().filter(|kind| !NOT_PLAYED.contains(kind)) {
            assert!(tally.done.contains_key(kind), "nothing is recorded as {kind}: {}", tally.coverage());
        }
        let every_law = [
            EventKind::BureauFounded,
            EventKind::DeliveryAdmitted,
            EventKind::InquiryPermitted,
            EventKind::InquiryDenied,
            EventKind::OwnReportViewed,
            EventKind::ConsentWithdrawn,
            EventKind::FactCorrected,
            EventKind::DisputeOpened,
            EventKind::DisputeAnswered,
            EventKind::DisputeLapsed,
            EventKind::CorrectionNoticed,
            EventKind::RetentionRun,
            EventKind::BureauWoundDown,
        ];
        for kind in every_law {
            let of_laws = tally.done.get(&kind).copied().unwrap_or_default();
            assert!(of_laws.iter().all(|count| *count > 0), "{kind} under every law: {}", tally.coverage());
        }
        assert!(tally.lapsed_away > 0 && tally.compensated > 0, "{tally:?}");
        // A code opens a file in `rights.rs` for certain; here only now and then.
        assert!(tally.kept_out > 5, "{tally:?}");
        for rule in ["cn-9", "us-5", "us-7"] {
            assert!(tally.expired.contains_key(rule), "nothing expires by {rule}: {:?}", tally.expired);
        }
        assert!(tally.bounded > 5 && tally.prescreened > 0, "{tally:?}");
        assert!(tally.cut_staffed > 10, "{tally:?}");
    }
}
