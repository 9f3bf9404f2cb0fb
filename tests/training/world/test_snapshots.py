from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from omnilive_demo.training.world import snapshot_pool
from omnilive_demo.training.world.snapshot_pool import SnapshotPool
from omnilive_demo.training.world.snapshots import KINDS, Kind, cells_of, present_of, snapshot
from omnilive_demo.training.world.sprites import NOTO_FONT, NotoSprites
from omnilive_demo.training.world.things import all_things, by_name, things_of
from omnilive_demo.training.world.truth import Picture, Sighting

pytestmark = pytest.mark.skipif(not NOTO_FONT.is_file(), reason="fonts-noto-color-emoji is not installed")
KNOWN, REHEARSED = things_of("known"), things_of("rehearsed")


@pytest.fixture(scope="module")
def sprites() -> NotoSprites:
    return NotoSprites()


def many(sprites: NotoSprites, kind: Kind, count: int = 40) -> list[Picture]:
    rng = np.random.default_rng(3)
    return [snapshot(rng, sprites, KNOWN, REHEARSED, kind=kind) for _ in range(count)]


def roles(picture: Picture) -> set[str]:
    return {seen.thing.role for seen in picture.sightings}


def test_each_kind_shows_what_it_says(sprites: NotoSprites) -> None:
    singles = many(sprites, "single")
    assert all(len(picture.sightings) <= 1 for picture in singles)
    assert sum(len(picture.sightings) for picture in singles) >= 34
    assert {role for picture in singles for role in roles(picture)} == {"known"}
    several = many(sprites, "several")
    assert max(len(picture.sightings) for picture in several) >= 4
    assert any(len({seen.thing for seen in picture.sightings}) < len(picture.sightings) for picture in several)
    assert any(seen.visible < 0.8 for picture in several for seen in picture.sightings)
    assert all(picture.sightings == () and not picture.owners.any() for picture in many(sprites, "empty"))
    rehearsed = many(sprites, "rehearsed")
    assert sum(roles(picture) == {"rehearsed"} for picture in rehearsed) >= 15
    assert sum(roles(picture) == {"known", "rehearsed"} for picture in rehearsed) >= 4
    assert sum(any(seen.held for seen in picture.sightings) for picture in many(sprites, "held")) >= 34


def test_unknown_things_are_never_drawn(sprites: NotoSprites) -> None:
    rng = np.random.default_rng(8)
    drawn = [snapshot(rng, sprites, KNOWN, REHEARSED) for _ in range(60)]
    assert "unknown" not in {role for picture in drawn for role in roles(picture)}


def test_pictures_and_truth_follow_from_the_generator(sprites: NotoSprites) -> None:
    first, again = (snapshot(np.random.default_rng(12), sprites, KNOWN, REHEARSED) for _ in range(2))
    assert np.array_equal(first.image, again.image)
    assert first.sightings == again.sightings
    assert first.image.shape == (192, 192, 3)
    assert first.owners.max() <= len(first.sightings)


def test_cells_and_presence_of_a_picture_made_by_hand() -> None:
    mug, book = by_name()["mug"], by_name()["book"]
    index = {thing.name: number for number, thing in enumerate(all_things())}
    owners = np.zeros((48, 48), np.uint8)
    owners[0:6, 0:6] = 1
    owners[6:12, 0:2] = 1  # a third of a cell: too little
    owners[0:6, 6:9] = 2
    owners[0:3, 9:12] = 3  # a second book in the same cell
    seen = (
        Sighting(mug, (0, 0, 0.2, 0.2), None, 1.0, "still"),
        Sighting(book, (0, 0, 0.2, 0.2), None, 0.5, "still"),
        Sighting(book, (0, 0, 0.2, 0.2), None, 0.3, "still"),
    )
    picture = Picture(0.0, np.zeros((192, 192, 3), np.uint8), seen, owners)
    cells = cells_of(picture)
    assert cells[0, 0] == index["mug"]
    assert cells[0, 1] == index["book"]
    assert (cells >= 0).sum() == 2
    indices, areas = present_of(picture)
    assert list(indices) == [index["mug"], index["book"], -1, -1, -1, -1], "the one too hidden is left out"
    assert areas[0] == pytest.approx(48 / 48**2, rel=1e-2)
    assert areas[1] == pytest.approx(18 / 48**2, rel=1e-2)


def test_a_pool_goes_on_after_a_kill_and_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_pool, "CHUNK", 10)
    monkeypatch.setattr(snapshot_pool.multiprocessing, "get_context", lambda kind: _Here())
    whole = SnapshotPool(tmp_path / "a", 25, 5)
    whole.draw()
    described = json.loads((tmp_path / "a" / "pool.json").read_text("utf-8"))
    assert described["complete"] is True
    assert described["chunks_done"] == math.ceil(25 / 10)

    killed = SnapshotPool(tmp_path / "b", 25, 5)
    _Here.stop_after = 1
    with pytest.raises(KeyboardInterrupt):
        killed.draw()
    assert json.loads((tmp_path / "b" / "pool.json").read_text("utf-8"))["complete"] is False
    _Here.stop_after = None
    killed.draw()
    for name in ("images", "cells", "present", "areas", "held", "kinds"):
        assert np.array_equal(whole.read(name), killed.read(name)), name
    assert whole.read("images").shape == (25, 192, 192, 3)
    assert whole.read("images").reshape(25, -1).any(1).all(), "every row is drawn"
    assert (whole.read("cells").reshape(25, -1).max(1) >= 0).any()
    assert set(np.unique(whole.read("kinds"))) <= set(range(len(KINDS)))
    with pytest.raises(ValueError, match="another pool"):
        SnapshotPool(tmp_path / "a", 25, 6).draw()


class _Here:
    """Stands in for worker processes: draws in this one, and dies after some chunks if told."""

    stop_after: int | None = None

    def Pool(self, processes: int) -> _Here:
        return self

    def __enter__(self) -> _Here:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def imap_unordered(self, work: object, jobs: list) -> object:
        for number, job in enumerate(jobs):
            if number == self.stop_after:
                raise KeyboardInterrupt
            yield work(job)  # type: ignore[operator]
