"""Writing label files."""

from pathlib import Path

import sleap_io as sio

from antpipe.files import atomic_path


def write_labels(path: str | Path, labels: sio.Labels) -> None:
    """Write labels as a SLEAP file, whole or not at all; the same labels give the same bytes.

    Embedded images are not written: the file names the videos that they were taken from.
    """
    for skeleton in labels.skeletons:
        _order_symmetries(skeleton)
    with atomic_path(path) as temporary:
        labels.save(str(temporary), format="slp", embed=False, verbose=False)


def _order_symmetries(skeleton: sio.Skeleton) -> None:
    for symmetry in skeleton.symmetries:
        # sleap-io keeps the two nodes in a set and writes them as they come, which differs from run to run;
        # setting the attribute in the usual way would make a set of them again.
        object.__setattr__(symmetry, "nodes", tuple(sorted(symmetry.nodes, key=skeleton.index)))
