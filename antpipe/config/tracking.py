"""Settings of tracking."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from antpipe.config.base import Count, Positive, Section
from antpipe.registry import Registry

# The names alone: listing a registry reads file names and imports no entry.
_METHODS: Registry[object] = Registry("tracking method", "antpipe.tracking.methods")
_SIMILARITIES: Registry[object] = Registry("similarity", "antpipe.tracking.similarities")
_MATCHERS: Registry[object] = Registry("matcher", "antpipe.tracking.matchers")

_CANDIDATES = frozenset({"similarity", "robust", "min_match_points", "oks_errors", "oks_score_weighting"})
_CANDIDATES |= {"oks_normalization"}
_FLOW = frozenset({"img_scale", "of_window_size", "of_max_levels", "save_shifted_instances"})
OWN_SETTINGS = {
    "motion": frozenset({"leap", "max_tracks", "weak_score", "body_size"}),
    "simple": _CANDIDATES,
    "simplemaxtracks": _CANDIDATES | {"max_tracks"},
    "flow": _CANDIDATES | _FLOW,
    "flowmaxtracks": _CANDIDATES | _FLOW | {"max_tracks"},
    "kalman": _CANDIDATES | {"kf_init_frame_count", "kf_node_indices"},
}
"""The settings that not all methods use, by method; those that no method has to itself hold for all."""

Share = Annotated[float, Field(ge=0, le=1)]
NodeCount = Annotated[int, Field(ge=0)]


def _one_of(names: Registry[object]) -> AfterValidator:
    def check(name: str) -> str:
        if name not in list(names):
            raise ValueError(f"unknown {names.kind} {name!r}; choose one of {list(names)}")
        return name

    return AfterValidator(check)


class TrackConfig(Section):
    """How predicted instances become tracks. Names and meanings are SLEAP's where it has the same setting."""

    method: Annotated[str, _one_of(_METHODS)] = "motion"
    """`motion`: follows each animal's movement; best, and needs no tuning. SLEAP's methods: `simple` (looks like one of
    the last frames), `flow` (the same after optical flow, which needs the video), `simplemaxtracks` and `flowmaxtracks`
    (the same with a fixed number of tracks), `kalman` (predicts each node; needs `target_instance_count`)."""
    similarity: Annotated[str, _one_of(_SIMILARITIES)] | None = None
    """What counts as alike, for SLEAP's methods: `instance` (its default, and what None means), `centroid`, `iou`,
    `normalized_instance` or `object_keypoint`."""
    matching: Annotated[str, _one_of(_MATCHERS)] = "hungarian"
    """How instances are given to tracks: `hungarian`, the best for all together, or `greedy` (SLEAP's default), the
    best pair first."""
    window: Count = 12
    """Frames for which a track that is not seen stays open; for SLEAP's methods also the frames that are looked at
    (SLEAP: 5)."""
    gate: Positive = 0.65
    """Farthest mean distance between an instance and where its track should be, in body sizes (the diagonal of the
    animal's bounding box). A stranger beyond it starts a track of its own. SLEAP has no such limit."""
    leap: Annotated[float, Field(ge=0)] = 1.0
    """Farthest leap, in body sizes, of an animal that has nobody else about it: a startled animal, not a stranger. 0:
    none. Only for `motion`."""
    weak_score: Share = 0.6
    """Instances whose score is below this share of the video's usual score are matched after all others and never start
    a track. Only for `motion`."""
    body_size: Positive | None = None
    """Size of an animal in pixels. None: the diagonal of its box; for skeletons of one node, which have no size, the
    usual distance between neighbours. Only for `motion`."""
    robust: Annotated[float, Field(gt=0, le=1)] = 1.0
    """How like a track an instance is: as like as the best of the track's poses in the window (1), or as this quantile
    of them. Only for SLEAP's methods."""
    max_tracks: Count | Literal["auto"] | None = None
    """Most tracks in a video; instances beyond stay in the table without a track. `auto`: the number of animals is
    constant, and is counted first. None: no limit. With a limit an animal that was lost gets its track back, however
    long it was away. Only for `motion`, `simplemaxtracks` and `flowmaxtracks`, which cannot do without."""
    min_new_track_points: NodeCount = 2
    """Visible nodes that an instance needs to start a track; all of them where the skeleton has fewer."""
    min_match_points: NodeCount = 0
    """Visible nodes that a pose needs for later instances to be compared with it. Only for SLEAP's methods."""
    min_length: Count = 1
    """Tracks seen in fewer frames than this lose their name; their instances stay in the table."""
    target_instance_count: Count | None = None
    """Number of animals, for `pre_cull_to_target`, `post_connect_single_breaks` and `kalman`."""
    pre_cull_to_target: bool = False
    """Before tracking, keep only the `target_instance_count` best instances of a frame. The others stay in the table
    without a track (SLEAP drops them)."""
    pre_cull_iou_threshold: Share | None = None
    """Before tracking, leave out instances whose box overlaps that of a better one by more than this share of both
    (intersection over union)."""
    post_connect_single_breaks: bool = False
    """Where exactly one track ends and one begins among `target_instance_count` animals, they are one."""
    clean_instance_count: Count | None = None
    """After tracking, the instances of a frame beyond this number lose their track, those with the lowest scores."""
    clean_iou_threshold: Share | None = None
    """After tracking, instances whose box overlaps that of a better one by more than this share lose their track."""
    img_scale: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Optical flow: factor by which frames are resized."""
    of_window_size: Annotated[int, Field(ge=3)] = 21
    """Optical flow: side of the square around a node that is searched for, in pixels."""
    of_max_levels: Annotated[int, Field(ge=0, le=8)] = 3
    """Optical flow: how often frames are halved to find far movements."""
    save_shifted_instances: bool = False
    """Optical flow: follow a pose from frame to frame, rather than from the frame where it was seen to the present."""
    kf_init_frame_count: Annotated[int, Field(ge=2)] = 10
    """Kalman: frames, tracked as by `simple`, from which the noise of movement and prediction is learned."""
    kf_node_indices: tuple[Annotated[int, Field(ge=0)], ...] = ()
    """Kalman: numbers of the nodes to follow, from 0. Empty: all."""
    oks_errors: Positive | tuple[Positive, ...] = 1.0
    """For `object_keypoint`: usual error of a node in pixels, one number or one per node."""
    oks_score_weighting: bool = False
    """For `object_keypoint`: weigh nodes by their scores."""
    oks_normalization: Literal["all", "ref", "union"] = "all"
    """For `object_keypoint`: divide by the number of all nodes, of those visible in the track's pose, or in both."""

    @property
    def needs_video(self) -> bool:
        """Whether the method looks at pixels."""
        return _FLOW.issubset(OWN_SETTINGS[self.method])

    @model_validator(mode="after")
    def _used(self) -> Self:
        """Refuse what the method does not use: an option that does nothing misleads."""
        for name in sorted(frozenset().union(*OWN_SETTINGS.values()) - OWN_SETTINGS[self.method]):
            if self._is_set(name):
                users = sorted(method for method, names in OWN_SETTINGS.items() if name in names)
                raise ValueError(
                    f"method {self.method!r} does not use {name}, got {getattr(self, name)!r}; leave it out or choose "
                    f"one of the methods {users}"
                )
        if self.similarity != "object_keypoint":
            for name in ("oks_errors", "oks_score_weighting", "oks_normalization"):
                if self._is_set(name):
                    raise ValueError(f"{name} goes with similarity 'object_keypoint' only, got {self.similarity!r}")
        return self

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needs_count = self.pre_cull_to_target or self.post_connect_single_breaks or self.method == "kalman"
        if needs_count and self.target_instance_count is None:
            who = "method 'kalman'" if self.method == "kalman" else "culling to a number, or connecting breaks,"
            raise ValueError(f"{who} needs target_instance_count, the number of animals, got none")
        if self.target_instance_count is not None and not needs_count:
            raise ValueError(
                "target_instance_count goes with pre_cull_to_target, post_connect_single_breaks or method 'kalman', "
                "got none of them; a limit on tracks is max_tracks"
            )
        if self.method.endswith("maxtracks") and self.max_tracks is None:
            raise ValueError(f"method {self.method!r} needs max_tracks, the number of animals or auto, got none")
        return self

    def _is_set(self, name: str) -> bool:
        default: Any = type(self).model_fields[name].default
        return bool(getattr(self, name) != default)
