"""What `lamppost sim faults` and `lamppost sim devices` print."""

import json

from lamppost.sim.city import City
from lamppost.sim.fault_spec import FORM
from lamppost.sim.faults import KINDS


def show_faults(*, as_json: bool) -> None:
    """Print every kind of fault and what it does."""
    if as_json:
        print(json.dumps([_kind_facts(name) for name in KINDS], indent=1))
        return
    print(f"written as {FORM}\n")
    for kind in KINDS.values():
        print(f"{kind.name:<10} {kind.fault_class}: {kind.does}")
        where = f"a {kind.model}, as a whole" if kind.model else "any channel"
        if not kind.model and not kind.on_bits:
            where = "any numeric channel"
        print(f"{'':<10} strikes {where}; for {kind.default_for_s:g} s unless told otherwise")
        if kind.default_size is not None:
            print(f"{'':<10} size 0..1, {kind.default_size:g} by default: {kind.size_means}")


def _kind_facts(name: str) -> dict[str, object]:
    kind = KINDS[name]
    return {
        "kind": kind.name,
        "class": kind.fault_class,
        "does": kind.does,
        "model": kind.model or None,
        "channels": list(kind.channels) or None,
        "on_bits": kind.on_bits,
        "default_for_s": kind.default_for_s,
        "max_for_s": kind.max_for_s,
        "default_size": kind.default_size,
        "size_means": kind.size_means or None,
    }


def show_devices(city: City, *, as_json: bool) -> None:
    """Print a city's devices, channel by channel."""
    if as_json:
        print(json.dumps(_city_facts(city), indent=1))
        return
    print(f"city {city.name}, group {city.group}")
    for node, device in city.sites():
        print(f"\n{node.name} / {device.name}  ({device.sheet.title})")
        for register in device.sheet.registers:
            unit = "" if register.is_bit else f"{register.low:g}..{register.high:g} "
            place = f"{register.table} {register.address} {register.encoding}"
            print(f"  {register.channel:<14} {unit + register.unit:<18} {place:<20} "
                  f"{register.meaning}")  # fmt: skip


def _city_facts(city: City) -> dict[str, object]:
    return {
        "city": city.name,
        "group": city.group,
        "devices": [
            {
                "node": node.name,
                "device": device.name,
                "model": device.sheet.model,
                "channels": [
                    {
                        "channel": register.channel,
                        "table": register.table,
                        "address": register.address,
                        "encoding": register.encoding,
                        "scale": register.scale,
                        "offset": register.offset,
                        "unit": register.unit,
                        "low": None if register.is_bit else register.low,
                        "high": None if register.is_bit else register.high,
                        "class": register.channel_class,
                        "meaning": register.meaning,
                    }
                    for register in device.sheet.registers
                ],
            }
            for node, device in city.sites()
        ],
    }
