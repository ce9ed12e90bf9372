import sys
from pathlib import Path

import pytest

from antpipe import cli
from antpipe.config.project import load_config


@pytest.fixture
def antpipe(monkeypatch, capsys):
    """Run the command line in this process; give its exit code and what it printed."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["antpipe", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return end.value.code, capsys.readouterr().out

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        ("--videos", "films", "--labels", "labels"),
        ("--videos", "films/one.mp4", "--videos", "films/two.mp4", "--labels", "labels/first.slp"),
        # What a shell makes of --videos films/*.mp4 --labels labels/*.slp
        ("--videos", "films/one.mp4", "films/two.mp4", "--labels", "labels/first.slp"),
        ("films/two.mp4", "labels/first.slp", "films/one.mp4"),
    ],
)
def test_a_project_is_made_from_files_in_any_order_and_checked(lab, antpipe, arguments):
    code, out = antpipe("init", "project", *arguments)
    assert code == 0
    assert "made project/config.yaml, project/README.md; look at project/config.yaml" in out
    assert "0 error, 0 warning" in out
    found = load_config("project/config.yaml")
    names = {Path(name).name for name in found.videos}
    assert names in ({"one.mp4", "two.mp4"}, {"*.mp4"})
    assert {Path(name).name for name in found.labels} <= {"first.slp", "*.slp"}


def test_a_project_with_errors_exits_with_2_and_says_them(lab, antpipe):
    assert antpipe("init", "project", "films/one.mp4", "films/two.mp4", "labels/first.slp")[0] == 0
    Path("films/two.mp4").write_bytes(b"not a video")
    code, out = antpipe("check", "project")
    assert code == 2
    assert "two.mp4: expected a video" in out
    assert "1 error, " in out


def test_the_status_of_a_project_that_has_not_run_is_said(lab, antpipe):
    assert antpipe("init", "project", "films/one.mp4", "films/two.mp4", "labels/first.slp")[0] == 0
    code, out = antpipe("status", "project")
    assert code == 0
    assert "nothing was run here yet" in out
