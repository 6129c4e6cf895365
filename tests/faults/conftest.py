from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.installation import Installation, installation


@pytest.fixture(scope="package")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("installation") / "state", devices=400) as made:
        made.start_server()
        yield made
