import json
import re
import shutil

import numpy as np
import pytest
import sleap_io as sio
import yaml
from drawn_labels import NODES, contents, draw_instance, draw_labels, draw_skeleton, draw_video, save

from antpipe.errors import ConfigError, LabelError
from antpipe.labels.merge import merge_files, merge_labels
from antpipe.labels.read import read_labels, skeleton_of

PARTS = ("col224", "col402", "quel223", "quel321_1_crop")


@pytest.fixture
def ants(shared_data):
    folder = shared_data / "ants_labels" / "datasets"
    return lambda name: folder / f"{name}.v001.slp"


def test_merge_a_gives_the_labs_own_merge_exactly(ants, tmp_path):
    merge_files([ants(p) for p in PARTS], tmp_path / "merged.slp")
    merged, main = read_labels(tmp_path / "merged.slp"), read_labels(ants("main"))
    assert contents(merged) == contents(main)
    suggestions = [[(s.video.filename, s.frame_idx) for s in labels.suggestions] for labels in (merged, main)]
    assert suggestions[0] == suggestions[1]
    assert len(suggestions[0]) == 80
    assert skeleton_of(merged) == skeleton_of(main)


def test_merge_a_in_another_order_and_with_renamed_files_has_the_same_content(ants, tmp_path):
    shuffled = [shutil.copy(ants(p), tmp_path / f"{i} é.slp") for i, p in enumerate(PARTS[::-1])]
    merged, report = merge_labels(shuffled)
    by_frame = sorted(contents(merged))
    assert by_frame == sorted(contents(read_labels(ants("main"))))
    assert report["result"] == {
        "frames": 81,
        "empty_frames": 1,
        "user_instances": 1581,
        "predicted_instances": 0,
        "tracks": 0,
        "suggestions": 80,
    }


def shuffled(path, output, seed):
    """A copy of a label file with its nodes, edges, frames and suggestions in another order, from another computer."""
    draw, labels = np.random.default_rng(seed), sio.load_slp(str(path), open_videos=False)
    old = labels.skeleton
    order = draw.permutation(len(old.node_names))
    edges = [old.edge_names[i] for i in draw.permutation(len(old.edge_names))]
    skeleton = draw_skeleton([old.node_names[i] for i in order], edges, old.symmetry_names)
    labels.labeled_frames = [labels.labeled_frames[i] for i in draw.permutation(len(labels))]
    draw.shuffle(labels.suggestions)
    for frame in labels:
        for instance in frame.instances:
            instance.points = instance.points[order]
            instance.skeleton = skeleton
    labels.skeletons = [skeleton]
    for video in labels.videos:
        video.filename = f"E:\\lab {seed}\\" + video.filename.rsplit("/", 1)[-1].upper()
        video.backend_metadata["filename"] = video.filename
    return save(labels, output)


def folded(labels):
    return sorted((video.casefold(), index, instances) for video, index, instances in contents(labels))


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_renamed_copies_of_the_parts_merge_to_the_same_content(shared_data, ants, tmp_path, seed):
    general = next((shared_data / "ants_models" / "general").glob("part_LowerThorax.*.centroid"))
    truth = [general / f"labels_gt.{part}.slp" for part in ("train", "val", "test")]
    draw = np.random.default_rng(seed)
    for parts, whole in (([ants(p) for p in PARTS], "main"), (truth, "col218_crop")):
        copies = [shuffled(path, tmp_path / f"{whole}{n}.slp", seed + n) for n, path in enumerate(parts)]
        merged, report = merge_labels([copies[i] for i in draw.permutation(len(copies))])
        assert folded(merged) == folded(read_labels(ants(whole)))
        assert {match["by"] for video in report["videos"] for match in video["in"]} <= {"first", "file name"}
        # The copies and the originals are one: each frame, instance and suggestion is there once.
        merged, report = merge_labels([ants(whole), *copies])
        assert contents(merged) == contents(read_labels(ants(whole)))
        assert report["same_instances"] == report["result"]["user_instances"]


def test_merging_the_result_with_its_parts_changes_nothing(ants):
    merged, report = merge_labels([ants("main"), *[ants(p) for p in PARTS]])
    assert contents(merged) == contents(read_labels(ants("main")))
    assert (report["united_frames"], report["same_instances"], report["same_suggestions"]) == (81, 1581, 80)


@pytest.mark.parametrize("model", ["filter_32-stride_32", "part_LowerThorax"])
def test_merge_b_gives_the_data_set_that_was_split(shared_data, ants, model):
    folder = next((shared_data / "ants_models" / "general").glob(f"{model}.*.centroid"))
    merged, report = merge_labels([folder / f"labels_gt.{part}.slp" for part in ("train", "val", "test")])
    assert sorted(contents(merged)) == sorted(contents(read_labels(ants("col218_crop"))))
    assert (report["result"]["frames"], report["result"]["user_instances"]) == (104, 672)


