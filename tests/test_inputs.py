from pathlib import Path

import pytest

from antpipe.config.project import parse_config
from antpipe.errors import ConfigError
from antpipe.inputs import find_inputs


@pytest.fixture(autouse=True)
def lab(tmp_path, monkeypatch):
    """A folder with videos and labels, which is also where the program runs."""
    for name in ("a.mp4", "b.v2.mp4", "Ameise ü.avi", "cut [1].mp4", "sub/c.mp4", "labels.slp", "more.slp"):
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def inputs(**values):
    return find_inputs(parse_config(values))


@pytest.mark.parametrize(
    ("videos", "names"),
    [
        ("data/a.mp4", ["a"]),
        ("data/*.avi", ["Ameise ü"]),
        (["data/b.v2.mp4", "data/a.mp4"], ["b.v2", "a"]),
        ("data/**/*.mp4", ["a", "b.v2", "cut [1]", "c"]),
        ("data/cut [1].mp4", ["cut [1]"]),
        ("data/[ab]*", ["a", "b.v2"]),
        (["data/a.mp4", "data/*.mp4"], ["a", "b.v2", "cut [1]"]),
    ],
)
def test_videos_are_found_by_name_and_by_pattern(videos, names):
    found = inputs(videos=videos, labels="data/labels.slp")
    assert list(found.videos) == names
    assert all(Path(path).is_file() for path in found.videos.values())
    assert found.labels == ["data/labels.slp"]


def test_a_pattern_gives_files_and_no_folders():
    with pytest.raises(ConfigError, match=r"videos: no file matches 'data/su\*'"):
        inputs(videos="data/su*", labels="data/labels.slp")


def test_label_files_may_be_several():
    assert inputs(videos="data/a.mp4", labels="data/*.slp").labels == ["data/labels.slp", "data/more.slp"]


def test_simulated_files_need_not_exist():
    found = inputs(results="out", simulate={"videos": 3})
    assert found.videos == {f"ants_{n:03}": f"out/simulated/ants_{n:03}.mp4" for n in (1, 2, 3)}
    assert found.labels == ["out/simulated/labels.slp"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"videos": "data/x.mp4", "labels": "data/labels.slp"},
            r"videos: no file matches 'data/x.mp4' \(looked in .*\)",
        ),
        ({"videos": "data/a.mp4", "labels": "data/*.h5"}, r"labels: no file matches 'data/\*.h5'"),
        ({"videos": ["data/a.mp4", "nowhere/*"], "labels": "data/labels.slp"}, r"videos: no file matches 'nowhere/\*'"),
        ({"videos": [], "labels": "data/labels.slp"}, "videos: expected at least one file, got an empty list"),
        ({"videos": "", "labels": "data/labels.slp"}, "videos: no file matches ''"),
        ({"videos": "data", "labels": "data/labels.slp"}, r"videos: 'data' is a folder.*'data/\*'"),
        ({"videos": "data/a.mp4", "labels": "simulated"}, "labels: 'simulated' belongs to simulated videos"),
        ({"videos": "data/a.mp4"}, "labels: 'simulated' belongs to simulated videos"),
    ],
)
def test_what_is_not_there_is_an_error_that_names_it(values, message):
    with pytest.raises(ConfigError, match=message):
        inputs(**values)


def test_two_videos_of_one_name_are_refused(lab):
    (lab / "data" / "sub" / "a.avi").touch()
    with pytest.raises(ConfigError, match=r"'data/a.mp4' and 'data/sub/a.avi' have the same name 'a'; rename one"):
        inputs(videos=["data/a.mp4", "data/sub/a.avi"], labels="data/labels.slp")


@pytest.mark.parametrize("name", ["a{b}.mp4", "a\nb.mp4"])
def test_names_that_snakemake_cannot_hold_are_refused(lab, name):
    (lab / "data" / name).touch()
    with pytest.raises(ConfigError, match="has a character that file patterns cannot hold; rename it"):
        inputs(videos=f"data/{name}", labels="data/labels.slp")
