"""Importing assets: all of a file, or nothing and a report line by line."""

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamppost.register.records import assetfiles
from lamppost.register.records.importing import DEPTH_MAX, PROBLEMS_MAX, Report
from lamppost.register.records.reading import Wanted
from lamppost.register.records.store import Register
from lamppost.register.records.values import BASES, Asset

from .registers import Clock, opened

HEADER = "id,name,class,parent,criticality,capacity,capacity_unit,capacity_basis"
PUMPS = f"""{HEADER},ext:gis
station,Riverside,pumping station,,5,,,,G-1
pump-1,Pump 1,pump,station,4,120,L/s,nameplate,G-2
pump-2,Pump 2,pump,station,4,120,L/s,nameplate,
"""
RING = [[11.0, 48.0], [11.1, 48.0], [11.1, 48.1], [11.0, 48.0]]


def taken(register: Register, folder: Path, text: str, name: str = "assets.csv") -> Report:
    """Import a text as a file."""
    file = folder / name
    file.write_bytes(text.encode())
    return register.import_assets(file, "ada")


def assets(register: Register) -> dict[str, Asset]:
    """Return all assets by id."""
    return {one.id: one for one in register.page("assets", Wanted({}, limit=1_000)).items}


def told(report: Report) -> list[str]:
    """Return the problems as lines."""
    return [f"{one.line} {one.field}: {one.told}" for one in report.problems]


def feature(one: str, geometry: object = None, **properties: object) -> dict[str, object]:
    """Return a GeoJSON feature of a pump."""
    facts = {"id": one, "name": one, "class": "pump", **properties}
    return {"type": "Feature", "geometry": geometry, "properties": facts}


def collection(*features: object) -> str:
    """Return a GeoJSON file, a feature a line, the first on line 3."""
    rows = ",\n".join(json.dumps(one) for one in features)
    return f'{{"type": "FeatureCollection",\n"features": [\n{rows}\n]}}\n'


def test_a_file_becomes_records_with_a_trail(any_register: Register, tmp_path: Path) -> None:
    """Every field arrives, and the trail says who brought it."""
    report = taken(any_register, tmp_path, PUMPS)
    assert (report.rows, report.created, report.written, report.problems) == (3, 3, True, ())
    pump = assets(any_register)["pump-1"]
    assert (pump.name, pump.asset_class, pump.parent) == ("Pump 1", "pump", "station")
    assert (pump.criticality, pump.external_ids) == (4, {"gis": "G-2"})
    assert (pump.capacity, pump.capacity_unit, pump.capacity_basis) == (
        120.0,
        "L/s",
        "nameplate",
    )
    (entry,) = any_register.trail("asset", "pump-1").items
    assert (entry.who, entry.what, entry.before) == ("ada", "create", None)
    assert any_register.verify_audit().faults == ()


def test_the_same_file_again_changes_nothing(any_register: Register, tmp_path: Path) -> None:
    """An import may be repeated."""
    taken(any_register, tmp_path, PUMPS)
    again = taken(any_register, tmp_path, PUMPS)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 3)
    assert any_register.verify_audit().entries == 3


def test_a_field_that_is_there_sets_and_one_that_is_not_leaves(
    register: Register, tmp_path: Path, clock: Clock
) -> None:
    """An empty cell clears; a column that is missing, and an id of another scheme, stay."""
    taken(register, tmp_path, PUMPS)
    clock.now_ms += 5
    change = "id,criticality,ext:bim\npump-1,,B-9\npump-2,4,\n"
    report = taken(register, tmp_path, change)
    assert (report.updated, report.unchanged) == (1, 1)
    pump = assets(register)["pump-1"]
    assert (pump.criticality, pump.capacity, pump.updated_ms) == (None, 120.0, clock.now_ms)
    assert pump.external_ids == {"gis": "G-2", "bim": "B-9"}


def test_a_dry_run_tells_all_and_writes_nothing(register: Register, tmp_path: Path) -> None:
    """What it would do is what it then does."""
    file = tmp_path / "assets.csv"
    file.write_text(PUMPS)
    dry = register.import_assets(file, "ada", dry_run=True)
    assert (dry.created, dry.written) == (3, False)
    assert assets(register) == {}
    assert register.verify_audit().entries == 0
    assert register.import_assets(file, "ada").created == dry.created


