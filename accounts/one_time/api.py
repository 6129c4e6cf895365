"""One's own second factor over REST. Each change asks for the password again: a stolen token alone makes none."""

from __future__ import annotations

from typing import Any

import segno
from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.one_time.services import (
    confirm,
    confirmed_device,
    device_is_required,
    disable,
    enrol,
    recovery_codes_left,
    renew_recovery_codes,
    verify,
    wait_before_next_code,
)
from accounts.principals import person_principals, signed_in_person
from accounts.proofs import require_password
from accounts.refusals import WRONG_CODE, SignInLocked
from accounts.tasks import mail_second_factor_disabled_task
from tenancy.api.errors import Conflict
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer
from tenancy.tasks import send_task_after_commit

NEEDED = "This platform requires a second factor of staff. To change phones, replace it in the workplace."


class PasswordSerializer(CamelCaseSerializer):
    password = serializers.CharField(max_length=1000, trim_whitespace=False)


class CodeSerializer(CamelCaseSerializer):
    code = serializers.CharField(max_length=40, help_text="what the app shows now")


class PasswordAndCodeSerializer(PasswordSerializer):
    code = serializers.CharField(max_length=40, help_text="what the app shows now, or a recovery code")


class SecondFactorSerializer(CamelCaseSerializer):
    enabled = serializers.BooleanField()
    confirmed_at = serializers.DateTimeField(allow_null=True)
    recovery_codes_left = serializers.IntegerField()
    # Named apart: a field of this framework has an attribute "required".
    needed = serializers.BooleanField(help_text="whether this person may not sign in without one")


class EnrolmentSerializer(CamelCaseSerializer):
    secret = serializers.CharField(help_text="in base32, for an authenticator app")
    otpauth_uri = serializers.CharField()
    qr_svg = serializers.CharField(help_text="the URI as a picture")


class RecoveryCodesSerializer(CamelCaseSerializer):
    recovery_codes = serializers.ListField(child=serializers.CharField(), help_text="shown this once; each works once")


class SecondFactorView(RoutedView, APIView):
    @extend_schema(responses=SecondFactorSerializer)
    def get(self, request: Request) -> Response:
        user, principal = account(request), signed_in_person(request)
        device = confirmed_device(user)
        state = {
            "enabled": device is not None,
            "confirmed_at": device.confirmed_at if device else None,
            "recovery_codes_left": recovery_codes_left(user),
            "needed": device_is_required(user, is_staff=principal.is_staff),
        }
        return Response(SecondFactorSerializer(state).data)


class EnrolView(RoutedView, APIView):
    @extend_schema(request=PasswordSerializer, responses=EnrolmentSerializer)
    def post(self, request: Request) -> Response:
        """A new secret. It counts when a code has confirmed it; until then another call replaces it."""
        user = account(request)
        require_password(user=user, **sent(PasswordSerializer, request))
        if confirmed_device(user):
            raise Conflict("There is a second factor already. Disable it before you set up another.")
        enrolment = enrol(user=user)
        picture = segno.make(enrolment.uri, error="m").svg_inline(scale=4, border=3, light="white")
        body = {"secret": enrolment.secret, "otpauth_uri": enrolment.uri, "qr_svg": picture}
        return Response(EnrolmentSerializer(body).data)


class ConfirmView(RoutedView, APIView):
    @extend_schema(request=CodeSerializer, responses=RecoveryCodesSerializer)
    def post(self, request: Request) -> Response:
        """The first code of the app puts it into use. From the next sign-in on a code is asked for."""
        user = account(request)
        if (wait := wait_before_next_code(user)) is not None:
            raise SignInLocked(wait)
        return recovery_codes(confirm(user=user, **sent(CodeSerializer, request)))


class DisableView(RoutedView, APIView):
    @extend_schema(request=PasswordAndCodeSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        user = account(request)
        require_both(user, **sent(PasswordAndCodeSerializer, request))
        works_as_staff = any(place.is_staff for place in person_principals(user.public_id))
        if device_is_required(user, is_staff=works_as_staff):
            raise Conflict(NEEDED)
        disable(user=user, reason="disabled by the person")
        send_task_after_commit(mail_second_factor_disabled_task, user_id=user.pk)
        return Response(status=204)


class RecoveryCodesView(RoutedView, APIView):
    @extend_schema(request=PasswordAndCodeSerializer, responses=RecoveryCodesSerializer)
    def post(self, request: Request) -> Response:
        """Ten new codes; the old ones are void."""
        user = account(request)
        require_both(user, **sent(PasswordAndCodeSerializer, request))
        return recovery_codes(renew_recovery_codes(user=user))


def account(request: Request) -> User:
    user = User.objects.with_id(signed_in_person(request).user_id)
    if user is None:
        raise PermissionDenied
    return user


def sent(serializer: type[CamelCaseSerializer], request: Request) -> dict[str, Any]:
    form = serializer(data=request.data)
    form.is_valid(raise_exception=True)
    fields: dict[str, Any] = form.validated_data
    return fields


def require_both(user: User, *, password: str, code: str) -> None:
    if confirmed_device(user) is None:
        raise Conflict("There is no second factor yet: set one up first.")
    require_password(user=user, password=password)
    if (wait := wait_before_next_code(user)) is not None:
        raise SignInLocked(wait)
    if not verify(user, code):
        raise ValidationError({"code": ValidationError(WRONG_CODE, code="wrong_code")})


def recovery_codes(codes: list[str]) -> Response:
    return Response(RecoveryCodesSerializer({"recovery_codes": codes}).data)
