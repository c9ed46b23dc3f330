"""End-to-end delivery: the header, its acknowledgement, what has come, and the ledger.

A node numbers its data messages in a persistent counter and repeats each until the aggregator
has made it durable and said so. `docs/wire-format.md` tells the whole exchange; this module is
its one door.
"""

from lamppost.wire.ack import MAX_RANGES, Ack
from lamppost.wire.header import DeliveryError, Header
from lamppost.wire.ledger import LEDGER, MAX_LEDGER_ROWS, LedgerRow, ledger_metric, ledger_rows
from lamppost.wire.received import MAX_HELD_RANGES, Received

__all__ = [
    "LEDGER",
    "MAX_HELD_RANGES",
    "MAX_LEDGER_ROWS",
    "MAX_RANGES",
    "Ack",
    "DeliveryError",
    "Header",
    "LedgerRow",
    "Received",
    "ledger_metric",
    "ledger_rows",
]
