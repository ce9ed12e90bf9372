"""export_poses: coordinates, errors, atomicity; and the contract of every registered format."""

import ast
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_poses import DRAWN, HALF_AND_SHIFTED, draw_poses, make_info
from read_back import READ_BACK, as_held

from antpipe.config.export import ExportConfig
from antpipe.errors import ConfigError, PosesError
from antpipe.export.export import export_poses
from antpipe.export.registry import EXPORTERS
from antpipe.export.source import open_source
from antpipe.export.tracks import track_names
from antpipe.files import fingerprint
from antpipe.poses_file import read_poses, write_poses, write_poses_to

ONE_VIDEO = ("parquet", "analysis_h5", "mot", "nwb")


def places(instance):
    """Frame and points; None sorts as a number far off."""
    return (instance[0], *(-1e9 if value is None else value for value in instance[2]))


def by_place(instances):
    return sorted(instances, key=places)


def approximately(name, values):
    # Boxes of MOTChallenge are moved by a pixel, which rounds.
    return [pytest.approx(value, abs=1e-3) for value in values] if name == "mot" else values


def content(path: Path) -> dict[str, str]:
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    return {str(p.relative_to(path)): fingerprint(p) for p in files}


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("name", EXPORTERS)
def test_every_format_holds_every_instance_where_it_was(name, drawn, tmp_path, monkeypatch):
    monkeypatch.setattr("antpipe.poses_file.ROWS_PER_GROUP", 2)
    poses = DRAWN[drawn]()
    with write_poses_to(tmp_path / "p.parquet", poses.info) as writer:
        for _, rows in poses.by_frame():
            writer.write(poses[rows])
    export_poses([tmp_path / "p.parquet"], tmp_path / "out" / f"o.{name}", format=name, coordinates="video")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"o.{name}"]
    found = READ_BACK[name](tmp_path / "out" / f"o.{name}", poses.info.skeleton.nodes)
    expected = as_held(name, poses)
    assert sorted(map(places, found)) == approximately(name, sorted(map(places, expected)))
    # By frame and place, instances of both sides are the same; so must be which of them belong together.
    pairs = {(ours[1], theirs[1]) for ours, theirs in zip(by_place(expected), by_place(found), strict=True)}
    named = {pair for pair in pairs if pair[0]}
    assert len(named) == len({ours for ours, _ in named}) == len({theirs for _, theirs in named})
    assert all(not theirs or re.match("untracked_[0-9]+_*$", theirs) for ours, theirs in pairs - named)


@pytest.mark.parametrize("name", EXPORTERS)
def test_every_format_gives_the_same_content_again(name, poses_path, tmp_path):
    for run in ("a", "b"):
        export_poses([poses_path], tmp_path / run, format=name)
    assert content(tmp_path / "a") == content(tmp_path / "b")


@pytest.mark.parametrize("name", EXPORTERS)
def test_every_format_takes_several_videos_or_says_that_it_does_not(name, poses_path, empty_path, tmp_path):
    if name in ONE_VIDEO:
        with pytest.raises(PosesError, match=rf"{name} holds one video per file, got 2 poses files; "):
            export_poses([poses_path, empty_path], tmp_path / "out", format=name)
        assert not (tmp_path / "out").exists()
    else:
        export_poses([poses_path, empty_path], tmp_path / "out", format=name)
        assert (tmp_path / "out").exists()


