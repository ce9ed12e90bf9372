"""The audit of a label file as a folder of tables, figures and pictures, and one page with all of it."""

from collections.abc import Mapping
from pathlib import Path

from antpipe.errors import LabelError
from antpipe.files import atomic_directory
from antpipe.labels.audit.audit import audit_labels
from antpipe.labels.audit.footage import find_footage
from antpipe.labels.read import read_labels
from antpipe.progress import show_progress
from antpipe.report.audit_figures import plot_frames, plot_lengths, plot_nodes
from antpipe.report.audit_page import write_page
from antpipe.report.audit_poses import plot_poses
from antpipe.report.audit_suspects import draw_suspects
from antpipe.report.audit_tables import write_tables
from antpipe.training.videos import label_videos

PAGE = "audit.html"


def audit_file(labels_path: str | Path, folder: str | Path, *, videos: Mapping[str, Path] | None = None) -> None:
    """Audit a label file: count what it holds, find what may be wrong, and write all that into a folder.

    The folder appears whole or not at all, and takes the place of an earlier audit. It gets `audit.html` (the page,
    with everything in it), `summary.json` (counts), `nodes.tsv`, `videos.tsv`, `frames.tsv`, `findings.tsv` (one
    row per finding, the gravest first), `poses.png`, `frames.png`, `nodes.png`, `lengths.png`, and `suspects/` with a
    picture of the first suspects of each kind.

    Args:
        labels_path: a label file; its videos need not be there.
        folder: a new folder, an empty one, or that of an earlier audit.
        videos: video files by name, raw or preprocessed. None: where the labels say, or beside the label file.

    Raises:
        LabelError: if the label file cannot be read, or the folder holds something else.
    """
    labels_path, folder = Path(labels_path), Path(folder)
    _check_folder(folder)
    labels = read_labels(labels_path)
    footage = find_footage(labels, label_videos(labels, labels_path) if videos is None else videos)
    audit = audit_labels(labels, footage)
    absent = [name for name, about in footage.items() if about.absent]
    with atomic_directory(folder) as temporary:
        with show_progress("audit", "pictures") as advance:
            images = draw_suspects(temporary, labels, audit, footage, advance)
        write_tables(temporary, labels_path, audit, footage, images)
        plot_poses(audit, temporary / "poses.png")
        plot_frames(audit, temporary / "frames.png")
        plot_nodes(audit, temporary / "nodes.png")
        plot_lengths(audit, temporary / "lengths.png")
        write_page(temporary, labels_path, audit, images, absent)


def _check_folder(folder: Path) -> None:
    if folder.exists() and not (folder / PAGE).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise LabelError(
            f"{folder}: expected a new folder or that of an earlier audit, but it holds something else; choose another"
        )
