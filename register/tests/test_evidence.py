"""Evidence packs: they hold by themselves alone, and no byte of them can be changed."""

import io
import json
import subprocess
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from lamppost.register import cli
from lamppost.register.condition import deciding
from lamppost.register.condition.values import INDICATOR
from lamppost.register.evidence import pack
from lamppost.register.evidence.making import make
from lamppost.register.evidence.verifying import PackError, verify
from lamppost.register.indicators.definitions import known
from lamppost.register.indicators.signing import sign
from lamppost.register.records.births import channel_id
from lamppost.register.records.deciding import ConflictError
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register

from .registers import T0, Clock
from .test_indicators import FACTS, NOW, SMART_LAMP, city

LAMPS = "iso37122-2019:7.6"


@pytest.fixture
def lamps(register: Register, clock: Clock) -> Register:
    """Two lamps, one of them smart and calibrated, with hostile names."""
    clock.now_ms = T0 + 60_000
    city(
        register,
        ('lamp "1", ü', "lamp", {}, SMART_LAMP),
        ("lamp-2\n=2+2", "lamp", {}, ()),
    )
    meter = channel_id("riverside", "station", 'lamp "1", ü', "energy")
    register.calibrate(meter, "ada", T0, None, "certificate 7")
    return register


@pytest.fixture
def packed(lamps: Register, tmp_path: Path) -> Path:
    """A pack of the lamps."""
    out = tmp_path / "pack.zip"
    assert make(lamps, known(LAMPS), NOW, FACTS, out, "ada").value == 50.0
    return out