@pytest.mark.parametrize("other", ["col210", "quel321_1"])
def test_other_skeletons_stop_the_merge_with_a_node_map_to_start_from(ants, other):
    with pytest.raises(LabelError) as caught:
        merge_labels([ants("main"), ants(other)])
    message = " ".join(str(caught.value).split())  # as the command line shows it
    assert "nodes only here ['Lower Thorax', 'Upper Thorax'], missing ['LowerThorax', 'UpperThorax']" in message
    assert "two nodes may have changed places" in message
    draft = yaml.safe_load(message.rpartition("starting from: ")[2])
    assert draft == {f"{other}.v001.slp": {"Lower Thorax": "LowerThorax", "Upper Thorax": "UpperThorax"}}
    assert merge_labels([ants("main"), ants(other)], node_map=draft)


def test_a_node_map_brings_the_other_skeleton_in_line(ants):
    # In these files Petiole and Lower Thorax have changed places: their edges tell.
    renames = {"Upper Thorax": "UpperThorax", "Lower Thorax": "Petiole", "Petiole": "LowerThorax"}
    merged, report = merge_labels([ants("main"), ants("col210")], node_map={"col210.v001.slp": renames})
    assert report["result"]["user_instances"] == 1581 + 182
    assert report["files"][1]["renamed"] == renames
    assert report["files"][1]["edges_only_here"] == []
    old = read_labels(ants("col210"))[0].instances[0]
    new = next(f for f in merged if f.video.filename.endswith("Col210.mp4")).instances[0]
    assert tuple(new["LowerThorax"]["xy"]) == tuple(old["Petiole"]["xy"])
    assert tuple(new["Petiole"]["xy"]) == tuple(old["Lower Thorax"]["xy"])


def test_without_the_swap_the_report_shows_different_edges(ants):
    renames = {"Upper Thorax": "UpperThorax", "Lower Thorax": "LowerThorax"}
    _, report = merge_labels([ants("main"), ants("col210")], node_map={str(ants("col210")): renames})
    assert ("Petiole", "UpperThorax") in report["files"][1]["edges_only_here"]
    assert ("LowerThorax", "UpperThorax") in report["files"][1]["edges_only_in_result"]


@pytest.mark.parametrize(
    ("node_map", "message"),
    [
        ({"none.slp": {"head": "Head"}}, r"expected names of the label files .* got 'none.slp'"),
        ({"b.slp": {"leg": "Leg"}}, r"b.slp has no nodes \['leg'\]; it has \['head', 'tail', 'thorax'\]"),
        ({"b.slp": {"head": "tail"}}, r"several nodes would become \['tail'\]"),
        ({"b.slp": {"head": "Head"}}, r"nodes only here \['Head'\], missing \['head'\].*\{b.slp: \{head: head\}\}$"),
        ({"b.slp": {"head": None}}, r"nodes only here \[\], missing \['head'\]"),
    ],
)
def test_bad_node_maps(tmp_path, node_map, message):
    paths = [save(draw_labels({i: [1.0]}), tmp_path / f"{n}.slp") for i, n in enumerate("ab")]
    with pytest.raises(LabelError, match=re.compile(message, re.DOTALL)):
        merge_labels(paths, node_map=node_map)


def test_a_node_mapped_to_null_is_left_out(tmp_path):
    extra = draw_skeleton(nodes=("antenna", *NODES))
    paths = [
        save(draw_labels({0: [1.0]}), tmp_path / "a.slp"),
        save(draw_labels({1: [2.0]}, skeleton=extra), tmp_path / "b.slp"),
    ]
    merged, _ = merge_labels(paths, node_map={"b.slp": {"antenna": None}})
    assert skeleton_of(merged).nodes == NODES
    assert [f.instances[0].numpy().tolist() for f in merged] == [
        [[1, 1], [11, 1], [21, 1]],
        [[2, 2], [12, 2], [22, 2]],
    ]


def test_nodes_are_matched_by_name_whatever_their_order(tmp_path):
    paths = [
        save(draw_labels({0: [1.0]}), tmp_path / "a.slp"),
        save(draw_labels({1: [2.0]}, skeleton=draw_skeleton(nodes=NODES[::-1])), tmp_path / "b.slp"),
    ]
    merged, report = merge_labels(paths)
    assert merged[1].instances[0].numpy().tolist() == [[2, 2], [12, 2], [22, 2]]
    assert report["conflicts"] == []


