"""What devices may say of themselves and their surroundings: units, and limits where a kind has any."""

from __future__ import annotations

from types import MappingProxyType

# mg/dL and the like are of bodies, which have kinds of their own.
UNITS = (
    *("°C", "°F", "K", "%", "g/m³", "ppm", "Pa", "hPa", "kPa", "bar", "atm", "lux", "lm", "cd", "dB", "dB(A)", "dBm"),
    *("V", "mV", "A", "mA", "W", "kW", "kWh", "J", "count", "boolean", "s", "min", "h", "pH", "NTU", "mg/L", "µS/cm"),
)
_BY_FOLDED = MappingProxyType({unit.casefold(): unit for unit in UNITS})
LIMITS = MappingProxyType(
    {
        "temperature": (-50.0, 200.0),
        "humidity": (0.0, 100.0),
        "pressure": (0.0, 10_000.0),
        "ph": (0.0, 14.0),
        "dissolved_oxygen": (0.0, 20.0),
        "turbidity": (0.0, 1000.0),
        "conductivity": (0.0, 10_000.0),
    }
)
# Of every other kind; the table holds no more.
WIDEST = (-1e12, 1e12)


class SensorRefused(ValueError):
    """The sentence says what is taken."""


def known_sensor_unit(unit: str) -> str:
    """As it is written properly. Raises SensorRefused."""
    found = _BY_FOLDED.get(unit.strip().casefold())
    if found is None:
        raise SensorRefused(f"{unit[:20]} is not a unit of sensors: send one of {', '.join(UNITS)}.")
    return found


def refuse_impossible(sensor_type: str, value: float, unit: str) -> None:
    """Raises SensorRefused."""
    low, high = LIMITS.get(sensor_type.lower(), WIDEST)
    if not low <= _comparable(sensor_type, value, unit) <= high:
        raise SensorRefused(f"value: Input should be between {low:g} and {high:g}{_limit_unit(sensor_type)}")


def _comparable(sensor_type: str, value: float, unit: str) -> float:
    """Limits of temperature are in °C."""
    if sensor_type.lower() == "temperature" and unit == "°F":
        return (value - 32) / 1.8
    if sensor_type.lower() == "temperature" and unit == "K":
        return value - 273.15
    return value


def _limit_unit(sensor_type: str) -> str:
    return " °C" if sensor_type.lower() == "temperature" else ""
