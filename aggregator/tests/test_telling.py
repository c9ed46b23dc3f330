"""What the console may show of the configuration."""

from dataclasses import fields, replace

import pytest

from lamppost.aggregator.config import SECTIONS, Config, StoreConfig
from lamppost.aggregator.telling import settings_of, shown


def test_every_key_is_told_with_what_it_may_be() -> None:
    """Of each section, in the order of the file; what somebody set is marked."""
    url = "influx1+http://ann:hush@db.example/city?token=hush"
    told = list(settings_of(replace(Config(), store=StoreConfig(url))))
    keys = [(name, field.name) for name, cls in SECTIONS.items() for field in fields(cls)]
    assert [(one.section, one.name) for one in told] == keys
    assert [one.name for one in told if not one.is_default] == ["url"]
    assert next(one for one in told if one.name == "port").allowed
    assert "hush" not in str(told)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("influx2+https://u:p@h:8086/x?org=a&token=s", "influx2+https://…@h:8086/x?…"),
        ("sqlite:readings.db", "sqlite:readings.db"),
        (None, "not set"),
        ("", "not set"),
        (False, "no"),
        (64.0, "64"),
        (0, "0"),
    ],
)
def test_a_value_is_told_without_secrets(value: object, words: str) -> None:
    """Neither users nor what is asked of an address; numbers without a tail."""
    assert shown(value) == words
