"""The uids of the boards: what links are made of."""

CITY = "lamppost-city"
ASSET = "lamppost-asset"
TRIAGE = "lamppost-triage"
FLEET = "lamppost-fleet"
RESOURCES = "lamppost-resources"
CAPACITY = "lamppost-capacity"
INDICATORS = "lamppost-indicators"
PIPELINE = "lamppost-pipeline"

OPERATE, FIELD, DATA, PLATFORM = "Operate", "Field", "Data and capacity", "Platform"
FOLDERS = (OPERATE, FIELD, DATA, PLATFORM)
