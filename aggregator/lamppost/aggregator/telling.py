"""What the console may show of the configuration: every key, no secret."""

import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from lamppost.aggregator.config import SECTIONS, Config
from lamppost.register.configured import Setting

USER = re.compile(r"(?<=://)[^/@]*@")
QUERY = re.compile(r"\?.*", re.DOTALL)


def settings_of(config: Config) -> Iterator[Setting]:
    """Give every key of the sections that have rules, in the order of the file."""
    for section, cls in SECTIONS.items():
        values = getattr(config, section)
        for field in fields(cls):
            rule = field.metadata.get("rule")
            value = getattr(values, field.name)
            yield Setting(
                section,
                field.name,
                shown(value),
                "" if rule is None else str(rule.allowed),
                is_default=value == field.default,
            )


def shown(value: Any) -> str:  # noqa: ANN401 - whatever a configuration holds
    """Return a value for a person; of an address neither the user nor what is asked of it."""
    if value is None or value == "":
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if "://" not in text:
        return text
    return QUERY.sub("?…", USER.sub("…@", text))
