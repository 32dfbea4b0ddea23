"""PostgreSQL: COPY of each delivery into a table with a primary key, as its own manual advises for bulk loads.

Settings, all others being the defaults: a quarter of the memory for `shared_buffers`, three quarters said to be cached by the
system, room in the WAL so that no checkpoint comes in the middle of a delivery, and no replicas, so `wal_level = minimal`.
`synchronous_commit`, `fsync` and `full_page_writes` stay on: each delivery is durable when its COPY returns. The server is
reached by a socket in its own folder only.
"""

import glob
import os
import shutil
import signal
import subprocess
from pathlib import Path

from measure import figures, lookups, story, timed

TABLE = """
create table tradelines (
    subject text not null, account text not null, period date not null, status smallint not null,
    rating smallint not null, balance bigint not null, past_due bigint not null, credit_limit bigint not null,
    paid bigint not null, due bigint not null, primary key (subject, account, period)
)"""

USER = "postgres"


def programs():
    """Where the newest PostgreSQL has its programs."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: float(path.split("/")[-2]))
    if found:
        return Path(found[-1])
    initdb = shutil.which("initdb")
    if initdb is None:
        raise SystemExit("no PostgreSQL here: `initdb` is not found")
    return Path(initdb).resolve().parent


def as_server(command):
    """A server does not run as root."""
    if os.geteuid() == 0:
        return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", *map(str, command)]
    return [*map(str, command)]


def settings():
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return {
        "shared_buffers": f"{memory_mb // 4}MB",
        "effective_cache_size": f"{memory_mb * 3 // 4}MB",
        "maintenance_work_mem": f"{min(2048, memory_mb // 16)}MB",
        "max_wal_size": "16GB",
        "checkpoint_timeout": "30min",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "listen_addresses": "",
    }


def measure(files, folder, size, count):
    import psycopg

    bin_folder, cluster = programs(), Path(folder) / "postgresql"
    cluster.mkdir()
    if os.geteuid() == 0:
        shutil.chown(cluster, USER, USER)
    data, options = cluster / "data", settings()
    given = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    quiet = {"stdout": subprocess.DEVNULL, "cwd": cluster, "check": True}
    subprocess.run(as_server([bin_folder / "initdb", "-D", data, "-A", "trust", "-U", USER, "-E", "UTF8",
                              "--locale=C"]), **quiet)
    server = subprocess.Popen(as_server([bin_folder / "postgres", "-D", data, "-k", cluster, *given]), cwd=cluster,
                              stderr=open(Path(folder) / "postgresql.log", "w"))
    try:
        ready = as_server([bin_folder / "pg_isready", "-q", "-h", cluster, "-t", "60"])
        while subprocess.run(ready, cwd=cluster).returncode != 0:
            if server.poll() is not None:
                raise SystemExit((Path(folder) / "postgresql.log").read_text())
        with psycopg.connect(host=str(cluster), user=USER, dbname=USER, autocommit=True) as connection:
            return {**measure_on(connection, files, size, count), "settings": options}
    finally:
        # "Fast": what is open is rolled back, then it ends.
        server.send_signal(signal.SIGINT)
        server.wait()


def measure_on(connection, files, size, count):
    connection.execute(TABLE)
    load = 0
    for file in files:
        copy = f"copy tradelines from '{file}' with (format csv, header true)"
        _, took = timed(lambda: connection.execute(copy))
        story(f"  {file.name}: {took:.2f} s")
        load += took
    _, settle = timed(lambda: connection.execute("checkpoint"))
    rows, = connection.execute("select count(*) from tradelines").fetchone()
    size_bytes, = connection.execute("select pg_total_relation_size('tradelines')").fetchone()
    # The table's visibility map and statistics, as autovacuum would make them; counted for nothing.
    connection.execute("vacuum analyze tradelines")

    def look_up(subject):
        query = "select * from tradelines where subject = %s order by account, period"
        return connection.execute(query, (subject,), prepare=True, binary=True).fetchall()

    looked_up = lookups(look_up, files, count, size.rows_of_each)
    trips = sorted(timed(lambda: connection.execute("select 1", prepare=True).fetchall())[1] for _ in range(1000))
    version, = connection.execute("show server_version").fetchone()
    return {"version": version.split()[0], **figures(rows, load, settle, size_bytes), **looked_up,
            "round_trip_us_p50": round(trips[500] * 1e6, 1)}
