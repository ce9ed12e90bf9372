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
    """Begin with the tests of the workflow, which take longest, so that no process is left with them at the end."""
    items.sort(key=lambda item: "workflow" not in item.path.parts)
