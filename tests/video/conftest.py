"""The numbered films, each made once."""

import pytest
from numbered_film import FilmBox


@pytest.fixture(scope="session")
def films(tmp_path_factory) -> FilmBox:
    return FilmBox(tmp_path_factory.mktemp("films"))
