"""An MQTT broker as a child process, for the demo and the tests."""

from lamppost.sim.broker.plan import BrokerError, BrokerKind, BrokerTls
from lamppost.sim.broker.running import RunningBroker, run_broker

__all__ = ["BrokerError", "BrokerKind", "BrokerTls", "RunningBroker", "run_broker"]
