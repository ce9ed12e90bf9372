"""Writing label files."""

import json
import warnings
from pathlib import Path

import h5py
import sleap_io as sio

from antpipe.errors import LabelError
from antpipe.files import atomic_path


def write_labels(path: str | Path, labels: sio.Labels, *, images: bool = False) -> None:
    """Write labels as a SLEAP file, whole or not at all; the same labels give the same bytes.

    Args:
        path: the file.
        labels: what to write.
        images: copy embedded images, too. By default the file names the videos that they were taken from.

    Raises:
        LabelError: if the labels do not fit into such a file: too many nodes.
    """
    for skeleton in labels.skeletons:
        _order_symmetries(skeleton)
    with atomic_path(path) as temporary, warnings.catch_warnings():
        # A long history is stored in a place of its own, whatever the warning says of the old one.
        warnings.filterwarnings("ignore", "Labels metadata JSON")
        try:
            labels.save(str(temporary), format="slp", embed=None if images else False, verbose=False)
        except ValueError as error:
            # The one limit of the format: 64 KB for the names of nodes and edges of all skeletons.
            raise LabelError(f"{path}: these labels cannot be written as a SLEAP file ({error})") from error
        if images:
            _name_images(temporary)


def _name_images(path: Path) -> None:
    """Let embedded images be found in the file itself; sleap-io leaves the names that they had in the file before."""
    with h5py.File(path, "r+") as file:
        videos = [json.loads(text) for text in file["videos_json"][()]]
        for index, video in enumerate(videos):
            if video["backend"].get("filename") == ".":
                video["filename"] = "."
                video["backend"]["dataset"] = f"video{index}/video"
        if any(video["filename"] == "." for video in videos):
            del file["videos_json"]
            rows = [json.dumps(video, separators=(",", ":")) for video in videos]
            file.create_dataset("videos_json", data=rows, dtype=h5py.string_dtype(), maxshape=(None,))


def _order_symmetries(skeleton: sio.Skeleton) -> None:
    for symmetry in skeleton.symmetries:
        # sleap-io keeps the two nodes in a set and writes them as they come, which differs from run to run;
        # setting the attribute in the usual way would make a set of them again.
        object.__setattr__(symmetry, "nodes", tuple(sorted(symmetry.nodes, key=skeleton.index)))
