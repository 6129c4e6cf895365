from __future__ import annotations

from alerts.api.channels import ChannelKindsView, ChannelsView, ChannelTestView, ChannelView
from alerts.api.configuration import CONFIGURATION, ConfigurationView, ConfigureView
from alerts.api.contacts import CONTACT, ContactsView, ContactView, PatientContactsView
from alerts.api.deliveries import DELIVERY, DeliveryViewSet
from alerts.api.emergency import EmergencyView
from alerts.api.episodes import EPISODE, EpisodeViewSet
from alerts.api.groups import GROUP, ChoicesView, GroupMemberView, GroupsView, GroupView
from alerts.api.replays import ReplayView
from alerts.api.rules import RULE, RulesView, RuleView
from alerts.api.statistics import AlertStatisticsView
from alerts.api.thresholds import THRESHOLDS, ClinicThresholdsView, PatientThresholdsView
from alerts.api.timeline import TIMELINE, TimelineView
from alerts.services.acting import ACTING
from tenancy.api.routing import Route

VIEW, VIEW_RULES, VIEW_OWN_RULES, EDIT_RULES = (
    "alerts.view_episode",
    "alerts.view_rule",
    "alerts.view_patientrule",
    "alerts.change_rule",
)
VIEW_CHANNELS, CHANGE_CHANNELS, VIEW_DELIVERIES = (
    "alerts.view_channel",
    "alerts.change_channel",
    "alerts.view_delivery",
)
ACTS = ("acknowledge", "snooze", "resolve", "comment", "assign", "review")

