"""Addresses of databases."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from lamppost.register.records.database import Database, DatabaseUrlError, chosen_url
from lamppost.register.records.store import Register
from lamppost.register.records.tables import channel

from .registers import FLOW, birth


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:register.db", "data/register.db"),
        ("sqlite:sub/register.db", "data/sub/register.db"),
        ("sqlite:///var/lib/register.db", "/var/lib/register.db"),
        ("sqlite:////var/lib/register.db", "/var/lib/register.db"),
    ],
)
def test_where_a_file_is(url: str, file: str) -> None:
    """A bare name is in the data folder, three slashes begin an absolute path."""
    database = Database(url, Path("data"))
    assert database.file == Path(file)
    database.close()


@pytest.mark.parametrize(
    "url",
    ["", "register.db", "sqlite:", "sqlite://host/x", "sqlite:a?x=1", "mysql://u:pw@h/d"],
)
def test_an_address_that_is_none_says_what_is_allowed(url: str) -> None:
    """The message has the allowed forms, and never a password."""
    with pytest.raises(DatabaseUrlError, match=r"allowed: sqlite:FILE.*postgresql://") as told:
        Database(url)
    assert "pw" not in str(told.value)


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    """Neither from the address nor from its file."""
    (tmp_path / "secret").write_text("hidden\n")
    shown = [
        Database("postgresql://me:hidden@db.example/city").address,
        Database("postgresql://me@db.example/city?password_file=secret", tmp_path).address,
    ]
    assert all("hidden" not in one and "db.example/city" in one for one in shown)
    with pytest.raises(DatabaseUrlError, match="password_file=none"):
        Database("postgresql://me@db.example/city?password_file=none", tmp_path)


def test_a_reader_sees_one_moment(any_register: Register) -> None:
    """A check of the trail must not trip over a birth that comes meanwhile."""
    count = select(func.count()).select_from(channel)
    with any_register.database.reading() as connection:
        assert connection.execute(count).scalar_one() == 0
        any_register.observe_births([birth(FLOW)])
        assert connection.execute(count).scalar_one() == 0
    with any_register.database.reading() as connection:
        assert connection.execute(count).scalar_one() == 1


def test_what_is_given_goes_before_the_environment() -> None:
    """Option, then environment, then the file in the data folder."""
    environment = {"LAMPPOST_REGISTER_URL": "sqlite:other.db"}
    assert chosen_url("sqlite:given.db", environment) == "sqlite:given.db"
    assert chosen_url(None, environment) == "sqlite:other.db"
    assert chosen_url(None, {}) == "sqlite:register.db"
