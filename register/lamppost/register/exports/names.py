"""The formats by name, for whoever only has to tell which there are."""

CSV = "csv"
NAMES = ("dcat", "dcat-turtle", "geojson", "ngsi-ld", "sensorthings", CSV)