def changed(path: Path, name: str, body: bytes) -> Path:
    """Return a copy of a pack with another file in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(buffer, "w") as new:
        for one in old.namelist():
            new.writestr(one, body if one == name else old.read(one))
    other = path.with_name("changed.zip")
    other.write_bytes(buffer.getvalue())
    return other


def rehashed(path: Path, name: str, body: bytes) -> Path:
    """Return a copy of a pack with another file in it, and hashes that fit."""
    with zipfile.ZipFile(path) as archive:
        files = {one: archive.read(one) for one in archive.namelist()} | {name: body}
    manifest = json.loads(files[pack.MANIFEST])
    for one in manifest["files"]:
        held = files[one["name"]]
        one |= {"bytes": len(held), "sha256": sha256(held).hexdigest()}
    files[pack.MANIFEST] = json.dumps(manifest).encode()
    sums = {one: sha256(held).hexdigest() for one, held in files.items() if one != pack.SUMS}
    files[pack.SUMS] = "".join(f"{digest}  {one}\n" for one, digest in sums.items()).encode()
    forged = path.with_name("forged.zip")
    forged.write_bytes(pack.zipped(files))
    return forged


def test_a_pack_holds(packed: Path) -> None:
    """Its hashes fit, its inputs give its value, its lineage re-computes."""
    checked = verify(packed)
    assert checked.faults == ()
    assert (checked.indicator, checked.period) == (LAMPS, NOW.name)


def test_it_is_made_the_same_again(lamps: Register, packed: Path, tmp_path: Path) -> None:
    """The same records give the same bytes."""
    again = tmp_path / "again.zip"
    make(lamps, known(LAMPS), NOW, FACTS, again, "ada")
    assert again.read_bytes() == packed.read_bytes()


def test_anybody_can_check_it_with_sha256sum(packed: Path, tmp_path: Path) -> None:
    """The documented first step works as it stands there."""
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)
    done = subprocess.run(
        ["sha256sum", "-c", pack.SUMS], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.count(": OK") == len(pack.DATA) + 1


def test_the_pack_has_calibrations_and_nobody_has_signed(packed: Path) -> None:
    """Instrument proof for what counts; a signature is never made up."""
    with zipfile.ZipFile(packed) as archive:
        assert b"certificate 7" in archive.read(pack.CALIBRATIONS)
        signed = json.loads(archive.read(pack.SIGNOFFS))
    assert (signed["owner"], signed["steward"]) == (None, None)
    assert signed["told"] == "not signed yet by: owner, steward"


def test_two_people_sign_what_they_have_read(lamps: Register, tmp_path: Path) -> None:
    """The pack has both, with target and what was told before; a restated value has neither."""
    with lamps.changing("ada") as writer:
        deciding.aim(writer, INDICATOR, LAMPS, INDICATOR, "%", 10.0, 80.0, "plan of 2025")
    value = make(lamps, known(LAMPS), NOW, FACTS, tmp_path / "before.zip", "ada")
    for who, part in (("ada", "owner"), ("bob", "steward")):
        with lamps.changing(who) as writer:
            sign(writer, value, value.lineage, part, who, "seen on site")
    out = tmp_path / "signed.zip"
    make(lamps, known(LAMPS), NOW, FACTS, out, "ada")
    with zipfile.ZipFile(out) as archive:
        signed = json.loads(archive.read(pack.SIGNOFFS))
        history = json.loads(archive.read(pack.HISTORY))
    assert (signed["owner"]["signed_by"], signed["steward"]["signed_by"]) == ("ada", "bob")
    assert (signed["told"], signed["lineage"]) == ("signed by both", value.lineage)
    assert history["target"]["goal"] == 80.0
    assert [(one["who"], one["value"]) for one in history["told"]] == [("ada", 50.0)]
    assert verify(out).faults == ()
    city(lamps, ("lamp-3", "lamp", {}, ()))
    restated = make(lamps, known(LAMPS), NOW, FACTS, out, "eve")
    assert restated.lineage != value.lineage
    with zipfile.ZipFile(out) as archive:
        assert json.loads(archive.read(pack.SIGNOFFS))["owner"] is None
        history = json.loads(archive.read(pack.HISTORY))
    assert [one["who"] for one in history["told"]] == ["ada", "eve"]


def test_who_may_not_sign_is_told_why(lamps: Register, tmp_path: Path) -> None:
    """Four eyes, one lineage, each part once, and nothing where there is no value."""
    value = make(lamps, known(LAMPS), NOW, FACTS, tmp_path / "pack.zip", "ada")
    nothing = make(lamps, known("iso37122-2019:12.1"), NOW, FACTS, tmp_path / "nr.zip", "ada")
    with lamps.changing("ada") as writer:
        sign(writer, value, value.lineage, "owner", "ada")
    with lamps.changing("ada") as writer:
        with pytest.raises(RefusedError, match="four eyes"):
            sign(writer, value, value.lineage, "steward", "ada")
        with pytest.raises(ConflictError, match="ada has signed it already"):
            sign(writer, value, value.lineage, "owner", "bob")
        with pytest.raises(ConflictError, match="changed since it was read"):
            sign(writer, value, "0" * 64, "steward", "bob")
        with pytest.raises(RefusedError, match="allowed: owner, steward"):
            sign(writer, value, value.lineage, "friend", "bob")
        with pytest.raises(RefusedError, match="nothing to sign"):
            sign(writer, nothing, nothing.lineage, "owner", "bob")


def test_one_person_under_both_parts_is_found(packed: Path) -> None:
    """Also when somebody has written it into the pack and made all hashes fit."""
    with zipfile.ZipFile(packed) as archive:
        signed = json.loads(archive.read(pack.SIGNOFFS))
    mine = {"signed_by": "ada", "created_ms": T0, "note": None}
    body = json.dumps(signed | {"owner": mine, "steward": mine}).encode()
    assert verify(rehashed(packed, pack.SIGNOFFS, body)).faults == (
        "ada has signed as owner and as steward: two eyes, not four",
    )


@pytest.mark.parametrize("name", [*pack.DATA, pack.MANIFEST, pack.SUMS])
def test_a_changed_byte_is_found(packed: Path, name: str) -> None:
    """In whatever file it is."""
    with zipfile.ZipFile(packed) as archive:
        body = archive.read(name)
    middle = len(body) // 2
    other = bytes([body[middle] ^ 1])
    assert verify(changed(packed, name, body[:middle] + other + body[middle + 1 :])).faults


def test_inputs_that_do_not_give_the_value_are_found(packed: Path) -> None:
    """Even when all hashes are made to fit."""
    with zipfile.ZipFile(packed) as archive:
        body = archive.read(pack.INPUTS).replace(b"false,false", b"true,false")
    faults = verify(rehashed(packed, pack.INPUTS, body)).faults
    assert any(fault.startswith("value: ") for fault in faults)
    assert any(fault.startswith("lineage: ") for fault in faults)


def test_what_is_no_pack_is_told(packed: Path, tmp_path: Path) -> None:
    """No archive, one file too many, one that leads out of its folder."""
    wrong = tmp_path / "wrong.zip"
    wrong.write_bytes(b"no zip")
    with pytest.raises(PackError, match="no readable ZIP"):
        verify(wrong)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("../evil", "x")
    with pytest.raises(PackError, match="exactly"):
        verify(packed)


@pytest.mark.sqlite
def test_the_commands_make_and_verify(
    lamps: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`evidence` writes it, `verify` says that it holds, or exits with 1."""
    out = tmp_path / "out.zip"
    asked = ["evidence", LAMPS, NOW.name, "--out", str(out), "--data", str(tmp_path)]
    assert lamps.address.endswith("register.db")
    assert cli.main(asked) == 0
    told = capsys.readouterr().out
    assert f"{LAMPS} in {NOW.name} is 50.00 %" in told
    lineage = told.rstrip().rpartition(" ")[2]
    signing = ["sign", LAMPS, NOW.name, "--lineage", lineage, "--data", str(tmp_path)]
    assert cli.main([*signing, "--part", "owner", "--as", "ada"]) == 0
    assert "signed by ada" in capsys.readouterr().out
    assert cli.main([*signing, "--part", "steward", "--as", "ada"]) == 1
    assert cli.main(["verify", str(out)]) == 0
    assert "the pack holds" in capsys.readouterr().out
    bad = changed(out, pack.VALUE, b"{}")
    assert cli.main(["verify", str(bad)]) == 1
    assert cli.main(["verify", str(tmp_path / "none.zip")]) == 2
    assert cli.main(["evidence", "nosuch", "2026", "--out", str(out)]) == 2
