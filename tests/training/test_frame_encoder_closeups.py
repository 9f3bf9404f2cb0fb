"""Close-ups show what they say they show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from omnilive_demo.training.frame_encoder_closeups import SIDE, WINDOW, CloseUps
from omnilive_demo.training.frame_encoder_data import Pool
from omnilive_demo.training.frame_encoder_names import NameTable
from omnilive_demo.training.world.sprites import NotoSprites
from omnilive_demo.training.world.things import all_things, things_of


@pytest.fixture(scope="module")
def table() -> NameTable:
    """Two known things and a rehearsed one; the vectors do not matter here."""
    taught = (*things_of("known")[:2], things_of("rehearsed")[0])
    column = {thing.name: row for row, thing in enumerate(taught)}
    return NameTable(
        names=tuple(column),
        plurals=tuple(column),
        known=2,
        vectors=np.eye(3, 384, dtype=np.float32),
        column_of=np.array([column.get(thing.name, -1) for thing in all_things()], np.int64),
    )


@pytest.fixture(scope="module")
def close_ups(table: NameTable) -> CloseUps:
    gray = np.full((4, 192, 192, 3), 128, np.uint8)
    nothing = np.full((4, 6), -1, np.int16)
    cells, no_hand = np.full((4, 8, 8), -1, np.int16), np.zeros(4, bool)
    pool = Pool(gray, cells, nothing, nothing.astype(np.float16), no_hand, np.arange(4))
    return CloseUps(NotoSprites(), pool, table)


def test_each_picture_shows_one_thing_where_its_cells_say(close_ups: CloseUps, table: NameTable) -> None:
    batch = close_ups.draw(64, np.random.default_rng(1))
    assert batch.images.shape == (64, 3, SIDE, SIDE)
    assert batch.cells.shape == (64, WINDOW**2)
    assert float(batch.images.min()) >= 0
    assert float(batch.images.max()) <= 1
    shown = batch.whole.argmax(1)
    assert set(shown.tolist()) == {0, 1, 2}  # never "nothing" as a whole
    for cells, name in zip(batch.cells, shown, strict=True):
        assert set(cells.tolist()) <= {int(name), len(table.names)}
    owners = [int(name) in cells.tolist() for cells, name in zip(batch.cells, shown, strict=True)]
    assert np.mean(owners) > 0.8  # a thin thing may own no cell
    # On a gray background a cell that somebody owns varies more than one that nobody does.
    spread = batch.images.unfold(2, 24, 24).unfold(3, 24, 24).std((1, 4, 5)).flatten(1)
    owned = batch.cells < len(table.names)
    assert float(spread[owned].mean()) > 1.5 * float(spread[~owned].mean())


def test_the_same_seed_draws_the_same(close_ups: CloseUps) -> None:
    one, two = (close_ups.draw(8, np.random.default_rng(5)) for _ in range(2))
    assert bool((one.images == two.images).all())
    assert bool((one.cells == two.cells).all())


def test_without_the_font_it_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="fonts-noto-color-emoji"):
        NotoSprites(tmp_path / "missing.ttf")
