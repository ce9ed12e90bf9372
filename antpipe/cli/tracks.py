"""Verbs about tracks."""

from pathlib import Path
from typing import Annotated

import typer

from antpipe.cli.app import Output, app
from antpipe.cli.options import number, section


@app.command()
def track(
    poses: Path,
    output: Output,
    video: Annotated[
        Path | None,
        typer.Option(help="The video, for methods that look at pixels, or to compare animals by their looks."),
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="motion, simple, flow, simplemaxtracks, flowmaxtracks or kalman.")
    ] = None,
    similarity: Annotated[str | None, typer.Option(help="What counts as alike, for SLEAP's methods.")] = None,
    matching: Annotated[str | None, typer.Option(help="hungarian or greedy.")] = None,
    window: Annotated[int | None, typer.Option(help="Frames for which an unseen track stays open.")] = None,
    gate: Annotated[
        float | None, typer.Option(help="Farthest distance from where a track should be, in body sizes.")
    ] = None,
    leap: Annotated[
        float | None, typer.Option(help="Farthest leap of an animal with nobody else about it, in body sizes.")
    ] = None,
    weak_score: Annotated[
        float | None, typer.Option(help="Share of the usual score below which an instance starts no track.")
    ] = None,
    body_size: Annotated[float | None, typer.Option(help="Size of an animal in pixels.")] = None,
    robust: Annotated[
        float | None, typer.Option(help="Quantile of a track's poses that counts; 1 is the best one.")
    ] = None,
    max_tracks: Annotated[
        str | None, typer.Option(help="Most tracks, or auto: the number of animals, which is constant.")
    ] = None,
    min_new_track_points: Annotated[int | None, typer.Option(help="Visible nodes that start a track.")] = None,
    min_match_points: Annotated[
        int | None, typer.Option(help="Visible nodes that make a pose worth comparing with.")
    ] = None,
    min_length: Annotated[int | None, typer.Option(help="Frames below which a track loses its name.")] = None,
    target_instance_count: Annotated[int | None, typer.Option(help="Number of animals.")] = None,
    pre_cull_to_target: Annotated[
        bool | None, typer.Option("--pre-cull-to-target", help="Track only so many instances of a frame.")
    ] = None,
    pre_cull_iou_threshold: Annotated[
        float | None, typer.Option(help="Overlap beyond which only the better instance is tracked.")
    ] = None,
    post_connect_single_breaks: Annotated[
        bool | None,
        typer.Option(
            "--post-connect-single-breaks", help="Join the only track that ends and the only one that begins."
        ),
    ] = None,
    clean_instance_count: Annotated[
        int | None, typer.Option(help="Most instances of a frame that keep their track.")
    ] = None,
    clean_iou_threshold: Annotated[
        float | None, typer.Option(help="Overlap beyond which only the better instance keeps its track.")
    ] = None,
    img_scale: Annotated[float | None, typer.Option(help="Optical flow: factor by which frames are resized.")] = None,
    of_window_size: Annotated[
        int | None, typer.Option(help="Optical flow: side of the square searched for, in pixels.")
    ] = None,
    of_max_levels: Annotated[int | None, typer.Option(help="Optical flow: how often frames are halved.")] = None,
    save_shifted_instances: Annotated[
        bool | None, typer.Option("--save-shifted-instances", help="Optical flow: from frame to frame.")
    ] = None,
    kf_init_frame_count: Annotated[int | None, typer.Option(help="Kalman: frames to learn from.")] = None,
    kf_node_indices: Annotated[str | None, typer.Option(help="Kalman: nodes to follow, such as 0,1,4.")] = None,
    oks_errors: Annotated[
        str | None, typer.Option(help="object_keypoint: error of the nodes in pixels, one number or one per node.")
    ] = None,
    oks_score_weighting: Annotated[
        bool | None, typer.Option("--oks-score-weighting", help="object_keypoint: weigh nodes by their scores.")
    ] = None,
    oks_normalization: Annotated[str | None, typer.Option(help="object_keypoint: all, ref or union.")] = None,
    stitch: Annotated[
        bool | None,
        typer.Option(
            "--stitch/--no-stitch",
            help="Join broken tracks and mend exchanged ones with the whole film in view; by default with motion only.",
        ),
    ] = None,
) -> None:
    """Link the instances of a poses file into tracks; OUTPUT gets a table .events.tsv beside it of joins and repairs.

    What is not given is as in config.yaml's section `track`.
    """
    # All options are settings of the same name, so that no default is written twice.
    given = {name: value for name, value in locals().items() if value is not None}
    from antpipe.config.stitching import StitchConfig
    from antpipe.config.tracking import TrackConfig
    from antpipe.tracking.stitch_track import track_and_stitch

    values = {name: value for name, value in given.items() if name not in {"poses", "output", "video", "stitch"}}
    for name in {"oks_errors", "kf_node_indices"} & values.keys():
        values[name] = [number(f"--{name.replace('_', '-')}", part) for part in values[name].split(",")]
    if values.get("max_tracks", "auto") != "auto":
        values["max_tracks"] = number("--max-tracks", values["max_tracks"])
    events = output.with_suffix(".events.tsv")
    tracking = section(TrackConfig, values)
    stitching = StitchConfig(enabled=stitch, appearance=video is not None and not tracking.needs_video)
    track_and_stitch(poses, output, events, tracking, stitching, video)


@app.command()
def stitch(
    tracks: Path,
    output: Output,
    video: Annotated[Path | None, typer.Option(help="The video, to compare animals by their looks too.")] = None,
    animals: Annotated[int | None, typer.Option(help="Their number, if it is constant.")] = None,
    max_gap: Annotated[int | None, typer.Option(help="Longest time out of sight, in frames.")] = None,
    least_odds: Annotated[float | None, typer.Option(help="How much likelier a join must be than chance.")] = None,
    confidence: Annotated[float | None, typer.Option(help="Least confidence of joins and repairs.")] = None,
    min_length: Annotated[int | None, typer.Option(help="Frames below which a track loses its name.")] = None,
) -> None:
    """Join broken tracks and mend exchanged ones; OUTPUT gets a table .events.tsv beside it that says where."""
    from antpipe.config.stitching import StitchConfig
    from antpipe.tracking.stitch import stitch_file

    values = {"max_gap": max_gap, "least_odds": least_odds, "confidence": confidence, "min_length": min_length}
    given = {name: value for name, value in values.items() if value is not None}
    config = section(StitchConfig, {**given, "appearance": video is not None})
    stitch_file(tracks, output, output.with_suffix(".events.tsv"), config, animals=animals, video=video)


@app.command("evaluate-tracks")
def evaluate_tracks(truth: Path, tracked: Path, output: Output) -> None:
    """Compare tracks with true identities and write HOTA, IDF1, MOTA, switches and fragments as JSON."""
    from antpipe.evaluation.evaluate import evaluate_tracks as run
    from antpipe.files import write_json

    write_json(output, run(truth, tracked))
