"""Parameters of bodies, drawn around published averages.

Type 1: average and spread of the ten adults of the UVA/Padova simulator as distributed with simglucose 0.2 (MIT), whose
equations are those of Dalla Man et al. 2014 (doi 10.1177/1932296813514502). Type 2 and healthy: table I of Dalla Man,
Rizza, Cobelli 2007 (doi 10.1109/TBME.2007.893506) with the spread of type 1. What follows from a basal state is
computed from it, as there: so every body stands still at its basal glucose and insulin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from simulator.physiology.people import Floats, Kind, Person, column

PMOL_PER_UNIT = 6000.0
LARGEST_DEVIATION = 1.8
# Hepatic extraction of insulin in the basal state.
EXTRACTION = 0.6

# name: (type 1, type 2, healthy, spread of the logarithm)
_PUBLISHED: dict[str, tuple[float, float, float, float]] = {
    "weight": (78.0, 91.0, 74.0, 0.18),  # kg
    "basal_glucose": (142.0, 134.0, 94.0, 0.07),  # mg/dL
    "basal_insulin": (107.0, 55.0, 25.5, 0.16),  # pmol/L
    "basal_production": (2.49, 2.05, 1.92, 0.10),  # mg/kg/min
    "kabs": (0.134, 0.057, 0.057, 0.35),
    "kmax": (0.0371, 0.0465, 0.0558, 0.20),
    "kmin": (0.0065, 0.0076, 0.0080, 0.25),
    "kgri": (0.0371, 0.0465, 0.0558, 0.20),
    "full": (0.777, 0.68, 0.82, 0.08),  # b: share of a meal above which the stomach empties fast
    "empty": (0.168, 0.09, 0.10, 0.25),  # c (d in 2007): share below which it does again
    "vg": (1.843, 1.49, 1.88, 0.077),  # dL/kg
    "k1": (0.060, 0.042, 0.065, 0.20),
    "k2": (0.120, 0.071, 0.079, 0.20),
    "vi": (0.0509, 0.04, 0.05, 0.20),  # L/kg
    "m1": (0.189, 0.379, 0.190, 0.20),
    "m2": (0.267, 0.673, 0.484, 0.20),
    "vmx": (0.0458, 0.034, 0.047, 0.35),
    "km0": (235.7, 466.2, 225.6, 0.10),
    "p2u": (0.0322, 0.0840, 0.0331, 0.25),
    "ki": (0.0075, 0.0066, 0.0079, 0.25),
    "kp2": (0.00388, 0.0007, 0.0021, 0.30),
    "kp3": (0.00843, 0.005, 0.009, 0.30),
    "kp4": (0.0, 0.0786, 0.0618, 0.15),
    "ke1": (0.0005, 0.0007, 0.0005, 0.0),
    "ke2": (339.0, 269.0, 339.0, 0.0),
    "kd": (0.0159, 0.0159, 0.0159, 0.12),
    "ka1": (0.0033, 0.0033, 0.0033, 0.25),
    "ka2": (0.0155, 0.0155, 0.0155, 0.25),
    "dynamic_response": (0.0, 0.99, 2.30, 0.20),  # K
    "static_response": (0.0, 0.05, 0.11, 0.20),  # beta
    "response_rate": (0.05, 0.013, 0.05, 0.15),  # alpha
    "portal_rate": (0.5, 0.5, 0.5, 0.0),  # gamma
    "most_extracted": (0.65, 0.8118, 0.6471, 0.0),  # m6
    "sensor_lag": (7.0, 7.0, 7.0, 0.20),  # min, plasma to interstitium: Vettoretti 2019
}
_COLUMN = {Kind.TYPE_1: 0, Kind.TYPE_2: 1, Kind.HEALTHY: 2}
ABSORBED = 0.9  # f: of what is eaten, this share reaches the plasma
BRAIN = 1.0  # Fcns: what the brain takes up, mg/kg/min


@dataclass(frozen=True, slots=True)
class Bodies:
    """One array for each parameter, one place for each body. Units: mg/dL, mg/kg, pmol/L, pmol/kg, minutes."""

    weight: Floats
    basal_glucose: Floats
    basal_insulin: Floats
    basal_production: Floats
    kabs: Floats
    kmax: Floats
    kmin: Floats
    kgri: Floats
    full: Floats
    empty: Floats
    vg: Floats
    k1: Floats
    k2: Floats
    vi: Floats
    m1: Floats
    m2: Floats
    vmx: Floats
    km0: Floats
    p2u: Floats
    ki: Floats
    kp2: Floats
    kp3: Floats
    kp4: Floats
    ke1: Floats
    ke2: Floats
    kd: Floats
    ka1: Floats
    ka2: Floats
    dynamic_response: Floats
    static_response: Floats
    response_rate: Floats
    portal_rate: Floats
    most_extracted: Floats
    sensor_lag: Floats
    injects: Floats  # 1 where all insulin is injected, 0 where the pancreas gives it

    def __len__(self) -> int:
        return int(self.weight.size)

    def take(self, places: Sequence[int]) -> Bodies:
        return Bodies(**{field.name: getattr(self, field.name)[list(places)] for field in fields(self)})

    @property
    def m4(self) -> Floats:
        return 0.4 * self.m2

    @property
    def m3(self) -> Floats:
        return self.m1 * EXTRACTION / (1 - EXTRACTION)

    @property
    def basal_plasma(self) -> Floats:
        """Insulin in plasma, pmol/kg."""
        return self.basal_insulin * self.vi

    @property
    def basal_liver(self) -> Floats:
        # In the basal state what the liver gets is what it gives; where the pancreas secretes, that passes it first.
        return self.basal_plasma * np.where(
            self.injects == 1, self.m2 / (self.m1 + self.m3), (self.m2 + self.m4) / self.m1
        )

    @property
    def basal_need(self) -> Floats:
        """Insulin that holds the basal state, pmol/kg/min: injected, or secreted."""
        injected = (self.m2 + self.m4) * self.basal_plasma - self.m1 * self.basal_liver
        secreted = (self.m1 + self.m3) * self.basal_liver - self.m2 * self.basal_plasma
        return np.where(self.injects == 1, injected, secreted)

    @property
    def basal_tissue(self) -> Floats:
        """Glucose in slowly exchanging tissue, mg/kg."""
        return (BRAIN - self.basal_production + self.k1 * self.basal_glucose * self.vg) / self.k2

    @property
    def vm0(self) -> Floats:
        return (self.basal_production - BRAIN) * (self.km0 + self.basal_tissue) / self.basal_tissue

    @property
    def kp1(self) -> Floats:
        portal = np.where(self.injects == 1, 0.0, self.basal_need / self.portal_rate)
        return (
            self.basal_production
            + self.kp2 * self.basal_glucose * self.vg
            + self.kp3 * self.basal_insulin
            + self.kp4 * portal
        )

    @property
    def grams_a_unit(self) -> Floats:
        """Carbohydrates that a unit of insulin disposes of, from the balance of both around the basal state."""
        effect = self.kp3 + self.vmx * self.basal_tissue / (self.km0 + self.basal_tissue)
        exposure = 1 / (self.vi * (self.m2 + self.m4 - self.m1 * self.m2 / (self.m1 + self.m3)))
        return np.asarray(effect * exposure * PMOL_PER_UNIT / (1000 * ABSORBED))

    @property
    def fall_a_unit(self) -> Floats:
        """mg/dL by which a unit lowers glucose."""
        rise_a_gram = 1000 * ABSORBED / self.weight / (self.vg * (1 + self.k1 / self.k2))
        return np.asarray(self.grams_a_unit * rise_a_gram)


def bodies_of(people: Sequence[Person]) -> Bodies:
    drawn = np.stack([person.chance(1).standard_normal(len(_PUBLISHED)) for person in people])
    drawn = np.clip(drawn, -LARGEST_DEVIATION, LARGEST_DEVIATION)
    values = {
        name: column([row[_COLUMN[person.kind]] for person in people]) * np.exp(row[3] * drawn[:, place])
        for place, (name, row) in enumerate(_PUBLISHED.items())
    }
    values["basal_glucose"] *= column([person.level for person in people])
    # Stomachs that grind slower than they empty do not exist; a share stays a share.
    values["full"] = np.minimum(values["full"], 0.95)
    injects = column([1.0 if person.kind is Kind.TYPE_1 else 0.0 for person in people])
    return Bodies(**values, injects=injects)
