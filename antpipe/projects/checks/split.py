"""Training, validation and test: whether the labelled frames suffice for them."""

from collections.abc import Iterator

from antpipe.labels.split import PARTS, split_labels
from antpipe.projects.note import Note, ok, warning
from antpipe.projects.project import Project
from antpipe.projects.registry import CHECKS


@CHECKS.register("split")
def check_split(project: Project) -> Iterator[Note]:
    """Draw the split as the workflow will.

    Raises:
        LabelError: if there are too few labelled frames for the parts asked for.
    """
    if project.simulated:
        return
    split = split_labels(project.labels, **project.config.split.model_dump())
    parts = ", ".join(f"{len(getattr(split.folds[0], part))} for {part}" for part in PARTS)
    folds = f" in each of {len(split.folds)} folds" if len(split.folds) > 1 else ""
    yield ok("split", f"labelled frames: {parts}{folds}")
    say = ok if all(getattr(split.folds[0], part) for part in PARTS) else warning
    for note in split.notes:
        yield say("split", note)
