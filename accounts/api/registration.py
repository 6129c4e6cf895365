"""Registering, confirming the address and setting a new password. No answer tells whether an account exists."""

from __future__ import annotations

from django.db import transaction
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.invitation_answers import Gone, named_offer
from accounts.invitation_answers import AccountNotProven, InvitationVoid
from accounts.links import parts_of
from accounts.mail_requests import ask_for_mail, ask_for_password_link
from accounts.registration import confirm_address, register, register_invited, reset_password
from tenancy.addresses import limited_address
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer

REGISTERED = (
    "Thank you. If the address can be registered, a mail is on its way to it: follow its link to confirm the address. "
    "With an invitation you can sign in at once."
)
FORGOTTEN = "If there is an account with this address, a mail with a link is on its way to it."
NOT_OF_THE_REGISTRATION = (
    "This is not the password that the account was registered with. If you do not know it, ask for a link to set a new "
    "one."
)
OF_THE_LINK = "the last two parts of the address in the mail, with the slash between them"


class MailAway(APIException):
    status_code = 503
    default_detail = "No mail can be sent at the moment. Please try again in a few minutes."


class AcceptedSerializer(CamelCaseSerializer):
    detail = serializers.CharField()


class RegisterSerializer(CamelCaseSerializer):
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)
    name = serializers.CharField(
        max_length=150, help_text="for the clinic of the invitation; without one, a clinic names you when it admits you"
    )
    invitation = serializers.CharField(
        required=False, max_length=100, help_text="the last part of the link in the mail that invites"
    )


class ForgotSerializer(CamelCaseSerializer):
    email = serializers.CharField(max_length=254)


class LinkSerializer(CamelCaseSerializer):
    token = serializers.CharField(max_length=200, help_text=OF_THE_LINK)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)


class VerifySerializer(LinkSerializer):
    password = serializers.CharField(
        max_length=1000, trim_whitespace=False, help_text="the one that the account was registered with"
    )


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class RegisterView(RoutedView, APIView):
    @extend_schema(request=RegisterSerializer, responses={202: AcceptedSerializer})
    def post(self, request: Request) -> Response:
        """Always the same answer for values that are well-formed, whoever has an account."""
        form = RegisterSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        sent = form.validated_data
        if not ("invitation" in sent and self.register_invited(**sent)):
            user_id = register(email=sent["email"], password=sent["password"])
            if not ask_for_mail(kind="registration", email=sent["email"], user_id=user_id):
                raise MailAway
        return Response({"detail": REGISTERED}, status=202)

    def register_invited(self, *, email: str, password: str, name: str, invitation: str) -> bool:
        """False where the address has an account, whose mail says how to go on."""
        offer = named_offer(invitation)
        if offer.has_account:
            return False
        try:
            register_invited(offer=offer, email=email, password=password, name=name)
        except AccountNotProven:
            return False
        except InvitationVoid as void:
            raise Gone(str(void)) from None
        return True


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class VerifyEmailView(RoutedView, APIView):
    @extend_schema(request=VerifySerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Confirm the address by the mail's link and the registration's password. Then the account can sign in."""
        form = VerifySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        address = limited_address(request._request)
        link = parts_of(form.validated_data["token"])
        if confirm_address(**link, password=form.validated_data["password"], address=address) is None:
            raise AuthenticationFailed(NOT_OF_THE_REGISTRATION)
        return Response(status=204)


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class ForgotPasswordView(RoutedView, APIView):
    @extend_schema(request=ForgotSerializer, responses={202: AcceptedSerializer})
    def post(self, request: Request) -> Response:
        """Mail a link that sets a new password."""
        form = ForgotSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        if not ask_for_password_link(email=form.validated_data["email"]):
            raise MailAway
        return Response({"detail": FORGOTTEN}, status=202)


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class ResetPasswordView(RoutedView, APIView):
    @extend_schema(request=LinkSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Set a new password by the mail's link. Every sign-in of the account ends."""
        form = LinkSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        user = reset_password(**parts_of(form.validated_data["token"]), password=form.validated_data["password"])
        ask_for_mail(kind="password_changed", email=user.email, user_id=user.pk)
        return Response(status=204)
