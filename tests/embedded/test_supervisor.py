from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from glucose_platform import supervisor
from glucose_platform.embedded.processes import alive, wait_until
from glucose_platform.supervisor import Child, Supervisor
from tests.embedded.helpers import python

# Says its process id and waits; says so when it is asked to end.
SLEEPER = """
import os, signal, sys, time
def end(*_):
    print("bye", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("pid", os.getpid(), os.environ.get("GREETING", ""), flush=True)
time.sleep(600)
"""
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("pid", os.getpid(), flush=True)
time.sleep(600)
"""
# A worker of its own, as web servers have.
PARENT = f"""
import os, subprocess, sys, time
worker = subprocess.Popen([sys.executable, "-c", {STUBBORN!r}])
print("pid", os.getpid(), flush=True)
time.sleep(600)
"""


def _supervised(*children: str) -> subprocess.Popen[str]:
    listed = ", ".join(children)
    code = f"""
import sys
from glucose_platform.supervisor import Child, Supervisor
ready = lambda: print("all ready", flush=True)
sys.exit(Supervisor([{listed}], on_ready=ready).run())
"""
    return python(code)


def _child(name: str, code: str, **more: object) -> str:
    arguments = "".join(f", {key}={value!r}" for key, value in more.items())
    return f"Child({name!r}, [sys.executable, '-c', {code!r}]{arguments})"


def _read_until(process: subprocess.Popen[str], pattern: str, times: int = 1) -> str:
    assert process.stdout is not None
    text = ""
    while len(re.findall(pattern, text, re.MULTILINE)) < times:
        line = process.stdout.readline()
        if not line:
            pytest.fail(f"ended before {pattern!r} came: {text}")
        text += line
    return text


def _pids(text: str) -> list[int]:
    return [int(pid) for pid in re.findall(r"pid (\d+)", text)]


def test_lines_carry_names_and_children_their_environment():
    process = _supervised(_child("web", SLEEPER, env={"GREETING": "hello"}), _child("worker", SLEEPER))
    text = _read_until(process, r"\| pid", times=2)
    process.terminate()
    rest, errors = process.communicate(timeout=20)
    assert re.search(r"^web    \| pid \d+ hello$", text, re.MULTILINE)
    assert re.search(r"^worker \| pid \d+ $", text, re.MULTILINE)
    assert "web    | bye" in rest
    assert "\x1b" not in text + rest
    assert errors == ""
    assert process.returncode == 0
    assert not any(alive(pid) for pid in _pids(text))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_in_the_given_order(number):
    process = _supervised(
        _child("last", SLEEPER, stop_order=2),
        _child("first", SLEEPER, stop_order=0),
        _child("then", SLEEPER, stop_order=1),
    )
    _read_until(process, r"\| pid", times=3)
    process.send_signal(number)
    rest, _ = process.communicate(timeout=20)
    assert re.findall(r"^(\w+) +\| bye", rest, re.MULTILINE) == ["first", "then", "last"]
    assert process.returncode == 0


def test_a_child_that_does_not_stop_is_killed_with_its_workers():
    process = _supervised(_child("web", STUBBORN, stop_seconds=0.5), _child("parent", PARENT, stop_seconds=0.5))
    text = _read_until(process, r"\| pid", times=3)
    process.terminate()
    rest, _ = process.communicate(timeout=20)
    assert "web did not stop within 0.5 s; killing it." in rest
    assert len(_pids(text)) == 3
    assert wait_until(lambda: not any(alive(pid) for pid in _pids(text)), 5)
    assert process.returncode == 0


def test_a_second_interrupt_does_not_wait():
    process = _supervised(_child("web", STUBBORN, stop_seconds=300))
    (pid,) = _pids(_read_until(process, r"\| pid"))
    process.send_signal(signal.SIGINT)

    def pressed_again() -> bool:
        # What comes within a second of the first counts as the same key press.
        process.send_signal(signal.SIGINT)
        return process.poll() is not None

    assert wait_until(pressed_again, 20)
    process.communicate(timeout=20)
    assert not alive(pid)


def test_a_dead_child_is_started_again():
    process = _supervised(_child("web", SLEEPER))
    (first,) = _pids(_read_until(process, r"\| pid"))
    os.kill(first, signal.SIGKILL)
    text = _read_until(process, r"web +\| pid")
    assert "web was ended by SIGKILL. Starting it again in 1 s." in text
    (second,) = _pids(text)
    assert second != first
    process.terminate()
    process.communicate(timeout=20)
    assert not alive(second)


def test_a_child_that_keeps_dying_stops_everything(monkeypatch):
    monkeypatch.setattr(supervisor, "TICK_SECONDS", 0.01)
    clock = time.monotonic
    # Pauses of 1, 2 and 4 seconds pass ten times as fast.
    monkeypatch.setattr(time, "monotonic", lambda: clock() * 10)
    output = io.StringIO()
    children = [
        Child("web", [sys.executable, "-c", "raise SystemExit(5)"]),
        Child("worker", [sys.executable, "-c", SLEEPER], stop_order=1, stop_seconds=100),
    ]
    assert Supervisor(children, output=output).run() == 1
    text = output.getvalue()
    assert re.findall(r"web ended with code 5\. Starting it again in (\d) s", text) == ["1", "2", "4"]
    assert "It was restarted 3 times within a minute; stopping everything." in text
    assert not any(alive(pid) for pid in _pids(text))


def test_a_program_that_is_missing_is_named():
    output = io.StringIO()
    assert Supervisor([Child("web", ["/no/such/program"])], output=output).run() == 1
    assert "web cannot be started: " in output.getvalue()


def test_ready_is_announced_once_when_all_are():
    answers = iter([False, False, True, True, True, True])
    announced: list[int] = []

    def announce() -> None:
        announced.append(1)
        os.kill(os.getpid(), signal.SIGTERM)

    children = [
        Child("web", [sys.executable, "-c", SLEEPER], ready=lambda: next(answers)),
        Child("worker", [sys.executable, "-c", SLEEPER]),
    ]
    assert Supervisor(children, on_ready=announce, output=io.StringIO()).run() == 0
    assert announced == [1]
    assert len(list(answers)) == 3


def test_a_failing_check_stops_the_children_and_is_not_hidden():
    output = io.StringIO()

    def ready() -> bool:
        if "pid" in output.getvalue():
            raise ValueError("a defect")
        return False

    with pytest.raises(ValueError, match="a defect"):
        Supervisor(
            [Child("web", [sys.executable, "-c", SLEEPER], ready=ready)], on_ready=lambda: None, output=output
        ).run()
    (pid,) = _pids(output.getvalue())
    assert not alive(pid)


def test_children_do_not_outlive_a_killed_supervisor():
    process = _supervised(_child("web", SLEEPER), _child("parent", PARENT))
    pids = _pids(_read_until(process, r"\| pid", times=3))
    process.kill()
    process.wait(timeout=10)
    assert wait_until(lambda: not any(alive(pid) for pid in pids), 20)
    process.communicate(timeout=10)


def test_names_are_coloured_on_a_terminal_only(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    Supervisor([Child("web", ["/no/such/program"])], output=terminal).run()
    assert terminal.getvalue().startswith("\x1b[")
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    Supervisor([Child("web", ["/no/such/program"])], output=plain).run()
    assert "\x1b" not in plain.getvalue()


def test_the_guard_imports_nothing_of_the_project():
    text = Path(supervisor.GUARD).read_text()
    assert "glucose" not in text
