"""GeoJSON (RFC 7946): every asset as a feature, with or without a place."""

import json
from collections.abc import Iterator
from dataclasses import asdict

from lamppost.register.exports.records import Records


def geojson(records: Records) -> Iterator[str]:
    """Yield a FeatureCollection, a feature a line."""
    yield '{"type":"FeatureCollection","features":['
    mark = "\n"
    for asset in records.every("assets"):
        told = asdict(asset)
        feature = {
            "type": "Feature",
            "id": told.pop("id"),
            "geometry": told.pop("geometry"),
            "properties": told,
        }
        yield mark + json.dumps(feature, ensure_ascii=False)
        mark = ",\n"
    yield "\n]}\n"
