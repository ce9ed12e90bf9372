"""The example of the study, planned by the real Snakefile on tiny label files."""

import itertools
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sleap_io as sio

from antpipe.labels.write import write_labels

ROOT = Path(__file__).parent.parent.parent
NODES = ["Head", "Neck", "UpperThorax", "LowerThorax", "Petiole", "Abdomen"]


@pytest.mark.slow
def test_the_study_trains_each_network_fifty_two_times(tmp_path):
    (tmp_path / "data" / "videos").mkdir(parents=True)
    (tmp_path / "data" / "videos" / "film.mp4").touch()
    skeleton = sio.Skeleton(NODES, list(itertools.pairwise(NODES)), name="ant")
    film = sio.Video(filename="film.mp4", open_backend=False)
    frames = [
        sio.LabeledFrame(film, 50 * n, [sio.Instance.from_numpy(np.arange(12.0).reshape(6, 2), skeleton=skeleton)])
        for n in range(20)
    ]
    (tmp_path / "data" / "labels").mkdir()
    write_labels(tmp_path / "data" / "labels" / "ants.slp", sio.Labels(frames, videos=[film], skeletons=[skeleton]))
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory", tmp_path, "-n"]
    command += ["--configfile", ROOT / "examples" / "study" / "config.yaml", "--until", "compare", "--cores", "1"]
    run = subprocess.run(
        [*map(str, command), "--workflow-profile", "none"], capture_output=True, text=True, check=False
    )
    output = run.stdout + run.stderr
    assert run.returncode == 0, output[-3000:]
    assert re.search(r"^train\s+104$", output, re.M)
    assert re.search(r"^split\s+1$", output, re.M)
    for model_type in ("centroid", "centered_instance"):
        made = {m[0] for m in re.findall(rf"models/(\S+?\.fold_\d)/({model_type})/model\.json", output)}
        assert len(made) == 52
        assert {"study-filters_24-max_stride_8.fold_3", "study-anchor_part_Petiole.fold_0"} <= made
