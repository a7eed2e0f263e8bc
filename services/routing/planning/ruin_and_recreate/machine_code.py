"""Loads the search as machine code that `compiled` left behind; it takes milliseconds and needs no numba.

The file's name tells the sources it was made from and the processor it was made for, so nothing stale is ever
loaded. Where there is none, the plain search does the same work more slowly, and stages are named so.
"""

import ctypes
import hashlib
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.routing.planning import visit_cost
from services.routing.planning.ruin_and_recreate.anneal import Search
from services.routing.planning.ruin_and_recreate.ground import Ground
from services.routing.planning.ruin_and_recreate.search import PLAIN, Engine

try:
    import llvmlite.binding as llvm
except ImportError:
    llvm = None

ENTRY = "baimi_anneal"
_Entry = ctypes.CFUNCTYPE(
    ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_double
)
"""Numba's own calling convention: where to put a result and an error, then the arguments; gives a status."""


def code_path() -> Path:
    """Names the file of machine code that fits these sources and this processor."""
    made_from = hashlib.sha256()
    for path in [Path(visit_cost.__file__), *sorted(Path(__file__).parent.glob("*.py"))]:
        made_from.update(path.read_bytes())
    made_from.update(f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}".encode())
    return Path(sys.prefix) / "machine_code" / f"ruin_and_recreate-{made_from.hexdigest()[:32]}.o"


def fastest_engine() -> Engine:
    """Gives the compiled search if it has been made for these sources and this processor, else the plain one."""
    if llvm is None or not (path := code_path()).is_file():
        return PLAIN
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    # Never called: it would free an array, and there are none. But linking asks for its address.
    llvm.add_symbol("NRT_MemInfo_call_dtor", ctypes.cast(ctypes.CDLL(None).abort, ctypes.c_void_p).value)
    machine = llvm.Target.from_default_triple().create_target_machine(jit=True)
    linker = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    linker.add_object_file(llvm.ObjectFileRef.from_data(path.read_bytes()))
    linker.finalize_object()
    return _engine(linker)


def _engine(linker: Any) -> Engine:
    entry = _Entry(linker.get_function_address(ENTRY))

    def run(ground: Ground, search: Search, steps: int, heat: float) -> None:
        addresses = array("q", [*_addresses(ground), *_addresses(search)])
        result, error = ctypes.c_void_p(), ctypes.c_void_p()
        status = entry(ctypes.addressof(result), ctypes.addressof(error), addresses.buffer_info()[0], steps, heat)
        if status != 0:
            raise ArithmeticError(f"the compiled search ended with status {status}")

    # The linker owns the code: it must live as long as the engine does.
    return Engine(lay_out=lambda ground, search: (_in_arrays(ground), _in_arrays(search)), run=run, owner=linker)


def _in_arrays(record: Any) -> Any:
    """Lays a record's sequences out as arrays of machine words."""
    return type(record)(
        *(_in_arrays(field) if hasattr(field, "_fields") else array("q", field) for field in record)
    )


def _addresses(record: Any) -> Iterator[int]:
    for field in record:
        if hasattr(field, "_fields"):
            yield from _addresses(field)
        else:
            yield field.buffer_info()[0]
