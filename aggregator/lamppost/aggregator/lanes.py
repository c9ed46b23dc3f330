"""Some neighbouring series at once: numbers side by side in the core's wide registers.

The compiler finds such work by itself only in plain loops over one array, so it is told: values
of the type below are LLVM's vectors, with the operators of floats. Without a JIT there are none
(`WIDE` is false), and a tier's plain code, which gives the same bits, judges every reading.
"""
# ruff: noqa: ANN401 - neither Numba's types nor llvmlite's values have types of their own

import operator
from collections.abc import Callable
from typing import Any

import numba
from numba.core import cgutils, types
from numba.core.extending import intrinsic, models, overload, register_model

from lamppost.aggregator.jit import kernel

LANES = 4
"""Doubles in a register of AVX2, which cores of the last ten years have."""
WIDE = not numba.config.DISABLE_JIT

ir: Any = cgutils.ir
_lowered: Callable[[Callable[..., Any]], Callable[..., Any]] = intrinsic
NUMBERS = ir.VectorType(ir.DoubleType(), LANES)
BITS = ir.VectorType(ir.IntType(1), LANES)
BLOCKED = 3  # dimensions of `state[block, column, lane]`
ELEMENT = 8  # bytes: what loads and stores may count on


class _Lanes(types.Type):
    """A number for each lane."""


class _Mask(types.Type):
    """Yes or no for each lane."""


lanes, mask = _Lanes("lanes"), _Mask("mask")


@register_model(_Lanes)
class _LanesModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, NUMBERS)


@register_model(_Mask)
class _MaskModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, BITS)


def _splat(builder: Any, value: Any, kind: Any) -> Any:
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.IntType(32)(0))
    places = ir.Constant(ir.VectorType(ir.IntType(32), LANES), None)
    return builder.shuffle_vector(one, one, places)


