"""The training of the frame encoder on a tiny world: plain discs and squares of strong colours on gray noise."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from omnilive_demo.perception.learned_encoder import LearnedFrameEncoder
from omnilive_demo.training import frame_encoder
from omnilive_demo.training.frame_encoder import FrameEncoderConfig, held_loss, trained, write
from omnilive_demo.training.frame_encoder_check import (
    auc,
    checked,
    chosen_threshold,
    fitted,
    reliability,
    single_names,
)
from omnilive_demo.training.frame_encoder_data import (
    CELL,
    Pool,
    Sampler,
    named_batch,
    open_pool,
    plain_batch,
)
from omnilive_demo.training.frame_encoder_names import NameTable, name_vectors
from omnilive_demo.training.run import Run, RunSettings
from omnilive_demo.training.world.things import all_things, things_of

COLOURS = np.array([[230, 30, 30], [30, 60, 230], [240, 220, 30], [30, 180, 60]], np.uint8)
COUNT = 96


@pytest.fixture(scope="module")
def table() -> NameTable:
    """Three names that are taught and one of a rehearsed thing."""
    known, other = things_of("known")[:3], things_of("rehearsed")[:1]
    rows = {thing: row for row, thing in enumerate((*known, *other))}
    vectors = np.random.default_rng(1).normal(size=(4, 384)).astype(np.float32)
    return NameTable(
        names=tuple(thing.name for thing in rows),
        plurals=tuple(thing.plural for thing in rows),
        known=3,
        vectors=vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
        column_of=np.array([rows.get(thing, -1) for thing in all_things()], np.int64),
    )


@pytest.fixture(scope="module")
def pool(table: NameTable) -> Pool:
    """One block of 3 x 3 cells in each picture, none in every sixth."""
    rng = np.random.default_rng(2)
    images = rng.integers(100, 150, (COUNT, 192, 192, 3), np.uint8)
    cells = np.full((COUNT, 8, 8), -1, np.int16)
    present = np.full((COUNT, 6), -1, np.int16)
    areas = np.zeros((COUNT, 6), np.float16)
    things = [int(np.flatnonzero(table.column_of == name)[0]) for name in range(4)]
    for k in range(COUNT):
        if k % 6 == 5:
            continue
        name, (y, x) = k % 4, rng.integers(0, 6, 2)
        images[k, y * CELL : (y + 3) * CELL, x * CELL : (x + 3) * CELL] = COLOURS[name]
        cells[k, y : y + 3, x : x + 3] = things[name]
        present[k, 0], areas[k, 0] = things[name], 9 / 64
    return Pool(images, cells, present, areas, np.zeros(COUNT, bool), np.arange(COUNT))


CONFIG = FrameEncoderConfig(
    train=Path("none"),
    val=Path("none"),
    batch=8,
    run=RunSettings(seed=1, steps=48, learning_rate=2e-3, log_every=4, precision="fp32", device="cpu"),
    average=0.8,
)


def test_a_tiny_training_learns_goes_on_and_is_shipped(tmp_path: Path, table: NameTable, pool: Pool) -> None:
    half = replace(CONFIG, run=replace(CONFIG.run, steps=24))
    with Run(tmp_path / "run", half, half.run) as run:
        trained(run, half, table, pool, None)
    with Run(tmp_path / "run", CONFIG, CONFIG.run) as run:
        network = trained(run, CONFIG, table, pool, None)
    assert run.finished
    assert run.steps == 48
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text("utf-8").splitlines()]
    assert [line["step"] for line in log] == list(range(4, 49, 4))
    assert log[-1]["loss"] < 0.75 * log[0]["loss"]
    assert checked(network, table, pool, COUNT)["val_single_top1"] > 0.6  # a third by chance

    path = tmp_path / "shipped" / "e.safetensors"
    write(network, table, pool, pool.images[5::6], path, {"steps": run.steps})
    encoder = LearnedFrameEncoder(path)
    assert encoder.names == table.names[:3]
    features = encoder.encode(pool.images[0], None)
    with torch.inference_mode():
        before = network(plain_batch(pool, table, np.array([0])).images)
    assert np.allclose(features.vector, before.vector[0].numpy(), atol=2e-2)  # float16 weights


def test_a_run_is_repeatable(tmp_path: Path, table: NameTable, pool: Pool) -> None:
    short = replace(CONFIG, run=replace(CONFIG.run, steps=3), batch=4)
    made = []
    for name in ("a", "b"):
        with Run(tmp_path / name, short, short.run) as run:
            made.append(trained(run, short, table, pool, None).state_dict())
    assert all(torch.equal(made[0][name], made[1][name]) for name in made[0])


def test_an_ended_training_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: NameTable, pool: Pool
) -> None:
    monkeypatch.setattr(frame_encoder, "open_pool", lambda folder, most=0: pool)
    monkeypatch.setattr(frame_encoder, "MiniLM", lambda: None)
    monkeypatch.setattr(frame_encoder, "name_table", lambda encoder: table)
    monkeypatch.setattr(frame_encoder, "trained", lambda run, *_: None)
    argv = ["--folder", str(tmp_path / "run"), "--weights", str(tmp_path / "w.safetensors")]
    assert frame_encoder.main(argv) == 1
    assert not (tmp_path / "w.safetensors").exists()


def test_what_a_sampler_draws_is_true(table: NameTable, pool: Pool) -> None:
    """Wherever a cell has a name, its colour is that name's; also in cut pictures."""
    for window in (8, 5):
        batch = Sampler(pool, table).draw(24, np.random.default_rng(3), window)
        assert batch.images.shape == (24, 3, window * CELL, window * CELL)
        assert batch.cells.shape == batch.learnt.shape == (24, window**2)
        assert torch.allclose(batch.whole.sum(1), torch.ones(24))
        cells = batch.images.unfold(2, CELL, CELL).unfold(3, CELL, CELL)[..., 10:14, 10:14].mean((4, 5)).flatten(2)
        for k in range(24):
            for cell in np.flatnonzero(batch.cells[k].numpy() < 4):
                colour, name = cells[k, :, cell].numpy(), int(batch.cells[k, cell])
                like = [float(np.corrcoef(colour, other)[0, 1]) for other in COLOURS.astype(float)]
                assert int(np.argmax(like)) == name
                assert bool(batch.learnt[k, cell])
    again = Sampler(pool, table).draw(24, np.random.default_rng(3), 5)
    assert torch.equal(batch.images, again.images)


