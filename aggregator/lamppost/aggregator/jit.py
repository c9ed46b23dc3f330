"""The one place that owns Numba's flags, and where compiled kernels are kept.

Every kernel is `@kernel`. Set `NUMBA_DISABLE_JIT=1` to run all of them as plain Python, with
the same results.

Numba's own cache looks only at the file of the function it compiled: a changed helper in
another file leaves a stale caller behind. So the cache directory carries a digest of all kernel
sources, and the first writable of these places holds it: `NUMBA_CACHE_DIR` when the operator
set it, the directory given to `prefer`, `__pycache__` beside this file, the user's own cache.
When none can be written to, the kernels compile at every start and `note()` says so.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.unsafe.ndarray import to_fixed_tuple

P = ParamSpec("P")
R = TypeVar("R")
A = TypeVar("A")

HERE = Path(__file__).parent
SOURCES = (
    "columns.py",
    "jit.py",
    "lanes.py",
    "decode/*.py",
    "judge/*.py",
    "alarms/transitions.py",
    "pipeline/latestkernel.py",
    "rollup/windowkernel.py",
    "store/decimals.py",
    "store/linekernel.py",
    "store/words.py",
)
KEPT_CACHES = 3  # older digests are removed

_chosen: Path | None = None
_note = ""


@intrinsic  # type: ignore[untyped-decorator]
def _borrowed(_context: Any, array: Any) -> Any:  # noqa: ANN401 - Numba's types have none
    """The argument's array without its reference count, for helpers that are called very often.

    Numba counts an array up and down in every helper that takes it, atomically; for one that
    reads a byte that is most of its time (3 instead of 50 million metrics a second). The
    borrowed array lives no longer than the kernel's own argument: never return or keep it.
    """

    def lower(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        view = context.make_array(signature.return_type)(context, builder, args[0])
        view.meminfo = cgutils.get_null_value(view.meminfo.type)
        view.parent = cgutils.get_null_value(view.parent.type)
        return view._getvalue()  # noqa: SLF001 - Numba's own spelling in every extension

    return array(array), lower


@intrinsic  # type: ignore[untyped-decorator]
def _fetch(_context: Any, row: Any, place: Any) -> Any:  # noqa: ANN401
    """Ask for the cache line that holds `row[place]`, and do not wait for it.

    Rows of series that are far apart come from main memory, which takes as long as some
    hundred operations; a kernel that knows which rows are next asks for them while it works.
    They are wanted in the second cache only: the first can wait for so few lines at a time that
    asking it for the kilobytes of a few series held up the work (a fifth of the habit tier).
    """

    def lower(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        ir, kind = cgutils.ir, signature.args[0]
        view = context.make_array(kind)(context, builder, args[0])
        at = context.cast(builder, args[1], signature.args[1], types.intp)
        pointer = cgutils.get_item_pointer(context, builder, kind, view, [at])
        byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        ask = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag]),
            "llvm.prefetch.p0",
        )
        read, second_cache, data = flag(0), flag(2), flag(1)
        builder.call(ask, [builder.bitcast(pointer, byte), read, second_cache, data])
        return context.get_dummy_value()

    return types.none(row, place), lower


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` with the flags every kernel of ours has.

    forceinline: helpers read a byte or a number; a call each would cost more than they do.
    nogil: kernels touch arrays only, so ingest and console go on meanwhile.
    error_model="numpy": no branch for ZeroDivisionError; kernels never divide by zero, which
    the runs with the JIT off would show.
    fastmath, parallel and boundscheck stay off: results must be the same bits with the JIT off
    and under any chunking, and the readers compare with the enclosing end themselves.
    """
    if _chosen is None:
        _choose(_candidates(None))
    compiled: Callable[P, R] = numba.njit(
        cache=_chosen is not None, nogil=True, error_model="numpy", forceinline=True
    )(function)
    return compiled


if numba.config.DISABLE_JIT:

    def borrowed(array: A) -> A:
        """The array itself; compiled, it comes without its reference count."""
        return array

    def fetch(row: Any, place: int) -> None:  # noqa: ANN401
        """Nothing; compiled, it asks for the cache line of an element."""

    def as_tuple(row: Any, count: int) -> tuple[float, ...]:  # noqa: ANN401
        """The first `count` elements; compiled, they are numbers of their own, no array."""
        return tuple(row[:count].tolist())

else:
    borrowed = _borrowed
    fetch = _fetch
    as_tuple = to_fixed_tuple


def prefer(directory: Path) -> None:
    """Keep compiled kernels under `directory`; call it before importing any kernel."""
    _choose(_candidates(directory))


def cache_dir() -> Path | None:
    """Where compiled kernels are kept; None when no place could be written to."""
    return _chosen


def note() -> str:
    """One line for the log when kernels cannot be cached; empty when they can."""
    return _note


def digest() -> str:
    """A name that changes whenever a kernel's source or Numba does."""
    found = sorted(path for pattern in SOURCES for path in HERE.glob(pattern))
    text = hashlib.sha256(numba.__version__.encode())
    for path in found:
        text.update(path.name.encode() + b"\0" + path.read_bytes())
    return text.hexdigest()[:16]


def _candidates(preferred: Path | None) -> list[Path]:
    given = os.environ.get("NUMBA_CACHE_DIR")
    bases = [Path(given)] if given else []
    if preferred is not None:
        bases.append(preferred / "kernels")
    bases.append(HERE / "__pycache__" / "kernels")
    return [*bases, *_of_user()]


def _of_user() -> list[Path]:
    user = os.environ.get("XDG_CACHE_HOME")
    try:
        cache = Path(user) if user else Path.home() / ".cache"
    except RuntimeError:
        return []  # a service whose user systemd makes up has no home
    return [cache / "lamppost" / "kernels"]


def _choose(bases: Iterable[Path]) -> None:
    global _chosen, _note
    name = digest()
    tried = list(bases)
    for base in tried:
        if _writable(base / name):
            _prune(base, name)
            _chosen, _note = base / name, ""
            numba.config.CACHE_DIR = str(_chosen)
            return
    _chosen = None
    _note = (
        "compiled kernels cannot be kept, so every start compiles them anew: none of "
        f"{', '.join(map(str, tried))} can be written to; set NUMBA_CACHE_DIR to one that can"
    )


def _writable(directory: Path) -> bool:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return True
    except OSError:
        return False


def _prune(base: Path, keep: str) -> None:
    """Drop the caches of older sources, newest `KEPT_CACHES` excepted."""
    try:
        old = [path for path in base.iterdir() if len(path.name) == len(keep)]
        old.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        for path in [path for path in old if path.name != keep][KEPT_CACHES - 1 :]:
            shutil.rmtree(path, ignore_errors=True)
    except OSError:
        return  # another process prunes too, or the directory is not ours to list
