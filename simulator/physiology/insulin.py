"""Insulin, which is linear: its course under a constant inflow is exact, by the exponential of a matrix.

States (A2, A6, A7, A11, A15, A16 of Dalla Man 2014): two depots under the skin, liver, plasma, its remote action on
uptake, and two delays before the liver. Hepatic extraction stays what it is in the basal state, so that injected and
secreted insulin are one system.
"""

from __future__ import annotations

import numpy as np

from simulator.physiology.bodies import Bodies
from simulator.physiology.people import Floats

DEPOT_1, DEPOT_2, LIVER, PLASMA, ACTION, DELAYED, HEPATIC = range(7)
_INFUSION, _SECRETION = 7, 8
_HALVINGS, _TERMS = 6, 8


def basal_state(bodies: Bodies, infusion: Floats) -> Floats:
    """(7, bodies): pmol/kg in depots, liver and plasma, pmol/L after that."""
    depot = infusion / (bodies.kd + bodies.ka1)
    concentration = bodies.basal_insulin
    return np.stack(
        [
            depot, bodies.kd * depot / bodies.ka2, bodies.basal_liver, bodies.basal_plasma,
            concentration, concentration, concentration,
        ]
    )  # fmt: skip


def transitions(bodies: Bodies, minutes: float) -> Floats:
    """(7, 9, bodies): the state after ``minutes``, from the state, the infusion and the secretion (pmol/kg/min)."""
    rates = np.zeros((len(bodies), 9, 9))
    for into, out_of, rate in (
        (DEPOT_1, DEPOT_1, -(bodies.kd + bodies.ka1)),
        (DEPOT_1, _INFUSION, 1.0),
        (DEPOT_2, DEPOT_1, bodies.kd),
        (DEPOT_2, DEPOT_2, -bodies.ka2),
        (LIVER, LIVER, -(bodies.m1 + bodies.m3)),
        (LIVER, PLASMA, bodies.m2),
        (LIVER, _SECRETION, 1.0),
        (PLASMA, LIVER, bodies.m1),
        (PLASMA, PLASMA, -(bodies.m2 + bodies.m4)),
        (PLASMA, DEPOT_1, bodies.ka1),
        (PLASMA, DEPOT_2, bodies.ka2),
        (ACTION, ACTION, -bodies.p2u),
        (ACTION, PLASMA, bodies.p2u / bodies.vi),
        (DELAYED, DELAYED, -bodies.ki),
        (DELAYED, PLASMA, bodies.ki / bodies.vi),
        (HEPATIC, HEPATIC, -bodies.ki),
        (HEPATIC, DELAYED, bodies.ki),
    ):
        rates[:, into, out_of] = rate
    return np.ascontiguousarray(_exponential(rates * minutes)[:, :7].transpose(1, 2, 0))


def _exponential(matrices: Floats) -> Floats:
    """Of each matrix: the series of its 64th part, squared six times."""
    small = matrices / 2**_HALVINGS
    term = np.broadcast_to(np.eye(matrices.shape[1]), matrices.shape)
    total = term.copy()
    for number in range(1, _TERMS):
        term = term @ small / number
        total += term
    for _ in range(_HALVINGS):
        total = total @ total
    return total
