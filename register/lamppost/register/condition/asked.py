"""What a request about conditions, loads, coverage and resources may say."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from lamppost.register.acting import Act
from lamppost.register.condition.values import AssetCondition, Covered, Gap, Next, Used
from lamppost.register.records.asked import Asked, Limit, Text, Time
from lamppost.register.records.values import PAGE_DEFAULT

Short = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Amount = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]


class Plain(BaseModel):
    """Anything else is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class ConditionsAsked(Plain):
    """Filters of conditions."""

    grade: Annotated[int | None, Field(ge=1, le=5)] = None
    status: Literal["known", "unknown"] | None = None
    asset_class: Annotated[Text, Field(alias="class")] = None
    district: Text = None
    after: Annotated[Text, Field(description="`next` of the page before")] = None
    limit: Limit = PAGE_DEFAULT


class WindowAsked(Plain):
    """A window of readings."""

    from_ms: Annotated[Time, Field(description="a week before `to_ms` by default")] = None
    to_ms: Annotated[Time, Field(description="now by default")] = None


class CoverageAsked(Plain):
    """Of what."""

    by: Literal["class", "district"] | None = None


class GapsAsked(Plain):
    """Filters of gaps."""

    asset_class: Annotated[Text, Field(alias="class")] = None
    district: Text = None
    limit: Limit = PAGE_DEFAULT


class UseAsked(WindowAsked):
    """Of what, by what."""

    resource: Literal["energy", "water"]
    by: Literal["asset", "district", "class"] = "district"


class NextAsked(Plain):
    """How much of it."""

    limit: Annotated[int, Field(ge=1, le=200)] = 20


class CapacityAsked(Plain):
    """Which forecasts."""

    runs_out_before_ms: Time = None
    limit: Limit = PAGE_DEFAULT


class RequirementsAsked(Asked):
    """Filters of requirements."""

    asset_class: Text = None
    measurand: Text = None


class TargetsAsked(Asked):
    """Filters of targets."""

    scope: Literal["asset", "district", "class", "indicator"] | None = None
    subject: Text = None
    resource: Literal["energy", "water", "indicator"] | None = None


class Require(Act):
    """What must be measured, and why."""

    asset_class: Short
    measurand: Short
    why: Short


class Aim(Act):
    """How much shall be used a day."""

    scope: Literal["asset", "district", "class", "indicator"]
    subject: Short
    resource: Literal["energy", "water", "indicator"]
    unit: Short
    baseline: Amount
    goal: Amount
    basis: Short


class ConditionsTold(BaseModel):
    """A page of conditions."""

    total: int
    next: str | None
    items: list[AssetCondition]


class CoverageTold(BaseModel):
    """How much is watched, least first."""

    items: list[Covered]


class GapsTold(BaseModel):
    """What is missing, most important first."""

    total: int
    items: list[Gap]


class UseTold(BaseModel):
    """What was used, most first."""

    from_ms: int
    to_ms: int
    items: list[Used]


class NextTold(BaseModel):
    """What to do next, most pressing first."""

    items: list[Next]


class UtilisationTold(BaseModel):
    """Load against capacity in a window; 1.0 is full."""

    asset: str
    channel: str
    from_ms: int
    to_ms: int
    step_ms: int
    p95: float
    p99: float
    peak: float
    headroom: float
    points: int
    completeness: float
    basis: str


class AssumedTold(BaseModel):
    """A forecast; `kind` says that it is an assumption, wherever it goes."""

    kind: Literal["assumption"]
    asset: str
    channel: str
    made_ms: int
    model: str
    from_ms: int
    to_ms: int
    days: int
    limit_value: float
    unit: str
    runs_out_early_ms: int | None
    runs_out_ms: int | None
    runs_out_late_ms: int | None
    back_test: dict[str, float]
    first_day_ms: int
    told: str


class ForecastTold(AssumedTold):
    """With its quantiles, one a day."""

    p10: list[float]
    p50: list[float]
    p90: list[float]


class CapacityTold(BaseModel):
    """Forecasts, the soonest end first."""

    total: int
    items: list[AssumedTold]


class ForecastsTold(BaseModel):
    """Forecasts of one asset."""

    items: list[ForecastTold]
