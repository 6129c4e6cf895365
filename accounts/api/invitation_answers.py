"""Answering an invitation: the token of the mail says which, and the caller shows whose account it is for."""

from __future__ import annotations

from django.contrib.auth import authenticate
from django.db import transaction
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access_tokens import read_access_token
from accounts.invitation_answers import (
    AccountNotProven,
    InvitationVoid,
    Offer,
    accept_invitation,
    decline_invitation,
    open_offer,
)
from accounts.models import User
from accounts.principals import PersonPrincipal, signed_in_principal
from accounts.roles import Role
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer

NOT_PROVEN = (
    "This address has an account. Send its password, or sign in with it and send the access token with the invitation."
)
OTHER_ADDRESS = "You are signed in with another address than the one that was invited."


class Gone(APIException):
    status_code = 410
    default_code = "gone"


class AnswerSerializer(CamelCaseSerializer):
    token = serializers.CharField(max_length=100, help_text="the last part of the link in the mail")


class AcceptSerializer(AnswerSerializer):
    password = serializers.CharField(
        required=False,
        max_length=1000,
        trim_whitespace=False,
        help_text="of the account with this address; of a new account, the one it shall have",
    )


class InvitationAcceptedSerializer(CamelCaseSerializer):
    organization = serializers.CharField(source="organization_name", help_text="name of the clinic")
    email = serializers.EmailField()
    role = serializers.ChoiceField(Role.choices)


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class AcceptInvitationView(RoutedView, APIView):
    @extend_schema(request=AcceptSerializer, responses=InvitationAcceptedSerializer)
    def post(self, request: Request) -> Response:
        """Take the place that the mail offers. An address without a confirmed account gets the password sent here."""
        form = AcceptSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        offer, password = named_offer(form.validated_data["token"]), form.validated_data.get("password")
        try:
            proven = proven_account(request, offer, password)
            accept_invitation(offer=offer, proven_user_id=proven, password=password)
        except AccountNotProven:
            raise AuthenticationFailed(NOT_PROVEN) from None
        except InvitationVoid as void:
            raise Gone(str(void)) from None
        return Response(InvitationAcceptedSerializer(offer).data)


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class DeclineInvitationView(RoutedView, APIView):
    @extend_schema(request=AnswerSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        form = AnswerSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            decline_invitation(offer=named_offer(form.validated_data["token"]))
        except InvitationVoid as void:
            raise Gone(str(void)) from None
        return Response(status=204)


def named_offer(token: str) -> Offer:
    try:
        return open_offer(token=token)
    except InvitationVoid as void:
        raise Gone(str(void)) from None


def proven_account(request: Request, offer: Offer, password: str | None) -> int | None:
    """The account that the caller has shown to be theirs: by the access token, or by its password."""
    if "Authorization" in request.headers:
        person = _bearer(request)
        if person is None or person.email.lower() != offer.email:
            raise AuthenticationFailed(OTHER_ADDRESS)
        return person.user_id
    if password is None or not offer.has_account:
        return None
    user = authenticate(request._request, username=offer.email, password=password)
    return user.pk if isinstance(user, User) else None


def _bearer(request: Request) -> PersonPrincipal | None:
    """Read here: the middleware enters no clinic's scope on this path, since the invitation names another one."""
    claims = read_access_token(request.headers["Authorization"].partition(" ")[2].strip())
    return signed_in_principal(claims) if claims else None