def test_one_wrong_line_keeps_the_whole_file_out(register: Register, tmp_path: Path) -> None:
    """Half an import would leave parts without their whole."""
    report = taken(register, tmp_path, PUMPS + "pump-3,Pump 3,pump,station,9,,,,\n")
    assert told(report) == ["5 criticality: came '9', allowed: 1 (least) to 5 (most)"]
    assert report.written is False
    assert assets(register) == {}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("a,A,pump,,,120,L/s,", "capacity_basis: came nothing; capacity needs it"),
        ("a,A,pump,,,,L/s,design", "capacity: came nothing; capacity_unit needs it"),
        ("a,A,pump,,,120,l/sec,design", "capacity_unit: came 'l/sec', allowed: a UCUM unit"),
        ("a,A,pump,,,-1,L/s,design", "capacity: came '-1', allowed: more than 0"),
        ("a,A,pump,,,1_0,L/s,design", "capacity: came '1_0', allowed: a finite number"),
        ("a,A,pump,,,nan,L/s,design", "capacity: came 'nan', allowed: a finite number"),
        ('a,A,pump,,,"1,5",L/s,design', "capacity: came '1,5', allowed: a finite number"),
        ("a,A,pump,,,1,L/s,guess", "capacity_basis: came 'guess', allowed: nameplate, sta"),
        ("a,A,pump,,2.5,,,", "criticality: came '2.5', allowed: 1 (least) to 5"),
        ("a,A,pump,b,,,,", "parent: came 'b', allowed: an asset of this file or"),
        ("a,A,pump,a,,,,", "parent: came a cycle, allowed: none: a in a"),
        ("a,,pump,,,,,", "name: came nothing, allowed: some text"),
        ("a,A,,,,,,", "class: came nothing"),
        (",A,pump,,,,,", "id: came nothing"),
        ("a/b,A,pump,,,,,", "id: came 'a/b', allowed: at most 128 characters without / ?"),
        ("..,A,pump,,,,,", "id: came '..'"),
        ("a,A\x1b[2J,pump,,,,,", "name: came 'A\\x1b[2J', allowed: at most 200 printable"),
        ("a,A,pump", ": came 3 cells, allowed: 8, as in the header"),
        ('a,"A"x,pump,,,,,', ": no CSV: "),
    ],
)
def test_what_is_wrong_is_told_with_line_and_field(
    register: Register, tmp_path: Path, line: str, problem: str
) -> None:
    """Line, field, what came, what is allowed."""
    report = taken(register, tmp_path, f"{HEADER}\n{line}\n")
    assert told(report)[0].startswith(f"2 {problem}")
    assert assets(register) == {}


def test_lines_are_counted_as_an_editor_does(register: Register, tmp_path: Path) -> None:
    """Quoted line breaks and blank lines count; a record is told by its first line."""
    text = 'id;name;class\r\n\r\na;"two\r\nlines";pump\r\nb;B;pump\r\nb;B;pump\r\n'
    assert told(taken(register, tmp_path, text)) == [
        "3 name: came 'two\\r\\nlines', allowed: at most 200 printable characters",
        "6 id: came 'b' again; line 5 has it too",
    ]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "1 : the file is empty"),
        (b"id,name\n\xff,x\n", "2 : came byte 0xff, allowed: UTF-8 text"),
        (b"id,id\n", "1 : column 'id' came twice"),
        (b"id,name,class,colour\na,A,pump,red\n", "2 : field: came 'colour', allowed: id, n"),
    ],
)
def test_a_file_that_is_none_is_told(
    register: Register, tmp_path: Path, data: bytes, problem: str
) -> None:
    """Encoding, header and emptiness have their line too."""
    (tmp_path / "a.csv").write_bytes(data)
    report = register.import_assets(tmp_path / "a.csv", "ada")
    assert report.written is False
    assert told(report)[0].startswith(problem)


def test_a_cycle_through_file_and_register_is_found(register: Register, tmp_path: Path) -> None:
    """Parents that are not in the file are followed in the records."""
    chain = "id,name,class,parent\na,A,x,\nb,B,x,a\nc,C,x,b\n"
    taken(register, tmp_path, chain)
    report = taken(register, tmp_path, "id,parent\na,c\n")
    assert told(report) == ["2 parent: came a cycle, allowed: none: a in c in b in a"]
    swapped = taken(register, tmp_path, "id,parent\nb,c\nc,\n")
    assert swapped.written
    assert register.verify_audit().faults == ()


def test_levels_are_bounded(register: Register, tmp_path: Path) -> None:
    """Nobody builds a tower; a file that claims one is wrong."""
    rows = [f"n{n},N,x,{f'n{n - 1}' if n else ''}" for n in range(DEPTH_MAX + 2)]
    report = taken(register, tmp_path, "id,name,class,parent\n" + "\n".join(rows))
    assert told(report) == [f"{DEPTH_MAX + 3} parent: allowed: at most {DEPTH_MAX} levels"]


