import unicodedata
from pathlib import Path

import pytest
import sleap_io as sio

from antpipe.config.project import parse_config
from antpipe.errors import ConfigError, LabelError
from antpipe.inputs import check_inputs, find_inputs


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
        ({"videos": "da\0ta/*", "labels": "data/labels.slp"}, r"videos: no file has a name such as 'da\\x00ta/\*'"),
        ({"videos": "x" * 300, "labels": "data/labels.slp"}, "videos: no file matches 'xxx"),
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


def write_labels(path, video="D:/films/a.mp4", nodes=("head", "tail"), predicted=False):
    skeleton = sio.Skeleton(list(nodes))
    film = sio.Video(filename=video, open_backend=False)
    kind = sio.PredictedInstance if predicted else sio.Instance
    instance = kind.from_numpy([[1.0, 2.0]] * len(nodes), skeleton=skeleton)
    labels = sio.Labels(labeled_frames=[sio.LabeledFrame(film, 3, [instance])], videos=[film], skeletons=[skeleton])
    labels.save(str(path), embed=False, verbose=False)


def check(**values):
    config = parse_config({"videos": "data/*.*4", "labels": "data/labels.slp", **values})
    check_inputs(config, find_inputs(config))


def head(model="centroid", **values):
    return {"models": {model: {"head": values}}}


@pytest.mark.parametrize(
    "video", ["D:/films/a.mp4", "D:\\films\\A.MP4", "/Users/x/a.avi", "raw/b.v2.mov", "Cut [1].mp4"]
)
def test_labels_of_the_projects_videos_pass(lab, video):
    write_labels(lab / "data" / "labels.slp", video)
    check(**head(anchor_part="tail"))


def test_a_name_spelled_as_macos_does_is_the_same_name(lab):
    write_labels(lab / "data" / "labels.slp", "/Users/x/" + unicodedata.normalize("NFD", "Ameise ü.avi"))
    check(videos="data/Ameise ü.avi")


@pytest.mark.parametrize(
    ("labels", "values", "error", "message"),
    [
        ({"video": "D:\\ants\\Col 218.mp4"}, {}, LabelError, r"labels of the video 'Col 218.mp4', which is not among"),
        ({"predicted": True}, {}, LabelError, "no animal is labelled by a person; label some frames in SLEAP"),
        ({}, head(anchor_part="thorax"), ConfigError, r"unknown nodes \['thorax'\] in head.anchor_part or part_names"),
        (
            {},
            head("centered_instance", part_names=["head", "wing"]),
            ConfigError,
            r"unknown nodes \['wing'\] .* labels have \['head', 'tail'\]",
        ),
    ],
)
def test_labels_that_would_stop_the_work_later_stop_it_now(lab, labels, values, error, message):
    write_labels(lab / "data" / "labels.slp", **labels)
    with pytest.raises(error, match=message):
        check(**values)


@pytest.mark.parametrize("content", [b"", b"not HDF5"])
def test_a_broken_label_file_is_found_at_once(lab, content):
    (lab / "data" / "labels.slp").write_bytes(content)
    with pytest.raises(LabelError, match=r"data/labels.slp: expected a whole SLEAP label file"):
        check()


def test_renamed_nodes_are_known_only_after_merging(lab):
    write_labels(lab / "data" / "labels.slp")
    check(merge={"map_nodes": {"labels.slp": {"tail": "gaster"}}}, **head(anchor_part="gaster"))


def test_simulated_labels_are_right_by_themselves():
    config = parse_config({})
    check_inputs(config, find_inputs(config))
