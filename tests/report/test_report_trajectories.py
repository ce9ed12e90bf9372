"""Trajectories and occupancy on the median image of a drawn film."""

import cv2
import numpy as np
import pytest
from drawn_tracks import draw_tracks, make_info

from antpipe.config.features import FeaturesConfig
from antpipe.errors import ConfigError, PosesError, VideoError
from antpipe.geometry import Transform
from antpipe.poses import empty_poses, make_poses
from antpipe.poses_file import write_poses, write_poses_to
from antpipe.report.colours import track_colours
from antpipe.report.occupancy import field_side, plot_occupancy, seconds_by_field
from antpipe.report.trajectories import plot_trajectories
from antpipe.report.trajectories_draw import draw_trajectories
from antpipe.report.trajectories_ground import make_ground, show_scene
from antpipe.video.read import VideoReader
from antpipe.video.write import VideoWriter

FRAMES = 60
THORAX = FeaturesConfig(centre="thorax")


def write_film(path, shade):
    """Write a plain film on which a square walks through the middle."""
    with VideoWriter(path, width=200, height=160, fps=10.0, grayscale=True, crf=5) as writer:
        for frame in range(FRAMES):
            image = np.full((160, 200), shade, np.uint8)
            image[80:90, 2 * frame : 2 * frame + 10] = 255 - shade
            writer.write(image)
    return path


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return write_film(tmp_path_factory.mktemp("film") / "clip é.mp4", 200)


@pytest.fixture
def figures(monkeypatch):
    """Collect the figures as they are saved."""
    from matplotlib.figure import Figure

    seen = []
    save = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda self, *a, **k: (seen.append(self), save(self, *a, **k))[1])
    return seen


def write(tmp_path, presence=None, **changes):
    poses = draw_tracks(make_info(**{"frames": ((0, FRAMES),)} | changes), presence or {})
    write_poses(tmp_path / "p.parquet", poses)
    return tmp_path / "p.parquet"


def is_near(pixels, colour):
    return (np.abs(np.asarray(pixels, int) - colour) < 60).all()


def drawn_scene(figure):
    (shown,) = figure.axes[0].get_images()
    return np.asarray(shown.get_array())


@pytest.mark.parametrize("shade", [200, 20])
def test_what_moves_is_not_in_the_scene_nor_is_noise_brought_out(shade, tmp_path):
    ground = make_ground(write_film(tmp_path / "f.mp4", shade), write(tmp_path), THORAX)
    assert ground.image.shape == (160, 200, 3)
    assert np.ptp(ground.image.astype(int)) < 12
    assert ground.dark == (shade == 20)


def test_each_trajectory_has_its_colour_along_the_places_of_its_animal(film, tmp_path, figures):
    path = write(tmp_path, {"ant 0": range(0, 50), "ant 1": range(0, 20)})
    plot_trajectories(make_ground(film, path, THORAX), tmp_path / "t.png")
    scene, colours = drawn_scene(figures[0]), track_colours(["ant 0", "ant 1"])
    for x in (55, 70, 95):
        assert is_near(scene[30, x], colours["ant 0"])
    assert is_near(scene[60, 60], colours["ant 1"])
    assert not is_near(scene[60, 90], colours["ant 1"]), "ant 1 went no farther"
    legend = figures[0].axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["ant 0", "ant 1"]
    ends = [line.get_xydata()[0].tolist() for line in figures[0].axes[0].lines]
    assert sorted(ends) == [[69, 60], [99, 30]]
    assert cv2.imread(str(tmp_path / "t.png")).shape[1] == 1440


def test_a_trajectory_breaks_where_the_animal_was_away_for_long(film, tmp_path, figures):
    path = write(tmp_path, {"ant 0": [*range(0, 10), *range(14, 20), *range(40, 50)]})
    plot_trajectories(make_ground(film, path, THORAX), tmp_path / "t.png")
    row = drawn_scene(figures[0])[30]
    colour = track_colours(["ant 0"])["ant 0"]
    assert is_near(row[55:68], colour), "4 frames are bridged"
    assert not any(is_near(pixel, colour) for pixel in row[74:86]), "20 are not"


