"""What codes of a connection mean, for the people who see them: what happened, and what to do."""

from __future__ import annotations

from typing import Final

from dexcom_sync.models import Connection

Status = Connection.Status

STATUS_SENTENCES: Final[dict[str, str]] = {
    Status.PENDING: "Waiting for the first answer of Dexcom.",
    Status.ACTIVE: "Connected. Data come with a delay of one to three hours.",
    Status.PAUSED: "Paused by the clinic. Nothing is read until somebody resumes it.",
    Status.AUTH_SUSPECT: "Dexcom refused the sign-in. It is tried again over the next thirty hours by itself.",
    Status.REAUTH_REQUIRED: "The patient has to connect again: Dexcom takes the former consent no longer.",
    Status.REVOKED: "Withdrawn. The tokens are erased, and what was read stays.",
    Status.QUARANTINED: "Stopped: Dexcom answered about another account. Make sure whose account is signed in.",
}

_ERRORS: Final[dict[str, str]] = {
    "invalid_grant": "Dexcom no longer takes the consent: it has expired, was withdrawn, or the password was changed.",
    "lost_refresh_response": "An answer of Dexcom with new tokens was lost on its way, and the former ones are spent.",
    "unauthorized": "Dexcom refuses the data, although the sign-in is new.",
    "forbidden": "Dexcom forbids the data: the consent may be withdrawn, or the region wrong.",
    "no_tokens": "There are no tokens of this connection any more.",
    "token_refused_unreadably": "Dexcom refused the sign-in three times, in words that nobody here knows.",
    "wrong_person": "Dexcom answered about another account than the one that was connected.",
    "account_of_another_patient": "Another patient of the clinic is connected to the same Dexcom account.",
    "region_not_offered": "The platform has no application in this region any more. Ask your operator.",
    "invalid_client": "Dexcom refuses this platform's credentials. Ask your operator; the patient need do nothing.",
    "unauthorized_client": "Dexcom refuses this platform as an application. Ask your operator.",
    "rate_limited": "Dexcom asked for a pause. It goes on by itself.",
    "too_slow": "Dexcom was too slow to answer. It is tried again by itself.",
    "unreachable": "Dexcom could not be reached. It is tried again by itself.",
    "unreadable": "Dexcom's answer could not be read. It is tried again by itself; nothing was lost.",
    "range_unreadable": "Dexcom's answer about what there is could not be read. It is tried again by itself.",
    "token_address_silent": "Dexcom did not answer when new tokens were asked for. It is tried again by itself.",
    "escrow_away": "New tokens may lie where the platform cannot look at present. It is tried again by itself.",
    "token_address_busy": "Dexcom gave no new tokens for now. It is tried again by itself.",
}


# What Dexcom's page sends back in place of a code.
_NO_CONSENT: Final[dict[str, str]] = {
    "access_denied": "The consent was declined on Dexcom's page. If that was not meant, begin again.",
    "server_error": "Dexcom's page is in trouble at the moment. Begin again in some minutes.",
    "temporarily_unavailable": "Dexcom's page is in trouble at the moment. Begin again in some minutes.",
    "unauthorized_client": "Dexcom refuses this platform as an application. Ask your operator.",
    "invalid_request": "Dexcom refuses how this platform asks for consents. Ask your operator.",
    "invalid_scope": "Dexcom refuses how this platform asks for consents. Ask your operator.",
    "unsupported_response_type": "Dexcom refuses how this platform asks for consents. Ask your operator.",
}


def no_consent_sentence(code: str) -> str:
    """Of what nobody here knows the code is not repeated: anybody can write it into the address."""
    return _NO_CONSENT.get(code, "Dexcom's page ended without a consent. Begin again.")


def status_sentence(status: str) -> str:
    return STATUS_SENTENCES[status]


def error_sentence(code: str) -> str:
    """ "" for no error."""
    if not code:
        return ""
    if known := _ERRORS.get(code):
        return known
    if code.startswith("trouble_"):
        return f"Dexcom had trouble of its own (HTTP {code.removeprefix('trouble_')}). It is tried again by itself."
    if code.startswith("refused_"):
        return f"Dexcom refused what was asked for (HTTP {code.removeprefix('refused_')}). Tell your operator."
    return f"It did not work ({code}). It is tried again by itself."
