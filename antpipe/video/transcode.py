"""Raw videos into videos of which every frame can be found again, with a record of the way back."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ffmpeg

import antpipe
from antpipe.config.preprocess import PreprocessConfig
from antpipe.errors import VideoError
from antpipe.files import atomic_path, write_json
from antpipe.video.ffmpeg import GLOBAL_OPTIONS, file_url, run_ffmpeg
from antpipe.video.filters import can_tone_map, make_stream
from antpipe.video.index import scan_frames
from antpipe.video.plan import Plan, make_plan
from antpipe.video.probe import VideoInfo, describe

Advance = Callable[[int, int | None], None]


def preprocess(
    video: str | Path,
    output: str | Path,
    config: PreprocessConfig,
    on_progress: Advance | None = None,
    threads: int = 0,
) -> dict[str, Any]:
    """Cut, scale and encode a raw video; write what was done beside it, as `output` with the suffix .json.

    The order is: turn upright, crop, keep start to end, frame rate, scale, 8-bit 4:2:0. Sound is dropped. A raw video
    of variable rate gets its average rate; one of constant rate is kept frame for frame. The same video and settings
    give the same bytes, whatever the machine's number of cores.

    Args:
        video: the raw video.
        output: an MP4 file, which appears whole or not at all.
        config: what is done.
        on_progress: called with the frames done and in all; a frame counts when read, when written, and when checked.
        threads: processor cores for decoding; 0 is all.

    Returns:
        The content of the sidecar: `source` and `output` (see `VideoInfo`), `settings`, `to_raw` (transform from pixels
        of the result to upright raw pixels), `first_raw_frame`, `first_raw_time_s`, `keeps_frame_numbers` (frame n of
        the result is frame first_raw_frame + n of the raw video), `command`, `notes`.

    Raises:
        VideoError: if the video cannot be read, the crop leaves it, nothing is left, the output is the video itself or
            no MP4, or frames went missing.
    """
    video, output = Path(video), Path(output)
    _check_output(video, output)
    progress = Progress(on_progress)
    scan = scan_frames(video, threads, progress.advance)
    source = describe(video, scan)
    plan = make_plan(video, source, scan, config)
    progress.finish_stage(source.frame_count, 2 * plan.expected_frames)
    sidecar = output.with_suffix(".json")
    with atomic_path(output) as temporary:
        run_ffmpeg(make_stream(video, temporary, source, plan, config, threads), progress.advance)
        progress.finish_stage(plan.expected_frames, plan.expected_frames)
        result = describe(temporary, scan_frames(temporary, threads, progress.advance))
        _check_frames(source, result, plan)
        sidecar.unlink(missing_ok=True)  # an old record must not lie beside a new video
    result = replace(result, path=output.as_posix())
    command = _command(make_stream(video, output, source, plan, config, threads), video, output)
    record = _record(source, result, plan, config) | {"command": command, "notes": _notes(source, result, plan)}
    write_json(sidecar, record)
    progress.finish_stage(plan.expected_frames, 0)
    return record


def _record(source: VideoInfo, result: VideoInfo, plan: Plan, config: PreprocessConfig) -> dict[str, Any]:
    return {
        "antpipe_version": antpipe.__version__,
        "source": source.to_dict(),
        "output": result.to_dict(),
        "settings": config.model_dump(mode="json"),
        "to_raw": plan.to_raw().to_dict(),
        "first_raw_frame": plan.first_raw_frame,
        "first_raw_time_s": plan.first_raw_time_s,
        "keeps_frame_numbers": plan.keeps_numbers,
    }


class Progress:
    """Adds up the frames of several stages."""

    def __init__(self, report: Advance | None) -> None:
        self._report = report
        self._before = 0
        self._total: int | None = None

    def advance(self, frames: int) -> None:
        """Report frames of the present stage."""
        if self._report:
            self._report(self._before + frames, self._total)

    def finish_stage(self, frames: int, to_come: int) -> None:
        """Add a stage that is done, and say how many frames are still to come."""
        self._before += frames
        self._total = self._before + to_come
        self.advance(0)


def _check_output(video: Path, output: Path) -> None:
    if output.suffix.lower() != ".mp4":
        raise VideoError(f"{output}: expected a name that ends in .mp4, because MP4 is what is written")
    if video.resolve() == output.resolve() or (output.exists() and video.exists() and os.path.samefile(video, output)):
        raise VideoError(f"{output}: the output would replace the raw video; choose another name or folder")


def _check_frames(source: VideoInfo, result: VideoInfo, plan: Plan) -> None:
    """Refuse a result that has lost frames of a good video; `_notes` tells where the video itself is to blame."""
    if not plan.resample and not source.problems and result.frame_count != plan.expected_frames:
        raise VideoError(
            f"{source.path}: expected {plan.expected_frames} frames in the result, got {result.frame_count}; "
            f"set preprocess.fps to {source.fps:.6g} to go by the times of the frames"
        )


def _command(stream: Any, video: Path, output: Path) -> list[str]:
    """Return the command with paths as they were given: where the project lies is nobody's business."""
    given = {file_url(video): f"file:{video.as_posix()}", file_url(output): f"file:{output.as_posix()}"}
    return ["ffmpeg", *GLOBAL_OPTIONS, *(given.get(word, word) for word in ffmpeg.get_args(stream))]


def _notes(source: VideoInfo, result: VideoInfo, plan: Plan) -> list[str]:
    """Return what a user should know about the result, one sentence each."""
    notes = [f"raw video: {problem}" for problem in source.problems]
    if source.has_audio:
        notes.append("sound was dropped")
    if source.hdr and can_tone_map():
        notes.append("HDR was converted to ordinary brightness (BT.709)")
    elif source.hdr:
        notes.append("HDR was cut to 8 bit as it is, and looks flat: this ffmpeg has no zscale filter to convert it")
    if plan.size != plan.scaled:
        notes.append(
            f"{plan.scaled[0]}x{plan.scaled[1]} pixels became {plan.size[0]}x{plan.size[1]}: sizes must be even"
        )
    if plan.resample:
        notes.append(f"frames were repeated or dropped to reach {float(plan.rate):.6g} frames per second")
    if abs(result.frame_count - plan.expected_frames) > int(plan.resample):  # rounding of the end may add a frame
        notes.append(f"{plan.expected_frames} frames were expected, {result.frame_count} came out")
    return [*notes, *(f"result: {problem}" for problem in result.problems)]
