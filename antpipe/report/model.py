"""The pictures of a training run."""

from pathlib import Path

import numpy as np

from antpipe.config.model_types import MODEL_TYPES
from antpipe.errors import ModelError
from antpipe.models.spec import read_spec
from antpipe.poses import Skeleton
from antpipe.report.learning import plot_learning_curves
from antpipe.report.samples import plot_examples


def draw_run(folder: str | Path) -> None:
    """Draw `learning_curves.png` and `examples.png` into a run folder.

    Raises:
        ModelError: if the folder is not a finished run.
    """
    folder = Path(folder)
    if not (folder / "examples.npz").is_file():
        raise ModelError(f"{folder}: not a finished run folder; expected examples.npz, as antpipe train writes it")
    plot_learning_curves(folder / "training_log.csv", folder / "learning_curves.png")
    spec = read_spec(folder)
    with np.load(folder / "examples.npz", allow_pickle=False) as stored:
        count = sum(name.startswith("image_") for name in stored)
        images, truth, predicted = (
            [stored[f"{kind}_{i}"] for i in range(count)] for kind in ("image", "truth", "predicted")
        )
        titles = [str(stored[f"title_{i}"]) for i in range(count)]
    skeleton = spec.skeleton if MODEL_TYPES[spec.model_type].nodes else Skeleton(nodes=("centroid",))
    plot_examples(images, truth, predicted, skeleton, folder / "examples.png", titles=titles)
