"""Exports opened by programs that are not among antpipe's own: each test runs where its program is installed."""

import json
import shutil
import subprocess

import numpy as np
import pytest
from drawn_poses import SKELETON

from antpipe.export.export import export_poses


def need(module):
    return pytest.importorskip(module, reason=f"{module.upper()} ABSENT: install it to run this test")


def export(poses_path, tmp_path, name, format):
    export_poses([poses_path], tmp_path / name, format=format, coordinates="video")
    return tmp_path / name


def test_polars_opens_the_tables(poses, poses_path, tmp_path):
    polars = need("polars")
    wide = polars.read_parquet(export(poses_path, tmp_path, "o.parquet", "parquet"))
    assert wide.filter(polars.col("track") == "ant 1")["frame_idx"].to_list() == [0, 1, 3]
    folder = export(poses_path, tmp_path, "long", "parquet_long")
    long = polars.scan_parquet(f"{folder}/**/*.parquet", hive_partitioning=True).collect()
    assert (long.height, long["video"].unique().to_list()) == (36, ['Col 218, "cut" é'])
    assert long["x_pos"].mean() == pytest.approx(np.nanmean(poses.points[..., 0].astype(float)))
    table = polars.read_csv(export(poses_path, tmp_path, "o.csv", "csv"), null_values=["nan"])
    assert table["x_pos"].null_count() == 6


@pytest.mark.parametrize(("name", "format"), [("o.h5", "analysis_h5"), ("o.slp", "slp")])
def test_movement_opens_the_files_of_sleap(name, format, poses, poses_path, tmp_path):
    need("movement")
    from movement.io import load_poses

    found = load_poses.from_sleap_file(export(poses_path, tmp_path, name, format), fps=24)
    assert found.keypoints.values.tolist() == list(SKELETON.nodes)
    assert found.sizes["time"] == 12
    got = found.position.sel(individuals="ant 1").values[[0, 1]]
    np.testing.assert_array_equal(got.transpose(0, 2, 1), poses.points[[0, 3]])


def test_movement_opens_a_track_of_nwb(poses, poses_path, tmp_path):
    need("movement")
    from movement.io import load_poses

    path = export(poses_path, tmp_path, "o.nwb", "nwb")
    found = load_poses.from_nwb_file(path, pose_estimation_key="ant 1").sel(keypoints=list(SKELETON.nodes))
    assert found.attrs["fps"] == 24
    np.testing.assert_allclose(found.time.values, np.arange(12) / 24, atol=1e-5)
    got = found.position.values[[0, 1, 3], :, :, 0].transpose(0, 2, 1)
    np.testing.assert_array_equal(got, poses.points[[0, 3, 6]])


def test_r_opens_the_data_set(poses_path, tmp_path):
    if shutil.which("Rscript") is None:
        pytest.skip("R ABSENT: install R and its package arrow to run this test")
    folder = export(poses_path, tmp_path, "long", "parquet_long")
    program = "d <- as.data.frame(arrow::open_dataset(commandArgs(TRUE)[1])); cat(nrow(d), sum(is.na(d$x_pos)))"
    done = subprocess.run(["Rscript", "-e", program, str(folder)], capture_output=True, text=True)
    if "there is no package called" in done.stderr:
        pytest.skip("R ARROW ABSENT: install R's package arrow to run this test")
    assert done.stdout.split() == ["36", "6"], done.stderr


def test_pycocotools_opens_coco(poses, poses_path, tmp_path):
    need("pycocotools")
    from pycocotools.coco import COCO

    found = COCO(str(export(poses_path, tmp_path, "o.json", "coco")))
    assert len(found.getImgIds()) == 12
    assert [len(found.getAnnIds(imgIds=[number])) for number in (1, 2, 3, 4)] == [3, 2, 0, 3]
    assert found.loadCats([1])[0]["keypoints"] == list(SKELETON.nodes)
    detections = [a for a in json.loads((tmp_path / "o.json").read_text())["annotations"] if a["score"] is not None]
    assert len(found.loadRes(detections).getAnnIds()) == 8
