"""Modbus TCP, on pymodbus: a few block reads per poll."""

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from lamppost.edge.config.model import DeviceConfig
from lamppost.edge.config.problems import Problems
from lamppost.edge.drivers.modbus_blocks import Block, blocks_of, narrower
from lamppost.edge.drivers.modbus_points import Point, Table
from lamppost.edge.drivers.modbus_settings import read_settings
from lamppost.edge.drivers.seam import DriverError, Reading, WallClock, wall_ms
from lamppost.wire.datatypes import Quality

if TYPE_CHECKING:
    from pymodbus.client import AsyncModbusTcpClient
    from pymodbus.pdu import ModbusPDU

UNMAPPED: Final = frozenset((1, 2, 3))
"""Exception codes that speak of the request (function, address, value): the same block will
be refused again, so it is cut up for good."""

NOBODY: Final = frozenset((5, 6, 10, 11))
"""Exception codes of a busy device or of a gateway with nobody behind it: smaller requests
would fare no better, and each may take the gateway's whole timeout."""


LOST: Final = "the connection was lost"


class RefusedError(Exception):
    """The device answered with a Modbus exception."""

    def __init__(self, code: int) -> None:
        super().__init__(f"Modbus exception {code}")
        self.code = code


class ModbusDriver:
    """One unit behind a Modbus TCP server.

    A refused block is read again point by point, so that only what the device does not have
    is BAD; the blocks are then cut so that the next poll goes round it. A new connection
    starts with the full blocks again, since another device may be there.
    """

    def __init__(self, device: DeviceConfig, wall: WallClock = wall_ms) -> None:
        """Read the settings.

        Raises:
            ConfigError: the settings are not usable.
        """
        problems = Problems(str(device.file))
        self._settings = read_settings(device, problems)
        problems.raise_if_any()
        self._timeout_s = device.timeout_s
        self._wall = wall
        self._blocks = blocks_of(self._settings.points, self._settings.max_gap)
        self._client: AsyncModbusTcpClient | None = None
        self._request: asyncio.Timeout | None = None
        self.requests = 0

    @staticmethod
    def check(device: DeviceConfig, problems: Problems) -> None:
        """Note what is wrong with the options and the channels' registers."""
        read_settings(device, problems)

    async def open(self) -> None:
        """Connect.

        Raises:
            DriverError: nobody listens there.
        """
        # Imported here: a node without Modbus devices does not pay for it.
        from pymodbus.client import AsyncModbusTcpClient

        # It logs each failed attempt as a warning; the sampler tells outages, once.
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
        host, port = self._settings.host, self._settings.port
        self._client = AsyncModbusTcpClient(
            host,
            port=port,
            # Ours is shorter and says more; theirs is the second line.
            timeout=2 * self._timeout_s,
            retries=0,
            reconnect_delay=0,
            trace_connect=self._connection_changed,
        )
        if not await self._client.connect():
            raise DriverError(f"no connection to {host}:{port}")

    async def read(self) -> Sequence[Reading]:
        """Read every block.

        Raises:
            DriverError: the connection is gone, or what came is not Modbus.
        """
        readings: list[Reading] = []
        blocks: list[Block] = []
        for block in self._blocks:
            got, kept = await self._read_block(block)
            readings += got
            blocks += kept
        self._blocks = tuple(blocks)
        return readings

    async def close(self) -> None:
        """Disconnect."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def _read_block(self, block: Block) -> tuple[list[Reading], Sequence[Block]]:
        """The block's readings, and the blocks to read in its stead next time."""
        try:
            words = await self._fetch(block.table, block.address, block.count)
        except RefusedError as refusal:
            if len(block.points) == 1 or refusal.code in NOBODY:
                return [self._bad(point) for point in block.points], (block,)
            return await self._read_singly(block, refusal.code in UNMAPPED)
        now_ms = self._wall()
        return [
            Reading(point.channel, point.value(words, block.address), now_ms)
            for point in block.points
        ], (block,)

    async def _read_singly(
        self, block: Block, for_good: bool
    ) -> tuple[list[Reading], Sequence[Block]]:
        readings: list[Reading] = []
        bad: set[Point] = set()
        for point in block.points:
            try:
                words = await self._fetch(point.table, point.address, point.count)
            except RefusedError:
                bad.add(point)
                readings.append(self._bad(point))
            else:
                value = point.value(words, point.address)
                readings.append(Reading(point.channel, value, self._wall()))
        return readings, narrower(block, bad) if for_good else (block,)

    def _bad(self, point: Point) -> Reading:
        return Reading(point.channel, None, self._wall(), Quality.BAD)

    async def _fetch(self, table: Table, address: int, count: int) -> Sequence[int]:
        """Ask for registers or bits.

        Raises:
            RefusedError: with a Modbus exception.
            DriverError: no usable answer.
        """
        from pymodbus.exceptions import ModbusException

        self.requests += 1
        try:
            async with asyncio.timeout(self._timeout_s) as self._request:
                answer = await self._send(table, address, count)
        except TimeoutError:
            if self._client is None or not self._client.connected:
                raise DriverError(LOST) from None
            raise DriverError(f"no answer within {self._timeout_s:g} s") from None
        except ModbusException as error:
            raise DriverError(str(error)) from error
        finally:
            self._request = None
        if answer.isError():
            raise RefusedError(answer.exception_code)
        words = answer.bits if table.is_bits else answer.registers
        # Bits come in whole bytes, so there may be more of them than asked for.
        if len(words) < count or (len(words) > count and not table.is_bits):
            raise DriverError(f"asked for {count} {table.value} words, {len(words)} came")
        return words

    async def _send(self, table: Table, address: int, count: int) -> "ModbusPDU":
        if self._client is None or not self._client.connected:
            raise DriverError(LOST)
        ask = {
            Table.COIL: self._client.read_coils,
            Table.DISCRETE: self._client.read_discrete_inputs,
            Table.INPUT: self._client.read_input_registers,
            Table.HOLDING: self._client.read_holding_registers,
        }[table]
        return await ask(address, count=count, device_id=self._settings.unit)

    def _connection_changed(self, connected: bool) -> None:
        # pymodbus would let a request on a lost connection wait for its timeout.
        request = self._request
        if not connected and request is not None and not request.expired():
            request.reschedule(0)
