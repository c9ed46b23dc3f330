"""DCAT-AP 3: the catalogue of what is open, as JSON-LD and as Turtle.

Only resources whose steward has made them public are in it: the default is "restricted". What
DCAT-AP demands is always there; a service without an address is left out, because nobody could
ask it.
"""

from collections.abc import Iterator
from functools import partial
from urllib.parse import quote, urlsplit

from rdflib import DCAT, DCTERMS, FOAF, RDF, RDFS, XSD, BNode, Graph, Literal, Namespace, URIRef
from sqlalchemy import select

from lamppost.register.exports.records import Records
from lamppost.register.resources.tables import flow, resource
from lamppost.register.resources.values import Resource
from lamppost.register.sensorthings.entities import iso

URN = "urn:lamppost:"
TITLE = "Data resources of the city"
DESCRIPTION = "What the city measures and shares, kept true by what its nodes report."
UNKNOWN = "not named"
"""Of a publisher that nobody has entered: said, not made up."""
PUBLIC = URIRef("http://publications.europa.eu/resource/authority/access-right/PUBLIC")
IANA = "https://www.iana.org/assignments/media-types/"
SPDX = Namespace("https://spdx.org/licenses/")
WEB = ("http", "https")


def dcat(records: Records, form: str) -> Iterator[str]:
    """Yield the catalogue in a form that rdflib knows: "json-ld" or "turtle"."""
    yield catalogue(records).serialize(format=form)


JSON_LD = partial(dcat, form="json-ld")
TURTLE = partial(dcat, form="turtle")


def catalogue(records: Records) -> Graph:
    """Return the catalogue of public datasets and services."""
    graph = Graph()
    graph.bind("dcat", DCAT)
    graph.bind("dcterms", DCTERMS)
    catalog = URIRef(URN + "catalogue")
    _titled(graph, catalog, DCAT.Catalog, TITLE, DESCRIPTION)
    graph.add((catalog, DCTERMS.publisher, _agent(graph, None)))
    modified = Literal(iso(records.now_ms), datatype=XSD.dateTime)
    graph.add((catalog, DCTERMS.modified, modified))
    shown = {one.id: one for one in _public(records)}
    for one in shown.values():
        if one.kind == "dataset":
            graph.add((catalog, DCAT.dataset, _dataset(graph, one)))
        elif _address(one) is not None:
            graph.add((catalog, DCAT.service, _service(graph, one)))
    for source, target in _served(records):
        if source in shown and target in shown and _address(shown[target]) is not None:
            graph.add((_uri(shown[target]), DCAT.servesDataset, _uri(shown[source])))
    return graph


def _public(records: Records) -> Iterator[Resource]:
    asked = (
        select(resource)
        .where(
            resource.c.valid_to_ms.is_(None),
            resource.c.access == "public",
            resource.c.kind.in_(("dataset", "service")),
        )
        .order_by(resource.c.id)
    )
    for row in records.connection.execute(asked).mappings():
        yield Resource(**row)


def _served(records: Records) -> Iterator[tuple[str, str]]:
    asked = select(flow.c.source, flow.c.target).where(
        flow.c.valid_to_ms.is_(None),
        flow.c.source_kind == "dataset",
        flow.c.target_kind == "service",
    )
    for row in records.connection.execute(asked):
        yield row[0], row[1]


def _dataset(graph: Graph, one: Resource) -> URIRef:
    subject = _described(graph, one, DCAT.Dataset)
    address = _address(one)
    if address is not None:
        part = BNode()
        graph.add((subject, DCAT.distribution, part))
        graph.add((part, RDF.type, DCAT.Distribution))
        graph.add((part, DCAT.accessURL, address))
        if one.licence:
            graph.add((part, DCTERMS.license, _licence(one.licence)))
        if one.media_type:
            media_type = URIRef(IANA + quote(one.media_type, safe="/+.-"))
            graph.add((part, DCAT.mediaType, media_type))
    if one.provenance:
        told = _labelled(graph, DCTERMS.ProvenanceStatement, RDFS.label, one.provenance)
        graph.add((subject, DCTERMS.provenance, told))
    return subject


def _service(graph: Graph, one: Resource) -> URIRef:
    subject = _described(graph, one, DCAT.DataService)
    graph.add((subject, DCAT.endpointURL, _address(one) or subject))
    if one.conforms_to:
        standard = _labelled(graph, DCTERMS.Standard, DCTERMS.title, one.conforms_to)
        graph.add((subject, DCTERMS.conformsTo, standard))
    return subject


def _described(graph: Graph, one: Resource, kind: URIRef) -> URIRef:
    subject = _uri(one)
    _titled(graph, subject, kind, one.name, one.description or one.name)
    graph.add((subject, DCTERMS.identifier, Literal(one.id)))
    graph.add((subject, DCTERMS.accessRights, PUBLIC))
    graph.add((subject, DCTERMS.publisher, _agent(graph, one.owner)))
    for word in one.keywords:
        graph.add((subject, DCAT.keyword, Literal(word)))
    return subject


def _titled(graph: Graph, subject: URIRef, kind: URIRef, title: str, told: str) -> None:
    graph.add((subject, RDF.type, kind))
    graph.add((subject, DCTERMS.title, Literal(title)))
    graph.add((subject, DCTERMS.description, Literal(told)))


def _agent(graph: Graph, name: str | None) -> BNode:
    return _labelled(graph, FOAF.Agent, FOAF.name, name or UNKNOWN)


def _labelled(graph: Graph, kind: URIRef, label: URIRef, text: str) -> BNode:
    """Add a thing that has no address, only words, and return it."""
    subject = BNode()
    graph.add((subject, RDF.type, kind))
    graph.add((subject, label, Literal(text)))
    return subject


def _uri(one: Resource) -> URIRef:
    return URIRef(f"{URN}{one.kind}:{quote(one.id, safe='')}")


def _licence(licence: str) -> URIRef:
    return _web(licence) or SPDX[quote(licence, safe="")]


def _address(one: Resource) -> URIRef | None:
    return _web(one.endpoint_url or "")


def _web(text: str) -> URIRef | None:
    """An address as RDF takes it; None when it is none that a browser would open."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if parts.scheme not in WEB or not parts.netloc:
        return None
    return URIRef(quote(text, safe=":/?#[]@!$&'()*+,;=%-._~"))
