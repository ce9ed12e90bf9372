"""What runs again after a change, row by row: only what has to."""

import copy
import os
import shutil

import pytest
import sleap_io as sio
from small_project import CONFIG, ROOT, planned, snakemake

pytestmark = pytest.mark.slow

OWN = {**CONFIG, "videos": "data/*.mp4", "labels": "data/*.slp", "export": {"formats": ["csv"]}}
LABELS = {"merge", "split", "audit"}
MODELS = {"train", "draw_model", "compare", "select"}
TRACKS = {"track", "features", "draw", "export", "accuracy", "suggest", "summary"}
PREDICTIONS = {"predict", *TRACKS}


@pytest.fixture(scope="module")
def lab(tmp_path_factory, project):
    """A finished project with videos and labels of its own, and a copy of the workflow: (folder, code)."""
    folder, code = tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("code")
    shutil.copytree(project / "results" / "simulated", folder / "data", ignore=shutil.ignore_patterns("truth"))
    for name in ("antpipe", "workflow", "profiles", "envs"):
        shutil.copytree(ROOT / name, code / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", code)
    status, output = snakemake(folder, "--cores", "1", config=OWN, code=code)
    assert status == 0, output[-6000:]
    return folder, code


@pytest.fixture
def plan(lab):
    """What would run after a change of files, or with another configuration; the files are put back afterwards."""
    folder, code = lab
    before = {place: place.with_name(place.name + ".before") for place in (folder / "data", code / "antpipe")}
    for place, kept in before.items():
        shutil.copytree(place, kept)

    def dry_run(**change):
        status, output = snakemake(folder, "-n", "--cores", "1", config=merged(OWN, change), code=code)
        assert status == 0, output[-3000:]
        return planned(output)

    yield dry_run
    for place, kept in before.items():
        shutil.rmtree(place)
        kept.rename(place)


def merged(config, change):
    new = copy.deepcopy(config)
    for key, value in change.items():
        new[key] = merged(new[key], value) if isinstance(value, dict) and isinstance(new.get(key), dict) else value
    return new


def test_nothing_runs_when_nothing_changed(plan):
    assert plan() == set()


@pytest.mark.parametrize("name", ["data/ants_001.mp4", "data/labels.slp"])
def test_a_new_date_changes_nothing(lab, plan, name):
    (lab[0] / name).touch()
    assert plan() == set()


def test_a_checkout_of_the_same_bytes_changes_nothing(lab, plan):
    code = lab[1]
    for path in (code / "workflow").rglob("*.*"):
        path.touch()
    shutil.copytree(code / "antpipe", code / "again")
    shutil.rmtree(code / "antpipe")
    (code / "again").rename(code / "antpipe")
    assert plan() == set()


def test_a_comment_or_a_docstring_changes_nothing(lab, plan):
    for module in ("training/fit.py", "inference/predict.py", "tracking/track.py"):
        path = lab[1] / "antpipe" / module
        text = path.read_text()
        path.write_text('"""Said in other words."""\n# A remark.\n' + text[text.index('"""', 3) + 3 :])
    assert plan() == set()


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("tracking/track.py", TRACKS),
        ("inference/peaks.py", {"train", "draw_model", "compare", "select", *PREDICTIONS}),
        ("export/formats/csv.py", {"export"}),
        ("report/summary.py", {"summary"}),
    ],
)
def test_a_change_of_code_runs_its_stage_and_what_follows(lab, plan, module, expected):
    path = lab[1] / "antpipe" / module
    path.write_text(path.read_text() + "\nADDED = 1\n")
    assert plan() == expected


def test_a_video_replaced_by_an_older_one_is_prepared_again(lab, plan):
    data = lab[0] / "data"
    shutil.copyfile(data / "ants_002.mp4", data / "ants_001.mp4")
    os.utime(data / "ants_001.mp4", (1_000_000_000, 1_000_000_000))
    assert {"preprocess", "train", "predict"} <= plan()


def test_a_corrected_label_trains_again_and_prepares_no_video(lab, plan):
    path = lab[0] / "data" / "labels.slp"
    labels = sio.load_slp(str(path), open_videos=False)
    labels.labeled_frames[0].instances[0].points["xy"][0] += 1
    labels.save(str(path), embed=False, verbose=False)
    ran = plan()
    assert "preprocess" not in ran
    assert {"merge", "train", "predict"} <= ran


def test_a_video_without_labels_is_predicted_and_trains_nothing(lab, plan):
    data = lab[0] / "data"
    shutil.copyfile(data / "ants_001.mp4", data / "new.mp4")
    assert plan() == {"preprocess", *PREDICTIONS} - {"accuracy"}


def test_the_order_of_the_videos_does_not_matter(plan):
    assert plan(videos=["data/ants_002.mp4", "data/ants_001.mp4"]) == set()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"preprocess": {"scale": 0.5}}, {"preprocess", "audit", *MODELS, *PREDICTIONS}),
        ({"split": {"by": "frame"}}, {"split", *MODELS, *PREDICTIONS}),
        ({"seed": 1}, MODELS | PREDICTIONS),
        ({"models": {"centroid": {"optimization": {"epochs": 2}}}}, MODELS | PREDICTIONS),
        ({"predict": {"peak_threshold": 0.1}}, PREDICTIONS),
        ({"track": {"window": 3}}, TRACKS),
        ({"export": {"coordinates": "video"}}, {"export"}),
        ({"report": {"overlay_seconds": 0.25}}, {"draw", "summary"}),
        ({"export": {"formats": ["csv", "slp"]}}, {"export"}),
    ],
)
def test_a_change_of_the_configuration_runs_its_stage_and_what_follows(plan, change, expected):
    assert plan(**change) == expected


def test_a_change_of_one_model_trains_that_one_alone(lab):
    folder, code = lab
    change = merged(OWN, {"models": {"centroid": {"optimization": {"epochs": 2}}}})
    _, output = snakemake(folder, "-n", "--cores", "1", config=change, code=code)
    assert "Training the centroid network" in output
    assert "Training the centered_instance network" not in output


def test_a_project_that_was_moved_stays_finished(lab, plan, tmp_path):
    folder, code = lab
    shutil.copytree(folder, tmp_path / "elsewhere", symlinks=True)
    status, output = snakemake(tmp_path / "elsewhere", "-n", "--cores", "1", config=OWN, code=code)
    assert status == 0
    assert "Nothing to be done" in output
