from __future__ import annotations

from devices.commands.models import DeviceCommand, DeviceCommandQuerySet, Kind, Priority, Status
from devices.models import Device
from tenancy.api.filters import FilterSet, InstantFilter, OneOfFilter, SearchFilter

_PRIORITIES = [(label, label) for label in Priority.labels]


class CommandFilters(FilterSet):
    device = SearchFilter(help_text="code or id of a device")
    status = OneOfFilter(Status.choices)
    type = OneOfFilter(Kind.choices)
    priority = OneOfFilter(_PRIORITIES)
    since = InstantFilter(help_text="ordered at this time or later; an offset is required")
    until = InstantFilter(help_text="ordered before this time; an offset is required")

    class Meta:
        model = DeviceCommand
        fields: list[str] = []

    def filter_queryset(self, queryset: DeviceCommandQuerySet) -> DeviceCommandQuerySet:
        chosen = self.form.cleaned_data
        found = queryset
        if chosen["device"]:
            found = found.filter(device__in=Device.objects.named(chosen["device"]))
        if chosen["status"]:
            found = found.filter(status=chosen["status"])
        if chosen["type"]:
            found = found.filter(type=chosen["type"])
        if chosen["priority"]:
            found = found.filter(priority=Priority[chosen["priority"].upper()])
        if chosen["since"]:
            found = found.filter(created_at__gte=chosen["since"])
        return found.filter(created_at__lt=chosen["until"]) if chosen["until"] else found
