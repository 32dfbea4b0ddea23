"""DuckDB, three ways, none of which is the best at everything.

`duckdb`: the primary key that the others have (an ART index), deliveries copied in their own order. It refuses a row that comes
twice, but a lookup by the first column alone makes no use of it.
`duckdb_indexed`: an index on the subject in its place, which lookups do use. Nothing refuses a row that comes twice.
`duckdb_sorted`: neither; each delivery is sorted by subject as it is loaded, so that a lookup skips row groups by their
minimum and maximum: what suits a columnar store best. Nothing refuses a row that comes twice.

All: all cores, three quarters of the memory, columns and types given (no guessing), insertion order not kept. Each delivery
is one transaction and durable when it returns; the checkpoint in the end counts as settling.
"""

import os
from pathlib import Path

from measure import figures, lookups, story, timed

COLUMNS = {
    "subject": "varchar", "account": "varchar", "period": "date", "status": "utinyint", "rating": "utinyint",
    "balance": "bigint", "past_due": "bigint", "credit_limit": "bigint", "paid": "bigint", "due": "bigint",
}


def measure(files, folder, size, count, way="duckdb"):
    import duckdb

    path = Path(folder) / "duckdb"
    path.mkdir()
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    options = {"threads": os.cpu_count(), "memory_limit": f"{memory_mb * 3 // 4}MB",
               "preserve_insertion_order": False, "temp_directory": str(path / "spill")}
    connection = duckdb.connect(str(path / "rows.duckdb"), config=options)
    try:
        columns = ", ".join(f"{name} {kind} not null" for name, kind in COLUMNS.items())
        key = ", primary key (subject, account, period)" if way == "duckdb" else ""
        connection.execute(f"create table tradelines ({columns}{key})")
        if way == "duckdb_indexed":
            connection.execute("create index by_subject on tradelines (subject)")
        order = " order by subject, account, period" if way == "duckdb_sorted" else ""
        load = 0
        for file in files:
            source = f"read_csv('{file}', header = true, auto_detect = false, delim = ',', columns = {COLUMNS})"
            insert = f"insert into tradelines select * from {source}{order}"
            _, took = timed(lambda: connection.execute(insert))
            story(f"  {file.name}: {took:.2f} s")
            load += took
        _, settle = timed(lambda: connection.execute("checkpoint"))
        rows, = connection.execute("select count(*) from tradelines").fetchone()
        size_bytes = sum(file.stat().st_size for file in path.glob("rows.duckdb*"))

        def look_up(subject):
            query = "select * from tradelines where subject = ? order by account, period"
            return connection.execute(query, (subject,)).fetchall()

        looked_up = lookups(look_up, files, count, size.rows_of_each)
    finally:
        connection.close()
    del options["temp_directory"]
    return {"version": duckdb.__version__, **figures(rows, load, settle, size_bytes), **looked_up, "settings": options}


def measure_indexed(files, folder, size, count):
    return measure(files, folder, size, count, "duckdb_indexed")


def measure_sorted(files, folder, size, count):
    return measure(files, folder, size, count, "duckdb_sorted")
