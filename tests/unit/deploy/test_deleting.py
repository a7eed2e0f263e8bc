"""What is deleted behind everybody's back is out of the way at once, and gone in the end."""

from pathlib import Path

from deploy.local.deleting import GONE, delete_behind
from shared.testing.eventually import eventually


def _names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def test_a_folder_is_out_of_the_way_at_once_and_gone_in_the_end(tmp_path: Path) -> None:
    folder, cut_short = tmp_path / "data", tmp_path / f"other{GONE}"
    for each in (folder, cut_short):
        (each / "deep").mkdir(parents=True)
        (each / "deep" / "kept").touch()
    delete_behind([folder, cut_short, tmp_path / "never-there"])
    assert not folder.exists()

    async def is_empty() -> bool:
        return _names(tmp_path) == []

    await eventually(is_empty)


async def test_the_same_place_can_be_cleared_again_while_its_last_content_still_goes(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    for each in (folder, tmp_path / f"data{GONE}"):
        each.mkdir()
        (each / "kept").touch()
    delete_behind([folder])

    async def is_gone() -> bool:
        return folder.name not in _names(tmp_path)

    await eventually(is_gone)