def test_trajectories_are_the_same_however_the_rows_are_grouped(film, tmp_path, monkeypatch):
    path = write(tmp_path, {"ant 0": range(0, 50), "ant 1": range(0, 20)})
    plot_trajectories(make_ground(film, path, THORAX), tmp_path / "a.png")
    monkeypatch.setattr("antpipe.poses_file.ROWS_PER_GROUP", 4)
    poses = draw_tracks(make_info(frames=((0, FRAMES),)), {"ant 0": range(0, 50), "ant 1": range(0, 20)})
    with write_poses_to(tmp_path / "p.parquet", poses.info) as writer:
        for _, rows in poses.by_frame():
            writer.write(poses[rows])
    plot_trajectories(make_ground(film, path, THORAX), tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_animals_without_a_track_have_no_trajectory_but_spend_time(film, tmp_path, figures):
    path = write(tmp_path, {None: range(0, 30)})
    ground = make_ground(film, path, THORAX)
    plot_trajectories(ground, tmp_path / "t.png")
    assert figures[0].axes[0].get_title(loc="left") == "0 trajectories"
    np.testing.assert_array_equal(drawn_scene(figures[0]), ground.image)
    assert seconds_by_field(ground, 10.0)[0].sum() == pytest.approx(3.0)


def test_time_in_each_field_is_what_was_drawn(film, tmp_path):
    path = write(tmp_path, {"ant 0": range(0, 40), None: range(0, 5)})
    seconds, (x, y) = seconds_by_field(make_ground(film, path, THORAX), 20.0)
    assert (x[0], x[-1], y[0], y[-1]) == (-20, 200, -20, 160)
    found = {(x[column], y[row]): seconds[row, column] for row, column in np.argwhere(seconds)}
    # Ant 0 walks from x = 50 to 89 at y = 30, one pixel in a tenth of a second; the other is at y = 60.
    assert found == pytest.approx({(40, 20): 1.0, (60, 20): 2.0, (80, 20): 1.0, (40, 60): 0.5})


def test_two_animals_in_a_field_count_twice_and_those_outside_not(film, tmp_path):
    info = make_info(frames=((0, FRAMES),))
    points = np.array([[[5, 5]] * 3, [[6, 6]] * 3, [[500, 5]] * 3, [[-3, 5]] * 3, [[np.nan, 5]] * 3])
    write_poses(tmp_path / "p.parquet", make_poses(info, frame_idx=[0, 0, 1, 2, 3], points=points))
    seconds, _ = seconds_by_field(make_ground(film, tmp_path / "p.parquet", THORAX), 20.0)
    assert seconds.sum() == seconds.max() == pytest.approx(0.2)


def test_occupancy_is_logarithmic_with_plain_numbers(film, tmp_path, figures):
    info = make_info(frames=((0, FRAMES),))
    frames = np.arange(FRAMES)
    points = np.where(frames[:, None, None] < 3, 20.0, 100.0) * np.ones((1, 3, 2))
    write_poses(tmp_path / "p.parquet", make_poses(info, frame_idx=frames, points=points))
    plot_occupancy(make_ground(film, tmp_path / "p.parquet", THORAX), tmp_path / "q.png")
    bar = figures[0].axes[0].child_axes[0]
    assert bar.get_yscale() == "log"
    assert bar.get_ylim() == pytest.approx((0.3, 5.7))
    labels = [text.get_text() for text in bar.get_yticklabels()]
    assert {"0.5", "1", "2", "5"} <= set(labels)


@pytest.mark.parametrize(("scale", "unit", "right", "side"), [({}, "px", 509.5, 5), ({"*": 5.0}, "mm", 101.9, 1)])
def test_axes_are_those_of_the_raw_video(scale, unit, right, side, film, tmp_path, figures):
    to_raw = Transform(scale=(2.0, 2.0), offset=(110.5, 50.5))
    path = write(tmp_path, {"ant 0": range(0, 50)}, to_raw=to_raw)
    ground = make_ground(film, path, FeaturesConfig(centre="thorax", pixels_per_mm=scale))
    assert field_side(ground) == pytest.approx(side)
    for plot in (plot_trajectories, plot_occupancy):
        plot(ground, tmp_path / "o.png")
        axes = figures[-1].axes[0]
        assert (axes.get_xlabel(), axes.get_ylabel()) == (f"x ({unit})", f"y ({unit})")
        assert axes.get_xlim()[1] == pytest.approx(right)
        assert axes.get_ylim()[0] > axes.get_ylim()[1], "y runs down, as in the film"


def test_large_films_are_shrunk_with_their_trajectories(film, tmp_path, figures, monkeypatch):
    monkeypatch.setattr("antpipe.report.trajectories_ground.LONGER_SIDE", 100)
    path = write(tmp_path, {"ant 0": range(0, 50)})
    plot_trajectories(make_ground(film, path, THORAX), tmp_path / "t.png")
    scene = drawn_scene(figures[0])
    assert scene.shape == (80, 100, 3)
    assert is_near(scene[15, 35], track_colours(["ant 0"])["ant 0"])
    assert figures[0].axes[0].get_xlim() == pytest.approx((-0.5, 199.5))


@pytest.mark.parametrize("frames", [((0, FRAMES),), ((10, 11),), ()])
def test_a_video_without_animals_gives_both_pictures(frames, film, tmp_path):
    write_poses(tmp_path / "p.parquet", empty_poses(make_info(frames=frames)))
    files = {name: tmp_path / f"{name}.png" for name in ("trajectories", "occupancy")}
    draw_trajectories(film, tmp_path / "p.parquet", FeaturesConfig(), **files)
    for path in files.values():
        assert cv2.imread(str(path)) is not None


def test_many_tracks_have_neither_names_nor_dots(film, tmp_path, figures):
    path = write(tmp_path, {f"ant {i}": range(i % 50, i % 50 + 5) for i in range(80)})
    plot_trajectories(make_ground(film, path, THORAX), tmp_path / "t.png")
    axes = figures[0].axes[0]
    assert axes.get_legend() is None
    assert not axes.lines
    assert axes.get_title(loc="left") == "80 trajectories"


def test_the_median_of_the_nodes_is_the_place_where_no_centre_is_named(film, tmp_path):
    path = write(tmp_path, {"ant 0": [0]})
    ((_, places),) = make_ground(film, path, FeaturesConfig()).places()
    np.testing.assert_allclose(places, [[50, 30]])
    with pytest.raises(ConfigError, match=r"features\.centre: unknown node 'thorx'; did you mean 'thorax'"):
        make_ground(film, path, FeaturesConfig(centre="thorx"))


def test_poses_of_another_video_are_refused(film, tmp_path):
    with pytest.raises(PosesError, match="of 640x480 pixels, but"):
        make_ground(film, write(tmp_path, size=(640, 480)), THORAX)


def test_damaged_frames_are_samples_fewer(film, tmp_path, monkeypatch):
    path, read = write(tmp_path), VideoReader.read

    def damaged(self, index):
        if index % 2 or self.broken:
            raise VideoError("damaged")
        return read(self, index)

    monkeypatch.setattr(VideoReader, "read", damaged)
    monkeypatch.setattr(VideoReader, "broken", False, raising=False)
    assert make_ground(film, path, THORAX).image.shape == (160, 200, 3)
    monkeypatch.setattr(VideoReader, "broken", True)
    with pytest.raises(VideoError, match=r"none of \d+ frames could be decoded"):
        make_ground(film, path, THORAX)


def test_scene_is_shown_to_its_edges(film, tmp_path):
    from matplotlib.figure import Figure

    ground = make_ground(film, write(tmp_path), THORAX)
    axes = Figure().add_subplot()
    show_scene(axes, ground.image, ground)
    assert axes.get_images()[0].get_extent() == pytest.approx((-0.5, 199.5, 159.5, -0.5))
