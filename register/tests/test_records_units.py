"""Units and geometries: what is one, and what only looks like one."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.register.records.geometry import POSITIONS_MAX, GeometryError, checked
from lamppost.register.records.ucum import is_unit

RING = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]


@pytest.mark.parametrize(
    "code",
    ["L/s", "m3/h", "kW.h", "Cel", "ug/m3", "%", "1", "{vehicle}/h", "mm/s", "kPa", "[ppb]",
     "m/s2", "dB[SPL]", "10*3/uL", "/min", "W/(m2.K)", "{count}", "MiBy", "mm[H2O]", "s-1",
     "m3{treated}/d", "Mbit/s"],
)  # fmt: skip
def test_a_unit_is_known(code: str) -> None:
    """What a city's sensors speak, in UCUM."""
    assert is_unit(code)


@pytest.mark.parametrize(
    "code",
    ["", "l/sec", "m³/h", "°C", "kmin", "L//s", "L/", "m.", "(m", "m)", "()", "m3 /h", "KPA",
     "ppm", "x" * 65, "{", "}", "{a}m", "m{a}s", "0", "m0"],
)  # fmt: skip
def test_a_typing_error_is_no_unit(code: str) -> None:
    """What nobody can convert is not taken for a unit."""
    assert not is_unit(code)


@given(st.text(max_size=80))
def test_any_text_has_an_answer(text: str) -> None:
    """Nothing a field can send makes the check fail, and what passes is ASCII."""
    assert not is_unit(text) or text.isascii()


@given(
    st.lists(st.sampled_from(["m", "kg", "s-2", "{x}", "10*3", "mol"]), min_size=1), st.data()
)
def test_units_joined_by_dots_and_slashes_are_units(
    atoms: list[str], data: st.DataObject
) -> None:
    """The grammar holds for terms of any shape."""
    text = atoms[0]
    for atom in atoms[1:5]:
        text += data.draw(st.sampled_from("./")) + atom
    assert is_unit(text)
    assert is_unit(f"({text})/h")


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point", "coordinates": [11.6, 48.1]},
        {"type": "Point", "coordinates": [11.6, 48.1, 520.0]},
        {"type": "LineString", "coordinates": [[0, 0], [1, 1]]},
        {"type": "Polygon", "coordinates": [RING]},
        {"type": "MultiPolygon", "coordinates": [[RING], [RING]]},
        {
            "type": "GeometryCollection",
            "geometries": [{"type": "Point", "coordinates": [0, 0]}],
        },
    ],
    ids=lambda value: value["type"],
)
def test_a_geometry_passes_as_it_is(geometry: dict[str, Any]) -> None:
    """Whatever GeoJSON has; members that are not its own are left out."""
    assert checked({**geometry, "bbox": [1], "hidden": "x"}) == geometry


@pytest.mark.parametrize(
    ("geometry", "told"),
    [
        (None, "a GeoJSON geometry"),
        ([], "a GeoJSON geometry"),
        ({"type": "Circle"}, "type: came 'Circle'"),
        ({"type": ["Point"]}, "type: came"),
        ({"type": "Point"}, "position: came None"),
        ({"type": "Point", "coordinates": [48.1]}, "allowed: [longitude, latitude]"),
        ({"type": "Point", "coordinates": [11.6, 481]}, "latitude -90 to 90"),
        ({"type": "Point", "coordinates": [4468298.1, 5333123.2]}, "WGS 84 degrees"),
        ({"type": "Point", "coordinates": [True, 1]}, "a finite number"),
        ({"type": "Point", "coordinates": [math.nan, 1]}, "a finite number"),
        ({"type": "Point", "coordinates": ["1", "2"]}, "a finite number"),
        ({"type": "LineString", "coordinates": [[0, 0]]}, "came 1 positions, allowed: 2"),
        ({"type": "LineString", "coordinates": []}, "a list of positions"),
        ({"type": "Polygon", "coordinates": [RING[:3]]}, "allowed: 4 or more"),
        ({"type": "Polygon", "coordinates": [[*RING[:3], [9, 9]]]}, "end where it begins"),
        ({"type": "GeometryCollection", "geometries": []}, "a list of 1 to"),
        (
            {
                "type": "GeometryCollection",
                "geometries": [{"type": "GeometryCollection", "geometries": []}],
            },
            "type: came 'GeometryCollection'",
        ),
        (
            {"type": "MultiPoint", "coordinates": [[0, 0]] * (POSITIONS_MAX + 1)},
            f"more than {POSITIONS_MAX} positions",
        ),
    ],
)
def test_a_broken_geometry_says_where(geometry: object, told: str) -> None:
    """What came and what is allowed, short enough to read."""
    with pytest.raises(GeometryError) as error:
        checked(geometry)
    assert told in str(error.value)
    assert len(str(error.value)) < 300


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "coordinates", "geometries", "x"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(
    json_values, st.sampled_from(["Point", "Polygon", "MultiLineString", "GeometryCollection"])
)
def test_any_json_is_a_geometry_or_an_error(value: object, kind: str) -> None:
    """Nothing in a file breaks the check in another way."""
    for tried in (value, {"type": kind, "coordinates": value, "geometries": value}):
        try:
            kept = checked(tried)
        except GeometryError:
            continue
        assert checked(kept) == kept
