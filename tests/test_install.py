"""What a node installs: small, without numpy, with wheels for a Raspberry Pi."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from parts.required import missing

ROOT = Path(__file__).parents[1]
PROBE = """
import importlib.util, lamppost.edge.agent, lamppost.wire.encode
for name in ("numpy", "numba", "lamppost.aggregator", "lamppost.register"):
    assert importlib.util.find_spec(name) is None, name
"""


def uv(*args: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run uv, the one on PATH or the one that `make setup` keeps in .tools."""
    program = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    if not Path(program).exists():
        missing("uv is not on PATH; `make setup` puts one into .tools")
    env = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    return subprocess.run(
        [program, *args],
        check=False,
        capture_output=True,
        text=True,
        timeout=280,
        cwd=cwd,
        env=env,
    )


@pytest.fixture(scope="module")
def node_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment into which only the edge's wheels and their dependencies went."""
    home = tmp_path_factory.mktemp("node")
    for room in ("lamppost-wire", "lamppost-edge"):
        built = uv(
            "build", "--quiet", "--wheel", "--package", room, "--out-dir", str(home / "dist")
        )
        assert built.returncode == 0, built.stderr
    wheels = [str(file) for file in (home / "dist").glob("*.whl")]
    for step in (
        ["venv", "--quiet", str(home / "venv")],
        ["pip", "install", "--quiet", "--python", str(home / "venv"), *wheels],
    ):
        done = uv(*step, cwd=home)
        assert done.returncode == 0, done.stderr
    return home / "venv"


@pytest.mark.timeout(300)
def test_edge_installs_without_numpy(node_environment: Path) -> None:
    """An environment with only lamppost-edge imports the agent and has no numpy in it."""
    done = subprocess.run(
        [str(node_environment / "bin" / "python"), "-c", PROBE],
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_node_offers_only_the_edge_command(node_environment: Path) -> None:
    """With nothing but the edge installed, `lamppost` knows one subcommand."""
    command = str(node_environment / "bin" / "lamppost")
    shown = subprocess.run([command, "--help"], check=False, capture_output=True, text=True)
    offered = [line.split()[0] for line in shown.stdout.splitlines() if line.startswith("  ")]
    assert offered == ["edge"]
    refused = subprocess.run([command, "demo"], check=False, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "installed: edge" in refused.stderr


@pytest.mark.timeout(300)
@pytest.mark.parametrize("python", ["3.11", "3.13"])
def test_edge_resolves_for_arm64_from_binaries_only(python: str, tmp_path: Path) -> None:
    """Every dependency of the edge is pure Python or has an aarch64 wheel."""
    needs = tmp_path / "edge.in"
    listed = uv(
        "export", "--quiet", "--frozen", "--no-hashes", "--no-emit-workspace", "--no-dev",
        "--package", "lamppost-edge", "--output-file", str(needs),
    )  # fmt: skip
    assert listed.returncode == 0, listed.stderr
    assert "pymodbus==" in needs.read_text()
    done = uv(
        "pip", "install", "--dry-run", "--only-binary", ":all:", "--no-deps",
        "--python-platform", "aarch64-manylinux_2_28", "--python-version", python,
        "--target", str(tmp_path / "node"), "--requirements", str(needs),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
