"""Identity metrics of tracked animals: MOTA and id switches, IDF1, HOTA."""

from collections.abc import Sequence
from typing import Any

from antpipe.evaluation.clear_mot import clear_mot
from antpipe.evaluation.hota import hota_metrics
from antpipe.evaluation.identity import identity_metrics
from antpipe.evaluation.sequence import TrackFrame, make_sequence
from antpipe.evaluation.similarity import Similarity, distance_similarity


def tracking_metrics(
    truth: Sequence[TrackFrame], tracked: Sequence[TrackFrame], *, similarity: Similarity = distance_similarity
) -> dict[str, Any]:
    """Return identity metrics of tracked instances against true ones, by the definitions of TrackEval.

    Both are lists of (identities, points (instances, nodes, 2)), one entry per frame of the same sequence. An identity
    is any name, unique within a frame; give each video its own names. `similarity` turns the points of a frame into
    similarities (true, tracked) from 0 to 1; from .5 on two instances are the same animal for MOTA and IDF1.

    Returns:
        `frames`, `identities`, `tracks` (numbers); `MOTA`, `MOTP` (mean similarity of matches), `id_switches`,
        `fragments`, `tp`, `fp`, `fn`, `precision`, `recall`, `mostly_tracked`, `partly_tracked`, `mostly_lost`;
        `IDF1`, `IDP`, `IDR`, `idtp`, `idfp`, `idfn`; `HOTA`, `DetA`, `AssA`, `DetRe`, `DetPr`, `AssRe`, `AssPr`,
        `LocA`, `HOTA.alphas`, `HOTA.curve`. NaN where there is nothing to divide by.

    Raises:
        LabelError: if an identity occurs twice in a frame.
    """
    sequence = make_sequence(truth, tracked, similarity)
    return {
        "frames": len(sequence.truth),
        "identities": sequence.identities,
        "tracks": sequence.tracks,
        **clear_mot(sequence),
        **identity_metrics(sequence),
        **hota_metrics(sequence),
    }
