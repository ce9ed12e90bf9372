"""What is wrong with a video, in sentences."""

from collections.abc import Collection

from antpipe.video.container import Tally

SHOWN_NUMBERS = 5


def loss_sentences(tally: Tally, promised: int, lost: Collection[int] | int, damaged: Collection[int]) -> list[str]:
    """Return a sentence for every kind of loss.

    Args:
        tally: what was read.
        promised: frames that the file's header promises; 0 where it says nothing.
        lost: numbers of the frames that cannot be decoded, or how many they are.
        damaged: numbers of the frames in which the decoder had to make up what was broken.
    """
    sentences = []
    if promised > tally.packets:
        sentences.append(
            f"the file ends early: its header promises {promised} frames, and {tally.packets} are there; "
            "copy the video again if the original is whole"
        )
    if tally.read_error:
        sentences.append(f"the file cannot be read to its end ({tally.read_error})")
    if lost:
        effect = "; later frames move up" if isinstance(lost, int) else f" ({shorten(lost)})"
        sentences.append(f"{count(lost, 'frame')} cannot be decoded{effect}")
    if damaged:
        sentences.append(f"{count(damaged, 'frame')} damaged and filled in by the decoder ({shorten(damaged)})")
    return sentences


def count(things: Collection[object] | int, name: str) -> str:
    """Return how many there are, in words: 1 frame, 2 frames."""
    number = things if isinstance(things, int) else len(things)
    return f"{number} {name}{'' if number == 1 else 's'}"


def shorten(numbers: Collection[int]) -> str:
    """Return the first few frame numbers as text."""
    first = sorted(numbers)[:SHOWN_NUMBERS]
    return "number " + ", ".join(map(str, first)) + (", ..." if len(numbers) > SHOWN_NUMBERS else "")
