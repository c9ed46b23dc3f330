"""Is a unit UCUM? The grammar of the standard, over the atoms that a city's sensors use.

Annotations in braces, exponents, `.`, `/` and parentheses are understood; metric prefixes go
with metric atoms only. An atom that is not listed here is refused by imports and marked on
channels, so a typing error ("l/sec") does not pass as a unit nobody can convert.
"""

import re

CHARS_MAX = 64

METRIC = frozenset(
    {"m", "g", "s", "A", "K", "mol", "cd", "rad", "sr", "Hz", "N", "Pa", "J", "W", "V", "F"}
    | {"Ohm", "S", "Wb", "T", "Cel", "H", "lm", "lx", "Bq", "Gy", "Sv", "L", "l", "bar", "t"}
    | {"u", "eV", "ar", "B", "B[SPL]", "B[W]", "B[V]", "cal", "kat", "St", "m[H2O]", "m[Hg]"}
)
PLAIN = frozenset(
    {"min", "h", "d", "wk", "mo", "a", "deg", "'", "''", "%", "10*", "10^", "har", "[pi]"}
    | {"[ppth]", "[ppm]", "[ppb]", "[pptr]", "[pH]", "[degF]", "[in_i]", "[ft_i]", "[mi_i]"}
    | {"[yd_i]", "[gal_us]", "[lb_av]", "[psi]", "[kn_i]", "[HP]", "[g]", "atm", "AU"}
)
PREFIXES = (
    "Y",
    "Z",
    "E",
    "P",
    "T",
    "G",
    "M",
    "k",
    "h",
    "da",
    "d",
    "c",
    "m",
    "u",
    "n",
    "p",
    "f",
)
BINARY = {f"{prefix}{atom}" for prefix in ("Ki", "Mi", "Gi", "Ti") for atom in ("By", "bit")}
DATA = frozenset({"By", "bit", "Bd"})

_ANNOTATION = re.compile(r"\{[!-z|~]*\}")
_EXPONENT = re.compile(r"([+-]?[1-9][0-9]?)$")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_SPLIT = re.compile(r"([./()])")


def is_unit(code: str) -> bool:
    """Return True when a code is UCUM, case-sensitive, of atoms known here."""
    if not code or len(code) > CHARS_MAX or not code.isascii():
        return False
    bare = _ANNOTATION.sub("\0", code)
    tokens = [token for token in _SPLIT.split(bare) if token]
    if tokens[:1] == ["/"]:
        tokens = tokens[1:]
    return bool(tokens) and _is_term(tokens)


def _is_term(tokens: list[str]) -> bool:
    """Components parted by `.` or `/`; parentheses must match and hold something."""
    depth = 0
    wants_component = True
    for part in tokens:
        if part == "(":
            if not wants_component:
                return False
            depth += 1
        elif part == ")":
            if wants_component or depth == 0:
                return False
            depth -= 1
        elif part in "./":
            if wants_component:
                return False
            wants_component = True
        elif not wants_component or not _is_component(part):
            return False
        else:
            wants_component = False
    return depth == 0 and not wants_component


def _is_component(token: str) -> bool:
    atom, mark, rest = token.partition("\0")
    if rest:
        return False
    if not atom:
        return bool(mark)  # an annotation alone counts things: {vehicle}
    return bool(_NUMBER.fullmatch(atom)) or _is_atom(atom) or _is_atom(_EXPONENT.sub("", atom))


def _is_atom(atom: str) -> bool:
    if atom in METRIC or atom in PLAIN or atom in DATA or atom in BINARY:
        return True
    return any(
        atom.startswith(prefix) and atom[len(prefix) :] in METRIC | DATA for prefix in PREFIXES
    )
