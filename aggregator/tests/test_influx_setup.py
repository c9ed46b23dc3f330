"""`lamppost influx setup`: what it makes, and that doing it again changes nothing."""

import json
import re
import shlex
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lamppost.aggregator.store.influx_cli import EXAMPLES, FAILED, OK, WRONG_USE, _parser, main
from lamppost.aggregator.store.open import open_store
from lamppost.aggregator.store.seam import StoreRefused
from lamppost.aggregator.store.setup1 import seconds_of
from lamppost.wire.series import DATABASES
from parts.batches import T0, batch, event, series
from parts.influx import RunningInflux
from parts.influx2_admin import ORG, Influx2, running_influx2

ADMIN = "the-token-of-an-admin"
Printed = pytest.CaptureFixture[str]


@pytest.fixture
def city() -> str:
    """A city of this test alone."""
    return f"c{uuid.uuid4().hex[:12]}"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Influx2]:
    """An empty InfluxDB 2.x."""
    (tmp_path / "admin").write_text(ADMIN + "\n")
    with running_influx2(ADMIN) as made:
        yield made


def setup(url: str, printed: Printed, *more: str, code: int = OK) -> Any:
    """What the command prints: the JSON of its outcome, or what it says is wrong."""
    assert main(["setup", url, "--json", *more]) == code
    out, err = printed.readouterr()
    return json.loads(out) if code == OK else err


def setup2(server: Influx2, printed: Printed, folder: Path, *more: str, code: int = OK) -> Any:
    """The same for InfluxDB 2.x, with an admin's token."""
    files = ("--token-file", str(folder / "admin"), "--token-dir", str(folder / "tokens"))
    return setup(server.url, printed, "--city", "riverside", *files, *more, code=code)


def states(outcome: Any, what: str) -> list[str]:
    """The states of databases, mappings or tokens."""
    return [one["state"] for one in outcome[what]]


def test_databases_of_1x(
    influx: RunningInflux, city: str, tmp_path: Path, capsys: Printed
) -> None:
    """All databases are made with their retention; a second run finds them as they shall be."""
    first = setup(influx.url, capsys, "--city", city)
    assert first["version"].startswith("1.")
    assert [(one["name"], one["retain_days"]) for one in first["databases"]] == [
        (known.named(city), known.retain_days) for known in DATABASES
    ]
    assert states(first, "databases") == ["made"] * 3
    assert (first["mappings"], first["tokens"]) == ([], [])
    assert "without a user" in first["notes"][0]
    again = setup(influx.url, capsys, "--city", city)
    assert states(again, "databases") == ["kept"] * 3
    with closing(open_store(first["store_url"], tmp_path)) as store:
        store.write(batch([], events=[event("a", T0)]))
        assert len(store.events(T0, T0 + 1)) == 1


def test_a_retention_of_1x_changes_only_when_told(
    influx: RunningInflux, city: str, capsys: Printed
) -> None:
    """A shorter retention deletes, so what exists keeps its own until one insists."""
    setup(influx.url, capsys, "--city", city, "--ops-days", "0")
    differs = setup(influx.url, capsys, "--city", city)
    assert states(differs, "databases") == ["kept", "differs", "kept"]
    assert differs["databases"][1]["retain_days"] == 0
    assert f"{city}_ops keeps for ever, not 730 days" in differs["notes"][0]
    changed = setup(influx.url, capsys, "--city", city, "--change-retention")
    assert states(changed, "databases") == ["kept", "changed", "kept"]
    assert states(setup(influx.url, capsys, "--city", city), "databases") == ["kept"] * 3


def test_all_of_2x(server: Influx2, tmp_path: Path, capsys: Printed) -> None:
    """Buckets, mappings and two tokens are made, and the printed URL opens a store."""
    first = setup2(server, capsys, tmp_path)
    assert states(first, "databases") == states(first, "mappings") == ["made"] * 3
    assert [rule["retentionRules"][0]["everySeconds"] for rule in server.buckets.values()] == [
        known.retain_days * 86_400 for known in DATABASES
    ]
    assert {one["bucketID"] for one in server.mappings} == {"b0", "b1", "b2"}
    assert states(first, "tokens") == ["made", "made"]
    assert first["store_url"].startswith(
        f"influx2+{server.url}/{ORG.replace(' ', '%20')}/riverside?token_file="
    )
    open_store(first["store_url"], tmp_path).close()


def test_doing_it_again_changes_nothing(
    server: Influx2, tmp_path: Path, capsys: Printed
) -> None:
    """A second run finds everything, the tokens too, and asks for no change."""
    setup2(server, capsys, tmp_path)
    before, server.requests = server.requests, []
    again = setup2(server, capsys, tmp_path)
    assert len(before) == 3 + 3 + 2
    assert server.requests == []
    assert {*states(again, "databases"), *states(again, "tokens")} == {"kept"}
    assert again["notes"] == []


