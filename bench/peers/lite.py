"""SQLite: a table that is its own primary key (`without rowid`), filled by SQLite's own program.

Each delivery is imported into a temporary table and goes from there into the table in key order, in one transaction: inserted
in the file's order, every row would touch another page. WAL with `synchronous = full`, so that a delivery is durable when its
transaction ends; a quarter of the memory for its cache. The checkpoint of the WAL in the end counts as settling.
"""

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

from measure import figures, lookups, story, timed

COLUMNS = """
    subject text not null, account text not null, period text not null, status integer not null,
    rating integer not null, balance integer not null, past_due integer not null, credit_limit integer not null,
    paid integer not null, due integer not null"""


def measure(files, folder, size, count):
    program = shutil.which("sqlite3")
    if program is None:
        raise SystemExit("no SQLite here: the program `sqlite3` is not found")
    path = Path(folder) / "sqlite"
    path.mkdir()
    database = path / "rows.sqlite"
    cache_kib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**10 // 4
    pragmas = f"pragma synchronous = full;\npragma cache_size = -{cache_kib};\n"

    def execute(script):
        subprocess.run([program, "-bail", str(database)], input=script, text=True, check=True, cwd=path,
                       stdout=subprocess.DEVNULL, env={**os.environ, "SQLITE_TMPDIR": str(path)})

    execute(f"pragma journal_mode = wal;\n"
            f"create table tradelines ({COLUMNS}, primary key (subject, account, period)) without rowid;")
    load = 0
    for file in files:
        script = (f"{pragmas}create temp table delivered ({COLUMNS});\n"
                  f".import --csv --skip 1 --schema temp \"{file}\" delivered\n"
                  "begin;\n"
                  "insert into tradelines select * from delivered order by subject, account, period;\n"
                  "commit;\n")
        _, took = timed(lambda: execute(script))
        story(f"  {file.name}: {took:.2f} s")
        load += took
    _, settle = timed(lambda: execute("pragma wal_checkpoint(truncate);"))
    connection = sqlite3.connect(database)
    try:
        connection.executescript(pragmas)
        rows, = connection.execute("select count(*) from tradelines").fetchone()
        size_bytes = sum(file.stat().st_size for file in path.glob("rows.sqlite*"))

        def look_up(subject):
            query = "select * from tradelines where subject = ? order by account, period"
            return connection.execute(query, (subject,)).fetchall()

        looked_up = lookups(look_up, files, count, size.rows_of_each)
    finally:
        connection.close()
    return {"version": sqlite3.sqlite_version, **figures(rows, load, settle, size_bytes), **looked_up}
