"""The table of suggested frames, and the reasons in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from antpipe.labels.suggest_scores import KINDS, FrameRecord, Worst
from antpipe.tsv import write_tsv

HIGH = 0.95
"""Score from which a reason is named even if the frame was chosen for another one."""


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A frame worth labelling."""

    video: str
    """Path of the video as in the label file."""
    frame_idx: int
    """Index in that video, from 0; SLEAP's window shows one more."""
    scores: dict[str, float]
    """By kind of reason, the share of all frames that are less odd in this respect."""
    reason: str
    """In words, the most striking first."""


def write_suggestions(path: str | Path, suggestions: Sequence[Suggestion]) -> None:
    """Write suggestions as tab-separated text: video, frame, scores, reason; the most urgent first."""
    rows = ([s.video, s.frame_idx, *(f"{s.scores[kind]:.3f}" for kind in KINDS), s.reason] for s in suggestions)
    write_tsv(path, ["video", "frame_idx", *KINDS, "reason"], rows)


def describe(record: FrameRecord, position: int, scores: dict[str, float], chosen_for: str, scale: float) -> str:
    """Return in words why a frame is odd: what it was chosen for and all with a high score, the highest first.

    `scale` turns pixels of the poses into those of the video that is labelled.
    """
    named = [kind for kind in KINDS if kind == chosen_for or scores[kind] >= HIGH]
    words = _words(record, position, scale)
    return "; ".join(words[kind] for kind in sorted(named, key=lambda k: (-scores[k], k != chosen_for)))


def _words(record: FrameRecord, position: int, scale: float) -> dict[str, str]:
    animals, usual = int(record.animals[position]), int(record.usual[position])
    off = abs(animals - usual)
    jump = record.jump.value[position] * record.size * scale
    return {
        "low_confidence": f"mean confidence only {record.confidence[position]:.2f}",
        "uneven_confidence": f"uneven confidence, least certain of {_node_of(record, record.uneven, position)}",
        "odd_count": f"{off} animal{'s' if off != 1 else ''} {'fewer' if animals < usual else 'more'} than usual "
        f"({animals} instead of {usual})",
        "jump": f"{_node_of(record, record.jump, position)} jumps {jump:.0f} px",
        "rare_pose": f"rare pose of {record.rare.animal[position]}",
    }


def _node_of(record: FrameRecord, worst: Worst, position: int) -> str:
    return f"{record.info.skeleton.nodes[worst.node[position]]} of {worst.animal[position]}"
