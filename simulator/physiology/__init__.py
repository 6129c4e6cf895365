"""Virtual patients: bodies, what they eat and do, their therapy, and the sensor on their arm. numpy only, no Django.

``simulate`` makes whole days of many people at once; ``Glucose`` gives any span of a person again and again.
"""

from simulator.physiology.people import Kind, Person, cohort
from simulator.physiology.sensor import measure
from simulator.physiology.simulation import STEP_MINUTES, STEPS_A_DAY, Course, simulate

__all__ = ["STEPS_A_DAY", "STEP_MINUTES", "Course", "Kind", "Person", "cohort", "measure", "simulate"]
