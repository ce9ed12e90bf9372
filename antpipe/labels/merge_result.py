"""The labels of a merge while files are still being added."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import attrs
import sleap_io as sio

from antpipe.labels.copies import Tracks, copy_instances
from antpipe.labels.films import Film, Films
from antpipe.labels.read import set_path
from antpipe.labels.source import Source
from antpipe.labels.unite import unite
from antpipe.labels.videos import clean_path, file_name, image_list, stored_path


@dataclass(kw_only=True)
class _Frame:
    """A frame of the result."""

    labeled: sio.LabeledFrame
    files: list[str]


@dataclass(kw_only=True)
class MergeResult:
    """What the files read so far have come to."""

    skeleton: sio.Skeleton
    on_conflict: str
    films: Films = field(default_factory=Films)
    tracks: Tracks = field(default_factory=dict)
    frames: dict[tuple[int, int], _Frame] = field(default_factory=dict)
    """By place of the film and frame index."""
    suggestions: dict[tuple[int, int], sio.SuggestionFrame] = field(default_factory=dict)
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    left_out: dict[str, Counter[str]] = field(default_factory=dict)
    """By file: what of it is not in the result."""

    def add(self, source: Source) -> None:
        """Add the labels of a file.

        Raises:
            LabelError: if one of its videos could be several of those of the files before.
        """
        places = self.films.add(source)
        copies = copy_instances(source, self.skeleton, self.tracks)
        total = sum(len(frame.instances) for frame in source.labels.labeled_frames)
        self.left_out[source.name] = Counter(instances_without_points=total - len(copies))
        for frame in source.labels.labeled_frames:
            place = places[id(frame.video)]
            film = self.films[place]
            film.labelled[source.name] += frame.has_user_instances
            index = _index_in(film, frame)
            instances = [copies[id(i)] for i in frame.instances if id(i) in copies]
            new = sio.LabeledFrame(film.video, index, instances, is_negative=frame.is_negative and not instances)
            self._add_frame(source.name, (place, index), new)
        for suggestion in source.labels.suggestions:
            self._add_suggestion(places[id(suggestion.video)], suggestion)

    def to_labels(self, sources: Sequence[Source], known_videos: Collection[str]) -> sio.Labels:
        """Return the labels; videos that are at hand under the paths at which they were found.

        A video that label files hold as images, and whose film is neither at hand nor among `known_videos` (stored
        paths), is represented by these images, if one file has all those of its labelled frames.
        """
        videos = [self._final_video(place, known_videos) for place in range(len(self.films))]
        for (place, _), frame in self.frames.items():
            frame.labeled.video = videos[place]
        history = [
            {"file": file_name(s.name), **{k: v for k, v in s.labels.provenance.items() if k != "filename"}}
            for s in sources
        ]
        return sio.Labels(
            labeled_frames=[frame.labeled for frame in self.frames.values()],
            videos=videos,
            skeletons=[self.skeleton],
            tracks=list(self.tracks.values()),
            suggestions=[attrs.evolve(s, video=videos[place]) for (place, _), s in self.suggestions.items()],
            provenance={"merged_from": history},
        )

    def _add_frame(self, file: str, key: tuple[int, int], new: sio.LabeledFrame) -> None:
        if key not in self.frames:
            self.frames[key] = _Frame(labeled=new, files=[file])
            return
        frame = self.frames[key]
        # A file does not contradict itself: its several entries for one frame are parts of one labelling.
        repeated = file == frame.files[-1]
        united = unite(frame.labeled.instances, new.instances, "keep-both" if repeated else self.on_conflict)
        if not repeated:
            frame.files.append(file)
        negative = frame.labeled.is_negative or new.is_negative
        frame.labeled.instances = united.instances
        frame.labeled.is_negative = negative and not united.instances
        self.counts["repeated_frames" if repeated else "united_frames"] += 1
        self.counts["same_instances"] += len(united.twins)
        self.counts["negative_frames_with_animals"] += negative and bool(united.instances)
        for instance in united.instances:
            # A user instance may stem from a prediction that went because it equals one already there.
            instance.from_predicted = united.kept_twin(instance.from_predicted)
        if united.conflict and not repeated:
            self.conflicts.append(_conflict(frame, self.on_conflict, *map(len, united.conflict)))

    def _add_suggestion(self, place: int, suggestion: sio.SuggestionFrame) -> None:
        film = self.films[place]
        key = place, _index_in(film, suggestion)
        if key in self.suggestions:
            self.counts["same_suggestions"] += 1
            return
        self.suggestions[key] = attrs.evolve(suggestion, video=film.video, frame_idx=key[1])

    def _final_video(self, place: int, known_videos: Collection[str]) -> sio.Video:
        film = self.films[place]
        labelled = {index for other, index in self.frames if other == place}
        chosen = None
        if not film.is_within_reach(known_videos):
            chosen = next((v for _, v in film.embedded if v.backend and labelled <= set(v.backend.source_inds)), None)
        for file, embedded in film.embedded:
            self.left_out[file]["videos_with_embedded_images"] += embedded is not chosen
        video = _closed(film.video if chosen is None else chosen)
        if film.images is not None:
            set_path(video, film.images)
        elif film.found:
            set_path(video, film.found.path.as_posix())
        return video


def _closed(video: sio.Video) -> sio.Video:
    """Return a video that writing names, or copies its images, and never decodes."""
    return sio.Video(
        filename=video.filename,
        backend_metadata=dict(video.backend_metadata),
        source_video=video.source_video,
        open_backend=False,
    )


def _index_in(film: Film, frame: sio.LabeledFrame | sio.SuggestionFrame) -> int:
    """Return the index that a label file's frame has in the film; lists of images are numbered anew."""
    images = image_list(frame.video)
    index = int(frame.frame_idx)
    return index if images is None or film.images is None else film.images.index(clean_path(images[index]))


def _conflict(frame: _Frame, on_conflict: str, only_first: int, only_second: int) -> dict[str, Any]:
    return {
        "video": stored_path(frame.labeled.video),
        "frame_idx": frame.labeled.frame_idx,
        "files": list(frame.files),
        "only_earlier": only_first,
        "only_last": only_second,
        "resolved_by": on_conflict,
    }
