"""The public keys of access tokens, for servers that verify them without asking us."""

from __future__ import annotations

from django.db import transaction
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access_tokens import current_keys
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer

# Shorter than the time between the day a key is added to the ring and the day it becomes the active one.
CACHED_FOR = "public, max-age=300"


class KeySerializer(CamelCaseSerializer):
    kty = serializers.CharField()
    crv = serializers.CharField()
    use = serializers.CharField()
    alg = serializers.CharField()
    kid = serializers.CharField()
    x = serializers.CharField(help_text="the public key, base64url")


class KeysSerializer(CamelCaseSerializer):
    keys = KeySerializer(many=True)


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class KeysView(RoutedView, APIView):
    @extend_schema(responses=KeysSerializer)
    def get(self, request: Request) -> Response:
        """Keys that verify access tokens: the active one and those that are being retired."""
        return Response(current_keys().jwks(), headers={"Cache-Control": CACHED_FOR})