def test_pictures_with_something_in_a_hand_come_as_often_as_wished(table: NameTable, pool: Pool) -> None:
    rare = replace(pool, held=np.arange(COUNT) < 4)
    batch = Sampler(rare, table, held_share=0.5).draw(32, np.random.default_rng(1))
    assert 16 <= float(batch.held.sum()) <= 20
    assert float(Sampler(rare, table).draw(32, np.random.default_rng(1)).held.sum()) < 8
    none = replace(pool, held=np.zeros(COUNT, bool))
    assert not Sampler(none, table, held_share=0.5).draw(8, np.random.default_rng(1)).held.any()


def test_a_hand_is_learnt_from_pictures_of_which_it_is_known() -> None:
    hands = torch.tensor([[9.0, -9.0], [-9.0, -9.0], [0.0, 0.0]])
    right = held_loss(hands, torch.tensor([1.0, 0.0, torch.nan]))
    wrong = held_loss(hands, torch.tensor([0.0, 1.0, torch.nan]))
    assert float(right) < 0.1 < 3 < float(wrong)
    assert float(held_loss(hands, torch.full((3,), torch.nan))) == 0.0


def test_a_thing_without_a_row_is_nothing(table: NameTable, pool: Pool) -> None:
    unknown = next(i for i, thing in enumerate(all_things()) if thing.role == "unknown")
    cells, present = np.full((1, 8, 8), unknown, np.int16), np.full((1, 6), unknown, np.int16)
    strange = Pool(pool.images[:1], cells, present, np.full((1, 6), 0.1, np.float16), np.zeros(1, bool), np.arange(1))
    batch = plain_batch(strange, table, np.arange(1))
    assert (batch.cells == 4).all()
    assert batch.whole[0].tolist() == [0, 0, 0, 0, 1]


def test_colours_are_those_of_the_cells(table: NameTable) -> None:
    image = torch.zeros(1, 3, 48, 48)
    image[0, 0, :24, 24:] = 0.85  # red, above on the right
    batch = named_batch(image, np.full((1, 4), -1), np.eye(5, dtype=np.float32)[4:], None)
    shown = batch.colours[0].argmax(1).tolist()
    assert shown[1] != shown[0] == shown[2] == shown[3]


