"""Compiles the search with numba: no second copy of it, the very functions of this package.

Set-up runs `python -m services.routing.planning.ruin_and_recreate.compiled`; `machine_code` loads what that
leaves behind. Records of sequences become records of bare pointers: numba counts references to every array of a
record at every call, which made the search two hundred times slower.
"""

import operator
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numba
from numba.core import cgutils, compiler
from numba.core.registry import cpu_target
from numba.extending import intrinsic, overload, register_jitable

from services.routing.planning import visit_cost
from services.routing.planning.ruin_and_recreate import (
    anneal,
    breaches,
    changes,
    day_moves,
    dice,
    draft,
    exchange,
    lost_hours,
    places,
    recreate,
    ruin,
)
from services.routing.planning.ruin_and_recreate.ground import Ground
from services.routing.planning.ruin_and_recreate.machine_code import ENTRY, code_path

_MODULES = (
    visit_cost,
    dice,
    breaches,
    draft,
    changes,
    ruin,
    lost_hours,
    places,
    recreate,
    exchange,
    day_moves,
    anneal,
)
_KEPT = 8
types: Any = numba.types
_POINTER = types.CPointer(types.int64)


def _type_of(record: type) -> Any:
    """Gives numba's type of a record whose sequences are bare pointers."""
    kinds = record.__annotations__.values()
    fields = [_type_of(kind) if hasattr(kind, "_fields") else _POINTER for kind in kinds]
    if all(field == _POINTER for field in fields):
        return types.NamedUniTuple(_POINTER, len(fields), record)
    return types.NamedTuple(fields, record)


_BOTH = types.Tuple((_type_of(Ground), _type_of(anneal.Search)))


@intrinsic  # type: ignore[untyped-decorator] # numba has no types
def _records(_: Any, addresses: Any) -> tuple[Any, Callable[..., Any]]:
    """Makes the records of a search from the addresses of their sequences, in the order of their fields."""

    def build(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        position = 0

        def record(kind: Any) -> Any:
            nonlocal position
            if kind != _POINTER:
                return context.make_tuple(builder, kind, [record(field) for field in kind.types])
            word = builder.load(cgutils.gep_inbounds(builder, arguments[0], position))
            position += 1
            return builder.inttoptr(word, context.get_value_type(_POINTER))

        return record(_BOTH)

    return _BOTH(addresses), build


@overload(operator.getitem, strict=False)  # type: ignore[untyped-decorator] # numba has no types
def _head(pointer: Any, head: Any) -> Any:
    """Lets `sequence[:count]` be written of a bare pointer."""
    if isinstance(pointer, types.CPointer) and isinstance(head, types.SliceType):
        return lambda pointer, head: numba.carray(pointer, (head.stop,))
    return None


def _entry(addresses: Any, steps: int, heat: float) -> None:
    ground, search = _records(addresses)
    anneal.anneal(ground, search, steps, heat)


def main() -> int:
    """Compiles the search unless that has been done for these sources and this processor."""
    path = code_path()
    if path.is_file():
        return 0
    code = _compiled()
    path.parent.mkdir(parents=True, exist_ok=True)
    # The last few stay: other checkouts may share this environment.
    for stale in sorted(path.parent.glob("ruin_and_recreate-*"), key=lambda made: made.stat().st_mtime)[:-_KEPT]:
        stale.unlink(missing_ok=True)
    # Renamed into place: whoever looks meanwhile sees all of it or nothing.
    half = path.with_suffix(".half")
    half.write_bytes(code)
    half.replace(path)
    return 0


def _compiled() -> bytes:
    for module in _MODULES:
        for function in vars(module).values():
            if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                register_jitable(error_model="numpy")(function)
    flags = compiler.Flags()
    flags.no_cpython_wrapper = flags.no_cfunc_wrapper = flags.nrt = True
    flags.error_model = "numpy"
    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()
    arguments = (_POINTER, types.int64, types.float64)
    made = compiler.compile_extra(
        cpu_target.typing_context, cpu_target.target_context, _entry, arguments, types.void, flags, {}
    )
    module = made.library._final_module  # noqa: SLF001 - numba has no public way to the code itself
    module.get_function(made.fndesc.llvm_func_name).name = ENTRY
    return bytes(made.library.codegen._tm.emit_object(module))  # noqa: SLF001 - as above


if __name__ == "__main__":
    sys.exit(main())
