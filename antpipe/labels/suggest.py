"""Suggestions: the predicted frames that are most worth correcting, ready to be corrected in SLEAP."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import sleap_io as sio

from antpipe.config.suggest import SuggestConfig
from antpipe.errors import LabelError, PosesError
from antpipe.geometry import Array
from antpipe.labels.read import labelled_frames, read_labels
from antpipe.labels.suggest_choice import Choice, choose, ranks
from antpipe.labels.suggest_labels import label_skeleton, predicted_frames
from antpipe.labels.suggest_measure import record_videos
from antpipe.labels.suggest_scores import KINDS, FrameRecord
from antpipe.labels.suggest_table import Suggestion, describe, write_suggestions
from antpipe.labels.suggest_video import OpenedVideo, open_videos
from antpipe.labels.write import write_labels
from antpipe.poses import PosesInfo
from antpipe.poses_file import read_info
from antpipe.provenance import provenance


def suggest_file(
    poses: Sequence[Path], output: Path, config: SuggestConfig, *, labels: Path | None = None
) -> list[Suggestion]:
    """Write the predicted frames that are most worth correcting as `output`, a label file that SLEAP opens.

    The file holds them as suggestions, the most urgent first, and their predicted instances with scores and tracks.
    Correct it in SLEAP, save it under a name of its own, and merge it with the other labels: frames that were left
    alone hold predictions only and are not trained on. Paths of videos are relative to the folder of `output`; SLEAP
    finds them without asking if it is started in that folder. Beside it, with the suffix .tsv, lies a table of the
    scores and of the reasons in words.

    Memory is that of one row group and a few numbers per frame.

    Args:
        poses: predictions or tracks, each of another video; only tracks can jump.
        output: the label file (.slp), which appears whole or not at all.
        config: how many frames, and how far apart.
        labels: the merged labels. Their frames are not suggested again, poses like theirs count as known, and videos
            are named and poses placed as they have them, so that both can be merged.

    Returns:
        The suggestions, the most urgent first; fewer than asked for where no more frames are left.

    Raises:
        PosesError: if a poses file or its video is missing, or two have the same video or different skeletons.
        LabelError: if the labels cannot be read or do not have the nodes of the poses, or if `output` holds
            corrections.
    """
    output = Path(output)
    infos = [read_info(path) for path in poses]
    _check_poses(poses, infos)
    _refuse_corrected(output)
    given = read_labels(labels) if labels is not None else None
    skeleton = label_skeleton(infos[0].skeleton, given)
    opened = open_videos(infos, given, output.parent)
    records = record_videos(poses, infos, given, config)
    scores = _scores(records)
    chosen = choose(scores, [r.frames for r in records], [v.labelled for v in opened], config)
    suggestions = [_suggestion(c, records[c.video], scores[c.video], opened[c.video]) for c in chosen]
    result = sio.Labels(
        labeled_frames=[
            frame
            for index, path in enumerate(poses)
            for frame in predicted_frames(path, _frames_of(index, chosen, records), opened[index], skeleton)
        ],
        skeletons=[skeleton],
        suggestions=[
            sio.SuggestionFrame(opened[c.video].video, s.frame_idx) for c, s in zip(chosen, suggestions, strict=True)
        ],
        provenance={"antpipe": provenance("antpipe suggest", settings=config.model_dump(mode="json"))},
    )
    write_suggestions(output.with_suffix(".tsv"), suggestions)
    write_labels(output, result)
    return suggestions


def _check_poses(paths: Sequence[Path], infos: Sequence[PosesInfo]) -> None:
    if not infos:
        raise PosesError("suggest: expected poses files, but there is none; name at least one")
    seen: dict[str, Path] = {}
    for path, info in zip(paths, infos, strict=True):
        if info.video.path in seen:
            raise PosesError(
                f"{path}: expected each poses file to be about another video, but {seen[info.video.path]} is about "
                f"{info.video.path!r}, too; name one of them"
            )
        seen[info.video.path] = path
        if info.skeleton != infos[0].skeleton:
            raise PosesError(
                f"{path}: expected the same skeleton as in {paths[0]}, got other nodes, edges or symmetries; ask for "
                "suggestions one by one"
            )


def _refuse_corrected(output: Path) -> None:
    if output.is_file() and labelled_frames(read_labels(output)):
        raise LabelError(
            f"{output}: the file holds frames that a person has labelled; save them under another name, or choose "
            "another output"
        )


def _scores(records: Sequence[FrameRecord]) -> list[Array]:
    """Return the scores (frames, kinds) of each video, ranked over all videos."""
    values = [record.values() for record in records]
    return np.split(ranks(np.concatenate(values)), np.cumsum([len(v) for v in values])[:-1])


def _frames_of(video: int, chosen: Sequence[Choice], records: Sequence[FrameRecord]) -> set[int]:
    return {int(records[video].frames[c.position]) for c in chosen if c.video == video}


def _suggestion(choice: Choice, record: FrameRecord, scores: Array, opened: OpenedVideo) -> Suggestion:
    named = dict(zip(KINDS, map(float, scores[choice.position]), strict=True))
    return Suggestion(
        video=str(opened.video.filename),
        frame_idx=int(record.frames[choice.position]) + opened.first,
        scores=named,
        reason=describe(record, choice.position, named, KINDS[choice.kind], opened.moved_by.scale[0]),
    )
