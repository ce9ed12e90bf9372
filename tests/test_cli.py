import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sleap_io as sio
import typer
import yaml

from antpipe import cli
from antpipe.labels.split_file import read_split
from antpipe.poses import PosesInfo, Skeleton, VideoMeta, make_poses
from antpipe.poses_file import read_poses, write_poses
from antpipe.video.read import VideoReader
from antpipe.video.write import VideoWriter

VERBS = sorted(typer.main.get_command(cli.app).commands)


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """The machine as it is; what a verb changes in the environment is undone."""
    for name in ("CUDA_VISIBLE_DEVICES", "TF_FORCE_GPU_ALLOW_GROWTH", "TF_CPP_MIN_LOG_LEVEL"):
        monkeypatch.setenv(name, os.environ.get(name, "-1" if name == "CUDA_VISIBLE_DEVICES" else "2"))


@pytest.fixture
def antpipe(monkeypatch, capsys):
    """Run the command line in this process; give its exit code, stdout and stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["antpipe", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out = capsys.readouterr()
        return end.value.code, out.out, out.err

    return run


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A folder with small files of each kind, which is where the program runs."""
    monkeypatch.chdir(tmp_path)
    image = np.random.default_rng(0).integers(0, 255, (48, 64), np.uint8)
    with VideoWriter("film.mp4", width=64, height=48, fps=10, grayscale=True) as writer:
        for step in range(10):
            writer.write(np.roll(image, step, axis=1))
    skeleton = sio.Skeleton(["head", "tail"], [("head", "tail")])
    film = sio.Video(filename="D:/lab/film.mp4", open_backend=False)
    frames = [
        sio.LabeledFrame(film, i, [sio.Instance.from_numpy([[20.0, 20.0], [30.0, 24.0 + i]], skeleton=skeleton)])
        for i in range(10)
    ]
    sio.Labels(labeled_frames=frames, videos=[film], skeletons=[skeleton]).save("labels.slp", embed=False)
    video = VideoMeta(path="film.mp4", width=64, height=48, fps=10.0, frame_count=10)
    info = PosesInfo(skeleton=Skeleton(nodes=("head", "tail")), video=video, frames=((0, 10),))
    points = np.array([[[20.0 + i, 20.0], [30.0 + i, 24.0]] for i in range(10)])
    write_poses("poses.parquet", make_poses(info, frame_idx=np.arange(10), points=points))
    Path("a folder").mkdir()
    Path("empty").touch()
    Path("text.txt").write_text("hello")
    Path("nose.yaml").write_text("models: {centroid: {head: {anchor_part: nose}}}")
    Path("typo.yaml").write_text("models: {centroid: {head: {sigmma: 1}}}")
    return tmp_path


SPLIT, MERGE, SIMULATE = ("split", "labels.slp", "-o", "out"), ("merge", "labels.slp", "-o", "out"), ("simulate", "out")
PREPROCESS, TRACK = ("preprocess", "film.mp4", "-o", "out.mp4"), ("track", "poses.parquet", "-o", "out")
TRAIN = ("train", "nose.yaml", "labels.slp", "-o", "out", "--type")
PREDICT = ("predict", "film.mp4", "-o", "out", "--model", "a folder")
EVALUATE = ("evaluate", "labels.slp", "labels.slp", "-o", "out")
EXPORT = ("export", "poses.parquet", "-o", "out", "--format")

