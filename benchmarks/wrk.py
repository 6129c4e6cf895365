"""wrk, which loads a server from one thread for little processor time; and what stands in for it."""

from __future__ import annotations

import asyncio
import json
import math
import shutil
import subprocess
from collections import Counter
from pathlib import Path

from benchmarks import load
from benchmarks.answers import NO_ANSWER, OTHER_ANSWER, Answers
from benchmarks.errors import BenchmarkError
from benchmarks.workloads import Workload

SCRIPTS = Path(__file__).parent / "scripts"
OVERTIME_SECONDS = 60


def generator_name() -> str:
    return "wrk, 1 thread" if _program() else "asyncio in Python (no wrk found: apt install wrk)"


def drive(port: int, work: Workload, *, connections: int, seconds: float, directory: Path) -> Answers:
    """Raises BenchmarkError where the first request is not answered as the work expects.

    wrk drops what is under way when its time is up: the server may have done more than counted, up to twice
    ``connections``.
    """
    asyncio.run(_insist_on_first_answer(port, work))
    work = work.without_first()
    program = _program()
    if program is None:
        return load.drive(port, work.requests(), connections=connections, seconds=seconds)
    return _run(program, port, work, connections, seconds, directory)


async def _insist_on_first_answer(port: int, work: Workload) -> None:
    """wrk takes a redirect for a success."""
    connection = await load.Connection.open(port)
    status, body = await connection.exchange(work.request(work.lines[0]))
    connection.close()
    if status != work.status:
        raise BenchmarkError(f"The server answers {status} instead of {work.status}: {body[:300]!r}")


def _program() -> str | None:
    return shutil.which("wrk")


def _run(program: str, port: int, work: Workload, connections: int, seconds: float, directory: Path) -> Answers:
    script, lines = directory / f"{work.script}.lua", directory / "lines.txt"
    script.write_text((SCRIPTS / f"{work.script}.lua").read_text() + (SCRIPTS / "summary.lua").read_text())
    lines.write_text("\n".join(work.lines) + "\n")
    command = [
        program, "--threads", "1", "--connections", str(connections), "--duration", f"{math.ceil(seconds)}s",
        "--timeout", f"{load.PATIENCE_SECONDS}s", "--script", str(script), f"http://{load.HOST}:{port}", str(lines),
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=math.ceil(seconds) + OVERTIME_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise BenchmarkError(f"wrk was not done {OVERTIME_SECONDS} s after its time.") from None
    if done.returncode:
        raise BenchmarkError(f"wrk failed:\n{done.stdout}{done.stderr}")
    return answers_of(json.loads(done.stdout.strip().splitlines()[-1]), work.status)


def answers_of(summary: dict[str, float], status: int) -> Answers:
    refused, broken = int(summary["refused"]), int(summary["broken"])
    statuses = Counter({status: int(summary["answers"]) - refused, OTHER_ANSWER: refused, NO_ANSWER: broken})
    return Answers(summary["seconds"], +statuses, {50: summary["p50"], 99: summary["p99"]})
