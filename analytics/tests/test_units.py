from __future__ import annotations

import numpy as np
import pytest

from analytics.units import MG_DL_PER_MMOL_L, mg_dl_of, shown_mmol_l


@pytest.mark.parametrize(
    ("sent", "shown", "mg_dl"),
    [
        (3.85, 3.9, 70),
        (3.84, 3.8, 68),
        (3.94, 3.9, 70),
        (3.95, 4.0, 72),
        (10.03, 10.0, 180),
        (10.04, 10.0, 180),
        (10.05, 10.1, 182),
    ],
)
def test_mmol_l_is_kept_as_it_is_shown(sent: float, shown: float, mg_dl: int) -> None:
    assert (shown_mmol_l(sent), mg_dl_of(sent)) == (shown, mg_dl)


def test_every_tenth_is_in_the_same_range_in_both_units() -> None:
    """So summaries, which class mg/dL, and exact results, which class tenths of mmol/L, agree. 7.8 mmol/L are 141
    mg/dL, which summaries know."""
    for tenths in range(22, 334):
        mg_dl = mg_dl_of(tenths / 10)

        assert np.rint(mg_dl / MG_DL_PER_MMOL_L * 10) == tenths
        by_mg_dl = [mg_dl < 70, mg_dl > 180, mg_dl < 54, mg_dl > 250, mg_dl > 141, mg_dl < 63]
        by_mmol_l = [tenths < 39, tenths > 100, tenths < 30, tenths > 139, tenths > 78, tenths < 35]
        assert by_mg_dl == by_mmol_l, tenths / 10
