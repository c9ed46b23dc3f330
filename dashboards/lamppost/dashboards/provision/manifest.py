"""What a tree has provisioned: Grafana keeps what a file no longer names, so we must tell it.

The manifest stands in the tree. What stood in an earlier one and does not any more is listed
for deletion, and stays listed: a Grafana may have slept through any number of trees.
"""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

NAME = "lamppost-manifest.json"


class BadManifest(ValueError):  # noqa: N818 - says what is wrong with the file
    """A manifest cannot be read; without it nothing would be deleted that must be."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Names of what is, and was, provisioned.

    Attributes:
        rules: uids of rules.
        points: uids of contact points.
        mutes: names of mute timings.
        sources: names of data sources.
        files: of the tree, relative to it.
    """

    rules: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    mutes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def gone(self, now: "Manifest") -> "Manifest":
        """Return what this one has and the newer one lacks."""
        return Manifest(
            *(
                tuple(sorted(set(getattr(self, one.name)) - set(getattr(now, one.name))))
                for one in fields(self)
            )
        )

    def joined(self, other: "Manifest") -> "Manifest":
        """Return what either has, without the files, which are gone once they are deleted."""
        names = [one.name for one in fields(self) if one.name != "files"]
        both = {
            name: tuple(sorted({*getattr(self, name), *getattr(other, name)})) for name in names
        }
        return Manifest(**both)


class OtherCity(ValueError):  # noqa: N818 - says whose the folder is
    """A tree is another city's, and Grafana reads only one."""


def read(folder: Path, city: str) -> tuple[Manifest, Manifest]:
    """Return what a tree has and what it once had; nothing when there is no tree yet.

    Raises:
        BadManifest: it is not one of ours.
        OtherCity: it is another city's.
    """
    path = folder / NAME
    try:
        found = json.loads(path.read_text("utf-8"))
        whose = found.get("city", city)
        before = _manifest(found["now"]), _manifest(found["gone"])
    except FileNotFoundError:
        return Manifest(), Manifest()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        wanted = "the file `lamppost dashboards provision` wrote, or no file"
        raise BadManifest(f"{path}: came {error!s}, allowed: {wanted}") from error
    if whose != city:
        raise OtherCity(
            f"{path}: came city {city!r}, allowed: {whose!r}, whose tree this is. Several "
            "cities in one Grafana are pushed, an organisation each; if the city was renamed, "
            "take this file away"
        )
    return before


def text(city: str, now: Manifest, gone: Manifest) -> str:
    """Return the file."""
    told = {"city": city, "now": asdict(now), "gone": asdict(gone)}
    return json.dumps(told, indent=2) + "\n"


def _manifest(found: dict[str, list[str]]) -> Manifest:
    return Manifest(**{name: tuple(map(str, names)) for name, names in found.items()})
