"""All boards of Lamppost."""

from collections.abc import Callable

from lamppost.dashboards.board import Board
from lamppost.dashboards.boards import (
    asset,
    capacity,
    city,
    fleet,
    indicators,
    pipeline,
    resources,
    triage,
)

DEFAULT_CONSOLE = "http://127.0.0.1:8080"
MAKERS: tuple[Callable[[str], Board], ...] = (
    city.board,
    asset.board,
    triage.board,
    fleet.board,
    resources.board,
    capacity.board,
    indicators.board,
    pipeline.board,
)


def every_board(console_url: str = DEFAULT_CONSOLE) -> tuple[Board, ...]:
    """Return the boards.

    Args:
        console_url: where links to the register's console lead.
    """
    return tuple(make(console_url) for make in MAKERS)
