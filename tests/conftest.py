"""Shared fixtures: where the real data lies, and small drawn data."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real labels, models and clips, or skip loudly."""
    folder = Path(os.environ.get("ANTPIPE_SHARED_DATA", ROOT / ".." / "shared" / "data")).resolve()
    if not folder.is_dir():
        pytest.skip(f"REAL DATA ABSENT: {folder} is not there; set ANTPIPE_SHARED_DATA to run this test")
    return folder


def pytest_collection_modifyitems(items):
    """Keep the tests of a file in one process, and all that run the workflow, so that fixtures are made once."""
    for item in items:
        group = "workflow" if "workflow" in item.path.parts else item.path.name
        item.add_marker(pytest.mark.xdist_group(group))
