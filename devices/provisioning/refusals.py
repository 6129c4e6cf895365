from __future__ import annotations

import math

from tenancy.refusals import Refusal


class ClaimRefused(Refusal):
    """In the same words for a code that never was, was used, was taken back or has expired."""

    status_code = 404

    def __init__(self) -> None:
        super().__init__("This claim code is wrong, was used already, or has expired.", code="refused")


class AnotherDevice(Refusal):
    status_code = 409

    def __init__(self) -> None:
        super().__init__("This claim code is for a device with another serial number.", code="another_device")


class TooManyGuesses(Refusal):
    status_code = 429

    def __init__(self, wait: float) -> None:
        super().__init__(f"Too many tries. Please try again in {math.ceil(wait)} seconds.", code="locked")
        self.wait = wait
