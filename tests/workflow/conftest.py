import fcntl
import os

import pytest
from small_project import snakemake


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """A finished small project, to look at; the processes that share the tests share it, too."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = shared / "a project's \u00fc folder", shared / "project is done"
    with open(shared / "project.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            folder.mkdir(exist_ok=True)
            code, output = snakemake(folder, "--cores", "1")
            assert code == 0, output[-6000:]
            done.touch()
    return folder
