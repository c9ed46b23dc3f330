"""Importing in two steps: over HTTP, and on the page in headless Chromium."""

import fcntl
import re
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from lamppost.register.records import uploads
from lamppost.register.records.boundary import Boundary
from lamppost.register.records.deciding import UnknownError
from lamppost.register.records.reading import Wanted
from lamppost.register.records.store import Register
from lamppost.register.serve import Console

from .asking import asking, told
from .city import City
from .consoles import serving
from .looking import PHONE, check_sound
from .test_pages_alarms import EVIL

pytestmark = pytest.mark.asyncio(loop_scope="module")

GOOD = b"id,name,class\np-1,Pump 1,pump\np-2,Pump 2,pump\n"
BAD = f'id,name,class,criticality\np-1,Pump,pump,9\n"{EVIL.replace(chr(34), "")}",,pump,\n'


async def sent(register: Register, body: bytes, kind: str = "csv") -> tuple[int, Any]:
    """Send a file, and return status and answer."""
    async with asking(register) as client:
        answer = await client.post(f"imports?kind={kind}", content=body)
        return answer.status_code, answer.json()


async def pieces(*given: bytes) -> AsyncIterator[bytes]:
    """Give a body piece by piece."""
    for piece in given:
        yield piece


def assets(register: Register) -> list[str]:
    """Return the ids of all assets."""
    return [one.id for one in register.page("assets", Wanted({})).items]


async def test_a_file_is_previewed_and_then_entered(register: Register) -> None:
    """The preview changes nothing; entering does what it said, under the name of who did it."""
    status, seen = await sent(register, GOOD)
    assert status == 200
    assert seen["file"] == f"{sha256(GOOD).hexdigest()}.csv"
    assert (seen["created"], seen["updated"], seen["written"]) == (2, 0, False)
    assert assets(register) == []
    async with asking(register) as client:
        path = f"imports/{seen['file']}"
        entered = await told(client, path, by="ada", created=2, updated=0)
    assert entered["written"]
    assert assets(register) == ["p-1", "p-2"]
    assert {one.who for one in register.trail("asset").items} == {"ada"}


async def test_what_would_do_something_else_by_now_is_refused(
    register: Register, tmp_path: Path
) -> None:
    """A colleague entered one of the assets meanwhile: nothing is written."""
    _, seen = await sent(register, GOOD)
    (tmp_path / "one.csv").write_bytes(b"id,name,class\np-1,Mine,pump\n")
    register.import_assets(tmp_path / "one.csv", "bob")
    async with asking(register) as client:
        path = f"imports/{seen['file']}"
        refusal = await told(client, path, status=409, by="ada", created=2, updated=0)
    assert "2 new and 0 changed" in refusal
    assert "1 and 1" in refusal
    assert assets(register) == ["p-1"]
    assert register.one("assets", "p-1").name == "Mine"


async def test_problems_are_told_by_line_and_nothing_is_entered(register: Register) -> None:
    """Not by the preview, and not by who tries all the same."""
    status, seen = await sent(register, BAD.encode())
    assert status == 200
    assert [(one["line"], one["field"]) for one in seen["problems"]] == [
        (2, "criticality"),
        (3, "name"),
    ]
    async with asking(register) as client:
        path = f"imports/{seen['file']}"
        refusal = await told(client, path, status=409, by="ada", created=2, updated=0)
    assert "2 problems, the first in line 2: criticality: came" in refusal
    assert assets(register) == []


async def test_a_preview_shows_nothing_of_other_districts(
    register: Register, tmp_path: Path
) -> None:
    """An asset there looks like one that is nowhere; what would lie there is refused."""
    (tmp_path / "a.csv").write_bytes(b"id,name,class,district\ne-1,East,pump,east\n")
    register.import_assets(tmp_path / "a.csv", "root")
    west = register.within(Boundary(["west"]))
    told = []
    for taken in (b"e-1", b"new"):
        _, seen = await sent(west, b"id,name,class,district,parent\n%b,X,pump,west,\n" % taken)
        told.append({name: value for name, value in seen.items() if name != "file"})
    assert told[0] == told[1]
    assert told[0]["created"] == 1
    for parent in (b"e-1", b"none"):
        _, seen = await sent(
            west, b"id,name,class,district,parent\nw,X,pump,west,%b\n" % parent
        )
        assert "allowed: an asset of this file" in seen["problems"][0]["told"]
    _, seen = await sent(west, b"id,name,class,district\na,X,pump,east\nb,X,pump,\n")
    assert [(one["line"], one["field"], one["told"]) for one in seen["problems"]] == [
        (2, "district", "came 'east', allowed: west"),
        (3, "district", "came nothing, allowed: west"),
    ]


async def test_an_id_that_is_taken_elsewhere_is_refused(
    register: Register, tmp_path: Path
) -> None:
    """In a sentence that names no asset; nothing is written."""
    (tmp_path / "a.csv").write_bytes(b"id,name,class,district\ne-1,East,pump,east\n")
    register.import_assets(tmp_path / "a.csv", "root")
    west = register.within(Boundary(["west"]))
    _, seen = await sent(west, b"id,name,class,district\ne-1,X,pump,west\nw,X,pump,west\n")
    async with asking(west) as client:
        path = f"imports/{seen['file']}"
        refusal = await told(client, path, status=409, by="wes", created=2, updated=0)
    assert refusal == uploads.TAKEN
    assert assets(register) == ["e-1"]
    assert register.one("assets", "e-1").name == "East"