@pytest.mark.parametrize(
    ("first", "second", "policy", "expected", "conflicts"),
    [
        ([0, 50], [0, 50], "error", [0, 50], 0),  # equal: once
        ([0], [50, 0], "error", [0, 50], 0),  # extra on one side
        ([], [50], "error", [50], 0),
        ([0, 9], [0, 50], "keep-first", [0, 9], 1),
        ([0, 9], [0, 50], "keep-last", [0, 50], 1),
        ([0, 9], [0, 50], "keep-both", [0, 9, 50], 1),
        ([7, 7], [7], "error", [7, 7], 0),  # the same animal labelled twice in one file stays so
    ],
)
def test_the_same_frame_in_two_files(tmp_path, first, second, policy, expected, conflicts):
    paths = [
        save(draw_labels({5: list(map(float, p)), 8 + i: [1.0]}), tmp_path / f"{i}.slp")
        for i, p in enumerate((first, second))
    ]
    merged, report = merge_labels(paths, on_conflict=policy)
    frame = next(f for f in merged if f.frame_idx == 5)
    assert [i.numpy()[0, 0] for i in frame.instances] == expected
    assert len(report["conflicts"]) == conflicts
    if conflicts:
        assert report["conflicts"][0] == {
            "video": "D:/videos/a.mp4",
            "frame_idx": 5,
            "files": [str(p) for p in paths],
            "only_earlier": 1,
            "only_last": 1,
            "resolved_by": policy,
        }


def test_conflicts_stop_the_merge_but_still_reach_the_report(tmp_path):
    paths = [save(draw_labels({5: [p], 6: [p]}), tmp_path / f"{p}.slp") for p in (0.0, 1.0)]
    output, report = tmp_path / "out.slp", tmp_path / "report.json"
    with pytest.raises(LabelError, match=r"2 frames are labelled differently .*a.mp4 frame 5, a.mp4 frame 6; correct"):
        merge_files(paths, output, report=report)
    assert not output.exists()
    assert [c["frame_idx"] for c in json.loads(report.read_text())["conflicts"]] == [5, 6]


def test_a_dry_run_reports_and_writes_no_labels(tmp_path):
    paths = [save(draw_labels({5: [p]}), tmp_path / f"{p}.slp") for p in (0.0, 1.0)]
    result = merge_files(paths, tmp_path / "out.slp", dry_run=True)
    assert len(result["conflicts"]) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["0.0.slp", "1.0.slp"]


def test_predictions_never_conflict_and_links_to_them_survive(tmp_path):
    skeleton, film = draw_skeleton(), draw_video()

    def labels(user, prediction):
        source = draw_instance(skeleton, prediction, predicted=True)
        frame = sio.LabeledFrame(film, 0, [source, draw_instance(skeleton, user, source=source)])
        return sio.Labels(labeled_frames=[frame], videos=[film], skeletons=[skeleton])

    same, other = labels(0.0, 1.0), labels(0.0, 2.0)
    paths = [save(labels_, tmp_path / f"{i}.slp") for i, labels_ in enumerate((labels(0.0, 1.0), same, other))]
    merged, report = merge_labels(paths)
    assert (report["conflicts"], report["same_instances"]) == ([], 3)
    kinds = [(type(i).__name__, i.numpy()[0, 0]) for i in merged[0].instances]
    assert kinds == [("PredictedInstance", 1), ("Instance", 0), ("PredictedInstance", 2)]
    assert merged[0].instances[1].from_predicted is merged[0].instances[0]
    last, _ = merge_labels(paths, on_conflict="keep-last")
    assert [i.numpy()[0, 0] for i in last[0].predicted_instances] == [2]


def test_a_link_follows_the_twin_of_a_dropped_prediction(tmp_path):
    skeleton, film = draw_skeleton(), draw_video()
    paths = []
    for name, with_user in (("a", False), ("b", True)):
        source = draw_instance(skeleton, 1.0, predicted=True)
        instances = [source] + [draw_instance(skeleton, 0.0, source=source)] * with_user
        frame = sio.LabeledFrame(film, 0, instances)
        paths.append(save(sio.Labels([frame], videos=[film], skeletons=[skeleton]), tmp_path / f"{name}.slp"))
    merged, _ = merge_labels(paths)
    assert len(merged[0]) == 2
    assert merged[0].user_instances[0].from_predicted is merged[0].predicted_instances[0]


def test_tracks_are_matched_by_name_and_written(tmp_path):
    skeleton, film = draw_skeleton(), draw_video()
    paths = []
    for index, names in enumerate((["a", "b"], ["b", "c"])):
        tracks = [sio.Track(n) for n in names]
        instances = [draw_instance(skeleton, 50.0 * i, track=t) for i, t in enumerate(tracks)]
        frame = sio.LabeledFrame(film, index, instances)
        labels = sio.Labels([frame], videos=[film], skeletons=[skeleton], tracks=tracks)
        paths.append(save(labels, tmp_path / f"{index}.slp"))
    merge_files(paths, tmp_path / "out.slp")
    merged = read_labels(tmp_path / "out.slp")
    assert [t.name for t in merged.tracks] == ["a", "b", "c"]
    assert [[i.track.name for i in f.instances] for f in merged] == [["a", "b"], ["b", "c"]]


