"""Which patients the list shows, and in which order. Filters look at the ranking; only a search asks the database."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from accounts.models import Membership
from patients.models import CareTeamMember, Patient
from reports.worklist.figures import Booleans, Floats, Integers
from reports.worklist.points import Ranking, Reason, Standing

SHOWS = {
    "": "Who needs somebody",
    "all": "All patients",
    "unknown": "Too little data",
    "resting": "Seen, resting",
    "fine": "Nothing to do",
}
ASSIGNED = {"": "Anybody", "me": "Me", "nobody": "Nobody"}
REASON_NAMES = {
    Reason.ALARM: "Open alarm",
    Reason.VERY_LOW: "Very low glucose",
    Reason.LOW: "Low glucose",
    Reason.RISK: "High risk index",
    Reason.IN_RANGE: "Too little in range (pregnancy)",
    Reason.WORSE: "Worse than before",
    Reason.SILENT: "Silent device",
    Reason.CONNECTION: "Dexcom lost",
    Reason.CONSENT: "Consent withdrawn",
    Reason.CONTACT: "Contact due",
    Reason.LITTLE_DATA: "Too little data",
}
SORTS = {
    "need": "Need",
    "name": "Name",
    "inRange": "Time in range, lowest first",
    "-inRange": "Time in range, highest first",
    "-veryLow": "Very low, most first",
    "veryLow": "Very low, least first",
    "-gri": "Risk index, highest first",
    "gri": "Risk index, lowest first",
    "-change": "Most worsened first",
    "change": "Most improved first",
    "dataUntil": "Oldest data first",
    "-dataUntil": "Newest data first",
    "nextContact": "Next contact",
    "seen": "Seen longest ago",
}
ZONES = ("A", "B", "C", "D", "E")
ZONE_ENDS = (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)
# What a saved view keeps: not what is searched for, which names patients.
KEPT = ("show", "assigned", "team", "reason", "zone", "sort")


@dataclass(frozen=True, slots=True)
class Choices:
    """What the address asks for; anything unknown falls back to no choice. ``assigned``, ``team``: me, or a member."""

    show: str = ""
    assigned: str = ""
    team: str = ""
    reason: str = ""
    zone: str = ""
    search: str = ""
    sort: str = "need"

    @classmethod
    def of(cls, sent: Mapping[str, str]) -> Choices:
        def one_of(name: str, allowed: object) -> str:
            value = sent.get(name, "")
            return value if value in allowed else ""  # type: ignore[operator]

        return cls(
            show=one_of("show", SHOWS),
            assigned=one_of("assigned", ASSIGNED) or _person(sent.get("assigned", "")),
            team="me" if sent.get("team") == "me" else _person(sent.get("team", "")),
            reason=one_of("reason", {reason.value for reason in Reason}),
            zone=one_of("zone", ZONES),
            # PostgreSQL takes no NUL in a text.
            search=sent.get("q", "").replace("\x00", "").strip()[:100],
            sort=one_of("sort", SORTS) or "need",
        )

    @property
    def kept(self) -> dict[str, str]:
        """For a saved view, and for an address; without what is the default."""
        default = Choices()
        return {name: value for name in KEPT if (value := getattr(self, name)) != getattr(default, name)}

    @property
    def is_filtered(self) -> bool:
        return bool({name for name in self.kept if name not in ("sort", "show")} or self.search)

    def places(self, ranking: Ranking, member_id: int | None) -> Integers:
        """Of the patients to show, in their order: places in the ranking."""
        shown = np.flatnonzero(self._mask(ranking, member_id))
        keys = sort_keys(ranking, self.sort)[shown]
        # The ranking is in the order of names: a stable sort leaves equals in it.
        return np.asarray(shown[np.argsort(keys, kind="stable")])

    def _mask(self, ranking: Ranking, member_id: int | None) -> Booleans:
        facts = ranking.facts
        mask = np.ones(len(facts), dtype=bool)
        if self.show == "unknown":
            mask &= ~ranking.recent.is_sufficient
        elif self.show != "all":
            mask &= (
                ranking.standing == {"": Standing.CALL, "resting": Standing.RESTING, "fine": Standing.FINE}[self.show]
            )
        if self.assigned:
            mask &= facts.assigned_to == (0 if self.assigned == "nobody" else _member(self.assigned, member_id))
        if self.reason:
            mask &= ranking.has(Reason(self.reason))
        if self.zone:
            mask &= _in_zone(ranking, self.zone)
        if self.team:
            team = CareTeamMember.objects.filter(member_id=_member(self.team, member_id))
            mask &= np.isin(facts.patient_ids, list(team.values_list("patient_id", flat=True)))
        if self.search:
            found = Patient.objects.current().found_by(self.search).order_by()
            mask &= np.isin(facts.patient_ids, list(found.values_list("pk", flat=True)))
        return mask


def sort_keys(ranking: Ranking, sort: str) -> Floats:
    """Ascending; what is not known comes last, whichever the direction."""
    facts, recent = ranking.facts, ranking.recent
    if sort == "need":
        # Of those who need nothing, first the ones of whom too little is known to say so.
        return np.asarray(ranking.standing / 1000 - ranking.need)
    values = {
        "name": np.arange(len(facts), dtype=np.float64),
        "inRange": recent.in_range,
        "veryLow": recent.very_low,
        "gri": recent.gri,
        "change": ranking.change,
        "dataUntil": facts.newest_reading,
        "nextContact": facts.next_contact,
        # Who was never seen was seen longest ago.
        "seen": np.nan_to_num(facts.seen_at, nan=-1.0),
    }[sort.removeprefix("-")]
    return np.asarray(np.nan_to_num(-values if sort.startswith("-") else values, nan=np.inf))


def _in_zone(ranking: Ranking, zone: str) -> Booleans:
    place = ZONES.index(zone)
    gri = ranking.recent.gri
    above = gri >= 0.0 if place == 0 else gri > ZONE_ENDS[place]
    return np.asarray(above & (gri <= ZONE_ENDS[place + 1]))


def _person(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return ""


def _member(name: str, own_id: int | None) -> int:
    """-1 for whom there is not: nobody is assigned to them."""
    if name == "me":
        return own_id or -1
    return Membership.objects.filter(user_public_id=name).values_list("pk", flat=True).first() or -1
