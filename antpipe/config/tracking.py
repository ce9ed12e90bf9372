"""Settings of tracking."""

from antpipe.config.base import Count, Positive, Section


class TrackConfig(Section):
    """How predicted instances become tracks."""

    window: Count = 12
    """Frames for which a track that is not seen stays open."""
    gate: Positive = 0.6
    """Farthest mean distance between an instance and where its track should be, in body sizes (the diagonal of the
    animal's bounding box). A stranger beyond it starts a track of its own."""
    leap: Positive = 1.5
    """Farthest leap, in body sizes per frame, of a track and an instance that are left over after that and are each
    other's only choice: a startled animal, not a stranger."""
    max_tracks: Count | None = None
    """Most tracks in a video; instances beyond stay in the table without a track. None: no limit."""
    min_points: Count = 2
    """Visible nodes that an instance needs to start a track."""
    min_length: Count = 1
    """Tracks seen in fewer frames than this lose their name; their instances stay in the table."""
