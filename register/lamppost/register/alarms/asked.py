"""What a request about alarms may say."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from lamppost.register.acting import Act, Name, TimeMs, Told
from lamppost.register.alarms.escalation import LEVELS_MAX, MINUTES_MAX, NAME_CHARS_MAX
from lamppost.register.alarms.reading import AlarmsWanted
from lamppost.register.alarms.values import State
from lamppost.register.records.asked import Limit, Text, Time
from lamppost.register.records.values import PAGE_DEFAULT

PERIOD_MAX_MS = 92 * 86_400_000
OPERATORS_MAX = 1_000


class AlarmsAsked(BaseModel):
    """Filters of alarms."""

    model_config = ConfigDict(extra="forbid")

    state: State | None = None
    open: Annotated[bool | None, Field(description="not normal yet, or normal")] = None
    alarm_class: Annotated[Text, Field(alias="class")] = None
    kind: Text = None
    source: Text = None
    asset: Text = None
    asset_class: Text = None
    district: Text = None
    assignee: Text = None
    priority: Annotated[int | None, Field(ge=1, le=4)] = None
    verdict: Literal["true", "false"] | None = None
    from_ms: Annotated[Time, Field(description="raised at or after this")] = None
    to_ms: Annotated[Time, Field(description="raised before this")] = None
    after: Annotated[Text, Field(description="`next` of the page before")] = None
    limit: Limit = PAGE_DEFAULT

    def wanted(self) -> AlarmsWanted:
        """Return it as the records understand it."""
        named = self.model_dump(
            by_alias=True, exclude={"open", "from_ms", "to_ms", "after", "limit"}
        )
        return AlarmsWanted(
            named, self.open, self.from_ms, self.to_ms, self.after or "", self.limit
        )


class PeriodAsked(BaseModel):
    """The period of a report."""

    model_config = ConfigDict(extra="forbid")

    from_ms: Annotated[Time, Field(description="a week before `to_ms` by default")] = None
    to_ms: Annotated[Time, Field(description="now by default")] = None
    operators: Annotated[int, Field(ge=1, le=OPERATORS_MAX)] = 1


class Reasoned(Act):
    """A deed that says why."""

    reason: Told


class Shelve(Reasoned):
    """For how long, and why."""

    until_ms: TimeMs


class Assign(Act):
    """To whom; null for nobody."""

    to: Name | None


class Escalate(Act):
    """When alarms of a priority are passed on, and to whom."""

    priority: Annotated[int, Field(ge=1, le=4)]
    minutes: Annotated[
        int | None, Field(ge=1, le=MINUTES_MAX, description="before each time; null is never")
    ]
    tell: Annotated[
        list[Annotated[str, Field(max_length=NAME_CHARS_MAX)]],
        Field(max_length=LEVELS_MAX, description="a name for each time, or nothing"),
    ]


class Escalation(BaseModel):
    """When alarms of a priority are passed on, and to whom."""

    priority: int
    minutes: int | None
    tell: list[str]


class EscalationTold(BaseModel):
    """All priorities, the most urgent first."""

    items: list[Escalation]


class Judge(Act):
    """What a person found."""

    verdict: Literal["true", "false"]
    note: Told | None = None
