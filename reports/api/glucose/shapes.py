"""The form of the answers, for the document. What they hold is written by ``reports.glucose``."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from alerts.models import Severity
from analytics.sensor_use import Shortfall
from patients.models import Admission
from tenancy.api.serializers import CamelCaseSerializer, InstantField
from tenancy.models import GlucoseUnit

CONCENTRATION = "in the unit of the answer"


def _number(help_text: str = "") -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, help_text=help_text)


class WindowShape(CamelCaseSerializer):
    since = InstantField()
    until = InstantField(help_text="not included")
    days = serializers.IntegerField(help_text="of the patient's calendar that it touches")


class LimitsShape(CamelCaseSerializer):
    very_low = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    very_high = _number("null: not told apart from high")


class GoalsShape(CamelCaseSerializer):
    """Percent of the time unless said; null where the consensus sets no goal."""

    preset = serializers.CharField(help_text="the patient's glucoseGoals")
    version = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    limits = LimitsShape()
    in_range_above = _number()
    below_under = _number("low and very low together")
    very_low_under = _number()
    above_under = _number("high and very high together")
    very_high_under = _number()
    cv_at_most = _number()
    mean_under = _number(CONCENTRATION)
    gmi_under = _number("%")


class SufficiencyShape(CamelCaseSerializer):
    is_sufficient = serializers.BooleanField(help_text="for GMI and times in ranges: 14 days, 70 % of them")
    agp_allowed = serializers.BooleanField(help_text="whether the profile's curve means anything")
    lows_and_cv_allowed = serializers.BooleanField(help_text="whether 28 days are there, as lows and CV need")
    reasons = serializers.ListField(child=serializers.ChoiceField([reason.value for reason in Shortfall]))


class SensorUseShape(CamelCaseSerializer):
    active_percent = _number("of the time from the first to the last reading; null from summaries")
    active_percent_of_window = serializers.FloatField()
    days = serializers.IntegerField()
    days_with_data = serializers.IntegerField()
    first = InstantField(allow_null=True)
    last = InstantField(allow_null=True)


class ShareShape(CamelCaseSerializer):
    count = serializers.IntegerField()
    percent = _number()


class WholeShareShape(ShareShape):
    whole_percent = serializers.IntegerField(allow_null=True, help_text="the five sum to 100")


class SharesShape(CamelCaseSerializer):
    """By the limits of the goals; ``tight`` is 70 to 140 mg/dL or 3.9 to 7.8 mmol/L."""

    very_low = WholeShareShape()
    low = WholeShareShape()
    in_range = WholeShareShape()
    high = WholeShareShape()
    very_high = WholeShareShape()
    tight = ShareShape()
    below = ShareShape(help_text="low and very low")
    above = ShareShape(help_text="high and very high")


class GriShape(CamelCaseSerializer):
    value = serializers.FloatField()
    hypo_component = serializers.FloatField()
    hyper_component = serializers.FloatField()
    zone = serializers.ChoiceField(["A", "B", "C", "D", "E"])


class RiskShape(CamelCaseSerializer):
    lbgi = _number()
    hbgi = _number()
    bgri = _number()
    adrr = _number()


class MageShape(CamelCaseSerializer):
    average = _number('"MAGE (iglu 4.3, avg)"')
    plus = _number()
    minus = _number()
    maximum = _number()
    service = _number()


class GradeShape(CamelCaseSerializer):
    score = serializers.FloatField()
    hypo = serializers.FloatField()
    eu = serializers.FloatField()
    hyper = serializers.FloatField()


class EpisodesShape(CamelCaseSerializer):
    count = serializers.IntegerField()
    per_day = _number()
    mean_minutes = _number()


class HeadShape(CamelCaseSerializer):
    patient = serializers.CharField(help_text="code")
    window = WindowShape()
    timezone = serializers.CharField(help_text="whose days and hours are meant")
    unit = serializers.ChoiceField(GlucoseUnit.choices, help_text="the clinic's")
    definition_version = serializers.CharField(help_text="raised when a metric's definition changes")
    goals = GoalsShape()


class CentreShape(CamelCaseSerializer):
    mean = _number(CONCENTRATION)
    sd = _number(CONCENTRATION)
    cv = _number("%")
    min = _number("of what could be measured")
    max = _number("of what could be measured")
    below_sensor_range = serializers.IntegerField(help_text='readings that said "Low"')
    above_sensor_range = serializers.IntegerField(help_text='readings that said "High"')


class TotalShape(CentreShape):
    is_exact = serializers.BooleanField(help_text="false: from summaries of days; what they do not tell is null")
    sufficiency = SufficiencyShape()
    sensor_use = SensorUseShape()
    readings = serializers.IntegerField()
    median = _number(CONCENTRATION)
    iqr = _number(CONCENTRATION)
    gmi = _number("%; null where data do not suffice")
    gmi_mmol_mol = _number()
    j_index = _number()
    time_in_ranges = SharesShape()
    gri = GriShape(allow_null=True)
    risk = RiskShape(allow_null=True)
    variability = serializers.DictField(
        allow_null=True, help_text="modd, conga1 to conga24, gvp, mag, sdRoc, auc, indices, and dailySds"
    )
    mage = MageShape(allow_null=True)
    grade = GradeShape(allow_null=True)
    episodes = serializers.DictField(child=EpisodesShape(), allow_null=True, help_text="by kind, definitions of 2023")


class SummaryShape(HeadShape, TotalShape):
    pass


class LatestGlucoseShape(CamelCaseSerializer):
    timestamp = InstantField()
    value = _number("null beyond the sensor's range")
    range_flag = serializers.ChoiceField(["low", "ok", "high"])
    trend = serializers.CharField()
    age_seconds = serializers.IntegerField()


@extend_schema_field({"oneOf": [{"type": "number"}, {"type": "string"}]})
class MeasuredValueField(serializers.Field[Any, Any, Any, Any]):
    """A number, or the text of a pair."""

    def to_representation(self, value: Any) -> Any:
        return value


class LatestVitalShape(CamelCaseSerializer):
    type = serializers.CharField()
    value = MeasuredValueField(help_text="in the unit; of blood pressure as 120/80")
    unit = serializers.CharField()
    timestamp = InstantField()
    age_seconds = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]  # a field of that name, which the metaclass takes out


class LatestShape(CamelCaseSerializer):
    glucose = LatestGlucoseShape(allow_null=True)
    vitals = LatestVitalShape(many=True, help_text="of each kind of measurement that the patient has")


class CurrentAdmissionShape(CamelCaseSerializer):
    admitted_at = InstantField()
    status = serializers.ChoiceField(Admission.Status.choices)
    room = serializers.CharField(allow_blank=True)


class AlertCountsShape(CamelCaseSerializer):
    active = serializers.IntegerField()
    by_severity = serializers.DictField(child=serializers.IntegerField(), help_text=", ".join(Severity.values))


class PatientSummaryShape(SummaryShape):
    latest = LatestShape(help_text="each measure with its time")
    admission = CurrentAdmissionShape(allow_null=True, help_text="null where the patient is not in the house")
    active_alerts = serializers.IntegerField()
    alerts_last24h = serializers.IntegerField()
    alerts = serializers.DictField(child=serializers.IntegerField(), help_text="of the window, by severity")


class PercentilesShape(CamelCaseSerializer):
    p05 = _number(CONCENTRATION)
    p25 = _number(CONCENTRATION)
    p50 = _number(CONCENTRATION)
    p75 = _number(CONCENTRATION)
    p95 = _number(CONCENTRATION)


class HourShape(PercentilesShape):
    hour = serializers.IntegerField(help_text="0 to 23, by the patient's clock")
    count = serializers.IntegerField()
    smoothed = PercentilesShape(help_text="as the curve is drawn, in the middle of the hour")


class ProfileShape(CamelCaseSerializer):
    day = serializers.DateField()
    readings = serializers.IntegerField()
    mean = _number(CONCENTRATION)
    in_range_percent = _number()
    minutes = serializers.ListField(
        child=serializers.IntegerField(), help_text="of the clock; they go back where it did"
    )
    glucose = serializers.ListField(child=serializers.FloatField(allow_null=True))
    below = serializers.ListField(child=serializers.IntegerField(), help_text='places of "Low"')
    above = serializers.ListField(child=serializers.IntegerField(), help_text='places of "High"')


class AgpShape(SummaryShape):
    hours = HourShape(many=True)
    days = ProfileShape(many=True)


class DayShape(CentreShape):
    day = serializers.DateField()
    readings = serializers.IntegerField()
    active_percent = serializers.FloatField(help_text="of 24 hours")
    time_in_ranges = SharesShape()


class DaysShape(HeadShape):
    total = TotalShape()
    days = DayShape(many=True, help_text="those with readings, ascending")


class ComparisonShape(CamelCaseSerializer):
    period = SummaryShape()
    against = SummaryShape()
    change = serializers.DictField(
        child=serializers.FloatField(allow_null=True),
        help_text="period less against; shares, CV, GMI and sensor use in percentage points; null where one is missing",
    )
    is_sound = serializers.BooleanField(help_text="whether data suffice in both")
