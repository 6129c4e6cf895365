"""Sign-in over REST. OAuth answers keep the standard's snake_case."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate
from django.db import transaction
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.parsers import FormParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import tokens
from accounts.models import User
from accounts.principals import person_principal, person_principals, signed_in_person
from accounts.services import note_use_of_membership
from tenancy.api.parsers import StrictJSONParser
from tenancy.api.routing import RoutedView
from tenancy.directory import organization_by_code

WRONG_CREDENTIALS = "Incorrect email or password."
WRONG_REFRESH = "The refresh token is invalid or has expired. Please sign in again."


class TokensSerializer(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="seconds")


class LoginSerializer(serializers.Serializer[Any]):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)


class PasswordFormSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=254, help_text="the e-mail address")
    password = serializers.CharField(max_length=1000, trim_whitespace=False)


class RefreshSerializer(serializers.Serializer[Any]):
    refresh_token = serializers.CharField(max_length=200)


class SwitchSerializer(serializers.Serializer[Any]):
    organization = serializers.CharField(max_length=50, help_text="code of the clinic")


def answer(issued: tokens.Tokens) -> Response:
    body = {
        "access_token": issued.access,
        "refresh_token": issued.refresh,
        "token_type": "bearer",
        "expires_in": issued.expires_in,
    }
    return Response(body)


def sign_in(request: Request, *, email: str, password: str) -> Response:
    user = authenticate(request._request, username=email, password=password)
    principals = person_principals(user.public_id) if isinstance(user, User) else []
    if not principals:
        raise AuthenticationFailed(WRONG_CREDENTIALS)
    principal = principals[0]
    note_use_of_membership(principal=principal)
    return answer(tokens.start_family(principal=principal, user_agent=request.headers.get("User-Agent", "")))


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class LoginView(RoutedView, APIView):
    @extend_schema(request=LoginSerializer, responses=TokensSerializer)
    def post(self, request: Request) -> Response:
        form = LoginSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return sign_in(request, **form.validated_data)


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class TokenView(RoutedView, APIView):
    """The OAuth2 password form."""

    parser_classes = (FormParser,)

    @extend_schema(request=PasswordFormSerializer, responses=TokensSerializer)
    def post(self, request: Request) -> Response:
        form = PasswordFormSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return sign_in(request, email=form.validated_data["username"], password=form.validated_data["password"])


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class RefreshView(RoutedView, APIView):
    parser_classes = (StrictJSONParser, FormParser)

    @extend_schema(request=RefreshSerializer, responses=TokensSerializer)
    def post(self, request: Request) -> Response:
        """A new pair for the newest refresh token. Using an older one again ends the sign-in."""
        form = RefreshSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            rotated = tokens.rotate(token=form.validated_data["refresh_token"])
        except tokens.RefreshRefused:
            raise AuthenticationFailed(WRONG_REFRESH) from None
        return answer(tokens.issue(rotated.principal, rotated.family))


class LogoutView(RoutedView, APIView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """End this sign-in: its access and refresh tokens are refused from now on."""
        principal = signed_in_person(request)
        if principal.family_id is not None:
            tokens.revoke_family(family_id=principal.family_id, because="logout")
        return Response(status=204)


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class SwitchOrganizationView(RoutedView, APIView):
    @extend_schema(request=SwitchSerializer, responses=TokensSerializer)
    def post(self, request: Request) -> Response:
        """Tokens for another clinic in which the person works; those of this one stay valid."""
        form = SwitchSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        organization = organization_by_code(form.validated_data["organization"])
        chosen = person_principal(signed_in_person(request).user_public_id, organization.id) if organization else None
        if chosen is None:
            raise PermissionDenied("You are not a member of this organization.")
        return answer(tokens.start_family(principal=chosen, user_agent=request.headers.get("User-Agent", "")))
