"""The chain over TLS with client certificates, under the ACL that we ship."""

import re
from pathlib import Path

import pytest
import trustme

from lamppost.sim.broker import BrokerTls, run_broker
from lamppost.sim.ports import free_port
from parts.chain import Chain, start_city
from parts.required import require_program

ACL = Path(__file__).parents[1] / "deploy" / "acl.conf"
NODE = "air-1"


class Authority:
    """A certificate authority of the test's own, with one certificate a name."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._ca = trustme.CA()
        self.ca_file = home / "ca.crt"
        self._ca.cert_pem.write_to_path(str(self.ca_file))

    def issue(self, name: str, *identities: str) -> tuple[Path, Path]:
        """Certificate and key for `name` as common name."""
        issued = self._ca.issue_cert(*(identities or (f"{name}.test",)), common_name=name)
        cert, key = self._home / f"{name}.crt", self._home / f"{name}.key"
        for n, blob in enumerate(issued.cert_chain_pems):
            blob.write_to_path(str(cert), append=n > 0)
        issued.private_key_pem.write_to_path(str(key))
        return cert, key


def mqtt_table(port: int, ca: Path, cert: Path, key: Path) -> str:
    """The [mqtt] table of a configuration file."""
    return (
        f'[mqtt]\nhost = "127.0.0.1"\nport = {port}\n'
        f'ca_file = "{ca}"\ncert_file = "{cert}"\nkey_file = "{key}"\n'
    )


@pytest.mark.timeout(420)
def test_chain_runs_over_tls_with_client_certificates(tmp_path: Path) -> None:
    """Readings arrive when both ends prove who they are; each may say only what is its own."""
    require_program("mosquitto", "mosquitto")
    authority = Authority(tmp_path)
    server_cert, server_key = authority.issue("broker", "127.0.0.1", "localhost")
    (tmp_path / "broker").mkdir()
    tls = BrokerTls(
        ca_file=authority.ca_file,
        cert_file=server_cert,
        key_file=server_key,
        require_certificate=True,
        use_identity_as_username=True,
    )
    broker = run_broker(
        directory=tmp_path / "broker", tls=tls, acl_file=ACL, allow_anonymous=False
    )
    chain = Chain(tmp_path, broker, free_port())
    try:
        assert broker.tls_port is not None
        config = tmp_path / "aggregator.toml"
        config.write_text(
            mqtt_table(
                broker.tls_port, authority.ca_file, *authority.issue("lamppost-aggregator")
            )
        )
        chain.launch(
            "aggregator", "aggregator", "run", str(config),
            "--data", str(tmp_path / "aggregator"),
            "--console", f"127.0.0.1:{chain.console_port}",
        )  # fmt: skip
        chain.wait_ready()
        start_city(chain, f"{broker.host}:{broker.port}", nodes=[])
        secure_node(chain, authority, broker.tls_port)
        chain.wait_online(1)
        chain.wait_more(100)
        # The acknowledgements come back over the same ACL, so the node's buffer empties.
        chain.wait_status(NODE, lambda told: told["stored"] > 50, "acknowledgements to arrive")
    finally:
        chain.close()


def secure_node(chain: Chain, authority: Authority, port: int) -> None:
    """Give the node's configuration a TLS connection, and start its agent."""
    file = chain.home / "nodes" / f"{NODE}.toml"
    secure = mqtt_table(port, authority.ca_file, *authority.issue(NODE))
    text, count = re.subn(r"\[mqtt\]\n(?:[^\[\n].*\n|\n)*", secure + "\n", file.read_text())
    assert count == 1
    file.write_text(text)
    chain.nodes[NODE] = file
    chain.launch(NODE, "edge", "run", str(file))
