"""Uids of folders."""

import re


def folder_uid(title: str) -> str:
    """Return the fixed uid of a folder of ours: "lamppost-data-and-capacity"."""
    return "lamppost-" + re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
