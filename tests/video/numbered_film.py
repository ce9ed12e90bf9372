"""Films in which every frame shows its number, so that a decoded frame tells which one it is."""

import subprocess
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from antpipe.video.ffmpeg import ffmpeg_binary

WIDTH, HEIGHT, FRAMES = 96, 64, 60
BITS, CELL = 8, 12
X264 = "-c:v libx264 -pix_fmt yuv420p"

RECIPES = {
    "default.mp4": X264,
    "g25.mp4": f"{X264} -g 25 -bf 0 -flags +cgop -sc_threshold 0",
    "gop12.mp4": f"{X264} -g 12 -bf 3",
    "opengop.mp4": f"{X264} -g 12 -bf 3 -x264-params open-gop=1",
    "intra_refresh.mp4": f"{X264} -x264-params intra-refresh=1:keyint=20",
    "hevc.mp4": "-c:v libx265 -pix_fmt yuv420p -x265-params log-level=none:keyint=12:open-gop=1",
    "gop12.mkv": f"{X264} -g 12 -bf 3",
    "vp9.webm": "-c:v libvpx-vp9 -pix_fmt yuv420p -g 12 -deadline realtime -cpu-used 8",
    "vp8.webm": "-c:v libvpx -g 12 -auto-alt-ref 1 -lag-in-frames 10 -b:v 500k",
    "mpeg4.avi": "-c:v mpeg4 -q 3 -g 12",
    "mpeg4_b.avi": "-c:v mpeg4 -q 3 -g 12 -bf 2",
    "x264_b.avi": f"{X264} -g 12 -bf 3",
    "mjpeg.avi": "-c:v mjpeg -q 3",
    "palette.avi": "-c:v rawvideo -pix_fmt pal8",
    "bottom_up.avi": "-c:v rawvideo -pix_fmt bgr24",
    "stream.ts": f"-vf settb=1001/30000,setpts=N -r 30000/1001 {X264} -g 12 -bf 3",
    "mpeg2.mpg": "-c:v mpeg2video -q 3 -bf 2 -g 12",
    "vfr.mp4": f"{X264} -g 12 -fps_mode vfr -vf setpts=if(lt(N\\,20)\\,N\\,20+(N-20)*2.5)/25/TB",
    "ten_bit.mp4": "-c:v libx264 -pix_fmt yuv420p10le",
    "ten_bit_709.mp4": "-vf scale=out_color_matrix=bt709 -c:v libx264 -pix_fmt yuv420p10le -colorspace bt709",
    "full_range.mp4": "-c:v libx264 -pix_fmt yuvj420p",
    "yuv444.mp4": "-c:v libx264 -pix_fmt yuv444p",
    "gray.mp4": "-c:v libx264 -pix_fmt gray",
    "gray16.mkv": "-c:v ffv1 -pix_fmt gray16le",
    "packed.avi": "-c:v rawvideo -pix_fmt yuyv422",
    "rgb.mkv": "-c:v libx264rgb -crf 10",
    "png.mov": "-c:v png",
    "film.gif": "",
}
"""ffmpeg's output options by file name."""
ENCODERS = {"hevc.mp4": "libx265", "vp9.webm": "libvpx-vp9", "vp8.webm": "libvpx"}


def ffmpeg_options(*words: str) -> dict[str, str]:
    """Return the arguments of ffmpeg-python for options of the command line."""
    return {
        "format": "mp4",
        "vcodec": "libx264",
        **dict(zip((w.lstrip("-") for w in words[::2]), words[1::2], strict=True)),
    }


def hdr_options(transfer: str) -> str:
    """Return the options for a 10-bit film that is tagged as HDR."""
    tags = f"format=yuv420p10le,setparams=color_trc={transfer}:color_primaries=bt2020:colorspace=bt2020nc:range=tv"
    return f"-vf {tags} -c:v libx264 -g 12"


def draw_frame(number: int) -> np.ndarray:
    """Return a frame (64, 96, 3): its number in black and white cells at the top, a moving texture below."""
    noise = np.random.default_rng(0).integers(60, 200, (HEIGHT, WIDTH + 4 * FRAMES, 3), dtype=np.uint8)
    texture = cv2.GaussianBlur(noise, (0, 0), 2)
    frame = texture[:, number : number + WIDTH].copy()
    for bit in range(BITS):
        frame[:16, bit * CELL : (bit + 1) * CELL] = 235 if number >> bit & 1 else 20
    return frame


def read_number(image: np.ndarray) -> int:
    """Return the number that an upright frame shows."""
    gray = image.reshape(*image.shape[:2], -1)[..., 0]
    return sum(1 << bit for bit in range(BITS) if gray[4:12, bit * CELL + 3 : bit * CELL + 9].mean() > 128)


def numbers(frames) -> list[int]:
    """Return the numbers that frames of a reader show."""
    return [read_number(frame.image) for frame in frames]


def run_ffmpeg_program(*arguments, data: bytes | None = None) -> bytes:
    """Run ffmpeg and return what it writes to its standard output."""
    command = [ffmpeg_binary(), "-v", "error", "-y", *map(str, arguments)]
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def has_encoder(name: str) -> bool:
    return name in run_ffmpeg_program("-hide_banner", "-encoders").decode().split()


def make_film(path: Path, options: str, rate: str = "25", frames: int = FRAMES) -> Path:
    """Encode the numbered frames with ffmpeg's output options."""
    raw = b"".join(draw_frame(number).tobytes() for number in range(frames))
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", rate, "-i", "-"]
    run_ffmpeg_program(*source, *options.split(), path, data=raw)
    return path


class FilmBox:
    """Makes each film of RECIPES once, when it is first asked for."""

    def __init__(self, folder: Path):
        self.folder = folder

    def __call__(self, name: str) -> Path:
        path = self.folder / name
        if not path.exists():
            if name in ENCODERS and not has_encoder(ENCODERS[name]):
                pytest.skip(f"this ffmpeg has no {ENCODERS[name]}")
            make_film(path, RECIPES[name])
        return path

    def cut(self, name: str, seconds: float) -> Path:
        """Return a film without its first seconds, cut with an edit list instead of encoding."""
        path = self.folder / f"cut_{name}"
        if not path.exists():
            run_ffmpeg_program("-ss", seconds, "-i", self(name), "-c", "copy", path)
        return path

    def turned(self, name: str, degrees: int, *options: str) -> Path:
        """Return a film that players turn by degrees counter-clockwise."""
        path = self.folder / f"turned_{degrees}{'_'.join(options)}_{name}"
        if not path.exists():
            run_ffmpeg_program("-display_rotation", degrees, *options, "-i", self(name), "-c", "copy", path)
        return path


def truncate(source: Path, target: Path, share: float) -> Path:
    """Write the first part of a file."""
    content = source.read_bytes()
    target.write_bytes(content[: int(len(content) * share)])
    return target


def blank_packet(source: Path, target: Path, packet: int) -> Path:
    """Copy a film with one of its packets overwritten by zeros."""
    with av.open(str(source)) as container:
        places = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    content = bytearray(source.read_bytes())
    position, size = places[packet]
    content[position : position + size] = bytes(size)
    target.write_bytes(content)
    return target
