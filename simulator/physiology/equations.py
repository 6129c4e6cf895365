"""The equations, for many bodies at once, in steps of fixed length: Runge-Kutta of order 4, insulin exactly.

UVA/Padova S2013 as of Dalla Man, Micheletto, Lv, Breton, Kovatchev, Cobelli, J Diabetes Sci Technol 2014;8:26-34:
glucose (A1), insulin (A2, A15-A16), gut (A3), production (A5-A7), uptake with the risk of lows (A9-A12), kidneys (A14),
interstitium (A17). Secretion and portal insulin of type 2 and of healthy people: Dalla Man, Rizza, Cobelli, IEEE TBME
2007;54:1740-1749. Glucagon has the form of (A18-A20) without its dynamic part and with constants of ours, for no table
of them is public.
"""

from __future__ import annotations

import numpy as np

from simulator.physiology import insulin
from simulator.physiology.bodies import ABSORBED, BRAIN, EXTRACTION, Bodies
from simulator.physiology.people import Floats

GP, GT, SOLID, LIQUID, GUT, GLUCAGON, COUNTER, INTERSTITIAL = range(8)
# From here on, what only follows the others.
FOLLOWERS = GLUCAGON

# Cappon et al. 2023 (doi 10.1109/TBME.2023.3286856): uptake at lows.
RISK_GAIN, RISK_POWER, RISK_FLOOR = 1.44, 0.81, 60.0
# Ours: a part of a healthy answer, for type 1 blunts it. Production rises by 1.5 mg/kg/min at a steady 50 mg/dL.
GLUCAGON_ONSET, GLUCAGON_GAIN, GLUCAGON_CLEARANCE, GLUCAGON_DELAY = 75.0, 0.06, 0.15, 0.12


