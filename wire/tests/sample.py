"""Random payloads that use every type and every field, repeatable by their seed."""

import random
import struct
from collections.abc import Callable
from typing import Any

from lamppost.wire.datatypes import DataType
from lamppost.wire.payload import (
    DataSet,
    MetaData,
    Metric,
    Parameter,
    Payload,
    Property,
    Template,
)

TEXTS = ("", "a", "flow", "Node Control/Rebirth", "°C", "поток", "🌊", "x" * 200, "nul\0inside")
SCALAR_TYPES = tuple(DataType(n) for n in range(DataType.INT8, DataType.UUID + 1))
BYTES_TYPES = (DataType.BYTES, DataType.FILE, *(DataType(n) for n in range(22, 35)))
_BITS = {1: 8, 2: 16, 3: 32, 4: 64, 5: 8, 6: 16, 7: 32, 8: 64, 13: 64}
_REALS = (0.0, -0.0, 1.0, 21.57, -1e-3, float("inf"), float("-inf"), float("nan"))
_EDGES = (0, 1, 2, 127, 128, 129, 255, 256, 16383, 16384, 2**21, 2**28 - 1, 2**31, 2**32, 2**63)


class Sample:
    """A source of random payloads."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def payload(self) -> Payload:
        """Return a payload with up to four metrics."""
        return Payload(
            self._maybe(self._uint64),
            tuple(self.metric(2) for _ in range(self.random.choice((0, 1, 1, 2, 4)))),
            self._maybe(lambda: self.random.randrange(256)),
            self._maybe(self._text, 0.1),
            self._maybe(self._bytes, 0.3),
        )

    def metric(self, depth: int) -> Metric:
        """Return a metric; `depth` levels of templates or property sets may be inside."""
        datatype, value = self._typed_value(depth)
        is_null = self._maybe(self._bool, 0.2)
        return Metric(
            self._maybe(self._text, 0.6),
            None if is_null else value,
            datatype,
            self._maybe(self._uint64, 0.5),
            self._maybe(self._uint64, 0.8),
            self._maybe(self._bool, 0.2),
            self._maybe(self._bool, 0.1),
            is_null,
            self._maybe(lambda: self._properties(depth), 0.2),
            self._maybe(self._metadata, 0.1),
        )

    def scalar(self, datatype: DataType) -> Any:
        """Return a value of a type that is neither compound nor bytes."""
        if datatype in _BITS:
            bits = _BITS[datatype]
            low = -(2 ** (bits - 1)) if datatype <= DataType.INT64 else 0
            high = low + 2**bits - 1
            number = self.random.choice((low, high, -1, self._uint64(), *_EDGES[:6]))
            return number if low <= number <= high else self.random.randint(low, high)
        if datatype is DataType.BOOLEAN:
            return self._bool()
        if datatype is DataType.FLOAT:
            return self._real("<f", 4)
        if datatype is DataType.DOUBLE:
            return self._real("<d", 8)
        return self._text()

    def _real(self, form: str, size: int) -> Any:
        if self.random.random() < 0.5:
            return self.random.choice(_REALS)
        if self.random.random() < 0.1:
            return self.random.randint(-(2**40), 2**40)
        return struct.unpack(form, self.random.randbytes(size))[0]

    def _typed_value(self, depth: int) -> tuple[DataType | None, Any]:
        kind = self.random.random()
        if kind < 0.5:
            datatype = self.random.choice(SCALAR_TYPES)
            return datatype, self.scalar(datatype)
        if kind < 0.65:
            natural = self.random.choice(
                (
                    DataType.INT64,
                    DataType.UINT64,
                    DataType.DOUBLE,
                    DataType.BOOLEAN,
                    DataType.TEXT,
                )
            )
            value = self.scalar(natural)
            return self.random.choice((None, DataType.UNKNOWN)), value
        if kind < 0.75:
            return self.random.choice((None, *BYTES_TYPES)), self._bytes()
        if kind < 0.85:
            return self.random.choice((None, DataType.DATASET)), self._dataset()
        if kind < 0.95 and depth:
            return self.random.choice((None, DataType.TEMPLATE)), self._template(depth - 1)
        return self.random.choice((None, *DataType)), None

    def _properties(self, depth: int) -> dict[str, Property]:
        return {self._text(): self._property(depth) for _ in range(self.random.randrange(4))}

    def _property(self, depth: int) -> Property:
        kind = self.random.random()
        if kind < 0.1:
            return Property(None, self.random.choice(list(DataType)), self._bool())
        if kind < 0.3 and depth:
            return Property(self._properties(depth - 1), DataType.PROPERTY_SET)
        if kind < 0.4 and depth:
            sets = tuple(self._properties(depth - 1) for _ in range(self.random.randrange(3)))
            return Property(sets, DataType.PROPERTY_SET_LIST)
        datatype = self.random.choice(SCALAR_TYPES)
        return Property(self.scalar(datatype), datatype)

    def _dataset(self) -> DataSet:
        width = self.random.randrange(4)
        types = tuple(self.random.choice(SCALAR_TYPES) for _ in range(width))
        rows = tuple(self._row(types) for _ in range(self.random.randrange(4)))
        return DataSet(tuple(self._text() for _ in types), types, rows)

    def _row(self, types: tuple[DataType, ...]) -> tuple[Any, ...]:
        return tuple(
            self.scalar(kind) if self.random.random() < 0.9 else None for kind in types
        )

    def _template(self, depth: int) -> Template:
        return Template(
            self._maybe(self._text),
            tuple(self.metric(depth) for _ in range(self.random.randrange(3))),
            tuple(self._parameter() for _ in range(self.random.randrange(3))),
            self._maybe(self._text),
            self._maybe(self._bool),
        )

    def _parameter(self) -> Parameter:
        datatype = self.random.choice(SCALAR_TYPES)
        return Parameter(
            self._maybe(self._text, 0.9),
            self._maybe(lambda: self.scalar(datatype), 0.9),
            datatype,
        )

    def _metadata(self) -> MetaData:
        texts = [self._maybe(self._text) for _ in range(5)]
        return MetaData(
            self._maybe(self._bool),
            texts[0],
            self._maybe(self._uint64),
            self._maybe(self._uint64),
            *texts[1:],
        )

    def _maybe(self, make: Callable[[], Any], chance: float = 0.5) -> Any:
        return make() if self.random.random() < chance else None

    def _bool(self) -> bool:
        return self.random.random() < 0.5

    def _text(self) -> str:
        return self.random.choice(TEXTS)

    def _bytes(self) -> bytes:
        return self.random.randbytes(self.random.choice((0, 1, 8, 28, 130)))

    def _uint64(self) -> int:
        return self.random.choice((*_EDGES, 2**64 - 1, self.random.getrandbits(64)))
