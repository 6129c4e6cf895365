from __future__ import annotations

from accounts.one_time.api import ConfirmView, DisableView, EnrolView, RecoveryCodesView, SecondFactorView
from tenancy.api.routing import SIGNED_IN, Route

OTP = "api/v1/auth/otp"

ROUTES = [
    Route(OTP, SecondFactorView, "second-factor", {"GET": SIGNED_IN}, unaudited="shows the caller's own account"),
    Route(f"{OTP}/enrol", EnrolView, "second-factor-enrol", {"POST": SIGNED_IN}, refusals=(409,)),
    Route(f"{OTP}/confirm", ConfirmView, "second-factor-confirm", {"POST": SIGNED_IN}, refusals=(409,)),
    Route(f"{OTP}/disable", DisableView, "second-factor-disable", {"POST": SIGNED_IN}, refusals=(409,)),
    Route(f"{OTP}/recovery-codes", RecoveryCodesView, "second-factor-codes", {"POST": SIGNED_IN}, refusals=(409,)),
]
