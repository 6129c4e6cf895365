from __future__ import annotations

from devices.models import Device, DeviceQuerySet
from tenancy.api.filters import FilterSet, OneOfFilter, SearchFilter


class DeviceFilters(FilterSet):
    search = SearchFilter(help_text="beginning of the code, name or serial number")
    status = OneOfFilter(Device.Status.choices, help_text="without it, every device that is not retired")
    kind = OneOfFilter(Device.Kind.choices)

    class Meta:
        model = Device
        fields: list[str] = []

    def filter_queryset(self, queryset: DeviceQuerySet) -> DeviceQuerySet:
        chosen = self.form.cleaned_data
        devices = queryset.filter(status=chosen["status"]) if chosen["status"] else queryset.in_use()
        if chosen["kind"]:
            devices = devices.filter(kind=chosen["kind"])
        return devices.matching(chosen["search"]) if chosen["search"] else devices
