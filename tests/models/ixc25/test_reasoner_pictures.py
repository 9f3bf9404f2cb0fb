"""Pictures, canvases and film strips: where each pixel goes, and how many rows come out."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_reasoner import WIDTH, config
from torch import Tensor, nn

from omnilive_demo.models.ixc25_omnilive.canvas import TILE, film_canvas, film_tiles, still_canvas, tiles_of
from omnilive_demo.models.ixc25_omnilive.config import released_reasoner_config
from omnilive_demo.models.ixc25_omnilive.film_strip import film_strip, strip_size, thinned
from omnilive_demo.models.ixc25_omnilive.pictures import PictureEncoder, row_count

MEAN, SPREAD = 0.48145466, 0.26862954  # of red
SIDE = 40  # patches


class RedTower(nn.Module):
    """Says of each patch its mean red; before them something of no use, like a class token."""

    def forward(self, pixels: Tensor) -> SimpleNamespace:
        patches = pixels[:, 0].unfold(1, 14, 14).unfold(2, 14, 14).mean((-1, -2)).flatten(1)
        states = torch.cat([torch.full((len(pixels), 1), 99.0), patches], 1)
        return SimpleNamespace(last_hidden_state=states[..., None].expand(-1, -1, WIDTH))


@pytest.fixture
def encoder() -> PictureEncoder:
    made = PictureEncoder(released_reasoner_config(config()))
    made.tower = RedTower()  # type: ignore[assignment]
    with torch.no_grad():
        made.row_end.fill_(-7.0)
        made.view_end.fill_(-8.0)
    return made.requires_grad_(False)


@pytest.mark.parametrize(("down", "across"), [(1, 1), (2, 3), (3, 1)])
def test_every_patch_has_its_place(encoder: PictureEncoder, down: int, across: int) -> None:
    random = np.random.default_rng(down)
    red = random.integers(0, 256, (down * SIDE, across * SIDE)).astype(np.uint8)
    canvas = np.zeros((down * TILE, across * TILE, 3), np.uint8)
    canvas[..., 0] = red.repeat(14, 0).repeat(14, 1)
    rows = encoder.merged(canvas).numpy().reshape(-1, 4, WIDTH)
    assert (rows == rows[..., :1]).all()
    rows = rows[..., 0]
    seen = (red / 255 - MEAN) / SPREAD
    expected = []
    for y in range(0, down * SIDE, 2):
        for x in range(0, across * SIDE, 2):
            expected.append([seen[y, x], seen[y, x + 1], seen[y + 1, x], seen[y + 1, x + 1]])
        expected.append([-7.0] * 4)
    small = rows[: 20 * 21].reshape(20, 21, 4)
    assert (small[:, 20] == -7).all()
    assert (rows[420] == -8).all()
    assert np.abs(rows[421:] - np.array(expected)).max() < 1e-5
    if (down, across) == (1, 1):
        assert np.abs(small[:, :20].reshape(-1, 4) - rows[421:].reshape(20, 21, 4)[:, :20].reshape(-1, 4)).max() < 1e-5


def cubic(line: np.ndarray, size: int) -> np.ndarray:
    """A line at `size` places by cubic convolution (a = -0.75) over four neighbours: nothing is averaged."""

    def weight(far: float) -> float:
        if far <= 1:
            return 1.25 * far**3 - 2.25 * far**2 + 1
        return -0.75 * (far**3 - 5 * far**2 + 8 * far - 4) if far < 2 else 0.0

    out = np.zeros((size, *line.shape[1:]))
    for i in range(size):
        at = (i + 0.5) * len(line) / size - 0.5
        for near in range(int(np.floor(at)) - 1, int(np.floor(at)) + 3):
            out[i] += weight(abs(at - near)) * line[min(max(near, 0), len(line) - 1)]
    return out


def test_the_small_view_is_not_averaged(encoder: PictureEncoder) -> None:
    """Hazard 15. Its shape is not kept either: three tiles across become one."""
    canvas = np.random.default_rng(5).integers(0, 256, (TILE, 3 * TILE, 3)).astype(np.uint8)
    rows = encoder.merged(canvas).numpy()[:420].reshape(20, 21, 4, WIDTH)[:, :20, :, 0]
    small = cubic((canvas[..., 0].T / 255 - MEAN) / SPREAD, TILE).T
    patches = small.reshape(SIDE, 14, SIDE, 14).mean((1, 3))
    seen = rows.reshape(20, 20, 2, 2).transpose(0, 2, 1, 3).reshape(SIDE, SIDE)
    assert np.abs(seen - patches).max() < 1e-4


def test_the_tower_has_its_own_activation() -> None:
    """Hazard 6: x times the sigmoid of 1.702 x, which is near the usual one and not the same; no other is taken."""
    made = PictureEncoder(released_reasoner_config(config()))
    inner = made.tower.encoder.layers[0].mlp
    around: list[Tensor] = []
    for layer in (inner.fc1, inner.fc2):
        layer.register_forward_hook(lambda layer, given, came: around.extend((given[0], came)))
    inner(4 * torch.randn(3, WIDTH))
    (_, before, after, _) = around
    assert (after - before / (1 + torch.exp(-1.702 * before))).abs().max() < 1e-6
    assert (after - torch.nn.functional.gelu(before)).abs().max() > 1e-3
    with pytest.raises(ValueError, match="quick_gelu"):
        released_reasoner_config(config() | {"vision_config": {"hidden_act": "gelu"}})


def test_a_canvas_is_made_of_tiles(encoder: PictureEncoder) -> None:
    for shape in ((560, 561, 3), (300, 560, 3), (0, 560, 3)):
        with pytest.raises(ValueError, match="tiles"):
            encoder.merged(np.zeros(shape, np.uint8))


# Specification 2.4: rows of a film strip on its canvas, by the frames' size and number.
@pytest.mark.parametrize(
    ("size", "frames", "rows"),
    [((1280, 720), 1, 1241), ((1280, 720), 2, 1261), ((1280, 720), 16, 4621), ((1280, 720), 32, 8821),
     ((1280, 720), 64, 16801), ((640, 480), 32, 11341), ((640, 480), 64, 21841)],
)  # fmt: skip
def test_rows_of_a_film_strip(size: tuple[int, int], frames: int, rows: int) -> None:
    assert row_count(*film_tiles(*strip_size([size] * frames))) == rows
    if frames <= 2:
        strip = film_strip([np.zeros((size[1], size[0], 3), np.uint8)] * frames)
        canvas = film_canvas(strip)
        assert strip.shape[1::-1] == strip_size([size] * frames)
        assert tiles_of(canvas) == film_tiles(*strip_size([size] * frames))
        assert min(canvas.shape[:2]) == TILE


def test_rows_as_they_are_counted_one_by_one(encoder: PictureEncoder) -> None:
    for down, across in ((1, 1), (2, 3), (1, 2)):
        counted = encoder.merged(np.zeros((down * TILE, across * TILE, 3), np.uint8))
        assert len(counted) == row_count(down, across)


@pytest.mark.parametrize(
    ("size", "most", "canvas"),
    [((1120, 1360), 24, (1680, 1680)), ((560, 560), 24, (560, 560)), ((400, 300), 24, (560, 560)),
     ((4000, 3000), 24, (2800, 2240)), ((3000, 4000), 24, (2240, 2800)), ((4000, 3000), 6, (1120, 1120)),
     ((4000, 500), 24, (4480, 560)), ((1280, 720), 24, (1680, 1120))],
)  # fmt: skip
def test_a_still_fills_its_canvas(size: tuple[int, int], most: int, canvas: tuple[int, int]) -> None:
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    made = still_canvas(picture, most)
    assert (made.shape[1], made.shape[0]) == canvas
    assert np.prod(tiles_of(made)) <= most
    long, short = max(size), min(size)
    drawn = int(max(canvas) / (long / short))
    dark = (made == 0).all(-1)
    side = 0 if size[0] >= size[1] else 1
    assert dark.any(axis=1 - side).sum() == drawn  # the rest is white, at the far end
    assert dark[0, 0]
    assert (made[~dark] == 255).all()


def test_nine_tiles_of_the_demo() -> None:
    assert row_count(*tiles_of(still_canvas(np.zeros((1360, 1120, 3), np.uint8)))) == 4081


def test_standing_pictures_are_not_turned() -> None:
    picture = np.zeros((1200, 300, 3), np.uint8)
    picture[:100] = (250, 0, 0)  # the top
    for canvas in (still_canvas(picture), film_canvas(picture)):
        assert canvas[5, 5].tolist() == [250, 0, 0]
        assert canvas[-5, 5].tolist() in ([0, 0, 0], [255, 255, 255])
        assert canvas.shape[0] > canvas.shape[1]


def test_shrinking_averages() -> None:
    """As Pillow does and a plain bilinear filter does not (hazard 15)."""
    picture = np.zeros((2240, 2240, 3), np.uint8)
    picture[::4] = 255
    canvas = film_canvas(picture)
    assert canvas.shape == (560, 560, 3)
    assert np.abs(canvas[10:-10].astype(int) - 64).max() <= 32
    assert Image.fromarray(canvas).size == (560, 560)


def test_lying_frames_go_below_each_other() -> None:
    colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
    strip = film_strip([np.full((360, 640, 3), colour, np.uint8) for colour in colours])
    assert strip.shape == (3 * (630 + 40) + 2 * 10, 1120, 3)
    for i, colour in enumerate(colours):
        top = i * 680
        assert (strip[top + 40 : top + 670] == colour).all()
        band = strip[top : top + 40]
        assert (band[:, 600:] == 255).all()
        assert (band < 100).any(), "the label is missing"
    for gap in (strip[670:680], strip[1350:1360]):
        assert (gap == 0).all(axis=(1, 2)).sum() == 2
        assert (gap == 255).all(axis=(1, 2)).sum() == 8
    labels = [strip[i * 680 : i * 680 + 40, :400] for i in range(3)]
    assert not np.array_equal(labels[0], labels[1])
    assert not np.array_equal(labels[1], labels[2])


def test_standing_frames_go_side_by_side_and_the_last_decides() -> None:
    standing, lying = np.zeros((640, 360, 3), np.uint8), np.zeros((360, 640, 3), np.uint8)
    assert film_strip([standing, standing]).shape == (1160, 630 + 10 + 630, 3)
    assert strip_size([(360, 640), (640, 360)]) == (1120, 1160 + 10 + 670)
    assert film_strip([standing, lying]).shape == (1160 + 10 + 670, 1120, 3)
    assert film_strip([lying, standing]).shape == (1160, 1120 + 10 + 630, 3)
    assert film_strip([np.zeros((500, 500, 3), np.uint8)] * 2).shape == (1160, 2250, 3)
    with pytest.raises(ValueError, match="at least one"):
        film_strip([])


def test_thinning_keeps_both_ends() -> None:
    assert thinned(range(5), 32) == [0, 1, 2, 3, 4]
    assert thinned(range(80), 64)[:3] == [0, 1, 2]
    assert thinned(range(100), 4) == [0, 33, 66, 99]
    assert thinned(range(9), 1) == [8]
