"""The answers of the reading routes for the OpenAPI document; ``shapes`` makes them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from readings.models import RangeFlag, SignalQuality, Trend
from tenancy.api.serializers import CamelCaseSerializer

RANGE_FLAG_HELP = (
    'low or high: the value lay outside of what the sensor can measure; glucoseValue is null then, show "Low" or "High"'
)


class SensorDataSerializer(CamelCaseSerializer):
    red = serializers.FloatField()
    infrared = serializers.FloatField()
    green = serializers.FloatField()
    temperature = serializers.FloatField(help_text="°C")
    motion_artifact = serializers.BooleanField()


class ReadingItemSerializer(CamelCaseSerializer):
    id = serializers.UUIDField()
    user_id = serializers.CharField(help_text="code of the patient")
    device_id = serializers.CharField(help_text="code of the device")
    timestamp = serializers.DateTimeField()
    glucose_value = serializers.IntegerField(allow_null=True, help_text="mg/dL; null where rangeFlag is low or high")
    confidence = serializers.FloatField(allow_null=True)
    sensor_data = SensorDataSerializer(allow_null=True)
    battery_level = serializers.IntegerField(allow_null=True)
    signal_quality = serializers.ChoiceField(SignalQuality.labels, allow_null=True)
    created_at = serializers.DateTimeField(help_text="when the platform received it")


class DeviceReadingSerializer(ReadingItemSerializer):
    range_flag = serializers.ChoiceField(
        RangeFlag.labels, required=False, help_text=f"only where it is low or high. {RANGE_FLAG_HELP}"
    )


class HistoryItemSerializer(ReadingItemSerializer):
    trend = serializers.ChoiceField(Trend.labels, allow_null=True)
    rate = serializers.FloatField(allow_null=True, help_text="mg/dL/min")
    unit = serializers.CharField(help_text="of glucoseValue: always mg/dL")
    range_flag = serializers.ChoiceField(RangeFlag.labels, help_text=RANGE_FLAG_HELP)


class CurrentGlucoseSerializer(HistoryItemSerializer):
    age_seconds = serializers.IntegerField(help_text="since the measurement")


class RawHistorySerializer(serializers.Serializer[Any]):
    items = HistoryItemSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class BucketSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    min = serializers.IntegerField(allow_null=True, help_text="smallest value within the sensor's range")
    max = serializers.IntegerField(allow_null=True, help_text="largest value within the sensor's range")
    mean = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text="readings")
    below = serializers.IntegerField(help_text="of them below the sensor's range")
    above = serializers.IntegerField(help_text="of them above the sensor's range")


class BucketHistorySerializer(serializers.Serializer[Any]):
    resolution = serializers.CharField()
    timezone = serializers.CharField(help_text="the patient's: days and hours begin at its midnight")
    unit = serializers.CharField()
    items = BucketSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class ShareSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    percent = serializers.FloatField(allow_null=True, help_text="null where there is no reading")


class TimeInRangesSerializer(CamelCaseSerializer):
    very_low = ShareSerializer(help_text="below 54 mg/dL")
    low = ShareSerializer(help_text="54 to 69")
    in_range = ShareSerializer(help_text="70 to 180")
    high = ShareSerializer(help_text="181 to 250")
    very_high = ShareSerializer(help_text="above 250")


class StatisticsSerializer(CamelCaseSerializer):
    device_id = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    unit = serializers.CharField()
    count = serializers.IntegerField()
    min = serializers.IntegerField(allow_null=True, help_text="smallest value within the sensor's range")
    max = serializers.IntegerField(allow_null=True, help_text="largest value within the sensor's range")
    avg = serializers.FloatField(allow_null=True)
    median = serializers.FloatField(allow_null=True)
    std = serializers.FloatField(allow_null=True, help_text="with n - 1; null for fewer than two readings")
    below_sensor_range = serializers.IntegerField()
    above_sensor_range = serializers.IntegerField()
    time_in_ranges = TimeInRangesSerializer()


class ProcessedSerializer(serializers.Serializer[Any]):
    status = serializers.CharField(help_text="processed")
    id = serializers.UUIDField()
    message = serializers.CharField()


class BatchResultSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField()
    status = serializers.ChoiceField(["created", "duplicate", "rejected"])
    id = serializers.UUIDField(required=False)
    error = serializers.CharField(required=False)


class BatchAnswerSerializer(serializers.Serializer[Any]):
    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    rejected = serializers.IntegerField()
    results = BatchResultSerializer(many=True)
