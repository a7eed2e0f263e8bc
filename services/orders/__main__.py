"""Owns the commands that need no server: so far, `import-register FILE --dry-run --json`."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from services.orders.intake.registers.read_register import MOST_FILE_BYTES, read_register
from services.orders.intake.registers.reading import RegisterReading, RegisterRefused, RegisterRow

EXIT_REFUSED = 2
MESSAGES = {
    "file_too_large": "The file is too large for a register.",
    "password_protected": "The file is protected by a password; save it without one.",
    "corrupt": "The file is damaged.",
    "unsupported_type": "The file is neither an XLSX workbook nor a CSV table.",
    "encoding_unknown": "The text is neither UTF-8 nor GB18030.",
    "no_header": "No sheet has a heading for a door and one more thing.",
    "file_not_found": "There is no such file, or it cannot be read.",
    "dry_run_only": "Only --dry-run is offered without a server; import through the register page.",
}


def main(arguments: Sequence[str]) -> int:
    """Run one command; print exactly one JSON object on standard output."""
    parser = argparse.ArgumentParser(prog="python -m services.orders", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    import_register = commands.add_parser("import-register", help="read a household register and report on it")
    import_register.add_argument("file", type=Path, metavar="FILE")
    import_register.add_argument("--dry-run", action="store_true", help="write nothing")
    import_register.add_argument("--json", action="store_true", help="print JSON (there is no other form)")
    options = parser.parse_args(arguments)
    try:
        answer = _reading(read_register(_bytes_of(options.file, options.dry_run)))
        status = 0
    except RegisterRefused as refusal:
        answer = {"error": {"code": refusal.code, "message": MESSAGES[refusal.code]}}
        status = EXIT_REFUSED
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # standard output of a command is a text file
    print(json.dumps(answer, ensure_ascii=False))
    return status


def _bytes_of(path: Path, is_dry_run: bool) -> bytes:
    if not is_dry_run:
        raise RegisterRefused("dry_run_only")
    try:
        if path.stat().st_size > MOST_FILE_BYTES:
            raise RegisterRefused("file_too_large")
        return path.read_bytes()
    except OSError as error:
        raise RegisterRefused("file_not_found") from error


def _reading(reading: RegisterReading) -> dict[str, object]:
    return {
        "accepted": [_row(row) for row in reading.accepted],
        "rejected": [asdict(rejection) for rejection in reading.rejected],
        "warnings": [asdict(remark) for remark in reading.warnings],
        "sheets_read": list(reading.sheets_read),
    }


def _row(row: RegisterRow) -> dict[str, object]:
    """Print a row as the contract names its keys; where it stood in the file is not among them."""
    return {key: value for key, value in asdict(row).items() if key not in {"sheet", "row"}}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
