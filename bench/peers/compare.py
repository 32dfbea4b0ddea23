"""Writes the rows once, runs Tallystick and each peer on them, and prints figures and ratios. Started by `run`."""

import argparse
import json
import os
import platform
import shutil
import signal
import sys
from pathlib import Path

import duck
import lite
import postgresql
from measure import run, story

PEERS = {
    "postgresql": postgresql.measure,
    "duckdb": duck.measure,
    "duckdb_indexed": duck.measure_indexed,
    "duckdb_sorted": duck.measure_sorted,
    "sqlite": lite.measure,
}


class Size:
    """How many rows there are, and how many a whole file has."""

    def __init__(self, given):
        self.rows_of_each = given.months * given.accounts
        self.rows = given.subjects * self.rows_of_each
        self.arguments = ["--subjects", str(given.subjects), "--months", str(given.months),
                          "--accounts", str(given.accounts)]


def arguments():
    parser = argparse.ArgumentParser(prog="bench/peers/run", description=__doc__)
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--folder", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--subjects", type=int, required=True)
    parser.add_argument("--months", type=int, required=True)
    parser.add_argument("--accounts", type=int, default=1)
    parser.add_argument("--lookups", type=int, default=2000)
    parser.add_argument("--peers", default=",".join(PEERS), help="which, in which order")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    given.peers = [name for name in given.peers.split(",") if name]
    unknown = [name for name in given.peers if name not in PEERS]
    if unknown:
        parser.error(f"--peers: expected some of {', '.join(PEERS)}, found {', '.join(unknown)}")
    return given


def tallystick(given, size, folder):
    """What `tallystick benchmark intake` tells, under the names that peers have too."""
    command = [given.program, "benchmark", "intake", *size.arguments, "--rows", folder / "rows", "--folder", folder,
               "--lookups", str(given.lookups), "--json"]
    told = json.loads(run([str(part) for part in command]))
    version = run([given.program, "--version"]).split()[-1]
    return {
        "version": version,
        "records": told["records"],
        "load_s": told["intake_s"],
        "settle_s": told["compact_s"],  # merging that is due is part of the intake; peers are settled before lookups too
        "records_per_s": told["records_per_s"],
        "records_per_s_settled": told["records_per_s_compacted"],
        "bytes_per_record": told["bytes_per_fact_compacted"],
        "lookup_us_p50": told["lookup_compacted_us_p50"],
        "lookup_us_p99": told["lookup_compacted_us_p99"],
        "benchmark": told,
    }


def ratios(ours, theirs):
    """How many times Tallystick is faster, or smaller."""
    def ratio(one, other):
        return round(one / other, 2) if other else None
    return {
        "times_records_per_s": ratio(ours["records_per_s"], theirs["records_per_s"]),
        "times_records_per_s_settled": ratio(ours["records_per_s_settled"], theirs["records_per_s_settled"]),
        "times_smaller": ratio(theirs["bytes_per_record"], ours["bytes_per_record"]),
        "times_faster_lookup_p50": ratio(theirs["lookup_us_p50"], ours["lookup_us_p50"]),
    }


def table(results):
    """The figures as a Markdown table, and ratios to the first line in parentheses."""
    yield "| program | rows/s | rows/s settled | bytes/row | lookup p50 µs | lookup p99 µs |"
    yield "|---|---:|---:|---:|---:|---:|"
    ours = results["tallystick"]
    for name, found in results.items():
        cells = [f"{found['records_per_s']:,}", f"{found['records_per_s_settled']:,}", f"{found['bytes_per_record']}",
                 f"{found['lookup_us_p50']}", f"{found['lookup_us_p99']}"]
        if found is not ours:
            times = ratios(ours, found)
            beside = [times["times_records_per_s"], times["times_records_per_s_settled"], times["times_smaller"],
                      times["times_faster_lookup_p50"], None]
            cells = [cell if ratio is None else f"{cell} ({ratio} x)" for cell, ratio in zip(cells, beside)]
        yield f"| {name} {found['version']} | {' | '.join(cells)} |"


def main():
    # Told to end, it ends as on an error: what it started is stopped first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    given = arguments()
    size, folder = Size(given), Path(given.folder)
    story(f"writing {size.rows:,} rows, once for Tallystick and once as plain columns")
    written = [given.program, "benchmark", "rows", *size.arguments, "--rows", str(folder / "rows"), "--json", "--format"]
    run([*written, "csv"])
    files = [Path(name) for name in json.loads(run([*written, "plain"]))["files"]]
    results = {}
    for name in ["tallystick", *given.peers]:
        story(name)
        if name == "tallystick":
            results[name] = tallystick(given, size, folder)
            # Only Tallystick reads these: the peers have the disk for themselves.
            for file in (folder / "rows").glob("*.csv"):
                if file not in files:
                    file.unlink()
        else:
            results[name] = PEERS[name](files, folder, size, given.lookups)
            # The next one has the disk for itself.
            shutil.rmtree(folder / ("duckdb" if name.startswith("duckdb") else name))
        if results[name]["records"] != size.rows:
            raise SystemExit(f"{name} holds {results[name]['records']} rows, not {size.rows}")
        os.sync()
    if given.json:
        for name in given.peers:
            results[name]["ratios"] = ratios(results["tallystick"], results[name])
        print(json.dumps({"rows": size.rows, "cores": os.cpu_count(), "system": platform.platform(),
                          "results": results}))
        return
    print(f"{size.rows:,} rows in {given.months} deliveries, {os.cpu_count()} cores; "
          "in parentheses how many times Tallystick is faster or smaller")
    print("\n".join(table(results)))


if __name__ == "__main__":
    main()
