"""Proves the command: one JSON object on standard output, exit status 0 or 2, nothing written."""

import json
from pathlib import Path

import pytest

from services.orders.__main__ import main
from tests.unit.orders.intake.registers.files import GOOD, HEADINGS, row_with, workbook


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, object]]:
    status = main(["import-register", *arguments])
    printed = json.loads(capsys.readouterr().out)
    assert isinstance(printed, dict)
    return status, printed


def test_a_register_is_printed_as_the_contract_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "register.csv"  # the name says nothing
    path.write_bytes(workbook(HEADINGS, GOOD, row_with(房号=None, 宠物="有")))
    status, printed = run(capsys, str(path), "--dry-run", "--json")
    assert status == 0
    assert printed == {
        "accepted": [
            {
                "compound": "梅香苑",
                "building": "3号楼",
                "entrance": "2单元",
                "floor": 15,
                "room": "1501",
                "residents": 3,
                "contacts": [{"name": "王建国", "phone": "13800001234"}],
                "needs": ["infant", "pet_dog"],
                "language": "yue",
                "pets": 1,
            }
        ],
        "rejected": [{"sheet": "Sheet1", "row": 3, "column": "房号", "value": "", "reason": "door_missing"}],
        "warnings": [{"sheet": "Sheet1", "row": 3, "reason": "pets_unclear"}],
        "sheets_read": ["Sheet1"],
    }


def test_a_refused_file_gives_its_code_and_exit_status_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "register.xlsx"
    path.write_bytes(b"%PDF-1.4")
    status, printed = run(capsys, str(path), "--dry-run", "--json")
    assert (status, list(printed)) == (2, ["error"])
    assert printed["error"] == {
        "code": "unsupported_type",
        "message": "The file is neither an XLSX workbook nor a CSV table.",
    }


@pytest.mark.parametrize(("arguments", "code"), [(("--dry-run",), "file_not_found"), ((), "dry_run_only")])
def test_a_command_that_cannot_be_done_says_why(
    arguments: tuple[str, ...], code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, printed = run(capsys, str(tmp_path / "none.xlsx"), *arguments)
    assert (status, printed["error"]["code"]) == (2, code)  # type: ignore[index]  # JSON's edge
