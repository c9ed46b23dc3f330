"""Reads files of assets, CSV and GeoJSON, into rows that know the line they began on."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE_BYTES_MAX = 64 * 1024 * 1024
ROWS_MAX = 100_000
COLUMNS_MAX = 200
GEOMETRY = "geometry"
CSV_SUFFIXES = (".csv",)
GEOJSON_SUFFIXES = (".geojson", ".json")


class FileError(ValueError):
    """A file cannot be read any further.

    Attributes:
        line: Where, from 1.
        told: What came and what is allowed.
    """

    def __init__(self, line: int, told: str) -> None:
        super().__init__(f"line {line}: {told}")
        self.line = line
        self.told = told


@dataclass(frozen=True, slots=True)
class AssetRow:
    """One asset of a file, unchecked.

    Attributes:
        line: The line it begins on, from 1.
        fields: Values by field name, as they came: text from CSV, anything from GeoJSON.
    """

    line: int
    fields: dict[str, Any]


def read_rows(path: Path) -> Iterator[AssetRow]:
    """Give the assets of a file, in its order.

    Raises:
        FileError: it is too large, no UTF-8, or breaks its format.
        OSError: it cannot be read.
    """
    text = _text(path)
    rows = _csv(text) if path.suffix.lower() in CSV_SUFFIXES else _geojson(text)
    for count, row in enumerate(rows, start=1):
        if count > ROWS_MAX:
            raise FileError(row.line, f"more than {ROWS_MAX} assets came; split the file")
        yield row


def _text(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(FILE_BYTES_MAX + 1)
    if len(data) > FILE_BYTES_MAX:
        raise FileError(1, f"the file is larger than {FILE_BYTES_MAX} bytes; split it")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start : error.start + 1].hex()
        raise FileError(line, f"came byte 0x{byte}, allowed: UTF-8 text") from error


def _csv(text: str) -> Iterator[AssetRow]:
    header = text.partition("\n")[0]
    mark = ";" if header.count(";") > header.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    names: list[str] | None = None
    began = 1
    try:
        for cells in reader:
            line, began = began, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if names is None:
                names = _names(cells, line)
            elif len(cells) != len(names):
                told = f"came {len(cells)} cells, allowed: {len(names)}, as in the header"
                raise FileError(line, told)
            else:
                yield AssetRow(line, dict(zip(names, cells, strict=True)))
    except csv.Error as error:
        raise FileError(began, f"no CSV: {error}") from error
    if names is None:
        raise FileError(1, "the file is empty, allowed: a header line and one line an asset")


def _names(cells: list[str], line: int) -> list[str]:
    names = [cell.strip() for cell in cells]
    if len(names) > COLUMNS_MAX:
        raise FileError(line, f"came {len(names)} columns, allowed: at most {COLUMNS_MAX}")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise FileError(line, f"column {twice[0]!r} came twice")
    return names


def _geojson(text: str) -> Iterator[AssetRow]:
    walker = _Walker(text)
    for line, feature in walker.features():
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise FileError(line, "came something else, allowed: a GeoJSON Feature")
        properties = feature.get("properties")
        if properties is not None and not isinstance(properties, dict):
            raise FileError(line, "properties: allowed: an object")
        fields = dict(properties or {})
        if "id" not in fields and "id" in feature:
            fields["id"] = feature["id"]
        if GEOMETRY in feature:
            fields[GEOMETRY] = feature[GEOMETRY]
        yield AssetRow(line, fields)


def _no_constant(name: str) -> float:
    raise ValueError(f"came {name}, allowed: a finite number")


class _Walker:
    """Walks a FeatureCollection feature by feature; the json module alone tells no lines."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0
        self._decoder = json.JSONDecoder(parse_constant=_no_constant)

    def features(self) -> Iterator[tuple[int, Any]]:
        """Give each feature with the line it begins on."""
        self._expect("{", "a GeoJSON FeatureCollection")
        kind: Any = None
        found = False
        while not self._skips("}"):
            key = self._value()
            self._expect(":", "':' after a name")
            if key == "features" and not found:
                found = True
                yield from self._list()
            else:
                value = self._value()
                kind = value if key == "type" else kind
            if not self._skips(","):
                self._expect("}", "',' or '}'")
                break
        if kind != "FeatureCollection" or not found:
            raise FileError(1, "allowed: a GeoJSON FeatureCollection with its features")
        self._blank()
        if self._at < len(self._text):
            raise FileError(self._here(), "something follows the FeatureCollection")

    def _list(self) -> Iterator[tuple[int, Any]]:
        self._expect("[", "a list of features")
        if self._skips("]"):
            return
        while True:
            self._blank()
            yield self._here(), self._value()
            if not self._skips(","):
                self._expect("]", "',' or ']' after a feature")
                return

    def _value(self) -> Any:  # noqa: ANN401 - any JSON
        self._blank()
        line = self._here()
        try:
            value, self._at = self._decoder.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            line += self._text.count("\n", self._at, error.pos)
            raise FileError(line, f"no JSON: {error.msg}") from error
        except (ValueError, RecursionError) as error:
            told = "nested too deeply" if isinstance(error, RecursionError) else str(error)
            raise FileError(line, f"no JSON: {told}") from error
        return value

    def _blank(self) -> None:
        while self._at < len(self._text) and self._text[self._at] in " \t\r\n":
            self._at += 1

    def _skips(self, mark: str) -> bool:
        self._blank()
        if not self._text.startswith(mark, self._at):
            return False
        self._at += 1
        return True

    def _expect(self, mark: str, allowed: str) -> None:
        if not self._skips(mark):
            came = repr(self._text[self._at : self._at + 20]) or "the end"
            raise FileError(self._here(), f"no JSON: came {came}, allowed: {allowed}")

    def _here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line
