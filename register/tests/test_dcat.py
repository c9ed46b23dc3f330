"""The catalogue: what DCAT-AP demands is there, what is not public is not."""

from pathlib import Path

import pytest
from pyshacl import validate
from rdflib import DCAT, DCTERMS, FOAF, RDF, Graph, Literal, URIRef

from lamppost.register.exports.formats import FORMATS
from lamppost.register.exports.records import Records
from lamppost.register.records.store import Register
from lamppost.register.resources import deciding

from .registers import T0

# rdflib's reader of JSON-LD and pyshacl use what rdflib is about to rename.
pytestmark = [
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated"),
    pytest.mark.filterwarnings("ignore:Dataset.* is deprecated:DeprecationWarning"),
]

HOSTILE = 'Air "quality" <script>\\ ü @en'
OPEN = {"access": "public", "licence": "CC-BY-4.0", "personal_data": False}
CLASSES = (DCAT.Catalog, DCAT.Dataset, DCAT.Distribution, DCAT.DataService, FOAF.Agent)
SHAPES = Path(__file__).parent / "dcat_ap_3.ttl"


@pytest.fixture
def city(register: Register) -> Register:
    """Public and restricted datasets, services with and without an address."""
    with register.changing("ada") as writer:
        url = "https://city.example/air.csv?from=ü"
        told = OPEN | {"name": HOSTILE, "endpoint_url": url, "keywords": ["air", "no2"]}
        told |= {"media_type": "text/csv", "provenance": "measured"}
        deciding.enter(writer, "air-1", "dataset", told | {"owner": "City"})
        deciding.enter(writer, "meters", "dataset", {"name": "Meters"})
        served = OPEN | {"name": "API", "endpoint_url": "https://city.example/v1.1"}
        served["conforms_to"] = "OGC SensorThings 1.1"
        deciding.enter(writer, "api", "service", served)
        deciding.enter(writer, "mute", "service", OPEN | {"name": "Mute"})
    with register.changing("ada") as writer:
        deciding.connect(writer, "dataset:air-1", "service:api", "ada")
    return register


def read(city: Register, name: str, form: str) -> Graph:
    """Return a catalogue as a reader of RDF sees it."""
    with city.database.reading() as connection:
        text = "".join(FORMATS[name].pieces(Records(connection, T0), ()))
    return Graph().parse(data=text, format=form)


@pytest.mark.parametrize(("name", "form"), [("dcat", "json-ld"), ("dcat-turtle", "turtle")])
def test_it_keeps_the_shapes_of_the_profile(city: Register, name: str, form: str) -> None:
    """Mandatory properties are there and everything is of its kind, by a SHACL validator."""
    graph = read(city, name, form)
    for kind in CLASSES:
        assert (None, RDF.type, kind) in graph, kind
    kept, _, report = validate(graph, shacl_graph=str(SHAPES), meta_shacl=True)
    assert kept, report


def test_only_what_is_public_is_in_it(city: Register) -> None:
    """Restricted data and services that nobody can reach are left out."""
    graph = read(city, "dcat-turtle", "turtle")
    shown = {str(one) for one in graph.objects(None, DCTERMS.identifier)}
    assert shown == {"air-1", "api"}


def test_names_come_back_as_they_were(city: Register) -> None:
    """Whatever stands in them; addresses are encoded as addresses demand."""
    graph = read(city, "dcat", "json-ld")
    air = URIRef("urn:lamppost:dataset:air-1")
    assert graph.value(air, DCTERMS.title) == Literal(HOSTILE)
    part = graph.value(air, DCAT.distribution)
    assert graph.value(part, DCAT.accessURL) == URIRef(
        "https://city.example/air.csv?from=%C3%BC"
    )
    service = URIRef("urn:lamppost:service:api")
    assert (service, DCAT.servesDataset, air) in graph


def test_both_forms_say_the_same(city: Register) -> None:
    """JSON-LD and Turtle hold as many statements."""
    assert len(read(city, "dcat", "json-ld")) == len(read(city, "dcat-turtle", "turtle"))
