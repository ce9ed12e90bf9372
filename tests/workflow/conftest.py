import pytest
from small_project import snakemake


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("a project's \u00fc folder")
    code, output = snakemake(folder, "--cores", "1")
    assert code == 0, output[-6000:]
    return folder
