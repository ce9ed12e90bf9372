import json
import re

import numpy as np
import pytest
import sleap_io as sio
from drawn_labels import draw_instance, draw_labels, draw_skeleton, draw_video
from pydantic import ValidationError

from antpipe.config.labels import MergeConfig, SplitConfig
from antpipe.config.sleap import read_sleap_config
from antpipe.errors import ConfigError, LabelError
from antpipe.labels.fold import PARTS, Fold, nearest_training_frames
from antpipe.labels.read import labelled_frames, read_labels
from antpipe.labels.split import Split, frames_of, split_from_indices, split_labels
from antpipe.labels.split_file import read_split, write_split


def many(films, animals=lambda i: 1, step=24):
    """Labels with {film: number of labelled frames}, one in `step`."""
    skeleton = draw_skeleton()
    videos = [draw_video(f"/films/{name}.mp4") for name in films]
    frames = [
        sio.LabeledFrame(video, i * step, [draw_instance(skeleton, 50.0 * k) for k in range(animals(i))])
        for video, count in zip(videos, films.values(), strict=True)
        for i in range(count)
    ]
    return sio.Labels(labeled_frames=frames, videos=videos, skeletons=[skeleton])


def sizes(fold):
    return [len(getattr(fold, part)) for part in PARTS]


def is_partition(fold, labels):
    keys = [key for part in PARTS for key in getattr(fold, part)]
    return len(keys) == len(set(keys)) == len(labelled_frames(labels))


@pytest.mark.parametrize("by", ["block", "frame", "video"])
@pytest.mark.parametrize("seed", range(5))
def test_every_labelled_frame_is_in_one_part_of_about_the_right_size(by, seed):
    labels = many({f"film{i}": 10 for i in range(10)})
    fold = split_labels(labels, by=by, seed=seed).folds[0]
    assert is_partition(fold, labels)
    assert sizes(fold) == [60, 20, 20]


@pytest.mark.parametrize("by", ["block", "frame", "video"])
def test_the_same_seed_gives_the_same_split_whatever_the_order_of_the_frames(by):
    labels = many({f"film{i}": 7 for i in range(5)})
    first = split_labels(labels, by=by, seed=3)
    labels.labeled_frames.reverse()
    assert split_labels(labels, by=by, seed=3) == first
    assert split_labels(labels, by=by, seed=4) != first


def test_blocks_are_runs_in_time_in_every_video():
    labels = many({"a": 100, "b": 50})
    fold = split_labels(labels, by="block", seed=1).folds[0]
    for part in PARTS:
        for film, count in (("a.mp4", 100), ("b.mp4", 50)):
            frames = [i for video, i in getattr(fold, part) if video == film]
            assert frames == list(range(frames[0], frames[-1] + 1, 24))
            assert len(frames) == count * {"train": 0.6, "val": 0.2, "test": 0.2}[part]
    distances = nearest_training_frames(fold, "test")
    assert distances.count(24) <= 4  # only where two runs touch


@pytest.mark.parametrize("folds", [None, 4])
@pytest.mark.parametrize(("step", "gap"), [(1, 5), (1, 12), (3, 5), (5, 5), (24, 5)])
def test_neighbours_never_straddle_training_and_the_rest(folds, step, gap):
    labels = many({"a": 300, "b": 200}, step=step)
    split = split_labels(labels, folds=folds, seed=1, min_gap=gap)
    for number, fold in enumerate(split.folds):
        whole = split_labels(labels, folds=folds, seed=1, min_gap=0).folds[number]
        train = {*fold.train}
        left_out = [key for key in whole.train if key not in train]
        assert (fold.val, fold.test) == (whole.val, whole.test)
        for part in ("val", "test"):
            assert min(nearest_training_frames(fold, part)) >= gap
        for video, frame in left_out:
            assert min(abs(frame - i) for v, i in (*fold.val, *fold.test) if v == video) < gap
        assert any(f"{len(left_out)} of {len(whole.train)} training frames" in n for n in split.notes) == bool(left_out)
    assert bool(split.notes) == (step < gap)


