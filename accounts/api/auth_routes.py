from __future__ import annotations

from accounts.api.auth import LoginView, LogoutView, RefreshView, SwitchOrganizationView, TokenView
from accounts.api.firebase import FirebaseLinkView, FirebaseView
from accounts.api.jwks import KeysView
from accounts.api.passwords import ChangePasswordView
from accounts.api.registration import ForgotPasswordView, RegisterView, ResetPasswordView, VerifyEmailView
from accounts.api.sessions import SessionsView, SessionView
from tenancy.api.routing import PUBLIC, SIGNED_IN, Route

OWN_SIGN_INS = "what the caller knows: their own sign-ins"

ROUTES = [
    Route(".well-known/jwks.json", KeysView, "jwks", {"GET": PUBLIC}, unaudited="public keys"),
    Route("api/v1/auth/login", LoginView, "login", {"POST": PUBLIC}, refusals=(401, 403)),
    Route("api/v1/auth/token", TokenView, "token", {"POST": PUBLIC}, refusals=(401, 403)),
    Route("api/v1/auth/refresh", RefreshView, "refresh", {"POST": PUBLIC}, refusals=(401, 403)),
    Route("api/v1/auth/logout", LogoutView, "logout", {"POST": SIGNED_IN}),
    Route(
        "api/v1/auth/switch-organization",
        SwitchOrganizationView,
        "switch-organization",
        {"POST": SIGNED_IN},
        refusals=(403,),
    ),
    Route(
        "api/v1/auth/sessions",
        SessionsView,
        "sessions",
        {"GET": SIGNED_IN, "DELETE": SIGNED_IN},
        unaudited=OWN_SIGN_INS,
    ),
    Route("api/v1/auth/sessions/{sessionId}", SessionView, "session", {"DELETE": SIGNED_IN}),
    Route("api/v1/auth/firebase", FirebaseView, "firebase", {"POST": PUBLIC}, refusals=(401, 403, 404, 503)),
    Route("api/v1/auth/firebase/link", FirebaseLinkView, "firebase-link", {"POST": SIGNED_IN, "DELETE": SIGNED_IN}),
    Route("api/v1/auth/register", RegisterView, "register", {"POST": PUBLIC}, refusals=(410, 503)),
    Route("api/v1/auth/email/verify", VerifyEmailView, "verify-email", {"POST": PUBLIC}, refusals=(410,)),
    Route("api/v1/auth/password/change", ChangePasswordView, "change-password", {"POST": SIGNED_IN}),
    Route(
        "api/v1/auth/password/forgot", ForgotPasswordView, "forgot-password-by-api", {"POST": PUBLIC}, refusals=(503,)
    ),
    Route("api/v1/auth/password/reset", ResetPasswordView, "reset-password", {"POST": PUBLIC}, refusals=(410,)),
]
