"""The aggregator's configuration: frozen values from TOML, checked before anything starts."""

import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lamppost.aggregator.alarms.alarms import AlarmConfig
from lamppost.aggregator.alarms.topology import Feed, read_topology
from lamppost.aggregator.settings.canary import CanaryConfig
from lamppost.aggregator.settings.data import DataConfig, RebirthConfig
from lamppost.aggregator.settings.groups import GroupConfig, read_groups
from lamppost.aggregator.settings.kinds import Profiles, read_profiles
from lamppost.aggregator.settings.mqtt import MqttConfig
from lamppost.aggregator.settings.rules import (
    ConfigError,
    Problem,
    flag,
    ruled,
    section,
    text,
    whole,
)

DEFAULT_STORE = "sqlite:readings.db"


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """Where judged readings go from the spool; "" is an SQLite file in the data folder."""

    url: str = ruled(text("sqlite:FILE, influx1+http://... or influx2+http://..."), "")


@dataclass(frozen=True, slots=True)
class ConsoleConfig:
    """Where the console listens; port 0 takes any free one, -1 means no console."""

    host: str = ruled(text("an address of this machine"), "127.0.0.1")
    port: int = ruled(whole(-1, 65_535, "a TCP port, 0 for any, -1 for none"), 8080)
    access: bool = ruled(flag("ask for sign-in or a token; false is demo mode"), False)


@dataclass(frozen=True, slots=True)
class Config:
    """All of it; every key has a default."""

    mqtt: MqttConfig = field(default_factory=MqttConfig)
    data: DataConfig = field(default_factory=DataConfig)
    rebirth: RebirthConfig = field(default_factory=RebirthConfig)
    store: StoreConfig = field(default_factory=StoreConfig)
    console: ConsoleConfig = field(default_factory=ConsoleConfig)
    alarms: AlarmConfig = field(default_factory=AlarmConfig)
    canary: CanaryConfig = field(default_factory=CanaryConfig)
    topology: tuple[Feed, ...] = ()
    profiles: Profiles = field(default_factory=Profiles)
    groups: tuple[GroupConfig, ...] = ()

    @property
    def data_dir(self) -> Path:
        """The data folder as a path."""
        return Path(self.data.data_dir)

    @property
    def store_url(self) -> str:
        """The store's address, with the default filled in."""
        return self.store.url or DEFAULT_STORE


LISTS = frozenset({"topology", "profiles", "channels", "groups"})
SECTIONS: dict[str, type] = {
    "mqtt": MqttConfig,
    "data": DataConfig,
    "rebirth": RebirthConfig,
    "store": StoreConfig,
    "console": ConsoleConfig,
    "alarms": AlarmConfig,
    "canary": CanaryConfig,
}


def load(path: Path) -> Config:
    """Read and check a configuration file.

    Raises:
        ConfigError: with every problem found: unreadable, no TOML, unknown or wrong keys.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problem = Problem(path.name, "file", str(path), f"a readable file ({error.strerror})")
        raise ConfigError((problem,)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError((Problem(path.name, "syntax", str(error), "TOML"),)) from error
    return check(document, path.name, path.absolute().parent)


def check(document: dict[str, Any], file: str, base: Path) -> Config:
    """Check a parsed document; relative paths start at `base`.

    Raises:
        ConfigError: with every problem found.
    """
    problems: list[Problem] = []
    for name in document.keys() - SECTIONS.keys() - LISTS:
        known = (*(f"[{one}]" for one in SECTIONS), "[profiles.KIND]")
        allowed = "one of " + ", ".join((*known, "[[channels]]", "[[groups]]", "[[topology]]"))
        problems.append(Problem(file, f"[{name}]", document[name], allowed))
    built: dict[str, Any] = {
        name: section(cls, document.get(name, {}), name, file, base, problems)
        for name, cls in SECTIONS.items()
    }
    topology = read_topology(document.get("topology", []), file, problems)
    profiles = read_profiles(document, file, problems)
    groups = read_groups(document.get("groups", []), file, problems)
    config = Config(**built, topology=topology, profiles=profiles, groups=groups)
    if (config.mqtt.cert_file is None) != (config.mqtt.key_file is None):
        came = f"cert_file={config.mqtt.cert_file}, key_file={config.mqtt.key_file}"
        problems.append(Problem(file, "[mqtt] cert_file", came, "both files, or neither"))
    if config.data.spool_mb < 2 * config.data.segment_mb:
        allowed = f"at least twice segment_mb ({config.data.segment_mb:g})"
        problems.append(Problem(file, "[data] spool_mb", config.data.spool_mb, allowed))
    if config.canary.every_s and not config.store_url.startswith("influx"):
        allowed = "0, without an InfluxDB in [store] url"
        problems.append(Problem(file, "[canary] every_s", config.canary.every_s, allowed))
    if problems:
        raise ConfigError(tuple(problems))
    return config


def with_data_dir(config: Config, folder: Path) -> Config:
    """The same configuration with another data folder."""
    return replace(config, data=replace(config.data, data_dir=str(folder)))
