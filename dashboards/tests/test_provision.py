"""The provisioning tree: complete, escaped, repeatable, and it takes back what it once gave."""

import json
from pathlib import Path
from typing import Any

import pytest

from lamppost.dashboards.alerting import every
from lamppost.dashboards.alerting.receivers import Receivers
from lamppost.dashboards.cli import FAILED, OK, WRONG_USE, main
from lamppost.dashboards.provision.manifest import NAME
from lamppost.dashboards.provision.tree import LOOKED_FOR, escaped, provision
from lamppost.dashboards.site import Site

SITE = Site(
    "riverside",
    "http://influx:8086",
    "http://console:8080",
    Receivers("http://n/$1", "http://p", "http://w", "http://c"),
)
RULE_KEYS = {
    *("uid", "title", "condition", "data", "noDataState", "execErrState", "for"),
    *("annotations", "labels"),
}


def document(path: Path) -> dict[str, Any]:
    """A file of the tree, without its comment."""
    read: dict[str, Any] = json.loads(path.read_text("utf-8").partition("\n")[2])
    return read


def alerting(folder: Path) -> dict[str, Any]:
    """The file of alerting."""
    return document(folder / "alerting/lamppost.yaml")


def test_the_tree_is_whole(tmp_path: Path) -> None:
    """Boards stand where the providers look, and each part of alerting has its keys."""
    provision(SITE, tmp_path, tmp_path)
    providers = document(tmp_path / "dashboards/lamppost.yaml")["providers"]
    found = {
        path.name for one in providers for path in Path(one["options"]["path"]).glob("*.json")
    }
    assert len(found) == 8
    made = alerting(tmp_path)
    assert all(set(rule) == RULE_KEYS for group in made["groups"] for rule in group["rules"])
    assert sum(len(group["rules"]) for group in made["groups"]) == 19
    receivers = {one["name"] for one in made["contactPoints"]}
    (tree,) = made["policies"]
    (ours,) = tree["routes"]
    assert {tree["receiver"], ours["receiver"]} <= receivers
    mutes = {one["name"] for one in made["muteTimes"]}
    assert {
        name for one in ours["routes"] for name in one.get("mute_time_intervals", [])
    } <= mutes


def test_boards_and_rules_share_their_folders(tmp_path: Path) -> None:
    """Rules come first and know a folder by its title: a provider that says a uid makes two."""
    provision(SITE, tmp_path, tmp_path)
    providers = document(tmp_path / "dashboards/lamppost.yaml")["providers"]
    assert all("folderUid" not in one for one in providers)
    titles = {one["folder"] for one in providers}
    assert {group["folder"] for group in alerting(tmp_path)["groups"]} <= titles


def test_secrets_stay_in_the_environment(tmp_path: Path) -> None:
    """Tokens are read from the environment, and the name of the database stands twice."""
    provision(SITE, tmp_path, tmp_path)
    for one in document(tmp_path / "datasources/lamppost.yaml")["datasources"]:
        secure = one["secureJsonData"]
        assert secure == {"httpHeaderValue1": "Token $LAMPPOST_INFLUX_READ_TOKEN"}
        assert one["database"] == one["jsonData"]["dbName"]
        assert one["database"].startswith("riverside")


def test_data_sources_ask_by_get(tmp_path: Path) -> None:
    """With POST the proxy of Grafana 9.3 gives a panel an empty answer now and then."""
    provision(SITE, tmp_path, tmp_path)
    listed = document(tmp_path / "datasources/lamppost.yaml")["datasources"]
    assert {one["jsonData"]["httpMode"] for one in listed} == {"GET"}


def test_grafana_finds_every_folder_it_looks_for(tmp_path: Path) -> None:
    """One that is missing is an error in its log at each start."""
    provision(SITE, tmp_path, tmp_path)
    assert {one.name for one in tmp_path.iterdir() if one.is_dir()} >= {*LOOKED_FOR}


def test_dollars_are_escaped_where_grafana_expands_them(tmp_path: Path) -> None:
    """A URL keeps its dollar, a query its `$timeFilter`."""
    provision(SITE, tmp_path, tmp_path)
    made = alerting(tmp_path)
    urls = {one["receivers"][0]["settings"]["url"] for one in made["contactPoints"]}
    assert "http://n/$$1" in urls
    first = made["groups"][0]["rules"][0]["data"][0]["model"]["query"]
    assert "$timeFilter" in first
    assert "$$" not in first
    assert escaped("a$b") == "a$$b"