def test_a_pool_holds_what_is_drawn_so_far(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no pool"):
        open_pool(tmp_path)
    shapes = {"images": (2, 2, 3), "cells": (8, 8), "present": (6,), "areas": (6,), "held": ()}
    for name, shape in shapes.items():
        np.save(tmp_path / f"{name}.npy", np.zeros((400, *shape), np.int16))
    np.save(tmp_path / "done.npy", np.array([0, 0], np.uint8))
    with pytest.raises(FileNotFoundError, match="no snapshot yet"):
        open_pool(tmp_path)
    np.save(tmp_path / "done.npy", np.array([0, 1], np.uint8))
    assert open_pool(tmp_path).rows.tolist() == list(range(200, 400))
    assert len(open_pool(tmp_path, 10).rows) == 10


def test_names_are_said_in_several_ways() -> None:
    class Recorder:
        name, width = "recorder", 2

        def __init__(self) -> None:
            self.texts: list[str] = []

        def encode(self, texts: list[str]) -> np.ndarray:
            self.texts += texts
            return np.tile(np.array([3.0, 4.0], np.float32), (len(texts), 1))

    recorder = Recorder()
    things = [thing for thing in things_of("known") if thing.name in ("umbrella", "mug", "scissors")]
    assert np.allclose(name_vectors(recorder, things), [[0.6, 0.8]] * len(things))
    assert "a picture of an umbrella" in recorder.texts
    assert "there is a mug in the picture" in recorder.texts
    assert not any("  " in text or "a scissors" in text for text in recorder.texts)


def test_the_rule_finds_what_speaks_for_a_name() -> None:
    rng = np.random.default_rng(5)
    features = rng.normal(size=(4000, 5))
    true = rng.random(4000) < 1 / (1 + np.exp(-(2 * features[:, 0] - features[:, 3] + 0.5)))
    weights, bias = fitted(features, true)
    assert np.allclose(weights, [2, 0, 0, -1, 0], atol=0.25)
    assert bias == pytest.approx(0.5, abs=0.2)
    table = reliability(1 / (1 + np.exp(-(features @ weights + bias))), true)
    assert np.abs(table[:, 0] - table[:, 1]).max() < 0.08
    assert table[:, 2].sum() == 4000


def test_a_network_that_suggests_nothing_never_names() -> None:
    weights, bias = fitted(np.zeros((0, 5)), np.zeros(0, bool))
    assert not weights.any()
    assert bias < -5


def test_the_threshold_keeps_what_is_asked_for() -> None:
    confidence = np.linspace(0, 1, 1001)
    true = confidence > 0.7
    false_ones = np.zeros(1001, bool)
    silent = np.zeros(100)
    assert 0.68 <= chosen_threshold(confidence, true, false_ones, 10, silent) <= 0.72
    in_without = (confidence > 0.8) & (confidence < 0.9)
    assert chosen_threshold(confidence, true, in_without, 100, silent) >= 0.87
    assert chosen_threshold(confidence, np.zeros(1001, bool), false_ones, 10, silent) == 0.99


def test_the_threshold_heeds_strangers_that_are_taken_for_known_things() -> None:
    confidence = np.linspace(0, 1, 1001)
    few, many = np.zeros(100), np.zeros(100)
    few[:4], many[:5] = 0.955, 0.955  # four in a hundred may be, five may not
    assert chosen_threshold(confidence, confidence > 0.7, np.zeros(1001, bool), 10, few) <= 0.72
    assert chosen_threshold(confidence, confidence > 0.7, np.zeros(1001, bool), 10, many) == 0.96


def test_the_order_decides_the_auc() -> None:
    assert auc([(0.1, False), (0.2, False), (0.8, True)]) == 1.0
    assert auc([(0.9, False), (0.1, True)]) == 0.0
    assert auc([(0.1, False), (0.2, True), (0.3, False), (0.4, True)]) == 0.75
    assert auc([(0.5, True)]) == 0.5


def test_single_names_are_of_pictures_with_one_known_thing() -> None:
    whole = np.array([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], np.float32)
    assert single_names(whole, 2).tolist() == [0, -1, -1, -1]