def test_a_gap_that_would_cost_too_much_shrinks_and_the_split_says_so():
    labels = many({"a": 40}, step=1)
    whole, wide = (split_labels(labels, min_gap=gap).folds[0] for gap in (0, 200))
    others = [i for _, i in (*whole.val, *whole.test)]
    nearest = [min(abs(i - other) for other in others) for _, i in whole.train]
    gap = max(g for g in range(200) if 4 * sum(d < g for d in nearest) <= len(nearest))
    assert 1 < gap < 200
    assert wide.train == tuple(key for key, d in zip(whole.train, nearest, strict=True) if d >= gap)
    left_out = len(whole.train) - len(wide.train)
    assert split_labels(labels, min_gap=200).notes == (
        f"a gap of 200 frames would leave out more than a quarter of the 24 training frames, so it is {gap}; "
        f"{left_out} of 24 training frames were left out, as they are nearer than {gap} frames to one of validation or "
        "test",
    )
    assert split_labels(labels, min_gap=0).notes == ()


def test_frames_that_were_to_stay_anywhere_keep_no_gap():
    assert sum(sizes(split_labels(many({"a": 40}, step=1), by="frame").folds[0])) == 40


def test_block_frames_sets_the_length_of_blocks():
    labels = many({"a": 95})
    fold = split_labels(labels, by="block", block_frames=10, seed=0).folds[0]
    part_of = {i // 24: part for part in PARTS for _, i in getattr(fold, part)}
    for start in range(0, 95, 10):
        assert len({part_of[i] for i in range(start, min(start + 10, 95))}) == 1
    assert is_partition(fold, labels)


def test_videos_stay_whole():
    fold = split_labels(many({"a": 30, "b": 10, "c": 10, "d": 1}), by="video").folds[0]
    films = [{video for video, _ in getattr(fold, part)} for part in PARTS]
    assert sum(map(len, films)) == 4
    assert films[0] & films[1] == films[0] & films[2] == films[1] & films[2] == set()


def test_frames_with_few_and_many_animals_go_to_all_parts_alike():
    labels = many({"a": 200}, animals=lambda i: 1 + 19 * (i % 4 == 0))
    fold = split_labels(labels, by="frame", seed=2).folds[0]
    crowded = [sum(i // 24 % 4 == 0 for _, i in getattr(fold, part)) for part in PARTS]
    assert crowded == pytest.approx([30, 10, 10], abs=1)


@pytest.mark.parametrize("seed", range(3))
def test_crowded_blocks_go_to_all_parts_alike(seed):
    labels = many({"a": 500}, animals=lambda i: 1 + i // 100)
    fold = split_labels(labels, by="block", block_frames=10, seed=seed).folds[0]
    crowd = [np.mean([1 + i // 24 // 100 for _, i in getattr(fold, part)]) for part in PARTS]
    assert crowd == pytest.approx([3, 3, 3], abs=0.15)


@pytest.mark.parametrize("by", ["block", "frame", "video"])
def test_folds_share_the_test_part_and_take_turns_at_validation(by):
    labels = many({f"film{i}": 10 for i in range(12)})
    folds = split_labels(labels, by=by, folds=4, fractions=(0.6, 0.2, 0.2)).folds
    assert len({fold.test for fold in folds}) == 1
    assert all(is_partition(fold, labels) for fold in folds)
    in_turn = [key for fold in folds for key in fold.val]
    assert len(in_turn) == len(set(in_turn)) == 120 - len(folds[0].test)
    assert all(len(fold.val) == pytest.approx(24, abs=6) for fold in folds)


def test_without_a_test_fraction_the_folds_use_all_frames():
    folds = split_labels(many({"a": 10}), folds=5, fractions=(0.8, 0.2, 0.0)).folds
    assert [sizes(fold) for fold in folds] == [[8, 2, 0]] * 5


@pytest.mark.parametrize("by", ["block", "frame"])
@pytest.mark.parametrize(("count", "expected"), [(2, [1, 1, 0]), (3, [1, 1, 1]), (4, [2, 1, 1]), (5, [3, 1, 1])])
def test_few_frames_leave_training_and_validation_filled(by, count, expected):
    split = split_labels(many({"a": count}), by=by)
    assert sizes(split.folds[0]) == expected
    assert split.notes == (("2 labelled frames: the test part is empty",) if count == 2 else ())


@pytest.mark.parametrize("by", ["block", "frame", "video"])
def test_a_single_frame_is_training_and_validation_and_the_split_says_so(by):
    split = split_labels(many({"a": 1}), by=by)
    assert split.folds == (Fold(train=(("a.mp4", 0),), val=(("a.mp4", 0),), test=()),)
    assert "validation repeats training" in split.notes[0]


def test_frames_without_user_instances_belong_to_no_part():
    labels = draw_labels({0: [1.0], 1: [], 2: [2.0], 3: [3.0]}, predicted={1: [5.0], 2: [6.0]})
    fold = split_labels(labels).folds[0]
    assert sorted(fold.train + fold.val + fold.test) == [("a.mp4", 0), ("a.mp4", 2), ("a.mp4", 3)]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"by": "animal"}, ConfigError, "split by: expected one of ['block', 'frame', 'video'], got 'animal'"),
        ({"fractions": (0.5, 0.2, 0.2)}, ConfigError, "three numbers that add up to 1, got [0.5, 0.2, 0.2]"),
        ({"fractions": (1.0, 0.0, 0.0)}, ConfigError, "training and validation must be above 0"),
        ({"fractions": (0.8, 0.3, -0.1)}, ConfigError, "test not below"),
        ({"folds": 1}, ConfigError, "folds: expected at least 2"),
        ({"by": "frame", "block_frames": 3}, ConfigError, "with by block, got 3 with by frame"),
        ({"block_frames": 0}, ConfigError, "block_frames: expected at least 1"),
        ({"min_gap": -1}, ConfigError, "split min_gap: expected 0 frames or more, got -1"),
        ({"folds": 6}, LabelError, "6 folds and a test part need at least 7 labelled frames, got 6"),
        ({"by": "video"}, LabelError, "expected at least 3 labelled videos, one per part, got 2"),
        ({"block_frames": 3}, LabelError, "make 2 blocks of 3, expected at least 3"),
    ],
)
def test_options_that_cannot_be_met(options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        split_labels(many({"a": 3, "b": 3}), **options)


def test_labels_without_user_instances_cannot_be_split():
    with pytest.raises(LabelError, match="no frame has a user instance"):
        split_labels(draw_labels({0: []}, predicted={0: [1.0]}))


def test_a_split_file_reads_back_and_tells_distances(tmp_path):
    split = split_labels(many({"film é": 40}, step=24), folds=2, seed=5, block_frames=4)
    write_split(tmp_path / "split.json", split)
    assert read_split(tmp_path / "split.json") == split
    value = json.loads((tmp_path / "split.json").read_text())
    assert (value["by"], value["seed"], value["fractions"]) == ("block", 5, [0.6, 0.2, 0.2])
    fold = value["folds"][0]
    train = [i for _, i in fold["train"]]
    nearest = [min(abs(i - t) for t in train) for _, i in fold["test"]]
    expected = {"min": min(nearest), "median": float(np.median(nearest))}
    assert fold["frames_to_nearest_train"]["test"] == expected


def test_distances_are_unknown_where_no_training_frame_is_in_the_video(tmp_path):
    fold = Fold(train=(("a.mp4", 10),), val=(("b.mp4", 0),), test=(("a.mp4", 4), ("b.mp4", 1)))
    assert nearest_training_frames(fold, "val") == [None]
    assert nearest_training_frames(fold, "test") == [6, None]
    write_split(tmp_path / "s.json", Split(folds=(fold,), by="indices"))
    distances = json.loads((tmp_path / "s.json").read_text())["folds"][0]["frames_to_nearest_train"]
    assert distances == {"val": {"min": None, "median": None}, "test": {"min": 6, "median": 6}}


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "[]",
        '{"folds": [], "by": "block"}',
        '{"folds": [{"train": [["a"]]}]}',
        '{"folds": 3}',
        "[" * 9**5,
        '{"folds": [{"train": [["a", 1e999]]}]}',
    ],
)
def test_what_is_no_split_file_is_refused(tmp_path, text):
    path = tmp_path / "s.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(LabelError, match="split file not found" if text is None else "expected a split as antpipe"):
        read_split(path)


def test_frames_of_a_part_come_in_its_order_and_missing_ones_are_named():
    labels = many({"a": 5}, step=1)
    assert [f.frame_idx for f in frames_of(labels, [("a.mp4", 3), ("a.mp4", 0)])] == [3, 0]
    with pytest.raises(LabelError, match=r"1 of 2 frames are not labelled .* frame 9 of 'a.mp4'; split"):
        frames_of(labels, [("a.mp4", 3), ("a.mp4", 9)])


def test_videos_of_the_same_file_name_keep_apart():
    skeleton = draw_skeleton()
    films = [draw_video("/cam1/film.mp4"), draw_video("/cam2/film.mp4")]
    frames = [sio.LabeledFrame(film, i, [draw_instance(skeleton)]) for film in films for i in range(5)]
    labels = sio.Labels(labeled_frames=frames, videos=films, skeletons=[skeleton])
    assert is_partition(split_labels(labels).folds[0], labels)


@pytest.mark.parametrize("kind", ["centroid", "centered_instance"])
def test_indices_of_a_sleap_config_give_the_parts_that_sleap_saved(shared_data, kind):
    labels = read_labels(shared_data / "ants_labels" / "datasets" / "col218_crop.v001.slp")
    for folder in sorted((shared_data / "ants_models" / "general").glob(f"*.{kind}")):
        lists = read_sleap_config(folder / "training_config.json").training_indices
        split = split_from_indices(labels, **lists)
        for part in PARTS:
            stored = read_labels(folder / f"labels_gt.{part}.slp")
            wanted = [(f.video.filename.rsplit("/", 1)[-1], f.frame_idx) for f in stored]
            assert list(getattr(split.folds[0], part)) == wanted
            chosen = frames_of(labels, getattr(split.folds[0], part))
            assert [len(f) for f in chosen] == [len(f) for f in stored]
        assert split.notes == ()


def test_indices_outside_the_labels_or_without_user_instances():
    labels = draw_labels({0: [1.0], 1: [], 2: [2.0]}, predicted={1: [5.0]})
    split = split_from_indices(labels, train=[2, 1], val=[0])
    assert split.folds[0].train == (("a.mp4", 2),)
    assert split.notes == ("1 frames of the lists have no user instance and were left out",)
    with pytest.raises(LabelError, match="val index 3 is outside the 3 frames"):
        split_from_indices(labels, train=[0], val=[3])
    with pytest.raises(LabelError, match="none of the 1 val frames has a user instance"):
        split_from_indices(labels, train=[0], val=[1])


def test_a_real_split_keeps_its_distance(shared_data):
    labels = read_labels(shared_data / "ants_labels" / "datasets" / "main.v001.slp")
    fold = split_labels(labels, seed=0).folds[0]
    assert sizes(fold) == [48, 16, 16]
    assert is_partition(fold, labels)
    assert {video for video, _ in fold.test} == {video for video, _ in fold.train}


@pytest.mark.parametrize(
    ("section", "values", "message"),
    [
        (SplitConfig, {"fractions": [0.5, 0.2, 0.2]}, "three numbers that add up to 1"),
        (SplitConfig, {"fractions": [0.5, 0.5]}, "Field required"),
        (SplitConfig, {"folds": 1}, "greater than or equal to 2"),
        (SplitConfig, {"by": "frame", "block_frames": 2}, "block_frames is only for by: block"),
        (SplitConfig, {"by": "animal"}, "'block', 'frame' or 'video'"),
        (MergeConfig, {"on_conflict": "newest"}, "'error', 'keep-first', 'keep-last' or 'keep-both'"),
        (MergeConfig, {"map_node": {}}, "Extra inputs are not permitted"),
    ],
)
def test_bad_configuration(section, values, message):
    with pytest.raises(ValidationError, match=message):
        section.model_validate(values)


def test_configuration_fits_the_functions_and_is_documented():
    labels = many({"a": 10})
    config = SplitConfig.model_validate({"by": "block", "folds": None, "seed": 4})
    assert split_labels(labels, **config.model_dump()) == split_labels(labels, seed=4)
    map_nodes = {"x.slp": {"A": "B", "C": None}}
    assert MergeConfig.model_validate({"map_nodes": map_nodes}).map_nodes == map_nodes
    for section in (SplitConfig, MergeConfig):
        assert all(field.description for field in section.model_fields.values())


def test_max_frames_thins_out_training_and_validation_but_not_test():
    labels = many({"a": 200})
    whole, thin = (split_labels(labels, fractions=(0.5, 0.1, 0.4), max_frames=m).folds[0] for m in (None, 30))
    assert (len(whole.train), len(whole.val), len(whole.test)) == (100, 20, 80)
    assert (len(thin.train), len(thin.val), len(thin.test)) == (25, 5, 80)
    assert set(thin.train) < set(whole.train)
    assert thin.test == whole.test
    gaps = np.diff(sorted(frame for _, frame in thin.train))
    assert gaps.max() < 8 * 24, "spread over time"
    assert split_labels(labels, fractions=(0.5, 0.1, 0.4), max_frames=30).folds[0] == thin