ROUTES = [
    Route("api/v1/alerts", EpisodeViewSet, "alerts", {"GET": VIEW}, {"GET": "list"}, audited=EPISODE),
    # Before the route with a parameter, which would take the word for an id.
    Route(
        "api/v1/alerts/stats",
        AlertStatisticsView,
        "alert-stats",
        {"GET": VIEW},
        unaudited="counts over all patients whom the caller may see, none of them named",
    ),
    Route("api/v1/alerts/{alertId}", EpisodeViewSet, "alert", {"GET": VIEW}, {"GET": "retrieve"}, audited=EPISODE),
    *[
        Route(f"api/v1/alerts/{{alertId}}/{act}", EpisodeViewSet, f"alert-{act}", {"POST": ACTING}, {"POST": act})
        for act in ACTS
    ],
    Route(
        "api/v1/alert-rules",
        RulesView,
        "alert-rules",
        {"GET": VIEW_RULES, "POST": EDIT_RULES},
        audited=RULE,
        refusals=(404, 409),
    ),
    Route("api/v1/alert-rules/replay", ReplayView, "alert-replay", {"POST": VIEW_RULES}),
    Route(
        "api/v1/alert-rules/{ruleId}",
        RuleView,
        "alert-rule",
        {"GET": VIEW_RULES, "PUT": EDIT_RULES, "PATCH": EDIT_RULES, "DELETE": EDIT_RULES},
        audited=RULE,
    ),
    Route(
        "api/v1/alert-rule-groups",
        GroupsView,
        "alert-groups",
        {"GET": VIEW_RULES, "POST": EDIT_RULES},
        audited=GROUP,
        refusals=(409,),
    ),
    Route(
        "api/v1/alert-rule-groups/{groupId}",
        GroupView,
        "alert-group",
        {"GET": VIEW_RULES, "PATCH": EDIT_RULES, "DELETE": EDIT_RULES},
        audited=GROUP,
        refusals=(409,),
    ),
    Route(
        "api/v1/alert-rule-groups/{groupId}/patients/{code}",
        GroupMemberView,
        "alert-group-member",
        {"PUT": EDIT_RULES, "DELETE": EDIT_RULES},
    ),
    Route(
        "api/v1/alert-settings",
        ChoicesView,
        "alert-settings",
        # For all patients at once, and how much leaves the platform: for those who answer for the clinic.
        {"GET": VIEW_RULES, "PATCH": "tenancy.change_organization"},
        unaudited="what the clinic chose, no patient",
    ),
    Route(
        "api/v1/users/{userId}/alerts/configuration",
        ConfigurationView,
        "alert-configuration",
        {"GET": f"{VIEW_RULES}|{VIEW_OWN_RULES}", "PUT": EDIT_RULES},
        audited=CONFIGURATION,
    ),
    Route(
        "api/v1/users/{userId}/alerts/configure",
        ConfigureView,
        "alert-configure",
        {"POST": EDIT_RULES},
    ),
    Route(
        "api/v1/alert-channel-kinds",
        ChannelKindsView,
        "alert-channel-kinds",
        {"GET": VIEW_CHANNELS},
        unaudited="what the platform offers, of no clinic",
    ),
    Route(
        "api/v1/alert-channels",
        ChannelsView,
        "alert-channels",
        {"GET": VIEW_CHANNELS, "POST": CHANGE_CHANNELS},
        unaudited="what the clinic set up, no patient",
        refusals=(409,),
    ),
    Route(
        "api/v1/alert-channels/{channelId}",
        ChannelView,
        "alert-channel",
        {"GET": VIEW_CHANNELS, "PATCH": CHANGE_CHANNELS, "DELETE": CHANGE_CHANNELS},
        unaudited="what the clinic set up, no patient",
        refusals=(409,),
    ),
    Route(
        "api/v1/alert-channels/{channelId}/test",
        ChannelTestView,
        "alert-channel-test",
        {"POST": CHANGE_CHANNELS},
    ),
    Route(
        "api/v1/alert-contacts",
        ContactsView,
        "alert-contacts",
        {"GET": VIEW_CHANNELS, "POST": CHANGE_CHANNELS},
        unaudited="staff and channels of the clinic, no patient",
        refusals=(404, 409),
    ),
    Route(
        "api/v1/alert-contacts/{contactId}",
        ContactView,
        "alert-contact",
        {"GET": VIEW_CHANNELS, "PATCH": CHANGE_CHANNELS, "DELETE": CHANGE_CHANNELS},
        unaudited="staff and channels of the clinic, no patient",
        refusals=(409,),
    ),
    Route(
        "api/v1/alert-deliveries",
        DeliveryViewSet,
        "alert-deliveries",
        {"GET": VIEW_DELIVERIES},
        {"GET": "list"},
        audited=DELIVERY,
    ),
    Route(
        "api/v1/alert-deliveries/{deliveryId}",
        DeliveryViewSet,
        "alert-delivery",
        {"GET": VIEW_DELIVERIES},
        {"GET": "retrieve"},
        audited=DELIVERY,
    ),
    Route(
        "api/v1/alert-deliveries/{deliveryId}/retry",
        DeliveryViewSet,
        "alert-delivery-retry",
        {"POST": CHANGE_CHANNELS},
        {"POST": "retry"},
        refusals=(409,),
    ),
    Route(
        "api/v1/users/{userId}/alerts/contacts",
        PatientContactsView,
        "alert-patient-contacts",
        {"GET": VIEW_CHANNELS},
        audited=CONTACT,
    ),
    Route("api/v1/patients/{code}/emergency", EmergencyView, "emergency", {"POST": "alerts.add_episode"}),
    Route(
        "api/v1/patients/{code}/vital-thresholds",
        PatientThresholdsView,
        "vital-thresholds",
        {"GET": f"{VIEW_RULES}|{VIEW_OWN_RULES}", "PUT": EDIT_RULES},
        audited=THRESHOLDS,
    ),
    Route(
        "api/v1/organizations/current/vital-thresholds",
        ClinicThresholdsView,
        "clinic-vital-thresholds",
        {"GET": VIEW_RULES, "PUT": EDIT_RULES},
        unaudited="what the clinic set, no patient",
    ),
    Route("api/v1/users/{userId}/alerts/timeline", TimelineView, "alert-timeline", {"GET": VIEW}, audited=TIMELINE),
]