@pytest.mark.parametrize("name", ["../register.db", "0" * 64 + ".csv", "register.db", ""])
async def test_no_other_file_is_entered(register: Register, name: str) -> None:
    """A name that is no hash, or of no file that was sent, leads nowhere."""
    (register.data_dir / uploads.FOLDER).mkdir()
    with pytest.raises(UnknownError, match="allowed: one of the last 8"):
        uploads.preview(register, name)


async def test_a_file_that_was_touched_is_not_entered(register: Register) -> None:
    """What is entered is what was looked at."""
    _, seen = await sent(register, GOOD)
    (register.data_dir / uploads.FOLDER / seen["file"]).write_bytes(GOOD + b"p-3,x,pump\n")
    async with asking(register) as client:
        path = f"imports/{seen['file']}"
        refusal = await told(client, path, status=409, by="ada", created=2, updated=0)
    assert "is not what was sent" in refusal


async def test_files_are_bounded_in_size_and_number(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one that is too large nothing stays; of many, the newest."""
    monkeypatch.setattr(uploads, "UPLOAD_BYTES_MAX", 100)
    status, refusal = await sent(register, GOOD + b"p-3,x,pump\n" * 9)
    assert (status, refusal["detail"]) == (413, "file: allowed: at most 100 bytes")
    folder = register.data_dir / uploads.FOLDER
    assert list(folder.iterdir()) == []
    for number in range(uploads.FILES_MAX + 3):
        await uploads.keep(register, "csv", pieces(b"%d" % number))
    assert len(list(folder.iterdir())) == uploads.FILES_MAX


async def test_an_upload_that_breaks_off_leaves_nothing(register: Register) -> None:
    """The browser went away in the middle."""

    async def broken() -> AsyncIterator[bytes]:
        yield GOOD[:10]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await uploads.keep(register, "csv", broken())
    assert list((register.data_dir / uploads.FOLDER).iterdir()) == []


async def test_what_a_crash_left_is_gone_after_the_next_start(
    city: City, register: Register
) -> None:
    """What another process is still writing stays, and files that came whole."""
    folder = register.data_dir / uploads.FOLDER
    folder.mkdir()
    whole = await uploads.keep(register, "csv", pieces(GOOD))
    (folder / "crashed.part").write_bytes(GOOD[:9])
    with (folder / "coming.part").open("xb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with serving(city, register):
            assert {one.name for one in folder.iterdir()} == {"coming.part", whole}
    uploads.forget_broken(register.data_dir / "nowhere")


@pytest.fixture
def served(city: City, register: Register) -> Iterator[Console]:
    """A console with an empty register."""
    with serving(city, register) as console:
        yield console


async def test_a_file_is_sent_looked_at_and_entered_on_a_phone(
    browser: Browser, served: Console, register: Register, tmp_path: Path
) -> None:
    """First one with problems, then a large and a good one; axe finds nothing on the way."""
    page = await browser.new_page(viewport=PHONE)
    await page.goto(f"{served.url}/import")
    await page.get_by_label("Your name").fill("ada")
    (tmp_path / "bad.csv").write_text(BAD)
    (tmp_path / "large.csv").write_bytes(GOOD + b"p,%090d,pump\n" % 0 * 12_000)
    (tmp_path / "good.csv").write_bytes(GOOD)
    await expect(page.get_by_role("button", name="Send and check")).to_be_enabled()
    await page.get_by_label("File").set_input_files(tmp_path / "bad.csv")
    await page.get_by_role("button", name="Send and check").press("Enter")
    await page.wait_for_url(re.compile(r"\?file=[0-9a-f]{64}"))
    await expect(page.get_by_role("row")).to_have_count(3)
    await expect(page.get_by_role("button", name="Enter")).to_have_count(0)
    await check_sound(page)
    await expect(page.get_by_role("button", name="Send and check")).to_be_enabled()
    await page.get_by_label("File").set_input_files(tmp_path / "large.csv")
    await page.get_by_role("button", name="Send and check").press("Enter")
    await expect(page.locator(".parts")).to_contain_text(
        "11\N{NARROW NO-BREAK SPACE}999 problems"
    )
    await expect(page.get_by_role("button", name="Send and check")).to_be_enabled()
    await page.get_by_label("File").set_input_files(tmp_path / "good.csv")
    await page.get_by_role("button", name="Send and check").press("Enter")
    await page.get_by_role("button", name="Enter it").press("Enter")
    dialog = page.get_by_role("dialog", name="Enter these assets")
    await expect(dialog).to_contain_text("2 new assets and 0 changed assets")
    await dialog.get_by_role("button", name="Enter").press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Entered: 2 new assets")
    await expect(page.locator(".parts")).to_contain_text("It changes nothing")
    assert assets(register) == ["p-1", "p-2"]
    await page.close()
