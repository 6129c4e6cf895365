"""Results as REST answers them: plain objects with camelCase names."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np

from analytics.agp import PERCENTILES
from analytics.daily import DailyProfile
from analytics.episodes import EpisodeKind, Episodes
from analytics.goals import Goals, Preset
from analytics.gri import Gri
from analytics.sensor_use import SensorUse, Sufficiency
from analytics.summary import DEFINITION_VERSION, Analysis
from patients.models import Patient
from reports.glucose.numbers import In, number, shares
from reports.glucose.windows import Window
from tenancy.api.serializers import camel_case

PERCENTILE_NAMES = tuple(f"p{percentile:02}" for percentile in PERCENTILES)
# Of Variability, what is told in the clinic's unit, or in that per hour or minute. Indices have none.
_CONCENTRATIONS = frozenset({"modd", "conga_1", "conga_2", "conga_4", "conga_24", "auc", "mag", "sd_roc"})


def head(patient: Patient, window: Window, goals: Goals, preset: Preset, told: In) -> dict[str, Any]:
    """What every answer says about itself."""
    return {
        "patient": patient.code,
        "window": window_body(window),
        "timezone": patient.timezone,
        "unit": told.unit,
        "definitionVersion": DEFINITION_VERSION,
        "goals": goals_body(goals, preset, told),
    }


def window_body(window: Window) -> dict[str, Any]:
    return {"since": spoken(window.since), "until": spoken(window.until), "days": window.days}


def spoken(instant: datetime) -> str:
    return (
        instant.astimezone(UTC)
        .isoformat(timespec="seconds" if not instant.microsecond else "milliseconds")
        .replace("+00:00", "Z")
    )


def goals_body(goals: Goals, preset: Preset, told: In) -> dict[str, Any]:
    limits = goals.limits
    return {
        "preset": preset.value,
        "version": goals.version,
        "source": goals.source,
        "limits": {
            name: None if limit is None else limit.mmol_l if told.is_mmol else limit.mg_dl
            for name, limit in (
                ("veryLow", limits.very_low), ("low", limits.low), ("high", limits.high), ("veryHigh", limits.very_high)
            )
        },
        "inRangeAbove": goals.in_range_above,
        "belowUnder": goals.low_below,
        "veryLowUnder": goals.very_low_below,
        "aboveUnder": goals.high_below,
        "veryHighUnder": goals.very_high_below,
        "cvAtMost": goals.cv_at_most,
        "meanUnder": told.glucose(goals.mean_below),
        "gmiUnder": goals.gmi_below,
    }  # fmt: skip


def use_body(use: SensorUse) -> dict[str, Any]:
    return {
        "activePercent": number(use.active_percent),
        "activePercentOfWindow": number(use.active_percent_of_window),
        "days": use.days,
        "daysWithData": use.days_with_data,
        "first": None if use.first is None else spoken(datetime.fromtimestamp(use.first / 1000, UTC)),
        "last": None if use.last is None else spoken(datetime.fromtimestamp(use.last / 1000, UTC)),
    }


def sufficiency_body(found: Sufficiency) -> dict[str, Any]:
    return {
        "isSufficient": found.is_sufficient,
        "agpAllowed": found.agp_allowed,
        "lowsAndCvAllowed": found.lows_and_cv_allowed,
        "reasons": [reason.value for reason in found.reasons],
    }


def summary_body(analysis: Analysis, told: In) -> dict[str, Any]:
    centre, grade = analysis.centre, analysis.grade
    sure = analysis.sufficiency.is_sufficient
    return {
        "isExact": True,
        "sufficiency": sufficiency_body(analysis.sufficiency),
        "sensorUse": use_body(analysis.use),
        "readings": centre.count,
        "mean": told.glucose(centre.mean),
        "median": told.glucose(centre.median),
        "sd": told.glucose(centre.sd),
        "cv": number(centre.cv),
        "iqr": told.glucose(centre.iqr),
        **_extremes(analysis, told),
        # A GMI of few days is read as if it were one of three months.
        "gmi": number(centre.gmi) if sure else None,
        "gmiMmolMol": number(centre.gmi_mmol_mol, 1) if sure else None,
        "jIndex": number(centre.j_index),
        "timeInRanges": shares(analysis.times),
        "gri": gri_body(analysis.gri),
        "risk": {camel_case(name): number(value) for name, value in asdict(analysis.risk).items()},
        "variability": _variability_body(analysis, told),
        "mage": {name: told.glucose(value) for name, value in asdict(analysis.mage).items()},
        "grade": None if grade is None else {name: number(value) for name, value in asdict(grade).items()},
        "episodes": _episodes_body(analysis.episodes),
    }


def _extremes(analysis: Analysis, told: In) -> dict[str, Any]:
    """Of what could be measured: "Low" and "High" are no numbers, and are counted instead."""
    beyond = np.concatenate([profile.beyond for profile in analysis.days]) if analysis.days else np.empty(0)
    measured = np.concatenate([profile.glucose for profile in analysis.days])[beyond == 0] if analysis.days else beyond
    return {
        "min": told.glucose(float(measured.min())) if len(measured) else None,
        "max": told.glucose(float(measured.max())) if len(measured) else None,
        "belowSensorRange": int(np.count_nonzero(beyond < 0)),
        "aboveSensorRange": int(np.count_nonzero(beyond > 0)),
    }


def gri_body(gri: Gri | None) -> dict[str, Any] | None:
    if gri is None:
        return None
    return {
        "value": number(gri.value, 1),
        "hypoComponent": number(gri.hypo_component),
        "hyperComponent": number(gri.hyper_component),
        "zone": gri.zone,
    }


def curve_body(analysis: Analysis, told: In) -> dict[str, Any]:
    """The curve's points stand in the middle of their hour."""
    hours = [
        {
            "hour": hour,
            "count": raw.count,
            **{name: told.glucose(getattr(raw, name)) for name in PERCENTILE_NAMES},
            "smoothed": {name: told.glucose(value) for name, value in zip(PERCENTILE_NAMES, row, strict=True)},
        }
        for hour, (raw, row) in enumerate(zip(analysis.agp.hours, analysis.agp.smoothed.tolist(), strict=True))
    ]
    return {"hours": hours, "days": [_profile_body(profile, told) for profile in analysis.days]}


