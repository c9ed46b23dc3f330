"""The configuration file: every problem is found at start, and told."""

import dataclasses
import tomllib
from pathlib import Path

import pytest

from lamppost.aggregator.config import SECTIONS, Config, check, load, with_data_dir
from lamppost.aggregator.settings.mqtt import host_port
from lamppost.aggregator.settings.rules import ConfigError


def write(folder: Path, text: str) -> Path:
    """A configuration file."""
    path = folder / "city.toml"
    path.write_text(text)
    return path


def test_an_empty_file_is_the_default(tmp_path: Path) -> None:
    """Every key has a default."""
    assert load(write(tmp_path, "")) == Config()


def test_values_and_relative_paths(tmp_path: Path) -> None:
    """Values are taken; files are looked for beside the configuration."""
    (tmp_path / "ca.pem").write_text("x")
    (tmp_path / "word").write_text("secret\n")
    config = load(
        write(
            tmp_path,
            '[mqtt]\nhost = "b"\nport = 8883\nca_file = "ca.pem"\npassword_file = "word"\n'
            '[data]\ndata_dir = "here"\ncommit_ms = 20\n[store]\nurl = "sqlite:x.db"\n',
        )
    )
    assert (config.mqtt.host, config.mqtt.port, config.data.commit_ms) == ("b", 8883, 20)
    assert config.mqtt.ca_file == tmp_path / "ca.pem"
    assert config.mqtt.password() == "secret"
    assert config.data_dir == tmp_path / "here"
    assert config.store_url == "sqlite:x.db"


@pytest.mark.parametrize(
    ("text", "key", "came", "allowed"),
    [
        ("[mqtt]\nport = 0", "[mqtt] port", 0, "a whole number in 1..65535"),
        ("[mqtt]\nport = true", "[mqtt] port", True, "a whole number in 1..65535"),
        ("[mqtt]\nhots = 'x'", "[mqtt] hots", "x", "one of host, port"),
        ("[mqqt]\nport = 1", "[mqqt]", {"port": 1}, "one of [mqtt]"),
        ("[mqtt]\nca_file = 'no.pem'", "[mqtt] ca_file", "no.pem", "a PEM file"),
        ("[mqtt]\nhost_id = 'a/b'", "[mqtt] host_id", "a/b", "a Sparkplug host id"),
        ("[data]\nheld_mb = inf", "[data] held_mb", float("inf"), "a number of megabytes"),
        ("[data]\nspool_mb = 3", "[data] spool_mb", 3.0, "at least twice segment_mb"),
        ("[data]\nheld_mb = 'x'", "[data] held_mb", "x", "a number of megabytes"),
        ("mqtt = 3", "[mqtt]", 3, "a table"),
        ("[console]\naccess = 1", "[console] access", 1, "true or false"),
    ],
)
def test_a_wrong_key_is_named(
    tmp_path: Path, text: str, key: str, came: object, allowed: str
) -> None:
    """File, key, what came and what is allowed, in the message and as attributes."""
    with pytest.raises(ConfigError) as error:
        load(write(tmp_path, text))
    problem = error.value
    assert (problem.file, problem.key, problem.came) == ("city.toml", key, came)
    assert allowed in problem.allowed
    assert str(problem).startswith(f"city.toml: {key}: came {came!r}, allowed: ")


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """Nobody has to start five times to find five mistakes."""
    text = "[mqtt]\nport = 0\nkeepalive_s = 'x'\n[data]\ncommit_ms = -1\n[odd]\n"
    with pytest.raises(ConfigError) as error:
        load(write(tmp_path, text))
    assert len(error.value.problems) == 4


def test_half_a_certificate_is_none(tmp_path: Path) -> None:
    """A certificate without its key is told of, not left to the TLS library."""
    (tmp_path / "c.pem").write_text("x")
    with pytest.raises(ConfigError, match="both files, or neither"):
        load(write(tmp_path, '[mqtt]\ncert_file = "c.pem"\n'))


@pytest.mark.parametrize("text", ["[mqtt", None], ids=["no toml", "no file"])
def test_an_unusable_file_is_named(tmp_path: Path, text: str | None) -> None:
    """What cannot be read at all is a configuration error too."""
    path = tmp_path / "city.toml" if text is None else write(tmp_path, text)
    with pytest.raises(ConfigError, match=r"city\.toml"):
        load(path)


def test_the_readme_shows_the_defaults() -> None:
    """Every key and value in the README's example is the one the code has."""
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    example = tomllib.loads(readme.partition("```toml\n")[2].partition("```")[0])
    checked = check(example, "README.md", Path())
    assert with_data_dir(checked, Path("lamppost-data")) == Config()
    shown = {(table, key) for table, keys in example.items() for key in keys}
    files = {"password_file", "ca_file", "cert_file", "key_file"}
    known = {
        (table, one.name) for table, cls in SECTIONS.items() for one in dataclasses.fields(cls)
    }
    assert {(table, key) for table, key in known - shown} == {("mqtt", key) for key in files}


def test_host_and_port() -> None:
    """HOST:PORT, :PORT, PORT and [v6]:PORT are understood; anything else is refused."""
    assert host_port("a:1", "--broker") == ("a", 1)
    assert host_port(":8080", "--console") == ("127.0.0.1", 8080)
    assert host_port("[::1]:80", "--console") == ("::1", 80)
    for wrong in ("a", "a:b", "a:99999", ""):
        with pytest.raises(ConfigError, match="HOST:PORT"):
            host_port(wrong, "--broker")
