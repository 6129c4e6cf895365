from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from glucose_platform import embedded

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the servers to another account")


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """Every account may pass through it, unlike pytest's own temporary directories."""
    path = Path(tempfile.mkdtemp(prefix="glucose-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def state_dir(open_directory: Path) -> Iterator[Path]:
    path = open_directory / "var"
    yield path
    embedded.remove(path)


@pytest.fixture
def closed_state_dir(tmp_path: Path) -> Iterator[Path]:
    """Below a directory that only this user may enter."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    path = home / "project" / "var"
    yield path
    embedded.remove(path)
