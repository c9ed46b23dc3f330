"""The formats by name, and the files they become."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from lamppost.register.exports.dcat import JSON_LD, TURTLE
from lamppost.register.exports.geojson import geojson
from lamppost.register.exports.ngsild import ngsild
from lamppost.register.exports.records import Records
from lamppost.register.exports.sheets import TABLES, sheet
from lamppost.register.exports.things import things
from lamppost.register.live import ChannelView

Latest = tuple[ChannelView, ...]
Pieces = Callable[[Records, Latest], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Format:
    """One format that a whole export is written in.

    Attributes:
        media_type: As HTTP names it.
        suffix: Of its file.
        pieces: Its text, piece by piece.
    """

    media_type: str
    suffix: str
    pieces: Pieces


def _plain(write: Callable[[Records], Iterator[str]]) -> Pieces:
    return lambda records, _latest: write(records)


FORMATS: Mapping[str, Format] = {
    "dcat": Format("application/ld+json", ".jsonld", _plain(JSON_LD)),
    "dcat-turtle": Format("text/turtle", ".ttl", _plain(TURTLE)),
    "geojson": Format("application/geo+json", ".geojson", _plain(geojson)),
    "ngsi-ld": Format("application/ld+json", ".jsonld", ngsild),
    "sensorthings": Format("application/json", ".json", _plain(things)),
}
"""Formats of one file each."""


SHEETS: Mapping[str, Format] = {
    name: Format("text/csv", ".csv", _plain(partial(sheet, name=name))) for name in TABLES
}
"""CSV, a file for each kind of record."""
