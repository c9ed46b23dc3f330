"""Boards as files: rendered JSON stands in git, so that a change of a board can be read."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lamppost.dashboards.board import Board

RENDERED = Path(__file__).parents[2] / "rendered"
"""Where the rendered boards stand in a checkout."""


def rendered(board: Board) -> str:
    """Return the file of a board: the same board gives the same bytes, always."""
    return json.dumps(board.as_json(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def files_of(boards: Iterable[Board]) -> dict[str, str]:
    """Return file name to content."""
    return {f"{board.uid}.json": rendered(board) for board in boards}


def drift(files: Mapping[str, str], folder: Path) -> list[str]:
    """Return what in a folder is not as the files are, one line each."""
    found = {path.name: path for path in folder.glob("*.json")}
    lines = [f"{folder / name}: missing" for name in sorted(files.keys() - found.keys())]
    lines += [f"{path}: no board is" for name, path in found.items() if name not in files]
    lines += [
        f"{found[name]}: differs"
        for name in sorted(files.keys() & found.keys())
        if found[name].read_text("utf-8") != files[name]
    ]
    return sorted(lines)


def write(files: Mapping[str, str], folder: Path) -> list[Path]:
    """Write the files; return those that changed.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, content in files.items():
        path = folder / name
        if not path.is_file() or path.read_text("utf-8") != content:
            path.write_text(content, "utf-8")
            changed.append(path)
    return changed


def load(folder: Path) -> list[dict[str, Any]]:
    """Return the rendered boards of a folder, by name.

    Raises:
        OSError: a file cannot be read.
        ValueError: one is no JSON.
    """
    return [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