def test_tokens_are_scoped_and_only_in_files(
    server: Influx2, tmp_path: Path, capsys: Printed
) -> None:
    """The writer reads and writes these buckets, Grafana reads them; files hide both."""
    assert main(["setup", server.url, "--token-file", str(tmp_path / "admin"),
                 "--token-dir", str(tmp_path / "tokens")]) == OK  # fmt: skip
    printed = "".join(capsys.readouterr())
    folder = tmp_path / "tokens"
    tokens = {path.name: path.read_text().strip() for path in folder.iterdir()}
    numbers = {f"b{i}" for i in range(3)}
    reads = {("read", number) for number in numbers}
    assert {name: server.rights[token] for name, token in tokens.items()} == {
        "lamppost-aggregator.token": reads | {("write", number) for number in numbers},
        "lamppost-grafana.token": reads,
    }
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not any(token in printed for token in (*tokens.values(), ADMIN))


@pytest.mark.parametrize("harm", ["revoked", "too wide", "lost", "bucket made anew"])
def test_a_token_that_does_not_fit_is_made_anew(
    server: Influx2, tmp_path: Path, capsys: Printed, harm: str
) -> None:
    """A file is trusted only when its token may do just this with these very buckets."""
    setup2(server, capsys, tmp_path)
    path = tmp_path / "tokens" / "riverside-grafana.token"
    old = path.read_text().strip()
    if harm == "revoked":
        del server.rights[old]
    elif harm == "too wide":
        server.rights[old] = None
    elif harm == "lost":
        path.unlink()
    else:
        server.buckets["riverside_ops"]["id"] = "anew"
        server.mappings.clear()
    after = setup2(server, capsys, tmp_path)
    state = "made" if harm == "lost" else "replaced"
    writer = "replaced" if harm == "bucket made anew" else "kept"
    assert states(after, "tokens") == [writer, state]
    assert path.read_text().strip() != old
    assert "1 older tokens 'lamppost riverside: grafana' exist" in after["notes"][-1]
    assert states(setup2(server, capsys, tmp_path), "tokens") == ["kept", "kept"]


def test_a_server_in_trouble_makes_no_new_tokens(
    server: Influx2, tmp_path: Path, capsys: Printed
) -> None:
    """What cannot be asked is no reason to replace it."""
    setup2(server, capsys, tmp_path)
    count = len(server.authorizations)
    server.broken = 503
    assert "503 not now" in setup2(server, capsys, tmp_path, code=FAILED)
    assert len(server.authorizations) == count


def test_a_folder_that_takes_no_files_leaves_no_token_behind(
    server: Influx2, tmp_path: Path, capsys: Printed
) -> None:
    """The file is opened before the token is made, so no token exists that nobody has."""
    (tmp_path / "tokens").write_text("a file where the folder should be")
    assert "tokens" in setup2(server, capsys, tmp_path, code=FAILED)
    assert server.authorizations == []


def test_a_retention_of_2x_changes_only_when_told(
    server: Influx2, tmp_path: Path, capsys: Printed
) -> None:
    """A bucket that exists keeps its retention until one insists."""
    setup2(server, capsys, tmp_path)
    assert states(setup2(server, capsys, tmp_path, "--raw-days", "7"), "databases") == [
        "differs", "kept", "kept",
    ]  # fmt: skip
    more = ("--raw-days", "7", "--change-retention")
    changed = setup2(server, capsys, tmp_path, *more)
    assert changed["databases"][0] == {
        "name": "riverside", "role": "raw", "retain_days": 7.0, "state": "changed",
    }  # fmt: skip
    assert server.buckets["riverside"]["retentionRules"][0]["everySeconds"] == 7 * 86_400


def test_a_name_that_is_mapped_elsewhere(
    server: Influx2, tmp_path: Path, capsys: Printed
) -> None:
    """A mapping that leads InfluxQL to another bucket is told, and left alone."""
    server.mappings.append(
        {"id": "m9", "database": "riverside", "bucketID": "other", "default": True}
    )
    told = setup2(server, capsys, tmp_path, code=FAILED)
    assert "'riverside' is mapped to bucket other, allowed: b0; delete mapping m9" in told


def test_organisations(server: Influx2, tmp_path: Path, capsys: Printed) -> None:
    """The only organisation needs no name; of several the message lists them."""
    told = setup2(server, capsys, tmp_path, "--org", "nobody", code=FAILED)
    assert f"organisation 'nobody' came, allowed: {ORG}" in told
    server.orgs["another"] = "0b"
    told = setup2(server, capsys, tmp_path, code=FAILED)
    assert f"organisation '' came, allowed: another, {ORG}" in told
    setup2(server, capsys, tmp_path, "--org", "another")
    assert {one["orgID"] for one in server.buckets.values()} == {"0b"}


