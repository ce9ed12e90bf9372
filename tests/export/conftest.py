"""Poses files with everything awkward in them, and one without animals."""

from pathlib import Path

import pytest
from drawn_poses import draw_poses, make_info

from antpipe.poses import Poses, empty_poses
from antpipe.poses_file import write_poses


@pytest.fixture
def poses() -> Poses:
    return draw_poses(make_info())


@pytest.fixture
def poses_path(poses: Poses, tmp_path: Path) -> Path:
    path = tmp_path / "in put" / "žluť='x'.parquet"
    write_poses(path, poses)
    return path


@pytest.fixture
def empty_path(tmp_path: Path) -> Path:
    path = tmp_path / "empty.parquet"
    write_poses(path, empty_poses(make_info("videos/empty.mp4")))
    return path