BAD = [
    (("split", "nowhere.slp", "-o", "out"), "nowhere.slp: label file not found; check the path"),
    (("split", "empty", "-o", "out"), "empty: expected a SLEAP label file, but the file is empty"),
    (
        ("split", "text.txt", "-o", "out"),
        "text.txt: expected a SLEAP label file (.slp), but this is not HDF5",
    ),
    ((*SPLIT, "--by", "days"), "--by: Input should be 'block', 'frame' or 'video', got \"days\""),
    ((*SPLIT, "--fractions", "a,b"), "--fractions: expected a number, got 'a'"),
    ((*SPLIT, "--fractions", "1,1,1"), "--fractions: fractions must be three numbers that add up to 1, got [1.0, 1.0"),
    ((*SPLIT, "--fractions", "0.5,0.5"), "--fractions: "),
    ((*SPLIT, "--folds", "1"), "--folds: Input should be greater than or equal to 2, got 1"),
    (("split", "labels.slp", "-o", "a folder"), "a folder: cannot be read or written (Is a directory); check the path"),
    (("split", "labels.slp", "-o", "text.txt/out"), "text.txt: cannot be read or written (File exists)"),
    (("init", "out", "--videos", "film.mp4"), "--labels: expected files, folders or patterns such as"),
    (("init", "out", "nowhere.mp4", "labels.slp"), "--videos: no file matches 'nowhere.mp4'"),
    (("check", "nowhere"), "nowhere: cannot be read or written (No such file or directory); check the path"),
    (("status", "nowhere"), "nowhere: cannot be read or written (No such file or directory); check the path"),
    (("status", "a folder"), "config.yaml: configuration not found"),
    (("explain", "film.mp4"), "film.mp4: lies in no folder of results; name the folder that it was copied from with"),
    (("explain", "film.mp4", "--results", "a folder"), "expected a folder of results with records of jobs, but there"),
    (("merge", "nowhere.slp", "-o", "out"), "nowhere.slp: label file not found"),
    ((*MERGE, "--on-conflict", "x"), "--on-conflict: Input should be 'error', 'keep-first', 'keep-last' or 'keep-bo"),
    ((*MERGE, "--map-nodes", "nowhere.yaml"), "nowhere.yaml: expected a YAML file, but"),
    ((*MERGE, "--map-nodes", "text.txt"), '--map-nodes: Input should be a valid dictionary, got "hello"'),
    ((*MERGE, "--search", "nowhere"), "search: expected folders, but ['nowhere'] are none; check the paths"),
    ((*MERGE, "--prefix", "D:"), "--prefix: expected OLD=NEW such as D:/films=data/films, got 'D:'"),
    ((*SPLIT, "--min-gap", "-1"), "--min-gap: Input should be greater than or equal to 0, got -1"),
    ((*SIMULATE, "--size", "640"), "--size: expected WIDTHxHEIGHT such as 640x480, got '640'"),
    ((*SIMULATE, "--size", "641x480"), "--size: must be even, as H.264 video needs it (use 642), got 641"),
    ((*SIMULATE, "--ants", "0"), "--ants: Input should be greater than or equal to 1, got 0"),
    ((*SIMULATE, "--difficulty", "odd"), "--difficulty: Input should be 'easy' or 'hard', got \"odd\""),
    (("simulate", "text.txt", "--videos", "1", "--frames", "1"), "text.txt: cannot be read or written (File exists)"),
    (("preprocess", "nowhere.mp4", "-o", "out.mp4"), "nowhere.mp4: video not found"),
    (("preprocess", "text.txt", "-o", "out.mp4"), "text.txt: expected a video, but"),
    (("preprocess", "film.mp4", "-o", "film.mp4"), "film.mp4: the output would replace the raw video"),
    ((*PREPROCESS, "--crop", "1:2"), "--crop: expected four numbers [width, height, x, y], got [1, 2]"),
    ((*PREPROCESS, "--crop", "a:b:c:d"), "--crop: expected a number, got 'a'"),
    (
        (*PREPROCESS, "--crop", "500:20:0:0"),
        "film.mp4: crop of 500x20 pixels at (0, 0) does not fit the frame",
    ),
    ((*PREPROCESS, "--scale", "0"), "--scale: Input should be greater than 0, got 0.0"),
    ((*PREPROCESS, "--start", "3", "--end", "2"), "end must be after start = 3 s, got 2 s"),
    (("evaluate", "nowhere.slp", "labels.slp", "-o", "out"), "nowhere.slp: label file not found"),
    (("evaluate", "labels.slp", "empty", "-o", "out"), "empty: "),
    (
        ("evaluate", "labels.slp", "labels.slp", "-o", "out", "--mode", "lax"),
        "expected one of ['strict', 'sleap'], got",
    ),
    ((*EVALUATE, "--body", "head"), "--body: expected two nodes such as head,abdomen, got 'head'"),
    ((*EVALUATE, "--body", "head,nose"), "expected two of the nodes ['head', 'tail'], got ['head', 'nose']"),
    ((*EVALUATE, "--deviations", "text.txt"), 'text.txt: expected lines such as `head: 0.025`, got "hello"'),
    ((*EVALUATE, "--deviations", "nose.yaml"), "nose.yaml: expected lines such as `head: 0.025`, got"),
    (("evaluate-tracks", "labels.slp", "nowhere", "-o", "out"), "nowhere: "),
    (("track", "nowhere.parquet", "-o", "out"), "nowhere.parquet: poses file not found; make it with antpipe predict"),
    (("track", "text.txt", "-o", "out"), "text.txt: expected a Parquet file of poses, but it cannot be read"),
    ((*TRACK, "--gate", "0"), "--gate: Input should be greater than 0, got 0.0"),
    ((*TRACK, "--window", "0"), "--window: Input should be greater than or equal to 1, got 0"),
    ((*TRACK, "--max-tracks", "0"), "--max-tracks: Input should be greater than or equal to 1, got 0"),
    (("stitch", "nowhere.parquet", "-o", "out.parquet"), "nowhere.parquet: poses file not found"),
    (("features", "nowhere.parquet", "-o", "out"), "nowhere.parquet: poses file not found"),
    (
        ("join", "poses.parquet", "nowhere.csv", "-o", "out", "--column", "F=mN", "--time", "t"),
        "nowhere.csv: file of measurements not found",
    ),
    (("export", "nowhere.parquet", "-o", "out", "--format", "csv"), "nowhere.parquet: poses file not found"),
    ((*EXPORT, "xls"), "--format: unknown export format 'xls'; choose one of ['analysis_h5', 'coco', 'csv', "),
    ((*EXPORT, "csv", "--coordinates", "x"), "--coordinates: Input should be 'raw' or 'video', got \"x\""),
    (("render", "nowhere.mp4", "poses.parquet", "-o", "out.mp4"), "nowhere.mp4: video not found"),
    (("render", "film.mp4", "text.txt", "-o", "out.mp4"), "text.txt: expected a Parquet file of poses"),
    (
        ("train", "nowhere.yaml", "labels.slp", "-o", "out", "--type", "centroid"),
        "nowhere.yaml: configuration not",
    ),
    (("train", "a folder", "labels.slp", "-o", "out", "--type", "centroid"), "a folder: expected a YAML file, but"),
    (
        ("train", "typo.yaml", "labels.slp", "-o", "out", "--type", "centroid"),
        "centroid.head.sigmma: unknown key",
    ),
    (
        ("train", "nowhere.json", "labels.slp", "-o", "out", "--type", "centroid"),
        "SLEAP configuration not found",
    ),
    (
        (*TRAIN, "bottomup"),
        "--type: unknown model type 'bottomup'; choose one of ['centroid', 'centered_instance', 'single_instance', "
        "'multi_instance', 'multi_class_bottomup', 'multi_class_topdown']",
    ),
    (("train", "nose.yaml", "nowhere.slp", "-o", "out", "--type", "centroid"), "nowhere.slp: label file not found"),
    ((*TRAIN, "centroid"), "head: unknown nodes ['nose']; the labels' skeleton has ['head', 'tail']"),
    ((*TRAIN, "centroid", "--video", "nowhere.mp4"), "nowhere.mp4: video not found; check the path"),
    ((*TRAIN, "centroid", "--fold", "3"), "fold 3: the split has folds 0-0"),
    ((*TRAIN, "centroid", "--split", "text.txt"), "text.txt: expected a split as antpipe split writes it"),
    (("audit", "nowhere.slp", "-o", "out"), "nowhere.slp: label file not found"),
    (("audit", "labels.slp", "-o", "a folder/.."), "a folder/.."),
    (("suggest", "nowhere.parquet", "-o", "out.slp"), "nowhere.parquet: poses file not found"),
    (("suggest", "poses.parquet", "-o", "out.slp", "--frames", "0"), "--frames: Input should be greater than or equal"),
    (("compare", "a folder", "-o", "out"), "a folder"),
    (("compare", "nowhere", "-o", "out"), "nowhere"),
    (("select", "a folder", "-o", "out", "--type", "centroid", "--measure", "dist.avg"), "a folder"),
    (PREDICT, "a folder: not a model folder; expected model.json (ours) or training_config.json (SLEAP's)"),
    ((*PREDICT, "--batch-size", "0"), "--batch-size: Input should be greater than or equal to 1, got 0"),
    ((*PREDICT, "--geometry", "x"), "--geometry: Input should be 'exact' or 'sleap', got \"x\""),
    ((*PREDICT, "--peak-threshold", "2"), "--peak-threshold: Input should be less than or equal to 1, got 2.0"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=[" ".join(a) for a, _ in BAD])
def test_bad_input_is_one_sentence_and_exit_2(antpipe, lab, arguments, message):
    before = sorted(lab.rglob("*"))
    code, out, err = antpipe(*arguments)
    assert (code, out) == (2, "")
    lines = err.splitlines()
    if lines[0].startswith("running on "):
        lines = lines[1:]
    assert len(lines) == 1, err
    assert lines[0].startswith("error: ")
    assert message in lines[0]
    left = [path for path in lab.rglob("*") if path not in before]
    assert all(path.is_dir() for path in left), "nothing half-done is left"


def test_every_verb_has_bad_input_in_the_table():
    assert {arguments[0] for arguments, _ in BAD} == set(VERBS)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ((), "command"),
        (("nonsense",), "nonsense"),
        (("split",), "labels"),
        (("split", "labels.slp"), "--output"),
        ((*SPLIT, "--nope"), "--nope"),
        ((*SPLIT, "--seed", "x"), "--seed"),
        (("predict", "film.mp4", "-o", "out"), "--model"),
    ],
)
def test_a_mistyped_command_says_what_is_wrong_and_how_to_get_help(antpipe, lab, arguments, what):
    code, _, err = antpipe(*arguments)
    assert code == 2
    assert what in err
    assert len(err.splitlines()) == 1
    assert err.endswith("--help\n")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(antpipe, verb, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    code, out, err = antpipe(verb, "--help")
    assert (code, err) == (0, "")
    assert f"antpipe {verb}" in out
    command = typer.main.get_command(cli.app).commands[verb]
    assert command.help.endswith(".")
    undocumented = [p.name for p in command.params if p.param_type_name == "option" and not p.help]
    assert not undocumented


def test_help_lists_all_verbs(antpipe):
    code, out, _ = antpipe("--help")
    assert code == 0
    assert all(verb in out for verb in VERBS)


def test_a_broken_name_does_not_break_the_sentence(antpipe, lab):
    code, _, err = antpipe("split", 'two\nlines \'and "quotes" ü.slp', "-o", "out")
    assert code == 2
    assert err == 'error: two lines \'and "quotes" ü.slp: label file not found; check the path\n'


def test_an_interruption_is_said_and_is_exit_130(antpipe, lab, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("antpipe.labels.read.read_labels", interrupted)
    code, _, err = antpipe(*SPLIT)
    assert code == 130
    assert err == "interrupted; nothing half-done is left, run the same command again to go on\n"


def test_a_mistake_in_the_program_is_not_hidden(antpipe, lab, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("antpipe.labels.read.read_labels", broken)
    monkeypatch.setattr(sys, "argv", ["antpipe", *SPLIT])
    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_a_split_is_written(antpipe, lab):
    assert antpipe(*SPLIT, "--fractions", "0.5,0.3,0.2", "--seed", "3", "--by", "frame")[0] == 0
    split = read_split("out")
    assert (split.by, split.seed, split.fractions) == ("frame", 3, (0.5, 0.3, 0.2))
    assert [len(getattr(split.folds[0], part)) for part in ("train", "val", "test")] == [5, 3, 2]


def test_tracks_are_written_with_the_asked_settings(antpipe, lab):
    given = ("--window", "3", "--gate", "0.4", "--max-tracks", "2", "--min-length", "2")
    code, _, _ = antpipe(*TRACK, *given, "--no-stitch")
    assert code == 0
    tracked = read_poses("out")
    assert tracked.track.tolist() == ["track_0"] * 10
    settings = tracked.info.provenance["tracking"]["settings"]
    assert {k: settings[k] for k in ("window", "gate", "max_tracks", "min_length")} == {
        "window": 3,
        "gate": 0.4,
        "max_tracks": 2,
        "min_length": 2,
    }
    assert "stitching" not in tracked.info.provenance
    assert antpipe(*TRACK, *given)[0] == 0
    assert read_poses("out").info.provenance["stitching"]["settings"]["min_length"] == 3, "its own, which is longer"
    assert Path("out.events.tsv").is_file()


def test_a_film_is_cut_and_scaled(antpipe, lab):
    assert antpipe(*PREPROCESS, "--crop", "0.5:1.0:0.25:0.0", "--scale", "0.5", "--gray")[0] == 0
    with VideoReader("out.mp4") as reader:
        assert (reader.width, reader.height, reader.frame_count) == (16, 24, 10)
    assert json.loads(Path("out.json").read_text())["settings"]["crop"] == [0.5, 1.0, 0.25, 0.0]


def test_labels_are_merged_and_compared(antpipe, lab):
    Path("map.yaml").write_text(yaml.safe_dump({"labels.slp": {"tail": "gaster"}}))
    assert antpipe("merge", "labels.slp", "-o", "merged.slp", "--map-nodes", "map.yaml", "--report", "r.json")[0] == 0
    assert sio.load_slp("merged.slp", open_videos=False).skeleton.node_names == ["head", "gaster"]
    assert Path("r.json").is_file()
    assert antpipe("evaluate", "labels.slp", "labels.slp", "-o", "metrics.json")[0] == 0
    assert json.loads(Path("metrics.json").read_text())["dist.avg"] == 0


def test_poses_are_exported_and_drawn(antpipe, lab):
    assert antpipe("export", "poses.parquet", "-o", "out.csv", "--format", "csv")[0] == 0
    assert len(Path("out.csv").read_text().splitlines()) == 1 + 10 * 2
    assert antpipe("render", "film.mp4", "poses.parquet", "-o", "drawn.mp4", "--seconds", "0.5")[0] == 0
    with VideoReader("drawn.mp4") as reader:
        assert reader.frame_count == 5


def test_films_are_simulated(antpipe, lab):
    code, _, _ = antpipe(
        "simulate", "sim", "--videos", "1", "--ants", "1", "--frames", "3", "--size", "160x140", "--seed", "5"
    )
    assert code == 0
    assert sorted(p.name for p in Path("sim").iterdir()) == ["ants_001.mp4", "labels.slp", "truth"]
    assert (
        antpipe("evaluate-tracks", "sim/truth/ants_001.parquet", "sim/truth/ants_001.parquet", "-o", "m.json")[0] == 0
    )
    assert json.loads(Path("m.json").read_text())["HOTA"] == pytest.approx(1.0)


@pytest.fixture
def called(monkeypatch):
    """Stand-ins for what trains and predicts; gives the arguments that they were called with."""
    calls = {}

    def stand_in(place):
        module, name = place.rsplit(".", 1)
        monkeypatch.setattr(
            importlib.import_module(module),
            name,
            lambda *args, **kwargs: calls.setdefault(name, (args, kwargs)),
        )

    for place in (
        "antpipe.training.run.train_run",
        "antpipe.report.model.draw_run",
        "antpipe.inference.predict.predict_video",
    ):
        stand_in(place)
    monkeypatch.setattr("antpipe.backend.start_backend", lambda work: "nothing")
    return calls


def test_options_of_training_arrive(antpipe, lab, called):
    Path("c.yaml").write_text("seed: 7\nmodels: {centered_instance: {head: {sigma: 3.5}}}\nsplit: {by: frame}")
    code, _, err = antpipe("train", "c.yaml", "labels.slp", "-o", "run", "--type", "centered_instance")
    assert (code, err) == (0, "running on nothing\n")
    (labels, folder), values = called["train_run"]
    assert (labels, folder, values["model_type"]) == (Path("labels.slp"), Path("run"), "centered_instance")
    assert (values["config"].head.sigma, values["seed"], values["fold"]) == (3.5, 7, 0)
    assert values["split"].by == "frame"
    assert values["videos"] == {"film": Path("film.mp4")}
    assert called["draw_run"] == ((Path("run"),), {})


def test_options_of_the_command_line_come_before_the_configuration(antpipe, lab, called):
    Path("c.yaml").write_text("seed: 7")
    Path("s.json").touch()
    arguments = ("--seed", "9", "--fold", "2", "--split", "s.json", "--video", "film.mp4")
    assert antpipe("train", "c.yaml", "labels.slp", "-o", "run", "--type", "centroid", *arguments)[0] == 0
    values = called["train_run"][1]
    assert (values["seed"], values["fold"], values["split"]) == (9, 2, Path("s.json"))


def test_a_sleap_configuration_brings_its_split_and_says_what_it_cannot(antpipe, lab, called, shared_data):
    source = shared_data / "sleap_models" / "minimal_instance.UNet.centroid" / "initial_config.json"
    document = json.loads(source.read_text())
    document["data"]["labels"] |= {"training_inds": [4, 0], "validation_inds": [1], "test_inds": [2]}
    document["optimization"]["optimizer"] = "adagrad"
    Path("c.json").write_text(json.dumps(document))
    code, _, err = antpipe("train", "c.json", "labels.slp", "-o", "run", "--type", "centroid")
    assert code == 0
    assert err.splitlines() == [
        "optimization.optimizer = 'adagrad' of the SLEAP configuration is not used",
        "running on nothing",
    ]
    fold = called["train_run"][1]["split"].folds[0]
    assert [key[1] for key in fold.train] == [4, 0]
    assert called["train_run"][1]["config"].head.offset_refinement
    code, _, err = antpipe("train", "c.json", "labels.slp", "-o", "run", "--type", "centered_instance")
    assert code == 2
    assert err == "error: c.json: describes a centroid model, but --type says centered_instance\n"


def test_options_of_prediction_arrive(antpipe, lab, called):
    arguments = ("--model", "a", "--model", "b", "--frames", "0-3", "--batch-size", "2", "--max-instances", "5")
    more = ("--peak-threshold", "0.4", "--geometry", "sleap", "--precision", "mixed_bfloat16")
    assert antpipe("predict", "film.mp4", "-o", "out", *arguments, *more)[0] == 0
    (video, models, output, config, frames), _ = called["predict_video"]
    assert (video, models, output, frames) == (Path("film.mp4"), [Path("a"), Path("b")], Path("out"), "0-3")
    assert (config.batch_size, config.max_instances, config.peak_threshold) == (2, 5, 0.4)
    assert (config.geometry, config.precision) == ("sleap", "mixed_bfloat16")


@pytest.mark.parametrize(("arguments", "code"), [(("--help",), 0), (("track", "nowhere", "-o", "out"), 2)])
def test_the_program_as_a_process(tmp_path, arguments, code):
    done = subprocess.run(
        [sys.executable, "-m", "antpipe.cli", *arguments], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    if code:
        assert done.stderr.startswith("error: nowhere: poses file not found")
