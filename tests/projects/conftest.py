"""A lab's files, drawn once, and copied for each test."""

import shutil

import pytest
from drawn_project import draw_lab


@pytest.fixture(scope="session")
def drawn_lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn lab")
    draw_lab(folder)
    return folder


@pytest.fixture
def lab(drawn_lab, tmp_path, monkeypatch):
    """A folder with films and labels, which is where the program runs."""
    shutil.copytree(drawn_lab, tmp_path / "lab ü")
    monkeypatch.chdir(tmp_path / "lab ü")
    return tmp_path / "lab ü"
