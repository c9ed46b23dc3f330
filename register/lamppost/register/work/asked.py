"""What a request about work orders may say."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from lamppost.register.acting import Act, Id, Name, TimeMs, Told
from lamppost.register.records.asked import Limit, Text, Time
from lamppost.register.records.values import PAGE_DEFAULT
from lamppost.register.work.values import State


class OrdersAsked(BaseModel):
    """Filters of work orders."""

    model_config = ConfigDict(extra="forbid")

    state: State | None = None
    open: Annotated[bool | None, Field(description="neither verified nor cancelled")] = None
    asset: Text = None
    alarm: Text = None
    district: Text = None
    assignee: Text = None
    priority: Annotated[int | None, Field(ge=1, le=4)] = None
    due_before_ms: Annotated[Time, Field(description="not done, and due before this")] = None
    after: Annotated[Text, Field(description="`next` of the page before")] = None
    limit: Limit = PAGE_DEFAULT


class OpenOrder(Act):
    """An alarm, or an asset with title and severity."""

    alarm: Id | None = None
    asset: Id | None = None
    title: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    severity: Annotated[float | None, Field(ge=0, le=1, allow_inf_nan=False)] = None
    assignee: Name | None = None
    due_ms: TimeMs | None = None


class Finish(Act):
    """What was found, and what was done about it."""

    cause: Told
    action: Told
    closure: Told | None = None


class Closure(Act):
    """Why."""

    closure: Told
