from __future__ import annotations

from devices.commands.api.bulk import BulkCancelView, BulkCommandsView, BulkRetryView
from devices.commands.api.statistics import CommandStatisticsView
from devices.commands.api.templates import TemplatesView, TemplateView
from devices.commands.api.views import CancelCommandView, CommandsView, CommandView, RetryCommandView
from tenancy.api.routing import Route

LOOK, SEND, CHANGE = "devices.view_devicecommand", "devices.add_devicecommand", "devices.change_devicecommand"
TEMPLATE_LOOK = "devices.view_commandtemplate"
NO_PATIENT = "what devices are to do, no patient"

# A command for one device is ordered at the address where the device fetches it: edge.routes.
COMMAND_ROUTES = [
    Route("api/v1/devices/commands/bulk", BulkCommandsView, "commands-bulk", {"POST": SEND}),
    Route(
        "api/v1/devices/commands/stats",
        CommandStatisticsView,
        "commands-stats",
        {"GET": LOOK},
        unaudited=NO_PATIENT,
        refusals=(404,),
    ),
    Route("api/v1/commands", CommandsView, "commands", {"GET": LOOK}, unaudited=NO_PATIENT),
    Route("api/v1/commands/cancel", BulkCancelView, "commands-cancel", {"POST": CHANGE}),
    Route("api/v1/commands/retry", BulkRetryView, "commands-retry", {"POST": CHANGE}),
    Route("api/v1/commands/{commandId}", CommandView, "command", {"GET": LOOK}, unaudited=NO_PATIENT),
    Route("api/v1/commands/{commandId}/cancel", CancelCommandView, "command-cancel", {"POST": CHANGE}),
    Route("api/v1/commands/{commandId}/retry", RetryCommandView, "command-retry", {"POST": CHANGE}),
    Route(
        "api/v1/command-templates",
        TemplatesView,
        "command-templates",
        {"GET": TEMPLATE_LOOK, "POST": "devices.add_commandtemplate"},
        unaudited=NO_PATIENT,
    ),
    Route(
        "api/v1/command-templates/{templateId}",
        TemplateView,
        "command-template",
        {
            "GET": TEMPLATE_LOOK,
            "PATCH": "devices.change_commandtemplate",
            "DELETE": "devices.delete_commandtemplate",
        },
        unaudited=NO_PATIENT,
    ),
]