@pytest.mark.parametrize(
    ("version", "more", "code", "named"),
    [
        ("v2.9.1", (), WRONG_USE, "--token-file: came None, allowed: a file"),
        ("3.10.0", (), WRONG_USE, "'InfluxDB 3.10.0', allowed: 1.x and 2.x; make lamppost, "),
        ("unknown", (), FAILED, "204 without a version came, allowed: an InfluxDB"),
        ("v2.9.1", ("--token-file", "missing"), WRONG_USE, "a file that exists"),
        ("v2.9.1", ("--token-file", "wrong"), FAILED, "401 unauthorized access"),
        ("v2.9.1", ("--token-file", "two"), WRONG_USE, "a readable file with one line"),
        ("v2.9.1", ("--ca-file", "missing"), WRONG_USE, "--ca-file: came 'missing'"),
        ("v2.9.1", ("--city", "a/b"), WRONG_USE, "--city: came 'a/b', allowed: up to 64"),
        ("v2.9.1", ("--raw-days", "-1"), WRONG_USE, "--raw-days: came -1.0, allowed: 0 to"),
        ("v2.9.1", ("--raw-days", "nan"), WRONG_USE, "--raw-days: came nan, allowed: 0 to"),
    ],
)
def test_what_is_said(
    server: Influx2, tmp_path: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch,
    version: str, more: tuple[str, ...], code: int, named: str,
) -> None:  # fmt: skip
    """Where, what came and what is allowed, without a secret, and with the right exit code."""
    monkeypatch.chdir(tmp_path)
    Path("wrong").write_text("not-the-token\n")
    Path("two").write_text("a\nb\n")
    server.version = version
    told = setup(server.url, capsys, *more, code=code)
    assert named in told
    assert "not-the-token" not in told


@pytest.mark.parametrize(
    ("url", "code", "named"),
    [
        ("127.0.0.1:8086", WRONG_USE, "URL: came '127.0.0.1:8086', allowed: http://HOST:PORT"),
        ("http://h:1/db", WRONG_USE, "URL: came 'http://h:1/db'"),
        ("http://u:geheim@h:1", WRONG_USE, "URL: came '(not shown)', allowed: --user and"),
        ("http://h:99999", WRONG_USE, "URL: came 'h:99999', allowed: a port"),
        ("http://127.0.0.1:9", FAILED, "http://127.0.0.1:9: Failed to establish"),
    ],
)
def test_urls(url: str, code: int, named: str, capsys: Printed) -> None:
    """A URL that is none is wrong use, one where nobody answers has failed."""
    told = setup(url, capsys, code=code)
    assert named in told
    assert "geheim" not in told


def test_help_has_examples(capsys: Printed) -> None:
    """The help of the command shows how it is used."""
    with pytest.raises(SystemExit, match="0"):
        main(["setup", "--help"])
    assert "examples:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("told", "seconds"), [("0s", 0), ("720h0m0s", 2_592_000), ("1h30m5s", 5405)]
)
def test_durations(told: str, seconds: int) -> None:
    """A duration as InfluxDB tells it, in seconds."""
    assert seconds_of(told) == seconds


def test_the_commands_of_the_documentation(capsys: Printed) -> None:
    """Every `lamppost influx` in docs/stores.md and in the help is understood."""
    page = (Path(__file__).parents[2] / "docs" / "stores.md").read_text()
    told = page + EXAMPLES.replace("\\\n", " ")
    pattern = r"^ *lamppost influx (setup http.*?)(?:  +InfluxDB .*)?$"
    commands = re.findall(pattern, told, re.MULTILINE)
    assert len(commands) == 6
    for command in commands:
        assert _parser().parse_args(shlex.split(command)).url.startswith("http")
    with pytest.raises(SystemExit):
        main(["setup", "--help"])
    known = capsys.readouterr().out
    assert all(option in known for option in re.findall(r"`(--[a-z-]+)`", page))


def test_operations_that_are_refused_hold_the_readings_back(
    server: Influx2, tmp_path: Path, capsys: Printed
) -> None:
    """A write is all or nothing, and what is many is not sent before what is few."""
    outcome = setup2(server, capsys, tmp_path)
    token = (tmp_path / "tokens" / "riverside-aggregator.token").read_text().strip()
    server.rights[token] = {("read", "b0"), ("write", "riverside")}
    with closing(open_store(outcome["store_url"], tmp_path)) as store:
        store.write(batch([series()], [0], [T0], [1.0]))
        server.writes.clear()
        with pytest.raises(StoreRefused, match="403 insufficient"):
            store.write(replace(batch([series()], [0], [T0], [1.0]), events=[event("a", T0)]))
        assert server.writes == {"riverside_ops": 1}
