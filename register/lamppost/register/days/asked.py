"""What a request about days and quality may say."""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from lamppost.register.days.values import DayTold, Graded, GradedNode
from lamppost.register.records.asked import Limit, Text, Time
from lamppost.register.records.values import PAGE_DEFAULT

DAYS_MAX = 1_000
Day = Annotated[
    date | None, Field(description="YYYY-MM-DD, UTC; the newest that was kept by default")
]


class _Plain(BaseModel):
    """Anything else is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class DaysAsked(_Plain):
    """Which days of a channel."""

    channel: Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[^\x00]*$")]
    from_ms: Time = None
    to_ms: Time = None
    limit: Annotated[int, Field(ge=1, le=DAYS_MAX)] = DAYS_MAX


class NodesAsked(_Plain):
    """Which day."""

    day: Day = None


class QualityAsked(NodesAsked):
    """Which streams of a day."""

    node: Text = None
    channel_class: Annotated[Text, Field(alias="class")] = None
    below: Annotated[float | None, Field(ge=0, le=1, description="a score")] = None
    limit: Limit = PAGE_DEFAULT


class DaysTold(BaseModel):
    """Days of a channel, the oldest first."""

    items: list[DayTold]


class QualityTold(BaseModel):
    """Streams of a day, the worst first; `day` is None while none was kept."""

    day: date | None
    total: int
    items: list[Graded]


class NodesTold(BaseModel):
    """Nodes of a day, the worst first; `day` is None while none was kept."""

    day: date | None
    items: list[GradedNode]


def first_ms(day: date) -> int:
    """Return a day's first moment, UTC."""
    return round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1_000)


def day_at(at_ms: int) -> date:
    """Return the day of a time, UTC."""
    return datetime.fromtimestamp(at_ms / 1_000, UTC).date()
