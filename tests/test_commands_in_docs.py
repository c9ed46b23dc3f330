"""What pages tell people to type for the operations centre is understood by the commands."""

import re
import shlex
from pathlib import Path

import pytest

from lamppost.aggregator.store.influx_cli import _parser as influx_parser
from lamppost.dashboards.cli import _parser as dashboards_parser

ROOT = Path(__file__).parents[1]
PARSERS = {"influx": influx_parser, "dashboards": dashboards_parser}
PAGES = ("docs/operations.md", "dashboards/README.md")


def typed() -> list[list[str]]:
    """The commands in blocks of code, without their comments."""
    found = []
    for page in PAGES:
        text = (ROOT / page).read_text().replace("\\\n", " ")
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
            found += [shlex.split(line, comments=True) for line in block.splitlines()]
    return [words for words in found if words and words[0] == "lamppost"]


@pytest.mark.parametrize("words", typed(), ids=" ".join)
def test_a_command_is_understood(words: list[str]) -> None:
    """Its options exist and take what stands there."""
    PARSERS[words[1]]().parse_args(words[2:])
