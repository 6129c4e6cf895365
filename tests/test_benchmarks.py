"""The benchmarks measure what they say, and refuse figures that would be wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from pathlib import Path

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import client_threads, load, pgbench
from benchmarks.errors import BenchmarkError
from benchmarks.messages import get
from benchmarks.report import Figure, Report
from benchmarks.transactions import Transaction

PROJECT = Path(__file__).resolve().parent.parent


@contextmanager
def http_server(statuses: Iterator[int]) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            status = next(statuses)
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_load_counts_every_answer_and_its_time():
    sent = [get("/", "token")] * 40
    taken = iter(sent)
    with http_server(repeat(200)) as port, pytest.raises(BenchmarkError, match="too few requests"):
        load.drive(port, taken, connections=4, seconds=30)
    with http_server(repeat(200)) as port:
        answers = load.drive(port, repeat(sent[0]), connections=4, seconds=0.3)

    assert next(taken, None) is None
    assert answers.statuses.keys() == {200}
    assert answers.statuses.total() == len(answers.latencies) > 4
    assert 0.3 <= answers.seconds < 5
    assert answers.rate(200) == answers.statuses[200] / answers.seconds
    assert 0 < answers.milliseconds(50) <= answers.milliseconds(99)


@pytest.mark.parametrize("wrong", [500, load.NO_ANSWER])
def test_wrong_answers_make_no_figure(wrong):
    statuses = (200 if number % 5 else wrong for number in range(1, 1_000_000))
    with http_server(statuses) as port:
        answers = load.drive(port, repeat(get("/", "token")), connections=1, seconds=0.3)

    assert answers.statuses[wrong] > 0
    with pytest.raises(BenchmarkError, match="Answers other than 200"):
        answers.rate(200)


def test_one_wrong_answer_in_a_thousand_is_let_go():
    answers = load.Load(seconds=1.0)
    answers.statuses.update({201: 1999, 503: 1})
    assert answers.rate(201) == 1999

    answers.statuses[503] += 2
    with pytest.raises(BenchmarkError, match=r"3 of 2002 \(1999 x 201, 3 x 503\)"):
        answers.rate(201)


def test_no_answer_at_all_makes_no_figure():
    with pytest.raises(BenchmarkError, match="none at all"):
        load.Load(seconds=1.0).rate(201)


@pytest.mark.django_db
def test_threads_stand_in_for_pgbench(monkeypatch, tmp_path):
    monkeypatch.setattr(pgbench, "postgres_candidates", lambda: iter([tmp_path]))
    transaction = Transaction(("SET LOCAL app.user_id = '1'", "SELECT 1 / (:device - 4)"), 5, 9)

    assert pgbench.transactions_per_second(transaction, clients=2, seconds=0.2, directory=tmp_path) > 0
    with pytest.raises(Exception, match="division by zero"):
        client_threads.transactions_per_second(Transaction(transaction.statements, 4, 4), clients=1, seconds=0.2)


@pytest.mark.django_db
def test_failed_transactions_of_pgbench_make_no_figure(tmp_path):
    if pgbench.pgbench_program() is None:
        pytest.skip("no PostgreSQL here brings pgbench")
    division = "SELECT 1 / (:device - 4)"

    assert pgbench.transactions_per_second(Transaction((division,), 5, 9), clients=2, seconds=1, directory=tmp_path) > 0
    with pytest.raises(BenchmarkError, match="division by zero"):
        pgbench.transactions_per_second(Transaction((division,), 4, 4), clients=2, seconds=1, directory=tmp_path)


def test_run_with_a_problem_is_red(monkeypatch, tmp_path, capsys):
    report = Report({"cores": 2}, [Figure("posts", "posts/s", 30.0, "pgbench", 60.0)], [])
    monkeypatch.setattr(benchmarks, "installation", lambda: nullcontext(tmp_path))
    monkeypatch.setattr(benchmarks, "_measure_all", lambda options, directory: report)
    file = tmp_path / "figures.json"

    assert benchmarks.main(["--json", str(file)]) == 0
    written = json.loads(file.read_text())
    assert written["figures"][0]["ratio"] == 0.5
    assert written["problems"] == []

    report.problems.append("single posts: 7 rows are missing")
    assert benchmarks.main([]) == 1
    assert "FAILED: single posts: 7 rows are missing" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["speed"], ["--seconds", "0"], ["--connections", "-1"]])
def test_unusable_arguments_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as refused:
        benchmarks.main(arguments)

    assert refused.value.code == 2
    assert "error:" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_quick_run_has_every_figure_and_leaves_nothing(tmp_path):
    file = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--json", str(file)],
        cwd=PROJECT, env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    written = json.loads(file.read_text())
    # Some measure more than one thing.
    works = {(figure["work"], figure["baseline_work"]) for figure in written["figures"]}
    assert len(works) == len(written["figures"]) >= len(benchmarks.MEASUREMENTS)
    assert all(figure["ours"] > 0 and figure["baseline"] > 0 for figure in written["figures"])
    assert "fsync on" in written["setup"]["postgresql"]
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
