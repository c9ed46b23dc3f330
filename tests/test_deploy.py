"""What deploys Lamppost: it parses, and names only what exists."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from lamppost.aggregator.config import load
from lamppost.register.pages.boards import address

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
SCRIPTS = sorted(DEPLOY.rglob("*.sh"))
OWN_VOLUMES = {
    "eclipse-mosquitto": {"/mosquitto/data", "/mosquitto/log"},
    "influxdb": {"/var/lib/influxdb2", "/etc/influxdb2"},
}
"""What the images declare to be volumes."""
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


@pytest.fixture(scope="module")
def stack() -> dict[str, Any]:
    """The compose file."""
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return read


def test_the_stack_names_only_what_exists(stack: dict[str, Any]) -> None:
    """Bound files, the Dockerfile, and scripts of the image are in this checkout."""
    for name, service in stack["services"].items():
        for mount in service.get("volumes", ()):
            if mount["type"] == "bind":
                assert (DEPLOY / mount["source"]).is_file(), (name, mount["source"])
            else:
                assert mount["source"] in stack["volumes"], (name, mount["source"])
        if build := service.get("build"):
            assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
        inside = [*service.get("entrypoint", ()), *service.get("command", ())]
        for word in inside:
            if word.startswith("/opt/lamppost/"):
                assert (DEPLOY / word.removeprefix("/opt/lamppost/")).is_file(), (name, word)


def test_the_stack_starts_in_an_order_that_works(stack: dict[str, Any]) -> None:
    """Who is waited for exists, and says when it is healthy where that is asked."""
    services = stack["services"]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in services, (name, other)
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[other], (name, other)


def test_the_stack_opens_loopback_only_and_holds_no_secret(stack: dict[str, Any]) -> None:
    """Every published port is this machine's own; secrets come from files."""
    for name, service in stack["services"].items():
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:"), (name, port)
        for key in service.get("environment", {}):
            if re.search("PASSWORD|TOKEN", key):
                assert key.endswith("_FILE"), (name, key)


def test_each_part_of_the_stack_sees_its_own_secrets_only(stack: dict[str, Any]) -> None:
    """Grafana and the aggregator can read neither the token of all rights nor each other's."""
    seen: dict[str, set[str]] = {}
    for name, service in stack["services"].items():
        assert "no-new-privileges:true" in service["security_opt"], name
        for mount in service.get("volumes", ()):
            if mount["source"].endswith("secrets"):
                seen.setdefault(mount["source"], set()).add(name)
                own = name in ("secrets", "setup")
                assert own or mount["read_only"], (name, mount)
    made = {"secrets", "setup"}
    assert seen == {
        "secrets": made | {"influxdb"},
        "grafana-secrets": made | {"grafana"},
        "aggregator-secrets": made | {"aggregator"},
    }


def test_what_the_stack_keeps_is_in_volumes_with_names(stack: dict[str, Any]) -> None:
    """An image's own volumes are mounted, or each start leaves a nameless one behind."""
    for service in stack["services"].values():
        image = service["image"].split(":")[0]
        mounted = {mount["target"] for mount in service.get("volumes", ())}
        assert OWN_VOLUMES.get(image, set()) <= mounted | {*service.get("tmpfs", ())}
    aggregator = stack["services"]["aggregator"]
    kernels = aggregator["environment"]["NUMBA_CACHE_DIR"]
    assert any(kernels.startswith(f"{one['target']}/") for one in aggregator["volumes"])


def test_the_stacks_console_leads_to_its_grafana(stack: dict[str, Any]) -> None:
    """Links from the console to boards go where Grafana is published."""
    services = stack["services"]
    told = address(services["aggregator"]["environment"])
    assert told == services["grafana"]["environment"]["GF_SERVER_ROOT_URL"].rstrip("/")
    assert services["grafana"]["ports"] == [f"{told.removeprefix('http://')}:3000"]


def test_the_stack_writes_rules_for_its_grafana(stack: dict[str, Any]) -> None:
    """What is provisioned depends on the version, so both places must say the same."""
    services = stack["services"]
    told = services["setup"]["environment"]["GRAFANA_VERSION"]
    assert services["grafana"]["image"] == f"grafana/grafana:{told}"


def test_the_stacks_aggregator_understands_its_configuration() -> None:
    """The file in the image is one that it starts with."""
    settings = load(DEPLOY / "stack" / "aggregator.toml")
    assert settings.mqtt.host == "mosquitto"
    assert settings.store_url.startswith("influx2+http://influxdb:8086/")


def test_debians_aggregator_reads_the_password_that_its_unit_is_given() -> None:
    """The account that writes is no administrator, and its secret no file that all can read."""
    script = (DEPLOY / "install-debian.sh").read_text()
    settings = tomllib.loads(script.partition("<<'TOML'\n")[2].partition("\nTOML\n")[0])
    given = (DEPLOY / "systemd" / "aggregator-influx.conf").read_text()
    name, _, file = given.partition("LoadCredential=")[2].strip().partition(":")
    assert file == "/etc/lamppost/lamppost-aggregator.password"
    url = settings["store"]["url"]
    assert url.startswith("influx1+http://lamppost-aggregator@127.0.0.1:")
    read = f"/run/credentials/lamppost-aggregator.service/{name}"
    assert url.endswith(f"?password_file={read}")
    assert "auth-enabled = true" in script


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda one: str(one.relative_to(DEPLOY)))
def test_scripts_parse(script: Path) -> None:
    """Each shell script is one, stops at the first error, and is clean where shellcheck is."""
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert re.search(r"^set -e?u$", script.read_text(), re.MULTILINE)
    if checker := shutil.which("shellcheck"):
        subprocess.run([checker, str(script)], check=True)


@pytest.mark.parametrize("unit", UNITS, ids=lambda one: str(one.name))
def test_units_are_understood(unit: Path, tmp_path: Path) -> None:
    """Systemd knows every key; the programs it would start need not be here."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not here")
    name = unit.name.replace("@.", "@node.")
    here = tmp_path / name
    text = unit.read_text().replace("/opt/lamppost/bin/lamppost", "/bin/true")
    here.write_text(text)
    told = subprocess.run(
        [program, "verify", "--man=no", str(here)], capture_output=True, text=True, check=False
    )
    ours = [line for line in told.stderr.splitlines() if name in line]
    assert ours == []


def test_the_tools_say_where_docker_is_missing(tmp_path: Path) -> None:
    """`make stack` without Docker says what to do instead."""
    for tool in ("dirname", "sh"):
        found = shutil.which(tool)
        assert found
        (tmp_path / tool).symlink_to(found)
    told = subprocess.run(
        ["/bin/sh", str(DEPLOY / "stack" / "stack.sh")],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 1
    assert "install-debian.sh" in told.stderr