class Model:
    """``state`` holds glucose in plasma and tissue (mg/kg), stomach and gut (mg), counter-regulation, and the glucose
    a sensor meets (mg/dL); ``insulin`` is that of ``insulin.basal_state``. One column for each body.

    Set before each ``advance``: ``infusion`` (pmol/kg/min), ``sensitivity`` (1 is usual), ``uptake`` and
    ``insulin_uptake`` (1 at rest, more in and after exercise).
    """

    def __init__(self, bodies: Bodies, *, step_minutes: float) -> None:
        self.bodies = bodies
        self._minutes = step_minutes
        number = len(bodies)
        self.infusion = np.where(bodies.injects == 1, bodies.basal_need, 0.0)
        self.sensitivity, self.uptake, self.insulin_uptake = (np.ones(number) for _ in range(3))
        self.insulin = insulin.basal_state(bodies, self.infusion)
        self.state = np.zeros((8, number))
        self.state[GP], self.state[GT] = bodies.basal_glucose * bodies.vg, bodies.basal_tissue
        self.state[INTERSTITIAL] = bodies.basal_glucose
        self._nothing = np.zeros(number)
        self._meal = np.full(number, 30_000.0)
        self._empties: Floats = bodies.kmin
        self._basal_depot = self.insulin[insulin.DEPOT_1] + self.insulin[insulin.DEPOT_2]
        self._transitions = insulin.transitions(bodies, step_minutes)
        self._pancreas = Pancreas(bodies, step_minutes) if (bodies.injects == 0).any() else None
        self._prepare()

    @property
    def glucose(self) -> Floats:
        """mg/dL in plasma."""
        return np.asarray(self.state[GP] * self._per_vg)

    @property
    def seen(self) -> Floats:
        """mg/dL in tissue, where a sensor lies."""
        return np.asarray(self.state[INTERSTITIAL])

    @property
    def insulin_on_board(self) -> Floats:
        """pmol/kg under the skin, beyond what the basal rate keeps there."""
        return np.asarray(self.insulin[insulin.DEPOT_1] + self.insulin[insulin.DEPOT_2] - self._basal_depot)

    def eat(self, milligrams: Floats, *, sugar: Floats) -> None:
        """A meal, and sugar that need not be ground."""
        eats = milligrams + sugar > 0
        if eats.any():
            self.state[SOLID] += milligrams
            self.state[LIQUID] += sugar
            # The stomach empties by the share that is left of what lay in it after the last bite.
            self._meal = np.where(eats, self.state[SOLID] + self.state[LIQUID], self._meal)
            self._set_emptying()

    def inject(self, pmol_per_kg: Floats) -> None:
        self.insulin[insulin.DEPOT_1] += pmol_per_kg

    def advance(self, steps: int) -> None:
        for _ in range(steps):
            self._advance_once()

    def _advance_once(self) -> None:
        h, x, before = self._minutes, self.state[:FOLLOWERS], self.insulin
        secreted = self._pancreas.secretion if self._pancreas else self._nothing
        inflow = np.concatenate([before, self.infusion[None], secreted[None]])
        after = np.einsum("ijn,jn->in", self._transitions, inflow)
        self._hold()
        first, last = self._drives(before), self._drives(after)
        middle = (first[0] + last[0]) / 2, (first[1] + last[1]) / 2

        slopes = self._slopes(x, *first)
        total = slopes
        slopes = self._slopes(x + (h / 2) * slopes, *middle)
        total = total + 2 * slopes
        slopes = self._slopes(x + (h / 2) * slopes, *middle)
        total += 2 * slopes
        total += self._slopes(x + h * slopes, *last)
        total *= h / 6
        level, rise = x[GP] * self._per_vg, total[GP] * self._per_vg
        if self._pancreas:
            self._pancreas.advance(level, rise / h)
        self._follow(level + rise / 2)
        np.maximum(x + total, 0, out=x)
        self.insulin = after

    def _follow(self, glucose: Floats) -> None:
        """What only follows glucose, exactly for the mean of the step: the sensor's place, counter-regulation."""
        x = self.state
        x[INTERSTITIAL] += (glucose - x[INTERSTITIAL]) * self._reaches_tissue
        x[COUNTER] += (x[GLUCAGON] - x[COUNTER]) * self._counter_share
        x[GLUCAGON] += (GLUCAGON_GAIN * np.maximum(GLUCAGON_ONSET - glucose, 0) - x[GLUCAGON]) * self._glucagon_share

    def _hold(self) -> None:
        """Powers and hyperbolic tangents cost most, and what they depend on moves slowly: once a step is enough."""
        b, x = self.bodies, self.state
        below = np.log(np.maximum(x[GP] * self._per_vg, RISK_FLOOR)) ** RISK_POWER - self._basal_risk
        self._gain = self.insulin_uptake * b.vmx * (1 + 10 * RISK_GAIN * np.minimum(below, 0) ** 2)
        self._independent = self.uptake * self._vm0 - self._gain * b.basal_insulin
        self._suppression = b.kp3 * self.sensitivity
        self._unsuppressed = self._kp1 + x[COUNTER] + (self._suppression - b.kp3) * b.basal_insulin
        if self._pancreas:
            self._unsuppressed -= b.kp4 * self._pancreas.portal
        # Half a step on, by what left it lately.
        stomach = x[SOLID] + x[LIQUID] * (1 - self._empties * (self._minutes / 2))
        bends = np.tanh(self._steep_full * stomach - self._at_full)
        bends -= np.tanh(self._steep_empty * stomach - self._at_empty)
        self._empties = np.asarray(self._least_emptying + self._emptying * bends)

    def _drives(self, state: Floats) -> tuple[Floats, Floats]:
        """The production that insulin allows, and the uptake it causes, before what glucose does to both."""
        allowed = self._unsuppressed - self._suppression * state[insulin.HEPATIC]
        caused = self.sensitivity * (self._independent + self._gain * state[insulin.ACTION])
        # Beyond half of the tissue's glucose in a minute a step would take more than there is.
        return allowed, np.clip(caused, 0, self._most_caused)

    def _prepare(self) -> None:
        b = self.bodies
        self._vm0, self._kp1 = b.vm0, b.kp1
        self._most_caused = 0.5 * b.km0
        self._appearance = ABSORBED * b.kabs / b.weight
        self._per_vg = 1 / b.vg
        self._reaches_tissue = 1 - np.exp(-self._minutes / b.sensor_lag)
        self._glucagon_share, self._counter_share = (
            1 - np.exp(-rate * self._minutes) for rate in (GLUCAGON_CLEARANCE, GLUCAGON_DELAY)
        )
        self._basal_risk = np.log(b.basal_glucose) ** RISK_POWER
        self._emptying = (b.kmax - b.kmin) / 2
        self._least_emptying = b.kmin + 2 * self._emptying
        self._set_emptying()

    def _set_emptying(self) -> None:
        b = self.bodies
        self._steep_full, self._steep_empty = 2.5 / (self._meal * (1 - b.full)), 2.5 / (self._meal * b.empty)
        self._at_full, self._at_empty = self._steep_full * b.full * self._meal, self._steep_empty * b.empty * self._meal

    def _slopes(self, x: Floats, allowed: Floats, caused: Floats) -> Floats:
        b = self.bodies
        d = np.empty_like(x)
        gp, gt, solid, liquid, gut = x[GP], x[GT], x[SOLID], x[LIQUID], x[GUT]
        emptied = self._empties * liquid
        ground = b.kgri * solid
        d[SOLID] = -ground
        d[LIQUID] = ground - emptied
        d[GUT] = emptied - b.kabs * gut

        exchange = b.k1 * gp - b.k2 * gt
        production = np.maximum(allowed - b.kp2 * gp, 0)
        lost = np.maximum(b.ke1 * (gp - b.ke2), 0)
        d[GP] = production + self._appearance * gut - BRAIN - lost - exchange
        d[GT] = exchange - caused * gt / (b.km0 + gt)
        return d


class Pancreas:
    """Secretion as glucose stands and rises; nothing where all insulin is injected."""

    def __init__(self, bodies: Bodies, minutes: float) -> None:
        self._bodies, self._own = bodies, 1 - bodies.injects
        self._basal = self._own * bodies.basal_need
        self._m5 = (bodies.most_extracted - EXTRACTION) / bodies.basal_need
        self._answer = np.zeros(len(bodies))
        self.portal = self._basal / bodies.portal_rate
        self._answers, self._passes = (
            1 - np.exp(-rate * minutes) for rate in (bodies.response_rate, bodies.portal_rate)
        )

    @property
    def secretion(self) -> Floats:
        """pmol/kg/min, into the liver, which lets more pass the more there is: HE = m6 - m5 S."""
        secreted = self._bodies.portal_rate * self.portal
        passes = 1 - self._bodies.most_extracted + self._m5 * secreted
        return np.asarray(secreted * np.minimum(passes, 0.9) / (1 - EXTRACTION))

    def advance(self, glucose: Floats, rise: Floats) -> None:
        """``rise`` in mg/dL/min."""
        b = self._bodies
        wanted = np.maximum(b.static_response * (glucose - b.basal_glucose), -self._basal)
        self._answer += (wanted - self._answer) * self._answers
        inflow = self._own * np.maximum(self._answer + self._basal + b.dynamic_response * np.maximum(rise, 0), 0)
        self.portal += (inflow / b.portal_rate - self.portal) * self._passes