def _profile_body(profile: DailyProfile, told: In) -> dict[str, Any]:
    """A value beyond the sensor's range is null, and its place in ``below`` or ``above``: it is no number."""
    glucose: list[Any] = list(told.measured(profile.glucose.tolist()))
    below, above = ((profile.beyond == side).nonzero()[0].tolist() for side in (-1, 1))
    for place in below + above:
        glucose[place] = None
    return {
        "day": profile.day.isoformat(),
        "readings": len(glucose),
        "mean": told.glucose(profile.mean),
        "inRangePercent": number(profile.times.percent("in_range")),
        "minutes": profile.minutes.astype(int).tolist(),
        "glucose": glucose,
        "below": below,
        "above": above,
    }


def _variability_body(analysis: Analysis, told: In) -> dict[str, Any]:
    found = asdict(analysis.variability)
    sds = found.pop("daily_sds")
    body = {
        camel_case(name): told.fine(value) if name in _CONCENTRATIONS else number(value)
        for name, value in found.items()
    }
    return body | {"dailySds": {camel_case(name): told.glucose(value) for name, value in sds.items()}}


def _episodes_body(episodes: Episodes) -> dict[str, Any]:
    return {
        kind.value: {
            "count": episodes.count(kind),
            "perDay": number(episodes.per_day(kind)),
            "meanMinutes": number(episodes.mean_minutes(kind), 1),
        }
        for kind in EpisodeKind
    }
