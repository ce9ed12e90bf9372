"""The videos of a merge: which videos of several label files are the same film."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sleap_io as sio

from antpipe.errors import LabelError
from antpipe.labels.locate import Found
from antpipe.labels.same_video import VideoContents
from antpipe.labels.source import Source
from antpipe.labels.videos import file_name, image_list, is_embedded, labelled_video, stored_path

Key = str | Path | tuple[str, ...]
"""What makes two videos of one label file the same: the file that the stored path leads to, else the path; of a list
of images, all their paths."""
Why = dict[str, Any]
"""For the report: what tells that a video is a film."""


@dataclass(kw_only=True)
class Film:
    """A video of the merged labels, with all the paths it goes by."""

    video: sio.Video
    """As the first label file names it."""
    paths: list[str] = field(default_factory=list)
    found: Found | None
    """The file itself, where it is at hand."""
    images: list[str] | None
    """Paths, if the video is a list of images."""
    embedded: list[tuple[str, sio.Video]] = field(default_factory=list)
    """The same video as images in label files."""
    matches: list[Why] = field(default_factory=list)
    """The label files with this video, and why it is this one."""
    labelled: Counter[str] = field(default_factory=Counter)
    """Frames with user instances by label file."""

    def is_within_reach(self, known_videos: Collection[str]) -> bool:
        """Return whether the film is at hand, or goes by one of the stored paths that will be found later."""
        return self.found is not None or not set(self.paths).isdisjoint(known_videos)


class Films(list[Film]):
    """The videos of the label files merged so far."""

    def __init__(self) -> None:
        super().__init__()
        self._contents = VideoContents()

    def add(self, source: Source) -> dict[int, int]:
        """Find or make the film of each video of a label file; return their places here by `id` of the video.

        Tried in turn: the path, as stored or as found on disk; the file name, unless both files are at hand and differ
        in content; the content alone. Whole paths come first, so that of two videos with the same file name each
        finds its own. Lists of images are the same if they share an image.

        Raises:
            LabelError: if a video with labels could be several films.
        """
        videos: dict[Key, list[sio.Video]] = {}
        for video in source.labels.videos:
            videos.setdefault(_key(source, video), []).append(video)
        placed: dict[Key, tuple[int, Why]] = {}
        for key, same in videos.items():
            place = self._find_path(source, same)
            if place is not None:
                placed[key] = place, {"by": "path"}
        for key, same in videos.items():
            if key not in placed:
                placed[key] = self._place(source, same[0], {place for place, _ in placed.values()})
        for key, same in videos.items():
            place, why = placed[key]
            _note(source, self[place], same, why)
        return {id(video): placed[key][0] for key, same in videos.items() for video in same}

    def _find_path(self, source: Source, same: Iterable[sio.Video]) -> int | None:
        for place, film in enumerate(self):
            for video in same:
                images, found = image_list(video), source.found(video)
                if images is not None or film.images is not None:
                    if set(images or ()) & set(film.images or ()):
                        return place
                elif stored_path(video) in film.paths or (
                    found and film.found and found.path.samefile(film.found.path)
                ):
                    return place
        return None

    def _place(self, source: Source, video: sio.Video, taken: Collection[int]) -> tuple[int, Why]:
        """Return the film of a video whose path no other file has; it is made if there is none."""
        films = enumerate(self) if image_list(video) is None else ()
        free = {place: film for place, film in films if place not in taken and film.images is None}
        named, found = _named_alike(free, stored_path(video)), source.found(video)
        evidence = {place: self._evidence(found, film) for place, film in named.items()}
        likely = [place for place in named if evidence[place] != "differs"]
        if len(likely) == 1:
            return likely[0], {"by": "file name", **_proof(evidence[likely[0]])}
        for proof in ("fingerprint", "frame count and size"):
            proven = [place for place in likely if evidence[place] == proof]
            if len(proven) == 1:
                return proven[0], {"by": "content", **_proof(proof)}
        if likely and source.uses(video):
            raise _ambiguous(source, stored_path(video), [free[place].paths[0] for place in likely])
        equal = [place for place, film in free.items() if self._evidence(found, film) == "fingerprint"]
        if len(equal) == 1:
            return equal[0], {"by": "content", **_proof("fingerprint")}
        self.append(Film(video=labelled_video(video), found=found, images=image_list(video)))
        others = [film.paths[0] for film in named.values()]
        return len(self) - 1, {"by": "first", **({"not_the_same_as": others} if others else {})}

    def _evidence(self, found: Found | None, film: Film) -> str | None:
        """Return what says that a file and a film are the same; `differs` if they are not, None if nothing does."""
        if found is None or film.found is None:
            return None
        return self._contents.evidence(found.path, film.found.path)


def _note(source: Source, film: Film, same: Iterable[sio.Video], why: Why) -> None:
    for video in same:
        stored, found = stored_path(video), source.found(video)
        if stored not in film.paths:
            film.paths.append(stored)
        film.found = film.found or found
        if film.images is not None:
            film.images += [path for path in image_list(video) or () if path not in film.images]
        if is_embedded(video):
            film.embedded.append((source.name, video))
        where = {"found": found.path.as_posix(), "found_by": found.by} if found else {}
        film.matches.append({"file": source.name, "path": stored, **why, **where})


def _key(source: Source, video: sio.Video) -> Key:
    images, found = image_list(video), source.found(video)
    if images is not None:
        return tuple(images)
    return found.path.resolve() if found else stored_path(video)


def _named_alike(films: Mapping[int, Film], path: str) -> dict[int, Film]:
    """Return the films of the same file name; if there is none, those whose name differs in capitals alone."""
    for reading in (file_name, lambda other: file_name(other).casefold()):
        if named := {place: f for place, f in films.items() if reading(path) in map(reading, f.paths)}:
            return named
    return {}


def _proof(evidence: str | None) -> dict[str, str]:
    return {"content": evidence} if evidence else {}


def _ambiguous(source: Source, wanted: str, films: list[str]) -> LabelError:
    return LabelError(
        f"{source.name}: video {wanted!r} could be any of {films} of the other files; give the videos different names "
        "in SLEAP"
    )
