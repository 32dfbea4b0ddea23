//! Runs a fuzz target on the stable toolchain: the coverage it needs is asked of the compiler by flags.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process;
use crate::workspace::Workspace;

pub(crate) const USAGE: &str = "\
usage: cargo xtask fuzz TARGET [--seconds N] [--seeds FOLDER]

Builds fuzz/ and runs one target (see fuzz/Cargo.toml). Findings are left in fuzz/artifacts/.
Needs a C++ compiler.

  --seconds N      how long to run; 60 if not given
  --seeds FOLDER   files to begin with
";

/// What `cargo fuzz` passes too, less the sanitizer, which only a nightly toolchain has.
const COVERAGE: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    --cfg fuzzing";

pub(crate) fn run(workspace: &Workspace, target: &str, seconds: u32, seeds: Option<&str>) -> Result<()> {
    let folder = workspace.root.join("fuzz");
    let host = host()?;
    let built = workspace.target.join("fuzz");
    let mut build = workspace.cargo();
    build.current_dir(&folder).env("RUSTFLAGS", COVERAGE).env("CARGO_TARGET_DIR", &built);
    // Naming the target keeps the flags away from build scripts.
    build.args(["build", "--release", "--target", &host, "--bin", target]);
    ensure!(process::run(&mut build)?.success(), "the target `{target}` could not be built");

    let (corpus, artifacts) = (folder.join("corpus").join(target), folder.join("artifacts"));
    for place in [&corpus, &artifacts] {
        std::fs::create_dir_all(place).with_context(|| format!("could not make {}", place.display()))?;
    }
    let mut fuzz = Command::new(built.join(&host).join("release").join(target));
    fuzz.arg(format!("-max_total_time={seconds}"));
    fuzz.arg(format!("-artifact_prefix={}/", artifacts.display()));
    fuzz.arg("-max_len=20000").arg(&corpus).args(seeds);
    ensure!(process::run(&mut fuzz)?.success(), "`{target}` found something: see {}", artifacts.display());
    Ok(())
}

fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("could not run rustc")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned);
    host.context("rustc does not say which host it is for")
}
