"""Which of a project's videos the videos of label files are."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import sleap_io as sio

from antpipe.errors import LabelError
from antpipe.labels.read import labelled_frames, origin
from antpipe.labels.videos import file_name, has_own_images, image_list, match_path, stored_path

Choices = Mapping[str, Collection[str | Path]]
"""The project's videos by name, each with the paths it goes by."""


def find_videos(
    labels: sio.Labels,
    videos: Mapping[str, Path],
    aliases: Choices | None = None,
) -> dict[int, str]:
    """Return which of the project's videos {name: path} each video of the labels is, by its index in the labels.

    Compared are places on disk, then file names, then names without suffix; of each project video also its
    `aliases`, such as the raw file that a preprocessed video was made from. Videos without a labelled frame, and
    videos with embedded images, may be missing from the result; lists of images always are.

    Raises:
        LabelError: if labelled videos are none of the project's or could be several, or if two labelled videos
            would be the same one; each is named, with the number of labelled frames that need it.
    """
    return match_videos([labels], videos, aliases)[0]


def match_videos(
    files: Sequence[sio.Labels],
    videos: Mapping[str, Path],
    aliases: Choices | None = None,
    located: Sequence[Mapping[str, str]] | None = None,
) -> list[dict[int, str]]:
    """Return for each of several label files what `find_videos` does; all missing videos are named in one sentence.

    `located` gives for each file the paths at which stored paths of videos were found.
    """
    choices: Choices = {name: [path, *(aliases or {}).get(name, ())] for name, path in videos.items()}
    result: list[dict[int, str]] = []
    missing: dict[str, list[tuple[str, int]]] = {}
    for number, labels in enumerate(files):
        found: dict[int, str] = {}
        needed = _count_labelled(labels)
        for index, video in enumerate(labels.videos):
            stored = stored_path(video)
            names = [] if image_list(video) is not None else match_path(_path(stored, located, number), choices)
            if len(names) == 1:
                found[index] = names[0]
            elif needed[index] and not has_own_images(video):
                _refuse_several(labels, stored, names)
                missing.setdefault(stored, []).append((origin(labels), needed[index]))
        _refuse_shared({i: name for i, name in found.items() if needed[i]}, labels)
        result.append(found)
    if missing:
        raise _not_found(missing, choices)
    return result


def _path(stored: str, located: Sequence[Mapping[str, str]] | None, number: int) -> str:
    return stored if located is None else located[number].get(stored, stored)


def _count_labelled(labels: sio.Labels) -> list[int]:
    """Return the number of frames with user instances of each video."""
    number = {id(video): index for index, video in enumerate(labels.videos)}
    counts = [0] * len(labels.videos)
    for frame in labelled_frames(labels):
        counts[number[id(frame.video)]] += 1
    return counts


def _refuse_several(labels: sio.Labels, stored: str, names: list[str]) -> None:
    if names:
        raise LabelError(
            f"{origin(labels)}: video {stored!r} could be any of the project's {names}; give the files different names"
        )


def _not_found(missing: Mapping[str, Sequence[tuple[str, int]]], choices: Choices) -> LabelError:
    files = list(dict.fromkeys(file for needs in missing.values() for file, _ in needs))
    wanted = [
        f"{file_name(stored)!r} (labelled as {stored!r}, "
        + ", ".join(f"{count} frame{'s' * (count > 1)} of {file}" for file, count in needs)
        + ")"
        for stored, needs in missing.items()
    ]
    known = sorted({file_name(path) for paths in choices.values() for path in paths})
    them, they_are = ("them", "they are") if len(missing) > 1 else ("it", "it is")
    return LabelError(
        f"{', '.join(files)}: expected video{'s' * (len(missing) > 1)} {', '.join(wanted)} among the project's videos, "
        f"but there are only {known}; add {them} to the project, or say where {they_are} with merge.search or "
        "merge.prefixes"
    )


def _refuse_shared(found: Mapping[int, str], labels: sio.Labels) -> None:
    paths: dict[str, set[str]] = {}
    for index, name in found.items():
        paths.setdefault(name, set()).add(stored_path(labels.videos[index]))
    for name, shared in paths.items():
        if len(shared) > 1:
            raise LabelError(
                f"{origin(labels)}: labelled videos {sorted(shared)} would all be the project's video {name!r}; "
                "give the files different names"
            )
