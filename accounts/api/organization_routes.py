"""The caller's clinic: what is set for it, who is in it, who is invited, who shall leave."""

from __future__ import annotations

from accounts.api.invitation_answers import AcceptInvitationView, DeclineInvitationView
from accounts.api.invitations import INVITATION, InvitationViewSet
from accounts.api.organizations import CurrentOrganizationView, OrganizationSettingsView, OwnClinicsView
from accounts.api.removals import RemovalViewSet
from accounts.api.support import SupportAccessViewSet
from accounts.api.users import MEMBER, MemberViewSet
from tenancy.api.routing import PUBLIC, SIGNED_IN, Route

CURRENT = "api/v1/organizations/current"
ASKING = "accounts.add_removalrequest"
DECIDING = "accounts.change_removalrequest"
NO_PATIENTS = "shows the clinic and its staff, no patient"

ROUTES = [
    Route("api/v1/organizations", OwnClinicsView, "organizations", {"GET": SIGNED_IN}, unaudited=NO_PATIENTS),
    Route(
        CURRENT,
        CurrentOrganizationView,
        "current-organization",
        {"GET": "tenancy.view_organization", "PATCH": "tenancy.change_organization"},
        unaudited=NO_PATIENTS,
    ),
    Route(
        f"{CURRENT}/settings",
        OrganizationSettingsView,
        "organization-settings",
        {"GET": "tenancy.view_organization", "PATCH": "tenancy.change_organization"},
        unaudited=NO_PATIENTS,
    ),
    # The same list as /users, where its members are changed: one implementation.
    Route(
        f"{CURRENT}/members",
        MemberViewSet,
        "organization-members",
        {"GET": "accounts.view_membership"},
        {"GET": "list"},
        audited=MEMBER,
    ),
    Route(
        "api/v1/admin/users",
        MemberViewSet,
        "admin-users",
        {"GET": "accounts.view_membership"},
        {"GET": "list"},
        audited=MEMBER,
    ),
    Route(
        f"{CURRENT}/invitations",
        InvitationViewSet,
        "invitations",
        {"GET": "accounts.view_invitation", "POST": "accounts.add_invitation"},
        {"GET": "list", "POST": "create"},
        refusals=(402,),
        audited=INVITATION,
    ),
    Route(
        f"{CURRENT}/invitations/{{invitationId}}",
        InvitationViewSet,
        "invitation",
        {"DELETE": "accounts.change_invitation"},
        {"DELETE": "destroy"},
    ),
    Route(
        f"{CURRENT}/invitations/{{invitationId}}/resend",
        InvitationViewSet,
        "resend-invitation",
        {"POST": "accounts.change_invitation"},
        {"POST": "resend"},
        refusals=(402,),
    ),
    Route(
        f"{CURRENT}/support-access",
        SupportAccessViewSet,
        "support-accesses",
        {"GET": "accounts.view_supportaccess"},
        {"GET": "list"},
        unaudited=NO_PATIENTS,
    ),
    Route(
        f"{CURRENT}/support-access/{{supportAccessId}}",
        SupportAccessViewSet,
        "support-access",
        {"DELETE": "accounts.change_supportaccess"},
        {"DELETE": "destroy"},
        refusals=(409,),
    ),
    Route(
        "api/v1/auth/invitations/accept", AcceptInvitationView, "accept-invitation", {"POST": PUBLIC}, refusals=(410,)
    ),
    Route(
        "api/v1/auth/invitations/decline",
        DeclineInvitationView,
        "decline-invitation",
        {"POST": PUBLIC},
        refusals=(410,),
    ),
    Route(
        f"{CURRENT}/removal-requests",
        RemovalViewSet,
        "removal-requests",
        # Others than managers see only the requests that they made.
        {"GET": f"{ASKING}|accounts.view_removalrequest", "POST": ASKING},
        {"GET": "list", "POST": "create"},
        unaudited=NO_PATIENTS,
    ),
    *[
        Route(
            f"{CURRENT}/removal-requests/{{removalId}}/{action}",
            RemovalViewSet,
            f"{action}-removal",
            {"POST": access},
            {"POST": action},
        )
        for action, access in {"approve": DECIDING, "deny": DECIDING, "cancel": f"{ASKING}|{DECIDING}"}.items()
    ],
]
