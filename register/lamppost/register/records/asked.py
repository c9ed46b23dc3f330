"""What a request to the records API may ask; anything else is refused, not ignored.

A misspelt filter that is ignored answers with everything, and nobody notices.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from lamppost.register.records.reading import State, Wanted
from lamppost.register.records.values import PAGE_DEFAULT, PAGE_MAX, Role

TIME_MAX_MS = 253_402_300_799_999
"""The end of the year 9999."""

Text = Annotated[str | None, Field(max_length=1_024, pattern=r"^[^\x00]*$")]
Time = Annotated[int | None, Field(ge=0, le=TIME_MAX_MS)]
Limit = Annotated[int, Field(ge=1, le=PAGE_MAX)]

COMMON = frozenset({"state", "at_ms", "changed_since_ms", "after", "limit"})


class Asked(BaseModel):
    """What may be asked of every list."""

    model_config = ConfigDict(extra="forbid")

    state: Annotated[State, Field(description="records that hold, that have ended, or all")] = (
        "open"
    )
    at_ms: Annotated[Time, Field(description="records that held then; `state` is moot")] = None
    changed_since_ms: Annotated[Time, Field(description="entered or changed since then")] = None
    after: Annotated[Text, Field(description="`next` of the page before")] = None
    limit: Limit = PAGE_DEFAULT

    def wanted(self) -> Wanted:
        """Return it as the records understand it."""
        filters = self.model_dump(by_alias=True, exclude=set(COMMON))
        return Wanted(
            filters,
            self.state,
            self.at_ms,
            self.changed_since_ms,
            self.after or "",
            self.limit,
        )


class AssetsAsked(Asked):
    """Filters of assets."""

    asset_class: Annotated[Text, Field(alias="class")] = None
    parent: Text = None
    owner: Text = None
    operator: Text = None
    district: Text = None
    criticality: Annotated[int | None, Field(ge=1, le=5)] = None


class NodesAsked(Asked):
    """Filters of nodes."""

    group: Text = None


class DevicesAsked(Asked):
    """Filters of devices."""

    node: Text = None


class ChannelsAsked(Asked):
    """Filters of channels."""

    device: Text = None
    channel_class: Annotated[Text, Field(alias="class")] = None
    unit: Text = None
    unit_ok: bool | None = None


class StreamsAsked(Asked):
    """Filters of streams."""

    channel: Text = None


class LinksAsked(Asked):
    """Filters of links."""

    channel: Text = None
    asset: Text = None
    role: Role | None = None


class CommissioningsAsked(Asked):
    """Filters of commissionings."""

    asset: Text = None
    device: Text = None


AuditedKind = Literal[
    "asset", "node", "device", "channel", "stream", "link", "commissioning",
    "alarm", "work_order", "requirement", "target", "resource", "flow",
    "token", "account", "session", "refusal", "indicator_value", "evidence_pack",
    "indicator_signoff", "escalation",
]  # fmt: skip


class TrailAsked(BaseModel):
    """What may be asked of the audit trail."""

    model_config = ConfigDict(extra="forbid")

    kind: AuditedKind | None = None
    record: Text = None
    after: Annotated[int, Field(ge=0, le=2**62)] = 0
    limit: Limit = PAGE_DEFAULT
