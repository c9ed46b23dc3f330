"""Serves a device's registers as a Modbus TCP slave, through pymodbus's server."""

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from lamppost.sim.device import Device
from lamppost.sim.ports import LOOPBACK, free_port
from lamppost.sim.registers import WORD_BITS, Register

ANY_UNIT = 0
"""pymodbus's id for "whatever unit the request names": one device answers on its port."""

READ_DISCRETE = 2
READ_INPUT = 4
LAST_ADDRESS = 65_535
MAX_PORT_DRAWS = 8


class ModbusDevice:
    """A device on a TCP port of its own; `start` binds it, `stop` lets it go."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.host = LOOPBACK
        self.port = 0
        self._server: ModbusTcpServer | None = None
        self._inputs = [r for r in device.sheet.registers if r.table == "input"]
        self._bits = [r for r in device.sheet.registers if r.table == "discrete"]

    async def start(self, port: int = 0) -> None:
        """Listen on `port`, or on a free one when it is 0.

        Raises:
            OSError: the port is taken.
        """
        for _ in range(MAX_PORT_DRAWS):
            self.port = port or free_port()
            server = ModbusTcpServer(self._slave(), address=(self.host, self.port))
            try:
                await server.serve_forever(background=True)
            except RuntimeError:  # pymodbus's word for a failed bind
                if port:
                    break
                continue
            self._server = server
            return
        raise OSError(f"{self.device.name}: cannot listen on {self.host}:{self.port}, taken?")

    async def stop(self) -> None:
        """Close the port and every connection on it."""
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus
            self._server = None

    def _slave(self) -> SimDevice:
        inputs = [
            SimData(r.address, values=[0] * r.width, datatype=DataType.REGISTERS, readonly=True)
            for r in self._inputs
        ]
        bits = [
            SimData(r.address, values=[False], datatype=DataType.BITS, readonly=True)
            for r in self._bits
        ]
        # pymodbus wants something in every table; `_refresh` refuses what the sheet has not.
        no_bits = [SimData(LAST_ADDRESS, values=[False], datatype=DataType.BITS)]
        no_words = [SimData(LAST_ADDRESS)]
        return SimDevice(
            ANY_UNIT,
            simdata=(list(no_bits), bits or no_bits, no_words, inputs),
            action=self._refresh,
        )

    async def _refresh(
        self,
        function_code: int,
        start_address: int,
        address: int,
        count: int,
        current_registers: list[int],
        set_values: list[int] | list[bool] | None,  # noqa: ARG002  (no write is let in)
    ) -> ExcCodes | None:
        """Put the device's present words where pymodbus reads them; it calls this each time."""
        if function_code not in {READ_DISCRETE, READ_INPUT}:
            return ExcCodes.ILLEGAL_ADDRESS
        if function_code == READ_INPUT:
            asked = range(address, address + count)
            if self._unknown(self._inputs, asked):
                return ExcCodes.DEVICE_FAILURE
            self._fill_words(start_address, current_registers)
            return None
        # For bits, pymodbus counts the words of 16 that the request touches.
        asked = range(address, (address // WORD_BITS + count) * WORD_BITS)
        if not self._bits:
            return ExcCodes.ILLEGAL_ADDRESS
        if self._unknown(self._bits, asked):
            return ExcCodes.DEVICE_FAILURE
        self._fill_bits(start_address, current_registers)
        return None

    def _unknown(self, registers: list[Register], asked: range) -> bool:
        return any(
            self.device.words(register.channel) is None
            for register in registers
            if any(address in asked for address in register.addresses)
        )

    def _fill_words(self, start_address: int, words: list[int]) -> None:
        for register in self._inputs:
            at = register.address - start_address
            known = self.device.words(register.channel)
            words[at : at + register.width] = known or (0,) * register.width

    def _fill_bits(self, start_word: int, words: list[int]) -> None:
        for register in self._bits:
            at, bit = divmod(register.address - start_word * WORD_BITS, WORD_BITS)
            known = self.device.words(register.channel) or (0,)
            words[at] = (words[at] & ~(1 << bit)) | (known[0] << bit)
