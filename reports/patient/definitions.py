"""Which number of the answers stands where on the page of statistics, and what it says. docs/analytics.md has the
formulas and their sources."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Definition:
    """``path``: into the answer. ``unit``: "glucose" stands for the clinic's unit, "count" for a whole number."""

    label: str
    path: tuple[str, ...]
    unit: str
    meaning: str


def _of(label: str, path: str, unit: str, meaning: str) -> Definition:
    return Definition(label, tuple(path.split(".")), unit, meaning)


def _share(label: str, name: str, meaning: str) -> Definition:
    return _of(label, f"timeInRanges.{name}.percent", "%", meaning)


def _episodes(label: str, name: str, meaning: str) -> list[Definition]:
    return [
        _of(label, f"episodes.{name}.count", "count", meaning),
        _of(f"{label}, a day", f"episodes.{name}.perDay", "", "Over the time that the sensor covered"),
        _of(f"{label}, mean length", f"episodes.{name}.meanMinutes", "min", "From the first reading beyond the limit"),
    ]


GROUPS: tuple[tuple[str, tuple[Definition, ...]], ...] = (
    ("Data", (
        _of("Readings", "readings", "count", "Without copies from a second receiver"),
        _of("Time active", "sensorUse.activePercent", "%", "Of the time from the first reading to the last"),
        _of("Time active of the period", "sensorUse.activePercentOfWindow", "%", "70% or more of 14 days suffice"),
        _of("Days with readings", "sensorUse.daysWithData", "count", "By the patient's calendar"),
        _of("Below the sensor's range", "belowSensorRange", "count", "Readings that said Low"),
        _of("Above the sensor's range", "aboveSensorRange", "count", "Readings that said High"),
    )),
    ("Centre and spread", (
        _of("Average", "mean", "glucose", "Arithmetic mean of all readings"),
        _of("Median", "median", "glucose", "Half of the readings lie below"),
        _of("Standard deviation", "sd", "glucose", "How far readings lie from the average"),
        _of("Coefficient of variation", "cv", "%", "Standard deviation of the average; stable up to 36%"),
        _of("Interquartile range", "iqr", "glucose", "The middle half of the readings spans this"),
        _of("Lowest", "min", "glucose", "Of what could be measured"),
        _of("Highest", "max", "glucose", "Of what could be measured"),
        _of("GMI", "gmi", "%", "Glucose management indicator: the HbA1c that this average would go with"),
        _of("GMI", "gmiMmolMol", "mmol/mol", "The same in the unit of the IFCC"),
        _of("J-index", "jIndex", "", "Average and spread in one figure"),
    )),
    ("Time in ranges", (
        _share("Very low", "veryLow", "Below 54 mg/dL (3.0 mmol/L)"),
        _share("Low", "low", "From there to the lower limit of the goals"),
        _share("In range", "inRange", "By the patient's goals: 70 to 180 mg/dL, in pregnancy 63 to 140"),
        _share("High", "high", "Above the upper limit of the goals"),
        _share("Very high", "veryHigh", "Above 250 mg/dL (13.9 mmol/L); not told apart in pregnancy"),
        _share("In tight range", "tight", "70 to 140 mg/dL (3.9 to 7.8 mmol/L)"),
    )),
    ("Risk", (
        _of("Glycemia risk index", "gri.value", "", "0 best, 100 worst; lows weigh most (Klonoff 2022)"),
        _of("Zone", "gri.zone", "", "A to E, each of 20 points"),
        _of("Part of lows", "gri.hypoComponent", "", "Very low, and 0.8 of low"),
        _of("Part of highs", "gri.hyperComponent", "", "Very high, and 0.5 of high"),
        _of("LBGI", "risk.lbgi", "", "Low blood glucose index (Kovatchev): risk of lows"),
        _of("HBGI", "risk.hbgi", "", "High blood glucose index: risk of highs"),
        _of("BGRI", "risk.bgri", "", "Both together"),
        _of("ADRR", "risk.adrr", "", "Average daily risk range: the worst low and high of each day"),
    )),
    ("Variability", (
        _of("MAGE", "mage.average", "glucose", "Mean amplitude of excursions (iglu 4.3, average)"),
        _of("MAGE, rises", "mage.plus", "glucose", "Of rises alone"),
        _of("MAGE, falls", "mage.minus", "glucose", "Of falls alone"),
        _of("MODD", "variability.modd", "glucose", "Mean difference to the same time of the day before"),
        _of("CONGA 1", "variability.conga1", "glucose", "Spread of the differences to one hour before"),
        _of("CONGA 2", "variability.conga2", "glucose", "To two hours before"),
        _of("CONGA 4", "variability.conga4", "glucose", "To four hours before"),
        _of("CONGA 24", "variability.conga24", "glucose", "To a day before"),
        _of("MAG", "variability.mag", "glucose/h", "Mean absolute change in an hour"),
        _of("GVP", "variability.gvp", "%", "How much longer the trace is than a flat one"),
        _of("SD of the rate of change", "variability.sdRoc", "glucose/min", "How much rises and falls differ"),
        _of("SD within days", "variability.dailySds.withinDays", "glucose", "Mean of each day's own spread"),
        _of("SD between days", "variability.dailySds.betweenDays", "glucose", "At the same time of different days"),
        _of("SD of the days' averages", "variability.dailySds.betweenDayMeans", "glucose", "How much days differ"),
    )),
    ("Indices", (
        _of("AUC", "variability.auc", "glucose", "Area under the trace over its hours; mean of the days"),
        _of("M-value (90)", "variability.mValue90", "", "Distance from 90 mg/dL (Schlichtkrull)"),
        _of("M-value (120)", "variability.mValue120", "", "Distance from 120 mg/dL"),
        _of("Hypoglycemic index", "variability.hypoIndex", "", "Below 80 mg/dL (Rodbard)"),
        _of("Hyperglycemic index", "variability.hyperIndex", "", "Above 140 mg/dL"),
        _of("IGC", "variability.igc", "", "Both together: index of glycemic control"),
        _of("COGI", "variability.cogi", "", "Continuous glucose monitoring index, 0 to 100, high is good"),
        _of("PGS", "variability.pgs", "", "Personal glycemic state, low is good"),
        _of("GRADE", "grade.score", "", "How clinicians judge the readings, 0 to 50, low is good"),
        _of("GRADE, part of lows", "grade.hypo", "%", "Of the score"),
        _of("GRADE, part in between", "grade.eu", "%", "Of the score"),
        _of("GRADE, part of highs", "grade.hyper", "%", "Of the score"),
    )),
    ("Episodes", tuple(
        definition
        for label, name, meaning in (
            ("Lows", "hypoLevel1", "15 minutes or more below the lower limit of the goals"),
            ("Very low", "hypoLevel2", "15 minutes or more below 54 mg/dL (3.0 mmol/L)"),
            ("Prolonged lows", "hypoExtended", "More than 120 minutes below the lower limit"),
            ("Highs", "hyperLevel1", "15 minutes or more above the upper limit of the goals"),
            ("Very high", "hyperLevel2", "15 minutes or more above 250 mg/dL (13.9 mmol/L)"),
            ("Prolonged highs", "hyperExtended", "90 of 120 minutes above 250 mg/dL (13.9 mmol/L)"),
        )
        for definition in _episodes(label, name, meaning)
    )),
)  # fmt: skip
