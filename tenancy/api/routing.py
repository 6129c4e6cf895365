"""Routes as data: Django's URLs, the OpenAPI document, permissions and the isolation matrix all read these.

Adding a route here is all it takes to be served, documented, refused to whoever is not named, and attacked in tests.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import URLPattern, path

PUBLIC = "public"
SIGNED_IN = "signed-in"
DEVICE = "device-key"

# What a parameter stands for; the matrix fills it with another clinic's identifiers and refuses a name it lacks.
PARAMETERS = (
    "accessId",
    "activityId",
    "admissionId",
    "alertId",
    "channelId",
    "claimId",
    "code",
    "commandId",
    "connectionId",
    "consentId",
    "contactId",
    "deliveryId",
    "deviceId",
    "entryId",
    "goalId",
    "groupId",
    "importId",
    "invitationId",
    "keyId",
    "measurementId",
    "memberId",
    "removalId",
    "ruleId",
    "scoreId",
    "sessionId",
    "supportAccessId",
    "type",
    "templateId",
    "userId",
    "viewId",
)
_PARAMETER = re.compile(r"{(\w+)}")


@dataclass(frozen=True, slots=True)
class Route:
    """``access``: for each method who may call it.

    A permission ``app.action_model`` of the role table, PUBLIC, SIGNED_IN, DEVICE (a device key), or several of these
    separated by ``|``. A method that is not named is refused with 405. ``actions`` maps methods to the actions of a
    view set, and is None for a plain view.

    ``audited``: the kind of look that a successful GET writes into the ledger (the view calls ``record_look`` with it);
    a route that shows no patient's data says why in ``unaudited`` instead.

    ``refusals``: for the document, statuses beyond those that follow from access, method and parameters.
    """

    path: str
    view: type[Any]
    name: str
    access: Mapping[str, str]
    actions: Mapping[str, str] | None = None
    audited: str = ""
    unaudited: str = ""
    refusals: tuple[int, ...] = ()

    @property
    def django_path(self) -> str:
        """As logs and metrics name the route."""
        return _as_django_writes(self.path)

    def url_pattern(self) -> URLPattern:
        pattern = self.django_path
        if self.actions is None:
            view = self.view.as_view(route=self)
        else:
            actions = {method.lower(): action for method, action in self.actions.items()}
            view = self.view.as_view(actions, route=self)
        pattern_of_route: URLPattern = path(pattern, view, name=self.name)
        return pattern_of_route

    @property
    def parameters(self) -> list[str]:
        return _PARAMETER.findall(self.path)


@cache
def _as_django_writes(path: str) -> str:
    return _PARAMETER.sub(lambda match: f"<str:{match[1]}>", path)


class RoutedView:
    """Mixin of views that are served through a Route."""

    route: Route | None = None

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        # Imported here: REST framework, once imported, asks for the permissions, which ask for this module.
        from tenancy.api.queries import refuse_repeated_parameters

        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        refuse_repeated_parameters(request)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Answers tell of people: no cache on the way keeps them, unless a view knows better."""
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        response.headers.setdefault("Cache-Control", "no-store")
        return response
