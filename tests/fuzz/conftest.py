import os
import tempfile

import pytest
from child import Child
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir
from kinds import KINDS, write_surroundings
from mutations import Content

# Before anything is drawn: hypothesis keeps notes in the folder from which tests are run.
NOTES = tempfile.TemporaryDirectory(prefix="hypothesis-")
set_hypothesis_home_dir(NOTES.name)
settings.register_profile(
    "antpipe",
    max_examples=int(os.environ.get("ANTPIPE_FUZZ", "20")),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("antpipe")


@pytest.fixture(scope="session")
def child(tmp_path_factory):
    """The process that reads; prints at the end what came of all inputs."""
    folder = tmp_path_factory.mktemp("fuzz") / "project"
    folder.mkdir()
    write_surroundings(folder)
    process = Child(folder)
    yield process
    process.stop()
    print(f"\n{sum(process.tally.values())} inputs: {process.tally}")


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """The bytes of a good file of each kind."""
    folder = tmp_path_factory.mktemp("whole")
    for name, kind in KINDS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        kind.write(folder / name)
    return {name: Content((folder / name).read_bytes()) for name in KINDS}
