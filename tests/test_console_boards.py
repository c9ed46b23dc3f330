"""What the console and the boards say of each other."""

from lamppost.dashboards.boards import uids
from lamppost.register.pages.boards import UIDS


def test_the_console_knows_the_uids_of_the_boards() -> None:
    """A board that was renamed would leave its links in the console dead."""
    told = {name.lower(): value for name, value in vars(uids).items() if name.isupper()}
    assert {name: told[name] for name in UIDS} == UIDS