def test_twice_is_once(tmp_path: Path) -> None:
    """The second run changes no file."""
    assert provision(SITE, tmp_path, tmp_path)
    assert provision(SITE, tmp_path, tmp_path) == []


def test_what_is_gone_is_deleted_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule that is no more is listed for deletion, in the next tree and in all later ones."""
    provision(SITE, tmp_path, tmp_path)
    kept = every.GROUPS[1:]
    monkeypatch.setattr(every, "GROUPS", kept)
    without = Site(SITE.city, SITE.influx_url, SITE.console_url, Receivers("http://n"))
    for _ in range(2):
        provision(without, tmp_path, tmp_path)
        made = alerting(tmp_path)
        assert [one["uid"] for one in made["deleteRules"]] == [
            "lamppost-canary",
            "lamppost-critical-incidents",
            "lamppost-watchdog",
        ]
        deleted = [one["uid"] for one in made["deleteContactPoints"]]
        assert deleted == ["lamppost-canary", "lamppost-watchdog"]
    monkeypatch.undo()
    provision(SITE, tmp_path, tmp_path)
    assert alerting(tmp_path)["deleteRules"] == []


def test_files_of_earlier_trees_go_and_others_stay(tmp_path: Path) -> None:
    """Only what the manifest names is deleted."""
    provision(SITE, tmp_path, tmp_path)
    manifest = tmp_path / NAME
    before = json.loads(manifest.read_text())
    before["now"]["files"].append("lamppost-boards/lamppost-field/old.json")
    manifest.write_text(json.dumps(before))
    old = tmp_path / "lamppost-boards/lamppost-field/old.json"
    foreign = tmp_path / "lamppost-boards/lamppost-field/foreign.json"
    for path in (old, foreign):
        path.write_text("{}")
    provision(SITE, tmp_path, tmp_path)
    assert not old.exists()
    assert foreign.exists()


def test_a_broken_manifest_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without it nothing could be taken back, so nothing is written."""
    (tmp_path / NAME).write_text("{")
    words = ["provision", str(tmp_path), "--influx", "http://i", "--notify", "http://n"]
    assert main(words) == FAILED
    assert "allowed: the file `lamppost dashboards provision` wrote" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_tree_of_another_city_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its boards would show the other city's data under the same addresses."""
    provision(SITE, tmp_path, tmp_path)
    before = (tmp_path / "datasources/lamppost.yaml").read_text()
    words = ["provision", str(tmp_path), "--influx", "http://i", "--notify", "http://n"]
    assert main([*words, "--city", "hillside"]) == FAILED
    assert "came city 'hillside', allowed: 'riverside'" in capsys.readouterr().err
    assert (tmp_path / "datasources/lamppost.yaml").read_text() == before


def test_the_command_writes_the_tree(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says how many files changed, where the secret comes from, and what is missing."""
    words = ["provision", str(tmp_path), "--influx", "http://i", "--notify", "http://n"]
    assert main([*words, "--seen-at", "/in/container"]) == OK
    told = capsys.readouterr()
    assert "12 files changed" in told.out
    assert "LAMPPOST_INFLUX_READ_TOKEN" in told.out
    assert "no --watchdog" in told.err
    (first, *_) = document(tmp_path / "dashboards/lamppost.yaml")["providers"]
    assert first["options"]["path"].startswith("/in/container/lamppost-boards/")
    assert main([*words, "--page", "ftp://x"]) == WRONG_USE


def test_rules_keep_their_state_where_grafana_can(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From 10.4 on an outage of the database ends no alert; a version that fails is refused."""
    words = ["provision", str(tmp_path), "--influx", "http://i", "--notify", "http://n"]
    for version, kept in (("11.6.7", "KeepLast"), ("10.3", "OK")):
        assert main([*words, "--grafana", version]) == OK
        rules = [one for group in alerting(tmp_path)["groups"] for one in group["rules"]]
        assert {one["execErrState"] for one in rules} == {kept, "Alerting"}
    for version in ("9.2.20", "9.4.7", "latest"):
        assert main([*words, "--grafana", version]) == WRONG_USE
        assert f"--grafana: came '{version}', allowed: 9.3, and" in capsys.readouterr().err