def test_videos_are_matched_by_path_then_by_file_name(tmp_path):
    videos = ["/cam1/film.mp4", "/cam2/film.mp4", "D:\\cam2\\other.mp4"]
    skeleton = draw_skeleton()
    films = [draw_video(v) for v in videos]
    both = sio.Labels(
        [sio.LabeledFrame(f, 0, [draw_instance(skeleton, float(i))]) for i, f in enumerate(films)],
        videos=films,
        skeletons=[skeleton],
    )
    paths = [
        save(both, tmp_path / "a.slp"),
        save(draw_labels({1: [5.0]}, video="/cam2/film.mp4"), tmp_path / "b.slp"),
        save(draw_labels({1: [6.0]}, video="/mac/other.mp4"), tmp_path / "c.slp"),
    ]
    merged, report = merge_labels(paths)
    assert [len([f for f in merged if f.video is v]) for v in merged.videos] == [1, 2, 2]
    assert [[m["by"] for m in v["in"]] for v in report["videos"]] == [
        ["first"],
        ["first", "path"],
        ["first", "file name"],
    ]
    paths.append(save(draw_labels({2: [7.0]}, video="/cam3/film.mp4"), tmp_path / "d.slp"))
    with pytest.raises(LabelError, match=r"'/cam3/film.mp4' could be any of \['/cam1/film.mp4', '/cam2/film.mp4'\]"):
        merge_labels(paths)


def test_provenance_is_kept_without_paths_of_this_machine(tmp_path):
    labels = draw_labels({0: [1.0]})
    labels.provenance = {"annotator": "Zoë"}
    path = save(labels, tmp_path / "a.slp")
    merge_files([path], tmp_path / "out.slp")
    kept = read_labels(tmp_path / "out.slp").provenance["merged_from"]
    assert kept == [{"file": "a.slp", "annotator": "Zoë"}]


def test_the_output_is_whole_and_the_same_bytes_each_time(ants, tmp_path):
    for name in "ab":
        merge_files([ants("col429_crop"), ants("col402")], tmp_path / f"{name}.slp")
    assert (tmp_path / "a.slp").read_bytes() == (tmp_path / "b.slp").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_images_of_a_real_package_stay_in_the_result(shared_data, tmp_path):
    path = shared_data / "formats" / "slp" / "minimal_instance.pkg.slp"
    report = merge_files([path], tmp_path / "out.slp")
    assert report["files"][0]["left_out"] == {}
    merged = read_labels(tmp_path / "out.slp")
    assert merged.videos[0].original_video.filename.endswith("centered_pair_low_quality.mp4")
    np.testing.assert_array_equal(merged.videos[0][0], read_labels(path).videos[0][0])


def test_files_without_user_instances_are_counted_and_only_all_of_them_are_an_error(tmp_path):
    empty = save(draw_labels({0: []}, predicted={0: [3.0]}), tmp_path / "empty.slp")
    full = save(draw_labels({1: [1.0]}), tmp_path / "full.slp")
    _, report = merge_labels([empty, full])
    assert [f["user_instances"] for f in report["files"]] == [0, 1]
    with pytest.raises(LabelError, match=r"expected user instances in .*empty.slp.*label some frames"):
        merge_labels([empty])


def test_what_cannot_be_merged(tmp_path):
    path = save(draw_labels({0: [1.0]}), tmp_path / "a.slp")
    with pytest.raises(LabelError, match="name at least one"):
        merge_labels([])
    with pytest.raises(LabelError, match="named more than once"):
        merge_labels([path, path])
    with pytest.raises(LabelError, match="the output is one of the label files"):
        merge_files([path], tmp_path / "a.slp")
    with pytest.raises(ConfigError, match=r"expected one of .*'keep-both'.* got 'newest'"):
        merge_labels([path], on_conflict="newest")


def test_invisible_points_keep_their_coordinates_and_nan_equals_nan(tmp_path):
    paths = []
    for name in "ab":
        labels = draw_labels({0: [1.0]})
        labels[0].instances[0].points["visible"][1] = False
        labels[0].instances[0].points["xy"][2] = np.nan
        paths.append(save(labels, tmp_path / f"{name}.slp"))
    merged, report = merge_labels(paths)
    assert report["same_instances"] == 1
    points = merged[0].instances[0].points
    assert (bool(points["visible"][1]), points["xy"][1].tolist()) == (False, [11, 1])