def test_geojson_brings_geometry_and_lines(any_register: Register, tmp_path: Path) -> None:
    """Features become assets; what is wrong is told with the line the feature begins on."""
    place = {"type": "Polygon", "coordinates": [RING]}
    text = collection(
        feature("a", place, **{"ext:gis": 7}), feature("b", parent="a", criticality=3)
    )
    report = taken(any_register, tmp_path, text, "a.geojson")
    assert (report.created, report.problems) == (2, ())
    found = assets(any_register)
    assert found["a"].geometry == place
    assert (found["a"].external_ids, found["b"].criticality) == ({"gis": "7"}, 3)
    assert taken(any_register, tmp_path, text, "a.geojson").unchanged == 2
    wrong = collection(
        feature("a", place), feature("c", {"type": "Point", "coordinates": [0, 91]})
    )
    (problem,) = taken(any_register, tmp_path, wrong, "a.geojson").problems
    assert (problem.line, problem.field) == (4, "geometry")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1 : no JSON: came"),
        ("[]", "1 : no JSON: came '[]', allowed: a GeoJSON FeatureCollection"),
        ('{"type": "Feature"}', "1 : allowed: a GeoJSON FeatureCollection"),
        ('{"type": "FeatureCollection",\n"features": [\n{]}', "3 : no JSON: Expecting"),
        ('{"type": "FeatureCollection", "features": [\n\n5]}', "3 : came something else"),
        (collection(feature("a"))[:-3], "4 : no JSON: came '', allowed: ',' or ']'"),
        (collection(feature("a")) + "x", "5 : something follows"),
        (collection(feature("a", criticality=float("nan"))), "3 : no JSON: came NaN"),
        (collection({**feature("a"), "properties": []}), "3 : properties: allowed: an obj"),
        (collection(feature("a", colour="red")), "3 : field: came 'colour'"),
        (collection(feature("a", name=["x"])), "3 name: came ['x'], allowed: text"),
        (collection(feature("a", installed_on="1.3.2020")), "3 installed_on: came '1.3.2020'"),
        (collection(feature("a", design_life_years=True)), "3 design_life_years: came True"),
        ('{"type": "FeatureCollection", "features": [' + "[" * 100_000, "1 : no JSON: nested"),
        ('{"type": "FeatureCollection", "features": [\n' + "9" * 9_999 + "]}", "2 : no JSON"),
    ],
)  # fmt: skip
def test_broken_geojson_is_told(
    register: Register, tmp_path: Path, text: str, problem: str
) -> None:
    """Whatever is in the file, the answer is a line and a reason."""
    report = taken(register, tmp_path, text, "a.json")
    assert told(report)[0].startswith(problem)
    assert assets(register) == {}


def test_files_are_bounded(
    register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes, assets and problems have a bound each; all problems are counted."""
    many = "id,criticality\n" + "".join(f"a{n},9\n" for n in range(PROBLEMS_MAX))
    report = taken(register, tmp_path, many)
    assert (len(report.problems), report.problems_total) == (PROBLEMS_MAX, 3 * PROBLEMS_MAX)
    monkeypatch.setattr(assetfiles, "ROWS_MAX", 2)
    assert (
        told(taken(register, tmp_path, PUMPS))[-1]
        == "4 : more than 2 assets came; split the file"
    )
    monkeypatch.setattr(assetfiles, "FILE_BYTES_MAX", 10)
    assert "larger than 10 bytes" in told(taken(register, tmp_path, PUMPS))[0]


words = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=12
)
ids = st.text("abcdefgäß0123456789-_.,;\"'", min_size=1, max_size=8).filter(
    lambda one: one not in {".", ".."}
)


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Assets that are right, a parent always being one of those before it."""
    found: list[dict[str, Any]] = []
    for one in draw(st.lists(ids, min_size=1, max_size=6, unique=True)):
        above = [row["id"] for row in found]
        row: dict[str, Any] = {"id": one, "name": draw(words), "class": draw(words)}
        row["parent"] = draw(st.sampled_from([None, *above]))
        row["criticality"] = draw(st.none() | st.integers(1, 5))
        row["owner"] = draw(st.none() | words)
        sized = draw(st.booleans())
        number = st.floats(1e-6, 1e12, exclude_min=True)
        row["capacity"] = draw(number) if sized else None
        row["capacity_unit"] = draw(st.sampled_from(["L/s", "kW", "1"])) if sized else None
        row["capacity_basis"] = draw(st.sampled_from(BASES)) if sized else None
        found.append(row)
    return draw(st.permutations(found))


def as_csv(found: list[dict[str, Any]], mark: str) -> str:
    """Write assets as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(found[0]), delimiter=mark)
    writer.writeheader()
    writer.writerows(found)
    return out.getvalue()


@settings(max_examples=25)
@given(found=rows(), mark=st.sampled_from(",;"))
def test_what_goes_in_comes_out(found: list[dict[str, Any]], mark: str) -> None:
    """CSV in either dialect and GeoJSON, in any order of lines, give the same records."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        register = opened(folder)
        report = taken(register, folder, as_csv(found, mark))
        assert (told(report), report.created) == ([], len(found))
        kept = assets(register)
        for row in found:
            one = kept[row["id"]]
            for field, value in row.items():
                assert getattr(one, "asset_class" if field == "class" else field) == value
        features = [{"type": "Feature", "properties": row} for row in found]
        again = taken(register, folder, collection(*features), "a.json")
        assert (told(again), again.unchanged) == ([], len(found))
        assert register.verify_audit().faults == ()
        register.close()


@settings(max_examples=40)
@given(data=st.binary(max_size=80) | st.text('{}[]":,a1 \n', max_size=80).map(str.encode))
def test_any_bytes_give_a_report(data: bytes) -> None:
    """Nothing that a file can hold breaks the import."""
    with tempfile.TemporaryDirectory() as name:
        register = opened(Path(name))
        for file in (Path(name) / "a.csv", Path(name) / "a.geojson"):
            file.write_bytes(data)
            report = register.import_assets(file, "ada")
            assert report.written is (report.problems_total == 0)
        register.close()
