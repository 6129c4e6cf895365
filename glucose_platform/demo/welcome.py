"""What the demo prints when it is ready."""

from __future__ import annotations

from accounts.passwords import DEMO_PASSWORD
from devices.keys import DEMO_KEY

DEVICE = "ARGUS_001234"


def welcome(port: int) -> str:
    address = f"http://127.0.0.1:{port}"
    return f"""
The platform is running at {address}

  Staff        {address}/admin/
               Northside (mg/dL)   owner@  clinician@  nurse@  viewer@northside.example
               Southside (mmol/L)  owner@  clinician@  nurse@  viewer@southside.example
  Patient      patient@northside.example, who is user_5678 (API only)
  Password     {DEMO_PASSWORD}
  API          {address}/docs
  Dexcom       open a patient there and choose "Connect with Dexcom": a simulated account, e.g. SandboxUser7
  Device key   {DEMO_KEY}  (every device of Northside)

  Post a reading (once in 30 seconds):

{curl_line(address)}

Ctrl-C stops everything and keeps the data; `make demo-reset` throws them away.
"""


def curl_line(address: str) -> str:
    """The time stands there as a command, so that the line can be used again."""
    body = (
        f'{{"deviceId":"{DEVICE}","userId":"user_5678","timestamp":"\'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"\'",'
        '"glucoseValue":120,"confidence":0.95,"sensorData":{"red":2.4,"infrared":3.1,"green":1.8,"temperature":36.5,'
        '"motionArtifact":false},"batteryLevel":85,"signalQuality":"good"}'
    )
    return (
        f"curl -X POST {address}/api/v1/devices/{DEVICE}/readings \\\n"
        f"  -H 'X-API-Key: {DEMO_KEY}' -H 'Content-Type: application/json' \\\n"
        f"  -d '{body}'"
    )
