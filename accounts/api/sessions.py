"""Where the caller is signed in: their apps, and the browsers in which the workplace is open."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import sessions
from accounts.browser_sessions import services as browsers
from accounts.models import User
from accounts.principals import PersonPrincipal, person_principals, signed_in_person
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer


class SessionSerializer(CamelCaseSerializer):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(["app", "browser"])
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="earlier, where it is not used")
    client = serializers.CharField(help_text="what the client said of itself")
    organization = serializers.CharField(allow_null=True, help_text="code of the clinic; null for a browser")
    current = serializers.BooleanField(help_text="the one that asks")


class SessionsSerializer(CamelCaseSerializer):
    items = SessionSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class SessionsView(RoutedView, APIView):
    @extend_schema(responses=SessionsSerializer)
    def get(self, request: Request) -> Response:
        principal = signed_in_person(request)
        items = sorted(_sessions(principal), key=lambda item: item["last_used_at"], reverse=True)
        return Response(SessionsSerializer({"items": items, "next": None}).data)

    @extend_schema(responses={204: None}, operation_id="auth_sessions_destroy_others")
    def delete(self, request: Request) -> Response:
        """End every other sign-in of the caller, in apps and browsers."""
        principal = signed_in_person(request)
        sessions.end_other_families(**_person(principal), but=principal.family_id)
        browsers.end_other_sessions(user=_account(principal), but=None)
        return Response(status=204)


class SessionView(RoutedView, APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, sessionId: str) -> Response:
        """End one sign-in of the caller; it is refused from its next request on."""
        principal = signed_in_person(request)
        try:
            number = uuid.UUID(sessionId)
        except ValueError:
            raise NotFound from None
        ended = sessions.end_family(**_person(principal), family_id=number) or browsers.end_session(
            user=_account(principal), public_id=number
        )
        if not ended:
            raise NotFound
        return Response(status=204)


def _person(principal: PersonPrincipal) -> dict[str, Any]:
    return {"user_id": principal.user_id, "user_public_id": principal.user_public_id}


def _account(principal: PersonPrincipal) -> User:
    return User(pk=principal.user_id, public_id=principal.user_public_id)


def _sessions(principal: PersonPrincipal) -> Iterator[dict[str, Any]]:
    codes = {place.organization_id: place.organization_code for place in person_principals(principal.user_public_id)}
    for family in sessions.live_families(principal.user_id):
        yield {
            "id": family.id,
            "kind": "app",
            "created_at": family.created_at,
            "last_used_at": family.rotated_at,
            "expires_at": family.expires_at,
            "client": family.user_agent,
            "organization": codes.get(family.for_organization),
            "current": family.id == principal.family_id,
        }
    for browser in browsers.live_sessions(_account(principal)):
        yield {
            "id": browser.public_id,
            "kind": "browser",
            "created_at": browser.signed_in_at,
            "last_used_at": browser.last_seen_at,
            "expires_at": browser.expire_date,
            "client": browser.user_agent,
            "organization": None,
            "current": False,
        }
