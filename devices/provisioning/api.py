from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from devices.models import MAC_VALIDATOR, Device
from devices.provisioning.claims import LONGEST, SHORTEST, USUAL, create_claim, withdraw_claim
from devices.provisioning.codes import spoken_code
from devices.provisioning.models import ClaimCode, ClaimCodeQuerySet
from devices.provisioning.redeeming import Hardware, Provisioned, provision
from devices.services import register_device
from tenancy.addresses import limited_address
from tenancy.api.lookups import one_or_404, uuid_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import PUBLIC, Route, RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer, InstantField
from tenancy.models import CODE_VALIDATOR

HOUR = timedelta(hours=1)


class ClaimSerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id")
    device = serializers.CharField(source="device.code")
    state = serializers.SerializerMethodField()

    class Meta:
        model = ClaimCode
        fields = ["id", "device", "state", "created_at", "created_by", "expires_at", "used_at", "withdrawn_at"]

    def get_state(self, claim: ClaimCode) -> str:
        return state_of(claim)


class IssuedClaimSerializer(ClaimSerializer):
    claim_code = serializers.CharField(help_text="shown this once")

    class Meta(ClaimSerializer.Meta):
        fields = [*ClaimSerializer.Meta.fields, "claim_code"]


class NewDeviceSerializer(CamelCaseSerializer):
    code = serializers.CharField(max_length=50, validators=[CODE_VALIDATOR])
    name = serializers.CharField(required=False, allow_blank=True, max_length=100)
    serial_number = serializers.CharField(required=False, max_length=50)
    reading_interval = serializers.IntegerField(required=False, min_value=30, max_value=86_400)


class NewClaimSerializer(CamelCaseSerializer):
    device = serializers.CharField(required=False, max_length=50, help_text="code or id of a device that is there")
    new_device = NewDeviceSerializer(required=False, help_text="or one that is made for it")
    expires_in_hours = serializers.IntegerField(
        min_value=SHORTEST // HOUR, max_value=LONGEST // HOUR, default=USUAL // HOUR
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("device" in attrs) == ("new_device" in attrs):
            raise serializers.ValidationError({"device": ["Name either device or newDevice."]}, code="one_of")
        return attrs


class ProvisionSerializer(CamelCaseSerializer):
    claim_code = serializers.CharField(max_length=20, help_text="8 letters and digits; case and hyphens do not matter")
    hardware_model = serializers.CharField(max_length=100)
    firmware_version = serializers.CharField(max_length=20)
    serial_number = serializers.CharField(required=False, max_length=50)
    mac_address = serializers.CharField(required=False, max_length=17, help_text="AA:BB:CC:00:11:22; hyphens as well")

    def validate_mac_address(self, address: str) -> str:
        address = address.upper().replace("-", ":")
        MAC_VALIDATOR(address)
        return address


class ProvisionedSerializer(CamelCaseSerializer):
    device_id = serializers.CharField(help_text="what the device is called from now on")
    api_key = serializers.CharField(help_text="shown this once")
    device_name = serializers.CharField()
    status = serializers.ChoiceField(Device.Status.choices)
    reading_interval = serializers.IntegerField(help_text="seconds")
    server_time = InstantField()
    paths = serializers.DictField(child=serializers.CharField(), help_text="where to send what")


class ClaimPagination(ItemsPagination):
    ordering = "-id"


class ClaimsView(RoutedView, GenericAPIView[ClaimCode]):
    queryset = ClaimCode.objects.none()  # for the schema
    serializer_class = ClaimSerializer
    pagination_class = ClaimPagination

    @extend_schema(operation_id="devices_claims_list", responses=ClaimSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Newest first. Their codes are not kept."""
        found: ClaimCodeQuerySet = ClaimCode.objects.select_related("device")
        page = self.paginate_queryset(found) or []
        return self.get_paginated_response(ClaimSerializer(page, many=True).data)

    @extend_schema(
        operation_id="devices_claims_create", request=NewClaimSerializer, responses={201: IssuedClaimSerializer}
    )
    def post(self, request: Request) -> Response:
        """A code by which one device gets its key, once. A claim that the device had before is taken back."""
        form = NewClaimSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        if "device" in said:
            device = one_or_404(Device.objects.named(said["device"]))
        else:
            device = register_device(**said["new_device"])
        issued = create_claim(device=device, valid_for=said["expires_in_hours"] * HOUR)
        return Response({**ClaimSerializer(issued.claim).data, "claimCode": spoken_code(issued.code)}, status=201)


class ClaimView(RoutedView, APIView):
    @extend_schema(operation_id="devices_claims_destroy", responses={204: None})
    def delete(self, request: Request, claimId: str) -> Response:
        """Take it back: its code is refused from now on."""
        claim: ClaimCode = one_or_404(ClaimCode.objects.filter(public_id=uuid_or_404(claimId)))
        withdraw_claim(claim=claim)
        return Response(status=204)


class ProvisionView(RoutedView, APIView):
    @extend_schema(
        operation_id="devices_provision", request=ProvisionSerializer, responses={201: ProvisionedSerializer}, auth=[]
    )
    def post(self, request: Request) -> Response:
        """Without a key: a device claims its own, with the code that somebody typed into it."""
        form = ProvisionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = dict(form.validated_data)
        typed = said.pop("claim_code")
        hardware = Hardware(model=said.pop("hardware_model"), **said)
        done = provision(typed=typed, hardware=hardware, address=limited_address(request._request))
        return Response(ProvisionedSerializer(provisioned_body(done)).data, status=201)


def provisioned_body(done: Provisioned) -> dict[str, Any]:
    device = done.device
    base = f"/api/v1/devices/{device.code}"
    return {
        "device_id": device.code,
        "api_key": done.key,
        "device_name": device.name,
        "status": device.status,
        "reading_interval": device.reading_interval,
        "server_time": timezone.now(),
        "paths": {name: f"{base}/{name}" for name in ("readings", "heartbeat", "logs", "commands")},
    }


def state_of(claim: ClaimCode) -> str:
    if claim.used_at is not None:
        return "used"
    if claim.withdrawn_at is not None:
        return "withdrawn"
    return "expired" if claim.expires_at <= timezone.now() else "open"


PROVISIONING_ROUTES = [
    Route(
        "api/v1/devices/claims",
        ClaimsView,
        "device-claims",
        {"GET": "devices.view_claimcode", "POST": "devices.add_claimcode"},
        unaudited="claims of devices, no patient",
    ),
    Route("api/v1/devices/claims/{claimId}", ClaimView, "device-claim", {"DELETE": "devices.delete_claimcode"}),
    Route("api/v1/devices/provision", ProvisionView, "device-provision", {"POST": PUBLIC}, refusals=(404, 409, 429)),
]
