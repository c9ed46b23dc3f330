"""What a request that changes something says: who, and on which version."""

from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from lamppost.register.access import callers
from lamppost.register.records.deciding import NAME_CHARS_MAX, TEXT_CHARS_MAX, text

Name = Annotated[str, Field(min_length=1, max_length=NAME_CHARS_MAX)]
Told = Annotated[str, Field(min_length=1, max_length=TEXT_CHARS_MAX)]
Id = Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[^\x00]*$")]
TIME_MAX_MS = 253_402_300_799_999
TimeMs = Annotated[int, Field(ge=0, le=TIME_MAX_MS)]


class Act(BaseModel):
    """What every deed says.

    Without sign-in, `by` is only what the caller says; with it, it must not differ.
    """

    model_config = ConfigDict(extra="forbid")

    by: Name
    version: Annotated[
        int | None, Field(ge=1, le=2**31, description="refuse unless it is still this one")
    ] = None


def actor(request: Request, act: Act) -> str:
    """Return who acts: whom sign-in has found, else who the body says.

    Raises:
        RefusedError: the name cannot be printed.
    """
    who = callers.of(request).name or act.by
    return text("by", who, NAME_CHARS_MAX)
