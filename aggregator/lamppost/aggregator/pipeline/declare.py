"""What a birth declares is entered: its series, and what its aliases and names mean."""

import numpy as np

from lamppost.aggregator.decode.resolve import TableFullError
from lamppost.aggregator.nodes.births import Birth, Declared, read_birth
from lamppost.aggregator.nodes.nodes import Node, Route
from lamppost.aggregator.nodes.series import SeriesInfo, SeriesKey, SeriesLimitError
from lamppost.aggregator.pipeline.tools import FACT, IGNORED, Tools
from lamppost.wire.datatypes import DataType
from lamppost.wire.decode import DecodeError, decode


class Declarer:
    """Fills the series index, the judge and the alias table from births."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def declare(
        self, route: Route, birth: Birth, now_ms: int
    ) -> list[tuple[SeriesInfo, Declared]]:
        """Enter the series of a birth and what its aliases mean."""
        tools = self._tools
        meanings: dict[int | str, tuple[int, int]] = {}
        born: list[tuple[SeriesInfo, Declared]] = []
        for one in birth.series:
            info = self._admit(route, one)
            born.append((info, one))
            key = one.name if one.alias is None else one.alias
            meanings[key] = (info.index, int(info.datatype))
        for code, metrics in ((FACT, birth.facts), (IGNORED, birth.ignored)):
            for metric in metrics:
                key = (metric.name or "") if metric.alias is None else metric.alias
                meanings[key] = (code, 0)
        route.facts = {
            (metric.name or "") if metric.alias is None else metric.alias: metric.name or ""
            for metric in birth.facts
        }
        self._fill_table(route, meanings)
        if born:
            series = np.fromiter((info.index for info, _ in born), np.int32, len(born))
            tools.judging.judge.seen(series, now_ms)
        return born

    def _admit(self, route: Route, one: Declared) -> SeriesInfo:
        tools, node = self._tools, route.node
        key = SeriesKey(node.group, node.name, route.device, one.name)
        known = tools.judging.index.find(*key)
        info = tools.judging.index.add(
            key,
            one.datatype or DataType.UNKNOWN,
            unit=one.unit,
            low=one.low,
            high=one.high,
            rate_per_s=one.rate_per_s,
            heartbeat_ms=one.heartbeat_ms,
            channel_class=one.channel_class,
            asset=one.asset,
            position=(one.latitude, one.longitude),
        )
        if info is not known:
            self.enter(info, node)
            tools.log.series(info)
        return info

    def enter(self, info: SeriesInfo, node: Node) -> None:
        """Make a new or changed series known to the judge and the books."""
        self._tools.owners.put(info.index, node)
        self._tools.judging.admit(info)

    def _fill_table(self, route: Route, meanings: dict[int | str, tuple[int, int]]) -> None:
        table = self._tools.table
        gone = {series for series, _ in route.meanings.values() if series >= 0}
        gone -= {series for series, _ in meanings.values()}
        if gone:
            left_out = np.fromiter(sorted(gone), np.int32, len(gone))
            self._tools.judging.judge.unwatch(left_out)
        if route.meanings.keys() - meanings.keys():
            table.drop(route.number)
            route.meanings = {}
        for key, (series, datatype) in meanings.items():
            if route.meanings.get(key) == (series, datatype):
                continue
            if isinstance(key, str):
                table.put_name(route.number, key, series, datatype)
            else:
                table.put(route.number, key, series, datatype)
        route.meanings = meanings

    def relearn(self, route: Route, now_ms: int) -> None:
        """Read a kept birth again after a restart, for what its aliases mean."""
        if route.birth is None:
            return
        try:
            payload = decode(route.birth[1])
            self.declare(route, read_birth(payload, route.device), now_ms)
        except (DecodeError, SeriesLimitError, TableFullError):
            route.birth = None  # as if it had never come: the node will be asked
