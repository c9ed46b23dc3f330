"""What a request about resources, flows and the map may say."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lamppost.register.acting import Act, Id, Name
from lamppost.register.records.asked import Asked, Limit, Text
from lamppost.register.records.values import PAGE_DEFAULT
from lamppost.register.resources.barriers import NAMES
from lamppost.register.resources.duplicates import RADIUS_M_MAX
from lamppost.register.resources.graph import THINGS_MAX
from lamppost.register.resources.values import Access, Kind, Provenance

Day = Annotated[str | None, Field(max_length=10, description="YYYY-MM-DD")]
Long = Annotated[str | None, Field(max_length=2_000)]
Short = Annotated[str | None, Field(max_length=100)]
Names = Annotated[list[Name] | None, Field(max_length=50)]
Version = Annotated[int, Field(ge=1, le=2**31, description="refuse unless it is still this")]


class ResourcesAsked(Asked):
    """Filters of resources."""

    kind: Kind | None = None
    about: Text = None
    owner: Text = None
    steward: Text = None
    access: Access | None = None


class FlowsAsked(Asked):
    """Filters of flows."""

    source: Text = None
    target: Text = None


class Facts(Act):
    """What may be said of a resource; null takes it back."""

    name: Short = None
    description: Long = None
    owner: Short = None
    steward: Short = None
    contact: Short = None
    licence: Short = None
    access: Access | None = None
    personal_data: bool | None = None
    purpose: Long = None
    legal_basis: Long = None
    retention_days: Annotated[int | None, Field(ge=1, le=36_525)] = None
    recipients: Names = None
    support_end_on: Day = None
    cost_year: Annotated[float | None, Field(ge=0, le=1e12, allow_inf_nan=False)] = None
    currency: Annotated[str | None, Field(max_length=3)] = None
    contract_end_on: Day = None
    endpoint_url: Long = None
    media_type: Short = None
    conforms_to: Short = None
    keywords: Names = None
    provenance: Provenance | None = None
    gathers_class: Short = None
    gathers_group: Short = None
    review_due_on: Day = None
    review_note: Long = None

    def said(self) -> dict[str, Any]:
        """Return what was said, and only that."""
        other = {"by", "version", "id", "kind", "about"}
        return self.model_dump(exclude_unset=True, exclude=other)


class Enter(Facts):
    """A new resource: with an id, or about a node or stream that was born."""

    kind: Kind
    id: Annotated[str | None, Field(max_length=128)] = None
    about: Id | None = None


class Amend(Facts):
    """What shall be changed, on which version it was decided."""

    version: Version


class Attest(Act):
    """That the entry, in this version, is true."""

    version: Version
    review_due_on: Day = None


class Connect(Act):
    """What flows where, each as KIND:ID."""

    source: Id
    target: Id


class MapAsked(BaseModel):
    """What of the map."""

    model_config = ConfigDict(extra="forbid")

    focus: Annotated[Text, Field(description="KIND:ID; only what is up and down stream")] = None


class ImpactAsked(BaseModel):
    """What goes."""

    model_config = ConfigDict(extra="forbid")

    of: Annotated[str, Field(max_length=1_024, description="KIND:ID", pattern=r"^[^\x00]+$")]
    limit: Annotated[int, Field(ge=1, le=THINGS_MAX)] = 1_000


class FindingsAsked(BaseModel):
    """What to look for."""

    model_config = ConfigDict(extra="forbid")

    what: Literal["orphans", "unused", "unknown_assets", "firmware", "overdue", "ending"]
    limit: Limit = PAGE_DEFAULT


class BarriersAsked(BaseModel):
    """Which barriers."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["stream", "dataset", "service"] | None = None
    rule: Annotated[Text, Field(description=f"one of {', '.join(NAMES)}")] = None
    limit: Limit = PAGE_DEFAULT


class DuplicatesAsked(BaseModel):
    """How near is near."""

    model_config = ConfigDict(extra="forbid")

    radius_m: Annotated[float, Field(ge=0, le=RADIUS_M_MAX, allow_inf_nan=False)] = 50.0
