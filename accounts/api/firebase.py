"""Signing in with a Firebase ID token, and linking one to the account first."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.auth import OTP_HELP, TokensSerializer, sign_in
from accounts.firebase import LONGEST_TOKEN, FirebaseRefused, identity_of
from accounts.identities import link_identity, person_of_identity, unlink_identities
from accounts.mail_requests import ask_for_mail
from accounts.models import User
from accounts.principals import signed_in_person
from accounts.proofs import require_password
from accounts.refusals import DISABLED, SignInRefused
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer

INVALID = "The Firebase ID token is invalid or has expired. Please get a new one."
NOT_LINKED = (
    "This Firebase account is not linked to an account here. Sign in with e-mail and password first, and link it at "
    "/api/v1/auth/firebase/link."
)


class IdTokenSerializer(CamelCaseSerializer):
    id_token = serializers.CharField(max_length=LONGEST_TOKEN)
    otp = serializers.CharField(max_length=40, required=False, allow_blank=True, help_text=OTP_HELP)


class LinkFirebaseSerializer(CamelCaseSerializer):
    id_token = serializers.CharField(max_length=LONGEST_TOKEN)
    password = serializers.CharField(max_length=1000, trim_whitespace=False, help_text="the caller's, typed just now")


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class FirebaseView(RoutedView, APIView):
    @extend_schema(request=IdTokenSerializer, responses=TokensSerializer)
    def post(self, request: Request) -> Response:
        """Tokens of ours for an ID token of a linked Firebase account. Its e-mail address plays no part."""
        form = IdTokenSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            user = person_of_identity(identity_of(form.validated_data["id_token"]))
        except FirebaseRefused:
            raise AuthenticationFailed(INVALID) from None
        if user is None:
            raise AuthenticationFailed(NOT_LINKED)
        if not user.is_active:
            raise SignInRefused(DISABLED, code="disabled")
        return sign_in(request, user=user, otp=form.validated_data.get("otp", ""), reason="Firebase")


class FirebaseLinkView(RoutedView, APIView):
    @extend_schema(request=LinkFirebaseSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """From now on this Firebase account signs the caller in."""
        form = LinkFirebaseSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        principal = signed_in_person(request)
        user = User.objects.get(pk=principal.user_id)
        require_password(user=user, password=form.validated_data["password"])
        try:
            identity = identity_of(form.validated_data["id_token"])
        except FirebaseRefused:
            raise ValidationError({"idToken": ValidationError(INVALID, code="invalid")}) from None
        link_identity(user_id=user.pk, user_public_id=user.public_id, identity=identity)
        transaction.on_commit(lambda: ask_for_mail(kind="identity_linked", email=user.email, user_id=user.pk))
        return Response(status=204)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """No Firebase account signs the caller in any more."""
        principal = signed_in_person(request)
        unlink_identities(user_id=principal.user_id, user_public_id=principal.user_public_id)
        return Response(status=204)
