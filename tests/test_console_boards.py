"""What the console and the boards say of each other."""

import pytest

from lamppost.dashboards.boards import pages, uids
from lamppost.dashboards.links import Link
from lamppost.register.access.rules import is_page
from lamppost.register.pages.boards import UIDS


def test_the_console_knows_the_uids_of_the_boards() -> None:
    """A board that was renamed would leave its links in the console dead."""
    told = {name.lower(): value for name, value in vars(uids).items() if name.isupper()}
    assert {name: told[name] for name in UIDS} == UIDS


@pytest.mark.parametrize(
    "link",
    [
        pages.alarms(),
        pages.incident(),
        pages.asset("pump-1"),
        pages.node("n"),
        pages.source(),
        pages.resource_map(),
        pages.indicator(),
        pages.ledger(),
    ],
    ids=lambda link: link.title.partition(":")[0],
)
def test_boards_lead_to_pages_that_are_there(link: Link) -> None:
    """The path of each link is that of a page of the console."""
    path = link.url.removeprefix("${console:raw}").partition("?")[0]
    assert is_page(path.replace("${__data.fields.indicator:percentencode}", "iso%3A1"))
