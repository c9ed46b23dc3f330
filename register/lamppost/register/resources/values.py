"""A data resource and a flow as values, and which flows there may be."""

from dataclasses import dataclass
from typing import Literal

from lamppost.register.records.values import Kept

KINDS = ("dataset", "service", "system", "consumer", "agreement")
"""What people enter."""

BORN = ("node", "stream")
"""What births enter; a resource `about` one of them says who answers for it."""

ACCESS = ("public", "restricted", "non_public")
PROVENANCE = ("measured", "synthetic")

Kind = Literal["dataset", "service", "system", "consumer", "agreement", "node", "stream"]
Access = Literal["public", "restricted", "non_public"]
Provenance = Literal["measured", "synthetic"]

FLOWS = {
    ("stream", "dataset"): "feeds",
    ("dataset", "dataset"): "derives",
    ("dataset", "service"): "is served by",
    ("dataset", "consumer"): "is used by",
    ("service", "consumer"): "is used by",
    ("consumer", "indicator"): "computes",
    ("system", "dataset"): "hosts",
    ("system", "service"): "hosts",
    ("system", "consumer"): "hosts",
    ("agreement", "dataset"): "governs",
    ("agreement", "service"): "governs",
    ("agreement", "consumer"): "governs",
}
"""The only pairs of kinds between which something flows, and what it is called."""

NEEDED = ("hosts", "governs")
"""Without any one of these the target does not go on, whatever else feeds it."""


@dataclass(frozen=True, slots=True)
class Resource(Kept):
    """A data resource: who answers for it, what it may be used for, until when.

    Attributes:
        version: Goes up by one with each change.
        kind: One of `KINDS`, or of `BORN` when it is about one of these.
        about: Id of the node or stream it is about, or None.
        name: What people call it.
        description: What it is, or None.
        owner: Who answers for it.
        steward: Who keeps this entry true.
        contact: Where to ask.
        licence: Under what it may be used: a URL or an SPDX id.
        access: One of `ACCESS`; "restricted" until somebody decides.
        personal_data: Whether it holds any; None while nobody has decided.
        purpose: What it is for.
        legal_basis: Why personal data may be processed.
        retention_days: How long it is kept.
        recipients: Who is given it.
        support_end_on: "YYYY-MM-DD" until which its maker supports it.
        cost_year: What it costs a year, in `currency`.
        currency: ISO 4217.
        contract_end_on: "YYYY-MM-DD".
        endpoint_url: Where it is served.
        media_type: Such as "text/csv".
        conforms_to: The standard it follows, such as "OGC SensorThings 1.1".
        keywords: For whoever looks for it.
        provenance: One of `PROVENANCE`, of datasets and streams.
        gathers_class: A dataset takes every stream of this class by itself.
        gathers_group: And only of this group; alone: every stream of the group.
        review_due_on: "YYYY-MM-DD" until which the steward looks again.
        attested_ms: When somebody last said that the entry is true.
        attested_by: Who.
        review_note: Why its review was put off; an attestation takes it back.
    """

    version: int
    kind: str
    about: str | None
    name: str
    description: str | None
    owner: str | None
    steward: str | None
    contact: str | None
    licence: str | None
    access: str
    personal_data: bool | None
    purpose: str | None
    legal_basis: str | None
    retention_days: int | None
    recipients: list[str]
    support_end_on: str | None
    cost_year: float | None
    currency: str | None
    contract_end_on: str | None
    endpoint_url: str | None
    media_type: str | None
    conforms_to: str | None
    keywords: list[str]
    provenance: str | None
    gathers_class: str | None
    gathers_group: str | None
    review_due_on: str | None
    attested_ms: int | None
    attested_by: str | None
    review_note: str | None


@dataclass(frozen=True, slots=True)
class Flow(Kept):
    """Something that flows from one to another, while it does.

    Attributes:
        source_kind: Kind of the source; `FLOWS` has the pairs.
        source: Its id.
        target_kind: Kind of the target.
        target: Its id.
        asserted_by: Who says so.
    """

    source_kind: str
    source: str
    target_kind: str
    target: str
    asserted_by: str
