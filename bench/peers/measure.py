"""What all peers share: time, percentiles, folder sizes, and which subjects are looked up."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

SEED = 1


def story(text):
    print(text, file=sys.stderr, flush=True)


def run(command, **options):
    """Runs a program to its end; what it printed. Its story goes to our stderr."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def timed(call):
    begun = time.perf_counter()
    result = call()
    return result, time.perf_counter() - begun


def folder_bytes(folder):
    """What all files below a folder take on disk."""
    return sum(path.stat().st_blocks * 512 for path in Path(folder).rglob("*") if path.is_file())


def percentile(times, per_mille):
    """The time that so many of 1,000 calls did not exceed (nearest rank), in microseconds."""
    ordered = sorted(times)
    rank = max(1, -(-len(ordered) * per_mille // 1000))
    return round(ordered[rank - 1] * 1e6, 1)


def known_subjects(file, count):
    """Subjects of rows at random places of a plain file."""
    chance, subjects = random.Random(SEED), []
    length = os.path.getsize(file)
    with open(file, "rb") as rows:
        header = len(rows.readline())
        while len(subjects) < count:
            rows.seek(chance.randrange(header, length))
            rows.readline()
            row = rows.readline()
            if row:
                subjects.append(row.split(b",", 1)[0].decode())
    return subjects


def lookups(look_up, files, count, rows_of_each):
    """Looks up half of `count` whole files to warm up, then `count` others, one after another."""
    subjects = known_subjects(files[0], count + count // 2)
    times = []
    for subject in subjects:
        rows, took = timed(lambda: look_up(subject))
        if len(rows) != rows_of_each:
            raise SystemExit(f"a file has {len(rows)} rows, not {rows_of_each}")
        times.append(took)
    times = times[count // 2:]
    return {"lookup_us_p50": percentile(times, 500), "lookup_us_p99": percentile(times, 990)}


def figures(rows, load_s, settle_s, size_bytes):
    """The figures of a load, under the names that `tallystick benchmark` has."""
    return {
        "records": rows,
        "load_s": round(load_s, 3),
        "settle_s": round(settle_s, 3),
        "records_per_s": round(rows / load_s),
        "records_per_s_settled": round(rows / (load_s + settle_s)),
        "bytes_per_record": round(size_bytes / rows, 1),
    }
