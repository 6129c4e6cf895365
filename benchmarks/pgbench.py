"""What the database alone can do with a transaction, from many clients at once."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from benchmarks import client_threads
from benchmarks.errors import BenchmarkError
from benchmarks.transactions import Transaction
from glucose_platform.embedded.programs import postgres_candidates

OVERTIME_SECONDS = 60
# Many clients take a while to connect.
SHORTEST_SECONDS = 3
_RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_SET_LOCAL = re.compile(r"SET LOCAL (\S+) = '(:\w+)'")
_FAILED = re.compile(r"^number of failed transactions: (\d+)", re.MULTILINE)


def transactions_per_second(
    transaction: Transaction, *, clients: int, seconds: float, directory: Path, prepared: bool = False
) -> float:
    """As the app role. By pgbench; where no PostgreSQL brings it, by threads of this process.

    ``prepared``: each statement is planned once for a connection, as the data plane's are.
    """
    program = pgbench_program()
    if program is None:
        return client_threads.transactions_per_second(transaction, clients=clients, seconds=seconds)
    script = directory / "transaction.sql"
    script.write_text(_script(transaction, prepared))
    command = [
        str(program), "--no-vacuum", "--file", str(script), "--client", str(clients),
        "--jobs", str(min(clients, os.cpu_count() or 1)), "--time", str(max(SHORTEST_SECONDS, round(seconds))),
        "--protocol", "prepared" if prepared else "simple",
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, env={**os.environ, **_address()}, capture_output=True, text=True, check=False,
            timeout=seconds + OVERTIME_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise BenchmarkError(f"pgbench was not done {OVERTIME_SECONDS} s after its time.") from None
    rate, failed = _RATE.search(done.stdout), _FAILED.search(done.stdout)
    if done.returncode or rate is None or (failed and int(failed[1])):
        raise BenchmarkError(f"pgbench failed:\n{done.stdout}{done.stderr}")
    return float(rate[1])


def pgbench_program() -> Path | None:
    """Of the server that is measured where it has one: the programs are looked for in the same order."""
    for directory in postgres_candidates():
        program = directory / "pgbench"
        if program.is_file() and _runs(program):
            return program
    return None


def _runs(program: Path) -> bool:
    return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0


def _script(transaction: Transaction, prepared: bool) -> str:
    statements = transaction.statements
    if prepared:
        # SET takes no parameter, which is what pgbench makes of a variable in a prepared statement.
        statements = tuple(_SET_LOCAL.sub(r"SELECT set_config('\1', (\2)::text, true)", each) for each in statements)
    first, count = transaction.first_organization, transaction.organizations
    draw = (
        f"\\set device random({transaction.first_device}, {transaction.last_device})\n"
        f"\\set organization {first} + (:device - {transaction.first_device}) % {count}\n"
    )
    return draw + "".join(f"{statement.strip()};\n" for statement in ("BEGIN", *statements, "COMMIT"))


def _address() -> dict[str, str]:
    """In the environment, not among the arguments, which every user of the machine can read."""
    parts = conninfo_to_dict(os.environ["DATABASE_URL"])
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    return {variable: str(parts[name]) for name, variable in names.items() if parts.get(name)}
