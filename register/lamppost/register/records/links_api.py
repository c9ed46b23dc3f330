"""What people say of channels, over HTTP: what they tell of, and how good they are."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from lamppost.register.acting import Act, Id, TimeMs, Told, actor
from lamppost.register.answering import ACT_ERRORS, PREFIX, answer, ask
from lamppost.register.records import links
from lamppost.register.records.births import device_id
from lamppost.register.records.commissioning import CHANNELS_MAX, Check, Handover, commission
from lamppost.register.records.deciding import known
from lamppost.register.records.store import Register
from lamppost.register.records.values import Channel, Commissioning, Link, Role
from lamppost.register.records.writing import Writer

router = APIRouter(prefix=PREFIX, tags=["records"])

Number = Annotated[float, Field(allow_inf_nan=False)]
CERTIFICATE_CHARS_MAX = links.TEXT_CHARS_MAX


class Bind(Act):
    """A channel tells of an asset."""

    channel: Id
    asset: Id
    role: Role
    since_ms: Annotated[TimeMs | None, Field(description="now unless said")] = None


class End(Act):
    """It tells of it no longer."""

    until_ms: Annotated[TimeMs | None, Field(description="now unless said")] = None


class Calibrate(Act):
    """A channel was calibrated."""

    done_ms: TimeMs
    due_ms: Annotated[TimeMs | None, Field(description="when it must be done again")] = None
    certificate: Annotated[
        str | None, Field(min_length=1, max_length=CERTIFICATE_CHARS_MAX)
    ] = None


class CheckSaid(BaseModel):
    """What was seen of a channel; `reference` and `allowed` come together."""

    model_config = ConfigDict(extra="forbid")

    channel: Annotated[Id, Field(description="its id, or the rest of it after the device's")]
    reading: Number
    reference: Number | None = None
    allowed: Annotated[float | None, Field(ge=0, allow_inf_nan=False)] = None


class Commission(Act):
    """A device is handed over at an asset."""

    device: Annotated[Id, Field(description="or a node, for all its devices")]
    asset: Id
    role: Role = "state"
    at_ms: Annotated[TimeMs | None, Field(description="now unless said")] = None
    channels: Annotated[
        tuple[Id, ...], Field(max_length=CHANNELS_MAX, description="all unless said")
    ] = ()
    checks: Annotated[tuple[CheckSaid, ...], Field(max_length=CHANNELS_MAX)] = ()
    remarks: Told | None = None
    without_data: Annotated[
        Told | None, Field(description="why nothing has been heard of it for an hour")
    ] = None


class Rate(Act):
    """How good a channel may be; what is left out stays as it is."""

    accuracy: Annotated[float | None, Field(gt=0, allow_inf_nan=False)] = None
    uncertainty_class: Literal["reference", "indicative"] | None = None


@router.post("/links", response_model=Link, responses=ACT_ERRORS)
def post_link(request: Request, act: Bind) -> Response:
    """Say that a channel tells of an asset; what its birth says of it ends."""

    def bound(writer: Writer, who: str) -> str:
        since_ms = writer.now_ms if act.since_ms is None else act.since_ms
        return links.bind(writer, act.channel, act.asset, act.role, who, since_ms)[0]

    return _said(request, act, "link", bound)


@router.post("/links/{link}/end", response_model=Link, responses=ACT_ERRORS)
def end_link(request: Request, link: str, act: End) -> Response:
    """End what a channel tells of an asset."""

    def ended(writer: Writer, who: str) -> str:
        known(writer, "link", link)
        until_ms = writer.now_ms if act.until_ms is None else act.until_ms
        links.unbind(writer, link, who, until_ms)
        return link

    return _said(request, act, "link", ended)


@router.post("/channels/{channel:path}/calibrate", response_model=Channel, responses=ACT_ERRORS)
def post_calibration(request: Request, channel: str, act: Calibrate) -> Response:
    """Note a calibration of a channel."""

    def noted(writer: Writer, _who: str) -> str:
        known(writer, "channel", channel)
        links.calibrate(writer, channel, act.done_ms, act.due_ms, act.certificate)
        return channel

    return _said(request, act, "channel", noted)


@router.post("/channels/{channel:path}/rate", response_model=Channel, responses=ACT_ERRORS)
def post_rating(request: Request, channel: str, act: Rate) -> Response:
    """Note how good a channel may be, and whether others are compared with it."""

    def rated(writer: Writer, _who: str) -> str:
        known(writer, "channel", channel)
        links.rate(writer, channel, act.accuracy, act.uncertainty_class)
        return channel

    return _said(request, act, "channel", rated)


@router.post("/commissionings", response_model=Commissioning, responses=ACT_ERRORS)
def post_commissioning(request: Request, act: Commission) -> Response:
    """Hand a device over at an asset: its channels tell of that, and of no other, from then."""
    said = Handover(
        act.device,
        act.asset,
        act.role,
        act.at_ms,
        act.channels,
        [Check(one.channel, one.reading, one.reference, one.allowed) for one in act.checks],
        act.remarks,
        act.without_data,
    )

    def handed_over(writer: Writer, who: str) -> str:
        return commission(writer, said, who, _seen_ms(request))

    return _said(request, act, "commissioning", handed_over)


def _seen_ms(request: Request) -> dict[str, int]:
    """When the last reading of each device was taken; nothing where nobody sees readings."""
    feed = getattr(request.app.state, "feed", None)
    seen: dict[str, int] = {}
    for one in () if feed is None else feed.live.snapshot().channels:
        place = device_id(one.group, one.node, one.device)
        seen[place] = max(one.time_ms, seen.get(place, 0))
    return seen


def _said(request: Request, act: Act, kind: str, say: Callable[[Writer, str], str]) -> Response:
    def do(register: Register) -> dict[str, Any]:
        who = actor(request, act)
        with register.changing(who) as writer:
            return dict(known(writer, kind, say(writer, who)))

    return answer(request, ask(request, do))
