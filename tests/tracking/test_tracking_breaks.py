import numpy as np
from drawn_walks import SIZE, animals, track

from antpipe.tracking.breaks import Breaks


def join(frames, count=2, named=0):
    breaks = Breaks(count, named)
    return [breaks.join(np.array(f, int)).tolist() for f in frames]


def test_the_one_that_begins_is_the_one_that_is_missing():
    assert join([[0, 1], [0, 2], [2, 0], [3, 0]]) == [[0, 1], [0, 1], [1, 0], [1, 0]]


def test_with_two_missing_or_two_new_nothing_is_certain():
    assert join([[0, 1, 2], [0, 3, 4], [0, 3, 4]], count=3) == [[0, 1, 2], [0, 3, 4], [0, 3, 4]]
    assert join([[0, 1], [0, 2, 3]]) == [[0, 1], [0, 2, 3]]


def test_frames_in_between_that_lack_animals_do_not_matter():
    assert join([[0, 1], [0], [], [-1, 0], [0, 5]]) == [[0, 1], [0], [], [-1, 0], [0, 1]]


def test_a_track_that_is_there_again_is_not_given_twice():
    # 2 was taken for 1; when 1 itself comes back, both are there.
    assert join([[0, 1], [0, 2], [1, 2]])[-1] == [1, 2]


def test_of_two_that_were_taken_for_the_same_only_one_is():
    assert join([[0, 1], [0, 2], [0], [0, 3], [2, 3, 0]])[-2:] == [[0, 1], [1, 3, 0]]


def test_named_animals_are_not_renamed():
    assert join([[0, 5], [1, 5]], named=2) == [[0, 5], [1, 5]]
    assert join([[0, 5], [0, 6]], named=2) == [[0, 5], [0, 5]]


def test_a_broken_track_goes_on_under_its_name():
    far = 5 * SIZE
    frames = [animals((0, 0), (900, 0))] * 5 + [animals((0, 0), (900 - far, 0))] * 5
    settings = {"target_instance_count": 2}
    assert track(frames)[-1] == ["track_0", "track_2"]
    assert track(frames, post_connect_single_breaks=True, **settings) == [["track_0", "track_1"]] * 10
