"""Prints the seconds of the processor that iglu-python takes; run by an interpreter that has it."""

import sys
import time
import warnings

import iglu_python as iglu  # type: ignore[import-not-found]
import pandas  # type: ignore[import-untyped]

METRICS = (
    "mean_glu",
    "median_glu",
    "sd_glu",
    "cv_glu",
    "iqr_glu",
    "gmi",
    "ea1c",
    "j_index",
    "above_percent",
    "below_percent",
    "in_range_percent",
    "lbgi",
    "hbgi",
    "adrr",
    "gri",
    "mage",
    "modd",
    "conga",
    "gvp",
    "mag",
    "m_value",
    "grade",
    "grade_hypo",
    "grade_eugly",
    "grade_hyper",
    "hyper_index",
    "hypo_index",
    "igc",
    "cogi",
    "sd_roc",
    "sd_measures",
    "auc",
    "pgs",
    "episode_calculation",
    "active_percent",
    "quantile_glu",
)

warnings.simplefilter("ignore")
readings = pandas.read_csv(sys.argv[1], parse_dates=["time"])
begun = time.process_time()
for name in METRICS:
    getattr(iglu, name)(readings.copy())
sys.stdout.write(str(time.process_time() - begun))
