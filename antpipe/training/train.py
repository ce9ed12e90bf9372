"""One training run: labels and settings in, a model with its weights and log out."""

import hashlib
import json
import sys
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from antpipe.config.model import ModelConfig
from antpipe.files import atomic_path
from antpipe.models.build import build_network, heads_of
from antpipe.models.folder import TrainedModel
from antpipe.models.registry import LOSSES
from antpipe.models.spec import WEIGHTS_FILE, write_spec
from antpipe.poses import Skeleton
from antpipe.progress import Advance
from antpipe.provenance import code_version, versions
from antpipe.training.batches import training_batches, validation_batches
from antpipe.training.fit import fit, write_log
from antpipe.training.precision import precision_note
from antpipe.training.problem import Parts, Problem, prepare
from antpipe.training.sight import Sight, measure_sight
from antpipe.training.start import load_base, start_from


class Trained(NamedTuple):
    """A trained network, and what is worth knowing of it."""

    model: TrainedModel
    notes: tuple[str, ...]
    sight: Sight


def train_model(
    parts: Parts,
    skeleton: Skeleton,
    config: ModelConfig,
    model_type: str,
    folder: Path,
    *,
    seed: int,
    on_progress: Advance,
) -> Trained:
    """Train one network and write its settings, weights and log to `folder`.

    A run that was killed goes on from its last epoch when called again with the same arguments. Notes are also written
    to the log as soon as they are known.

    Raises:
        ConfigError: if the settings do not fit the skeleton or the frames.
        LabelError: if a part that training needs is empty.
    """
    problem = prepare(parts, skeleton, config, model_type)
    base = None if config.base_checkpoint is None else load_base(config.base_checkpoint)
    keras.utils.set_random_seed(seed)
    network = build_network(problem.spec)
    sight = measure_sight(network, problem.spec, parts["train"])
    found = (*problem.notes, sight.note, precision_note(config.optimization), base and start_from(network, base))
    notes = [note for note in found if note]
    for note in notes:
        _say(note)
    key = _key(problem, seed, "" if base is None else base.fingerprint)
    del base
    notes += _fit(network, problem, folder, seed=seed, key=key, on_progress=on_progress)
    write_spec(folder, problem.spec, versions())
    with atomic_path(folder / WEIGHTS_FILE) as temporary:
        network.save_weights(temporary)
    model = TrainedModel(spec=problem.spec, network=network, folder=folder, fingerprint="")
    return Trained(model, tuple(notes), sight)


def _fit(
    network: keras.Model, problem: Problem, folder: Path, *, seed: int, key: str, on_progress: Advance
) -> list[str]:
    """Train a network, write the log, and return notes on how it went."""
    config = problem.spec.config
    batch_size = config.optimization.batch_size
    steps = max(config.optimization.min_batches_per_epoch, len(problem.train) // batch_size)
    progress = fit(
        network,
        [LOSSES[head](problem.spec) for head in heads_of(problem.spec)],
        lambda epoch: training_batches(
            problem.train,
            size=problem.window,
            config=config.augmentation,
            flip_order=problem.flip_order,
            batch_size=batch_size,
            steps=steps,
            seed=seed,
            epoch=epoch,
            balanced=config.optimization.balance_videos,
        ),
        list(validation_batches(problem.val, size=problem.size, batch_size=batch_size)),
        config.optimization,
        steps=steps,
        folder=folder,
        key=key,
        on_progress=on_progress,
        on_note=_say,
    )
    write_log(folder / "training_log.csv", progress.log)
    return progress.notes


def _say(note: str) -> None:
    print(f"note: {note}", file=sys.stderr, flush=True)


def _key(problem: Problem, seed: int, base: str) -> str:
    """Return a hash of all that determines the run: settings, samples, weights to begin with, seed, versions, code."""
    digest = hashlib.sha256()
    spec = problem.spec
    settings = [spec.model_type, spec.classes, spec.config.model_dump(mode="json"), problem.size, seed, base]
    settings += [versions(), code_version(__name__)]
    digest.update(json.dumps(settings, sort_keys=True).encode())
    for sample in (*problem.train, *problem.val):
        digest.update(sample.video.encode())
        for array in (sample.image, sample.points, sample.classes, sample.centre):
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