def _wide(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """Lanes as they are; a plain number in every lane."""
    if kind == lanes:
        return value
    return _splat(builder, context.cast(builder, value, kind, types.float64), NUMBERS)


def _binary(of: Callable[..., Any], result: Any, lower: Callable[..., Any]) -> None:
    """Give lanes an operator; the other side may be a plain number."""

    @_lowered
    def run(_context: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            one, two = map(
                lambda kind, value: _wide(context, builder, kind, value), signature.args, args
            )
            return lower(builder, one, two)

        return result(a, b), generate

    @overload(of, strict=False)
    def _of(a: Any, b: Any) -> Any:
        return (lambda a, b: run(a, b)) if lanes in (a, b) else None  # noqa: PLW0108


for _operator, _name in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _binary(_operator, lanes, lambda builder, a, b, name=_name: getattr(builder, name)(a, b))
for _operator, _sign in (
    (operator.lt, "<"),
    (operator.le, "<="),
    (operator.gt, ">"),
    (operator.ge, ">="),
    (operator.eq, "=="),
):
    _binary(
        _operator,
        mask,
        lambda builder, a, b, sign=_sign: builder.fcmp_ordered(sign, a, b),
    )


def _logic(of: Callable[..., Any], name: str) -> None:
    @_lowered
    def run(_context: Any, a: Any, b: Any) -> Any:
        def generate(_c: Any, builder: Any, _signature: Any, args: Any) -> Any:
            return getattr(builder, name)(*args)

        return mask(a, b), generate

    @overload(of, strict=False)
    def _of(a: Any, b: Any) -> Any:
        return (lambda a, b: run(a, b)) if a == b == mask else None  # noqa: PLW0108


@_lowered
def _not(_context: Any, a: Any) -> Any:
    def generate(_c: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.xor(args[0], ir.Constant(BITS, [1] * LANES))

    return mask(a), generate


@overload(operator.invert, strict=False)
def _invert(a: Any) -> Any:
    return (lambda a: _not(a)) if a == mask else None  # noqa: PLW0108


_logic(operator.and_, "and_")
_logic(operator.or_, "or_")


@_lowered
def choose(_context: Any, where: Any, a: Any, b: Any) -> Any:
    """`a` in lanes that say yes, else `b`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds = signature.args[1:]
        one, two = (_wide(context, builder, k, v) for k, v in zip(kinds, args[1:], strict=True))
        return builder.select(args[0], one, two)

    return lanes(where, a, b), generate


def _unary(name: str) -> Any:
    @_lowered
    def run(_context: Any, a: Any) -> Any:
        def generate(_c: Any, builder: Any, _signature: Any, args: Any) -> Any:
            whole = f"{name}.v{LANES}f64"
            kind = ir.FunctionType(NUMBERS, [NUMBERS])
            return builder.call(
                cgutils.get_or_insert_function(builder.module, kind, whole), args
            )

        return lanes(a), generate

    return run


size = _unary("llvm.fabs")
root = _unary("llvm.sqrt")


@kernel
def larger(a: Any, b: Any) -> Any:
    """As `max` has it."""
    return choose(b > a, b, a)


@kernel
def smaller(a: Any, b: Any) -> Any:
    """As `min` has it."""
    return choose(b < a, b, a)


@_lowered
def spread(_context: Any, number: Any) -> Any:
    """The number in every lane."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _wide(context, builder, signature.args[0], args[0])

    return lanes(number), generate


@_lowered
def every(_context: Any, where: Any) -> Any:
    """Whether all lanes say yes."""

    def generate(_c: Any, builder: Any, _signature: Any, args: Any) -> Any:
        whole = ir.IntType(LANES)
        bits = builder.bitcast(args[0], whole)
        return builder.icmp_unsigned("==", bits, whole((1 << LANES) - 1))

    return types.boolean(where), generate


def _pointer(context: Any, builder: Any, kind: Any, array: Any, first: Any, of: Any) -> Any:
    """To `of`, which begins with the element `first` of the array's data."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [first]), of.as_pointer())


@_lowered
def _block_of(_context: Any, state: Any, block: Any) -> Any:
    if state.ndim != BLOCKED:
        return None  # rows are no blocks: the last ones would end beyond the array

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, args[0])
        width = builder.extract_value(view.shape, 1)
        block = context.cast(builder, args[1], signature.args[1], types.intp)
        first = builder.mul(block, builder.mul(width, width.type(LANES)))
        turned = context.make_array(signature.return_type)(context, builder)
        context.populate_array(
            turned,
            data=builder.gep(view.data, [first]),
            shape=[width.type(LANES), width],
            strides=[width.type(ELEMENT), width.type(LANES * ELEMENT)],
            itemsize=width.type(ELEMENT),
            meminfo=None,
        )
        return turned._getvalue()  # noqa: SLF001

    return types.Array(types.float64, 2, "A")(state, block), generate


@_lowered
def load(_context: Any, state: Any, block: Any, column: Any) -> Any:
    """A column of a block of `state[block, column, lane]`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at = _place(context, builder, signature, args)
        pointer = _pointer(context, builder, signature.args[0], args[0], at, NUMBERS)
        return builder.load(pointer, align=ELEMENT)

    return lanes(state, block, column), generate


@_lowered
def store(_context: Any, state: Any, block: Any, column: Any, value: Any) -> Any:
    """Put back what `load` took."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at = _place(context, builder, signature, args)
        pointer = _pointer(context, builder, signature.args[0], args[0], at, NUMBERS)
        builder.store(args[3], pointer, align=ELEMENT)
        return context.get_dummy_value()

    return types.none(state, block, column, value), generate


@_lowered
def _finish_loads(_context: Any) -> Any:
    def generate(context: Any, builder: Any, _signature: Any, _args: Any) -> Any:
        builder.fence("seq_cst", "singlethread")
        return context.get_dummy_value()

    return types.none(), generate


@kernel
def renew(state: Any, block: int, column: int, where: Any, new: Any, old: Any) -> None:
    """Put back a column that was loaded, new in lanes that say yes.

    The compiler would make masked stores of this, which take some AMD cores twenty cycles each;
    a fence that tells the core nothing keeps it from seeing the load and the store as one.
    """
    _finish_loads()
    store(state, block, column, choose(where, new, old))


def _place(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    view = context.make_array(signature.args[0])(context, builder, args[0])
    width = builder.extract_value(view.shape, 1)
    block, column = (
        context.cast(builder, args[k], signature.args[k], types.intp) for k in (1, 2)
    )
    row = builder.mul(block, builder.mul(width, width.type(LANES)))
    return builder.add(row, builder.mul(column, width.type(LANES)))


@_lowered
def gather(_context: Any, rows: Any, first: Any, column: Any) -> Any:
    """A column of neighbouring rows of `rows[series, column]`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, args[0])
        width = builder.extract_value(view.shape, 1)
        row, at = (
            context.cast(builder, args[k], signature.args[k], types.intp) for k in (1, 2)
        )
        result = ir.Constant(NUMBERS, ir.Undefined)
        base = builder.add(builder.mul(row, width), at)
        for lane in range(LANES):
            place = builder.add(base, builder.mul(width, width.type(lane)))
            one = builder.load(builder.gep(view.data, [place]))
            result = builder.insert_element(result, one, ir.IntType(32)(lane))
        return result

    return lanes(rows, first, column), generate


@_lowered
def take(_context: Any, column: Any, first: Any) -> Any:
    """Neighbouring elements of a column of any number type."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0].dtype
        of = ir.VectorType(context.get_value_type(kind), LANES)
        at = context.cast(builder, args[1], signature.args[1], types.intp)
        pointer = _pointer(context, builder, signature.args[0], args[0], at, of)
        found = builder.load(pointer, align=kind.bitwidth // 8)
        if kind == types.float64:
            return found
        if isinstance(kind, types.Float):
            return builder.fpext(found, NUMBERS)
        return (builder.sitofp if kind.signed else builder.uitofp)(found, NUMBERS)

    return lanes(column, first), generate


@_lowered
def equal(_context: Any, column: Any, first: Any, number: Any) -> Any:
    """The lanes whose element of a column of integers is this number."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0].dtype
        of = ir.VectorType(context.get_value_type(kind), LANES)
        at = context.cast(builder, args[1], signature.args[1], types.intp)
        pointer = _pointer(context, builder, signature.args[0], args[0], at, of)
        came = builder.load(pointer, align=kind.bitwidth // 8)
        wanted = context.cast(builder, args[2], signature.args[2], kind)
        return builder.icmp_signed("==", came, _splat(builder, wanted, of))

    return mask(column, first, number), generate


@_lowered
def put(_context: Any, column: Any, first: Any, value: Any) -> Any:
    """Write to neighbouring elements of a column."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0].dtype
        of = ir.VectorType(context.get_value_type(kind), LANES)
        at = context.cast(builder, args[1], signature.args[1], types.intp)
        pointer = _pointer(context, builder, signature.args[0], args[0], at, of)
        new = _narrow(context, builder, signature.args[2], args[2], kind, of)
        builder.store(new, pointer, align=kind.bitwidth // 8)
        return context.get_dummy_value()

    return types.none(column, first, value), generate


def _narrow(context: Any, builder: Any, kind: Any, value: Any, to: Any, of: Any) -> Any:
    if kind != lanes:
        return _splat(builder, context.cast(builder, value, kind, to), of)
    return value if to == types.float64 else builder.fptrunc(value, of)


@_lowered
def in_a_row(_context: Any, series: Any, first: Any) -> Any:
    """The lanes whose element of `series`, from `first` on, follows the one before it."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = context.get_value_type(signature.args[0].dtype)
        of = ir.VectorType(kind, LANES)
        at = context.cast(builder, args[1], signature.args[1], types.intp)
        pointer = _pointer(context, builder, signature.args[0], args[0], at, of)
        came = builder.load(pointer, align=kind.width // 8)
        lead = _splat(builder, builder.extract_element(came, ir.IntType(32)(0)), of)
        wanted = builder.add(lead, ir.Constant(of, list(range(LANES))))
        return builder.icmp_signed("==", came, wanted)

    return mask(series, first), generate


@kernel
def fill_a_block(series: Any, i: int) -> bool:
    """Whether the readings from `i` on are one of each series of a block, in its order."""
    if not WIDE or i + LANES > series.shape[0] or int(series[i]) % LANES != 0:
        return False
    return bool(every(in_a_row(series, i)))


if WIDE:
    block_of = _block_of
else:

    def block_of(state: Any, block: int) -> Any:
        """A block of `state[block, column, lane]` as `[lane, column]`."""
        return state[block].T
