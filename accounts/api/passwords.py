"""A new password for somebody who is signed in."""

from __future__ import annotations

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import tokens
from accounts.api.auth import TokensSerializer, answer
from accounts.mail_requests import ask_for_mail
from accounts.models import User
from accounts.passwords import check_new_password
from accounts.principals import signed_in_person
from accounts.proofs import require_password
from accounts.services import set_password
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer


class ChangePasswordSerializer(CamelCaseSerializer):
    old_password = serializers.CharField(max_length=1000, trim_whitespace=False)
    new_password = serializers.CharField(max_length=1000, trim_whitespace=False)


class ChangePasswordView(RoutedView, APIView):
    @extend_schema(request=ChangePasswordSerializer, responses=TokensSerializer)
    def post(self, request: Request) -> Response:
        """Tokens with which this sign-in goes on; every other one of the person ends, browsers too."""
        form = ChangePasswordSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        principal = signed_in_person(request)
        user: User = User.objects.get(pk=principal.user_id)
        require_password(user=user, password=form.validated_data["old_password"], field="oldPassword")
        check_new_password(form.validated_data["new_password"], user, field="newPassword")
        set_password(user=user, password=form.validated_data["new_password"], keep_family=principal.family_id)
        transaction.on_commit(lambda: ask_for_mail(kind="password_changed", email=user.email, user_id=user.pk))
        return answer(tokens.continue_family(principal=principal))
