"""The labels: whether they merge, and how much there is to learn from."""

from collections.abc import Iterator

import numpy as np

from antpipe.projects.note import Note, ok, warning
from antpipe.projects.project import Project
from antpipe.projects.registry import CHECKS

ENOUGH_FRAMES, ENOUGH_ANIMALS = 20, 100
"""Below these, networks rarely learn what they should."""


@CHECKS.register("labels")
def check_labels(project: Project) -> Iterator[Note]:
    """Merge the label files as the workflow will, and count frames and animals.

    Raises:
        LabelError: if files cannot be read or do not fit each other, or name videos that the project has not.
    """
    if project.simulated:
        yield ok("labels", "exact ones of the simulated films")
        return
    animals = project.animals
    frames, instances, nodes = len(animals.points), len(animals.all), len(animals.skeleton.nodes)
    files = len(project.inputs.labels)
    yield ok(
        "labels",
        f"{files} file{'s' * (files > 1)}, {frames} labelled frames, {instances} animals of {nodes} nodes",
    )
    if frames < ENOUGH_FRAMES or instances < ENOUGH_ANIMALS:
        yield warning(
            "labels",
            f"{frames} labelled frames with {instances} animals are few; label {ENOUGH_FRAMES} frames per video and "
            f"{ENOUGH_ANIMALS} animals in all, or expect a network that misses many",
        )
    never = [node for i, node in enumerate(animals.skeleton.nodes) if np.isnan(animals.all[:, i]).all()]
    if never:
        yield warning("labels", f"no animal shows {', '.join(never)}; nothing can be learned of them")