@pytest.mark.parametrize("name", EXPORTERS)
def test_every_format_leaves_nothing_behind_when_the_input_breaks_off(name, poses_path, tmp_path, monkeypatch):
    def broken(path):
        yield from [read_poses(path)]
        raise PosesError("disk on fire")

    monkeypatch.setattr("antpipe.export.source.iter_poses", broken)
    (tmp_path / "out").mkdir()
    with pytest.raises(PosesError, match="disk on fire"):
        export_poses([poses_path], tmp_path / "out" / "x", format=name)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"format": "xlsx"}, ConfigError, r"unknown export format 'xlsx'; choose one of .*'coco'"),
        ({"coordinates": "world"}, ConfigError, r"unknown coordinates 'world'; choose one of \['raw', 'video'\]"),
        ({"paths": []}, ConfigError, "nothing to export: name at least one poses file"),
        ({"paths": ["nowhere.parquet"]}, PosesError, "nowhere.parquet: poses file not found"),
    ],
)
def test_wrong_requests_are_answered_with_one_sentence(changes, error, message, poses_path, tmp_path):
    request = {"paths": [poses_path], "format": "csv", "coordinates": "raw", **changes}
    with pytest.raises(error, match=message):
        export_poses(output=tmp_path / "out", **request)
    assert not (tmp_path / "out").exists()


def test_two_poses_files_about_one_video_are_refused(poses_path, poses, tmp_path):
    write_poses(tmp_path / "again.parquet", poses)
    with pytest.raises(PosesError, match=r"about another video, but .* is about .*Col 218.*export them one by one"):
        export_poses([poses_path, tmp_path / "again.parquet"], tmp_path / "out.csv", format="csv")


def test_a_folder_as_output_of_a_file_format_is_refused(poses_path, tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match=r"folder: expected a file name for csv, but it is a folder"):
        export_poses([poses_path], tmp_path / "folder", format="csv")


def test_hyphens_in_a_format_count_as_underscores(poses_path, tmp_path):
    export_poses([poses_path], tmp_path / "a.h5", format="analysis-h5")
    assert (tmp_path / "a.h5").is_file()


@pytest.mark.parametrize("stored", ["video", "raw"])
@pytest.mark.parametrize("wanted", ["video", "raw"])
def test_points_are_moved_to_the_wanted_coordinates_and_only_if_they_are_not_there(stored, wanted, poses, tmp_path):
    in_video = poses.points
    in_raw = in_video * 2 + np.float32([100.5, 50.5])
    points = {"video": in_video, "raw": in_raw}
    write_poses(
        tmp_path / "p.parquet", replace(poses, info=replace(poses.info, coordinates=stored), points=points[stored])
    )
    export_poses([tmp_path / "p.parquet"], tmp_path / "o.parquet", format="parquet", coordinates=wanted)
    got = read_poses(tmp_path / "o.parquet")
    assert got.info.coordinates == wanted
    assert got.info.to_raw == HALF_AND_SHIFTED
    np.testing.assert_allclose(got.points, points[wanted], atol=1e-4)
    assert got.points.dtype == np.float32


def test_tracks_are_named_in_order_of_appearance(poses_path, empty_path):
    assert track_names(poses_path) == ["ant 1", "žába", 'a"b,c']
    assert track_names(empty_path) == []


def test_reading_a_source_gives_all_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr("antpipe.poses_file.ROWS_PER_GROUP", 2)
    poses = draw_poses(make_info())
    with write_poses_to(tmp_path / "p.parquet", poses.info) as writer:
        for _, rows in poses.by_frame():
            writer.write(poses[rows])
    source = open_source(tmp_path / "p.parquet", "video")
    assert [len(part) for part in source] == [3, 2, 3, 1]
    np.testing.assert_array_equal(source.read().points, poses.points)


def test_the_workflow_has_a_file_name_for_every_format():
    source = (Path(__file__).parents[2] / "workflow" / "rules" / "common.smk").read_text(encoding="utf-8")
    formats = ast.literal_eval(re.search(r"^FORMATS = (\{.*?^\})", source, re.M | re.S)[1])
    assert sorted([*formats.values(), "parquet_long"]) == sorted(EXPORTERS)


def test_config_names_formats_of_the_registry():
    assert set(ExportConfig().formats) <= set(EXPORTERS)
    with pytest.raises(ValueError, match=r"unknown export format 'xlsx'; choose one of \["):
        ExportConfig(formats=["csv", "xlsx"])
