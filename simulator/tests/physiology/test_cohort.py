"""A hundred virtual people for 14 days, held against what is published of people with type 1 on therapy.

- DIAMOND (Beck 2017, JAMA 317:371; Calhoun 2020, Diabetes 69 suppl 1, 871-P), injections, HbA1c 8.6: 46 ± 12 % of the
  time in range.
- DIAMOND, REPLACE-BG and HypoDE after 24 weeks of sensors (Calhoun 2018, Diabetes 67 suppl 1, 899-P): 72 % in range
  below an HbA1c of 7, 44 % from 8 on; below 54 for less than 20 minutes a day in every group; 0.6 to 6.7 hours above
  250.
- REPLACE-BG (Aleppo 2017, Diabetes Care 40:538), pumps, HbA1c 7.0.
- A CV of 36 % divides stable from unstable (Danne 2017, Diabetes Care 40:1631).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.physiology import STEP_MINUTES, STEPS_A_DAY, Course, Kind, Person, cohort, measure, simulate
from simulator.physiology.habits import plan
from simulator.physiology.simulation import follow

PEOPLE = cohort(100)


@pytest.fixture(scope="module")
def course() -> Course:
    return simulate(PEOPLE, days=14)


@pytest.fixture(scope="module")
def seen(course: Course):
    signal = measure(PEOPLE, course.tissue)
    return np.where(signal.is_shown, signal.shown()[0], np.nan)


def share(levels, condition) -> float:
    """Percent, the mean of what each person has."""
    return float(np.mean([100 * condition(each[~np.isnan(each)]).mean() for each in levels.T]))


def test_means_and_times_in_ranges_are_those_of_people(seen):
    means, deviations = np.nanmean(seen, axis=0), np.nanstd(seen, axis=0)

    assert 150 < means.mean() < 185
    assert 15 < means.std() < 40, "people differ"
    assert 30 < (100 * deviations / means).mean() < 40
    assert 46 < share(seen, lambda g: (g >= 70) & (g <= 180)) < 72
    assert 1 < share(seen, lambda g: g < 70) < 6
    assert 0.1 < share(seen, lambda g: g < 54) < 1.4
    assert 2.5 < share(seen, lambda g: g > 250) < 28


def test_days_have_their_shape(seen):
    hours = np.nanmean(seen.reshape(14, 24, STEPS_A_DAY // 24, -1), axis=(0, 2, 3))

    assert 2 <= hours.argmin() <= 6, "lowest in the small hours"
    assert hours[7] > hours[3:6].mean() + 5, "dawn"
    for after, before in ((9, 6), (14, 12), (20, 18)):
        assert hours[after] > hours[before] + 10, "meals"
    assert np.ptp(hours) < 100


def test_glucose_never_jumps_nor_leaves_life(course: Course):
    changes = np.abs(np.diff(course.plasma, axis=0)) / STEP_MINUTES
    assert np.percentile(changes, 99.9) < 6
    assert changes.max() < 12, "mg/dL/min, against a low"
    assert course.plasma.min() > 10
    assert course.plasma.max() < 900


def test_therapy_is_about_what_people_need(course: Course):
    assert 120 < course.eaten.sum() / 1400 < 280
    assert 8 < (course.injected * 80 / 6000).sum() / 1400 < 40


def test_the_other_kinds_are_told_apart():
    levels = {kind: simulate(cohort(40, kind=kind), days=4).tissue for kind in (Kind.TYPE_2, Kind.HEALTHY)}

    # Shah 2019, J Clin Endocrinol Metab 104:4356: 98 ± 7 mg/dL, 17 ± 3 %, next to nothing above 180.
    healthy = levels[Kind.HEALTHY]
    assert 92 < healthy.mean() < 112
    assert share(healthy, lambda g: g > 180) < 1.5
    assert 140 < levels[Kind.TYPE_2].mean() < 190
    assert share(levels[Kind.TYPE_2], lambda g: g < 54) < 0.2


def test_the_same_seed_gives_the_same_days_and_another_does_not():
    first, again = (simulate(cohort(5, seed=8), days=2).plasma for _ in range(2))
    other = simulate(cohort(5, seed=9), days=2).plasma

    assert np.array_equal(first, again)
    assert np.abs(first - other).mean() > 5


def test_a_person_alone_is_what_the_same_person_is_among_others():
    people = cohort(7, seed=4) + cohort(3, kind=Kind.HEALTHY)
    together = simulate(people, days=2)

    for place in (0, 6, 8):
        alone = simulate([people[place]], days=2)
        assert np.allclose(alone.plasma[:, 0], together.plasma[:, place], atol=1e-6)


def test_who_struggles_fares_worse():
    careful, struggling = (
        simulate([replace(each, burden=burden) for each in PEOPLE[:50]], days=4) for burden in (0.4, 2.2)
    )

    assert careful.plasma.mean() + 15 < struggling.plasma.mean()
    assert careful.plasma.std() < struggling.plasma.std()


def test_lows_are_treated_and_end():
    people = [Person(seed, burden=1.2) for seed in range(60)]
    usual = plan(people, [0] * 60, 2)
    helped, left_alone = follow(people, usual), follow(people, replace(usual, attention=np.ones_like(usual.attention)))

    assert helped.eaten.sum() > left_alone.eaten.sum()
    assert np.array_equal(left_alone.eaten, usual.grams)
    assert (helped.tissue < 60).mean() < 0.5 * (left_alone.tissue < 60).mean()


def test_exercise_lowers_and_still_does_hours_later():
    people = cohort(60)
    usual = replace(plan(people, [0] * 60, 1), attention=np.ones((STEPS_A_DAY, 60)))
    still, moving = np.zeros((STEPS_A_DAY, 60)), np.zeros((STEPS_A_DAY, 60))
    moving[17 * 12 : 18 * 12] = 60
    lazy, active = (follow(people, replace(usual, effort=effort)).plasma for effort in (still, moving))

    fall = (lazy - active).mean(axis=1)
    assert np.allclose(fall[: 17 * 12], 0)
    assert fall[18 * 12] > 10
    assert fall[23 * 12] > 5
