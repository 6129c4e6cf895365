"""How much glucose swings: within hours, from day to day, and as indices that clinics know by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics import indices
from analytics.grid import Grid, grid_of
from analytics.pgs import pgs
from analytics.trace import Floats, Trace

HOUR_MINUTES, DAY_MINUTES = 60, 1440


@dataclass(frozen=True, slots=True)
class DailySds:
    """Standard deviations in mg/dL, on ``Grid.days``: rows are days, columns times of the day.

    ``within_days`` (SDw): mean of the rows' SDs; ``between_times`` (SDhh:mm): SD of the columns' means;
    ``within_hours`` (SDwsh): mean of the SDs of all 60-minute windows; ``between_day_means`` (SDdm): SD of the rows'
    means; ``between_days`` (SDb): mean of the columns' SDs; ``between_days_about_means`` (SDb//dm): the same after the
    rows' means are subtracted. Source: Rodbard 2009, doi:10.1089/dia.2009.0015; as R iglu 4.3.0 computes them.
    """

    within_days: float | None
    between_times: float | None
    within_hours: float | None
    between_day_means: float | None
    between_days: float | None
    between_days_about_means: float | None


@dataclass(frozen=True, slots=True)
class Variability:
    """None where the readings do not allow it. mg/dL where nothing else is said."""

    modd: float | None
    conga_1: float | None
    conga_2: float | None
    conga_4: float | None
    conga_24: float | None
    # %
    gvp: float | None
    # mg/dL/h
    mag: float | None
    # mg/dL/min
    sd_roc: float | None
    daily_sds: DailySds
    auc: float | None
    m_value_90: float | None
    m_value_120: float | None
    hyper_index: float | None
    hypo_index: float | None
    igc: float | None
    # 0 to 100
    cogi: float | None
    # 4 to about 40
    pgs: float | None


def variability(trace: Trace) -> Variability:
    grid = grid_of(trace)
    percentage = gvp(grid)
    return Variability(
        modd=modd(grid),
        conga_1=conga(grid, 1),
        conga_2=conga(grid, 2),
        conga_4=conga(grid, 4),
        conga_24=conga(grid, 24),
        gvp=percentage,
        mag=mag(grid),
        sd_roc=sd_roc(grid),
        daily_sds=daily_sds(grid),
        auc=auc(grid),
        m_value_90=indices.m_value(trace, 90),
        m_value_120=indices.m_value(trace, 120),
        hyper_index=indices.hyper_index(trace),
        hypo_index=indices.hypo_index(trace),
        igc=indices.igc(trace),
        cogi=indices.cogi(trace),
        pgs=pgs(trace, percentage),
    )


def modd(grid: Grid) -> float | None:
    """Mean of daily differences: of |g(t) - g(t - 24 h)|. mg/dL. Source: Molnar 1972; lag of a day as in R iglu."""
    return _mean(np.abs(grid.differences(DAY_MINUTES)))


def conga(grid: Grid, hours: int) -> float | None:
    """SD (n - 1) of g(t) - g(t - hours). mg/dL. Source: McDonnell 2005, doi:10.1089/dia.2005.7.253."""
    return _sd(grid.differences(hours * HOUR_MINUTES))


def gvp(grid: Grid) -> float | None:
    """Glycemic variability percentage: how much longer the curve is than a level line, in %.

    100 (sum of sqrt(dt² + dg²) / sum of dt - 1), minutes and mg/dL, over neighbouring points: never across a gap.
    Source: Peyser 2018, doi:10.1089/dia.2017.0187.
    """
    changes = grid.differences(grid.interval)
    lengths = np.sqrt(grid.interval**2 + changes * changes)
    mean = _mean(lengths)
    return None if mean is None else 100 * (mean / grid.interval - 1)


def mag(grid: Grid) -> float | None:
    """Mean absolute change, at the sensor's interval. mg/dL/h. Source: Hermanides 2010; R iglu from 4.3.0 on."""
    mean = _mean(np.abs(grid.differences(grid.interval)))
    return None if mean is None else mean * HOUR_MINUTES / grid.interval


def sd_roc(grid: Grid) -> float | None:
    """SD of the rate of change over 15 minutes. mg/dL/min. Source: Clarke & Kovatchev 2009."""
    minutes = max(1, round(15 / grid.interval)) * grid.interval
    sd = _sd(grid.differences(minutes))
    return None if sd is None else sd / minutes


def auc(grid: Grid) -> float | None:
    """Area under the curve in an hour, mg/dL: trapezoids in the order of time, those of a local day divided by the
    hours they cover, and the mean of all days.

    Not what R iglu 4.3.0 and iglu-python 0.4.3 give: both join points that are days apart.
    """
    rows, _ = grid.cell_numbers
    areas = (grid.values[1:] + grid.values[:-1]) / 2
    is_within_day = np.isfinite(areas) & (rows[1:] == rows[:-1])
    days = rows[1:][is_within_day]
    counts = np.bincount(days)
    return _mean(np.bincount(days, weights=areas[is_within_day])[counts > 0] / counts[counts > 0])


def daily_sds(grid: Grid) -> DailySds:
    days = grid.days
    means = _means(days, axis=1)
    return DailySds(
        within_days=_mean(_sds(days, axis=1)),
        between_times=_sd(_means(days, axis=0)),
        within_hours=_mean(_sds_of_windows(grid.values, round(HOUR_MINUTES / grid.interval))),
        between_day_means=_sd(means),
        between_days=_mean(_sds(days, axis=0)),
        between_days_about_means=_mean(_sds(days - means[:, np.newaxis], axis=0)),
    )


def _mean(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def _sd(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.std(ddof=1)) if len(known) > 1 else None


def _means(values: Floats, axis: int) -> Floats:
    """NaN where nothing is known, without the warning of ``nanmean``."""
    counts = np.isfinite(values).sum(axis=axis)
    return np.where(counts > 0, np.nansum(values, axis=axis) / np.maximum(counts, 1), np.nan)


def _sds(values: Floats, axis: int) -> Floats:
    """With n - 1; NaN where fewer than two are known."""
    counts = np.isfinite(values).sum(axis=axis)
    squares = np.nansum((values - np.expand_dims(_means(values, axis), axis)) ** 2, axis=axis)
    return np.where(counts > 1, np.sqrt(squares / np.maximum(counts - 1, 1)), np.nan)


def _sds_of_windows(values: Floats, width: int) -> Floats:
    """Of each window of ``width`` neighbouring points, also where only two are known: as R iglu has it."""
    if width < 2 or len(values) < 2:
        return np.empty(0)
    padded = np.concatenate((values, np.full(width - 2, np.nan)))
    is_known = np.isfinite(padded)
    count = len(values) - 1
    # A handful of shifted sums, where a view of all windows would be a dozen times the memory.
    counts = sum(is_known[place : place + count].astype(np.int64) for place in range(width))
    filled = np.where(is_known, padded, 0.0)
    means = sum(filled[place : place + count] for place in range(width)) / np.maximum(counts, 1)
    squares = np.zeros(count)
    for place in range(width):
        apart = filled[place : place + count] - means
        squares += np.where(is_known[place : place + count], apart * apart, 0.0)
    return np.where(counts > 1, np.sqrt(squares / np.maximum(counts - 1, 1)), np.nan)
