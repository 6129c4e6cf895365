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

from accounts import refusals, tokens
from accounts.models import User
from accounts.one_time.services import has_device
from accounts.principals import person_principal, signed_in_person
from accounts.refusals import SignInRefused
from accounts.sign_in import (
    code_is_right,
    place_to_sign_in,
    refuse_staff_without_second_factor,
    sign_in_app,
    sign_out_app,
)
from tenancy.addresses import limited_address
from tenancy.api.parsers import StrictJSONParser
from tenancy.api.routing import RoutedView
from tenancy.directory import organization_by_code

WRONG_REFRESH = "The refresh token is invalid or has expired. Please sign in again."
OTP_HELP = "the code of the second factor, or a recovery code, for an account that has one"


class TokensSerializer(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="seconds")


class LoginSerializer(serializers.Serializer[Any]):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)
    otp = serializers.CharField(max_length=40, required=False, allow_blank=True, help_text=OTP_HELP)


class PasswordFormSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=254, help_text="the e-mail address")
    password = serializers.CharField(max_length=1000, trim_whitespace=False)
    otp = serializers.CharField(max_length=40, required=False, allow_blank=True, help_text=OTP_HELP)


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


def sign_in_with_password(request: Request, *, email: str, password: str, otp: str = "") -> Response:
    user = authenticate(request._request, username=email, password=password)
    if not isinstance(user, User):
        raise AuthenticationFailed(refusals.WRONG_CREDENTIALS)
    return sign_in(request, user=user, otp=otp, reason="password")


def sign_in(request: Request, *, user: User, otp: str, reason: str) -> Response:
    """Tokens for a person who has shown one factor. The second is asked for only then: it tells of the account."""
    if has_device(user):
        if not otp:
            raise AuthenticationFailed(refusals.CODE_NEEDED)
        if not code_is_right(user=user, code=otp, address=limited_address(request._request)):
            raise AuthenticationFailed(refusals.WRONG_CODE)
        reason += " and code"
    principal = place_to_sign_in(user)
    if principal is None:
        raise AuthenticationFailed(refusals.WRONG_CREDENTIALS)
    return answer(sign_in_app(principal=principal, user_agent=user_agent(request), reason=reason))


def user_agent(request: Request) -> str:
    return request.headers.get("User-Agent", "").replace("\x00", "")


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class LoginView(RoutedView, APIView):
    @extend_schema(request=LoginSerializer, responses=TokensSerializer)
    def post(self, request: Request) -> Response:
        form = LoginSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return sign_in_with_password(request, **form.validated_data)


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class TokenView(RoutedView, APIView):
    """The OAuth2 password form."""

    parser_classes = (FormParser,)

    @extend_schema(request=PasswordFormSerializer, responses=TokensSerializer)
    def post(self, request: Request) -> Response:
        form = PasswordFormSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        sent = dict(form.validated_data)
        return sign_in_with_password(request, email=sent.pop("username"), **sent)


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
        try:
            refuse_staff_without_second_factor(rotated.principal)
        except SignInRefused:
            # A repeat of the former token would look like a theft.
            tokens.revoke_family(family_id=rotated.family.id, because="second factor")
            raise
        return answer(tokens.issue(rotated.principal, rotated.family))


class LogoutView(RoutedView, APIView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """End this sign-in: its access and refresh tokens are refused from now on."""
        sign_out_app(principal=signed_in_person(request))
        return Response(status=204)


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class SwitchOrganizationView(RoutedView, APIView):
    @extend_schema(request=SwitchSerializer, responses=TokensSerializer)
    def post(self, request: Request) -> Response:
        """Tokens for another clinic in which the person works; those of this one stay valid."""
        form = SwitchSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        person = signed_in_person(request)
        organization = organization_by_code(form.validated_data["organization"])
        chosen = person_principal(person.user_public_id, organization.id) if organization else None
        if chosen is None or chosen.user_version != person.user_version:
            raise PermissionDenied("You are not a member of this organization.")
        refuse_staff_without_second_factor(chosen)
        return answer(
            sign_in_app(
                principal=chosen,
                user_agent=user_agent(request),
                reason="switched from another clinic",
                former=person.family_id,
            )
        )
