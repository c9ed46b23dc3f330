"""Data resources from the command line."""

import json
import re
import shlex
from pathlib import Path

import pytest

from lamppost.register import cli

from .registers import FLOW, birth, opened

PAGE = (Path(__file__).parents[2] / "docs" / "resources.md").read_text()


@pytest.mark.parametrize("line", re.findall(r"^lamppost register .*$", PAGE, re.MULTILINE))
def test_every_command_of_the_page_parses(line: str) -> None:
    """What is printed can be typed."""
    cli._parser().parse_args(shlex.split(line)[2:])


def test_from_entry_to_what_breaks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Added, listed, attested once, and lost with its node; what is wrong is told."""
    held = opened(tmp_path)
    held.observe_births([birth(FLOW)])
    held.close()

    def run(line: str, code: int = 0) -> str:
        assert cli.main([*shlex.split(line), "--data", str(tmp_path)]) == code
        said = capsys.readouterr()
        return said.out or said.err

    assert "dataset:d at version 1" in run("resources add dataset d Flows --gathers-class flow")
    assert "not taken" in run("resources add dataset d Flows", 1)
    assert json.loads(run("resources list --kind dataset --json"))["gathers_class"] == "flow"
    assert "d\tdataset\tFlows\t\t\trestricted" in run("resources list")
    assert "now at version 2" in run("resources attest d --version 1 --as ada")
    assert "came 1, allowed: 2" in run("resources attest d --version 1", 1)
    told = run("impact riverside/station")
    assert told.startswith("node:riverside/station: 1 dataset, 1 device, 1 stream lost")
    assert "KIND:ID" in run("impact stream:zz", 1)
