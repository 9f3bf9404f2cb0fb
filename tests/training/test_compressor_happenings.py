"""What happens in clips is taught alone: it learns, is kept, and a module that went without gets it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from training.fake_clips import WIDTH, clip_of, in_frame, vector_of

from omnilive_demo.models.memory_module.happenings import Happenings
from omnilive_demo.training.compressor_drawn import DrawnStreams, StreamSettings
from omnilive_demo.training.compressor_happenings import teach
from omnilive_demo.training.compressor_stream import EVENTS
from omnilive_demo.training.world.clips import ClipPool, part_path
from omnilive_demo.training.world.timeline import Happening


def write_hands(folder: Path, clips: int = 120, seed: int = 0) -> ClipPool:
    """Clips of five frames with a thing; in a third of them a hand is in one patch at first, in a third at last."""
    rng, hand = np.random.default_rng(seed), 2 * vector_of("hand", WIDTH)
    (folder / "parts").mkdir(parents=True)
    patches, lines = [], []
    for number in range(clips):
        start_s = 5.0 * number
        kind, held = (("put_down", (0, 1)), ("picked_up", (3, 4)), ("", ()))[number % 3]
        span = (start_s + min(held), start_s + max(held) + 1) if held else (0.0, 0.0)
        events = (Happening(kind, "key", *span),) if kind else ()  # type: ignore[arg-type]
        truth = [[in_frame("key", held=frame in held)] for frame in range(5)]
        lines.append(json.dumps(asdict(clip_of(truth, 5 * number, start_s, 1, number, events))) + "\n")
        for frame in range(5):
            picture = vector_of("key", WIDTH) + 0.5 * rng.standard_normal((16, WIDTH))
            picture[int(rng.integers(16))] += hand if frame in held else 0
            patches.append(picture)
    part_path(folder, 1).write_text("".join(lines))
    np.save(folder / "patches.npy", np.stack(patches).astype(np.float16))
    about = {"seeds": [1], "frames": len(patches), "size": 16, "clips": clips, "style": "fake"}
    (folder / "pool.json").write_text(json.dumps(about))
    (folder / "encoded.json").write_text(json.dumps({"encoder": "fake", "frames": len(patches)}))
    return ClipPool.open(folder)


def streams_of(pool: ClipPool) -> DrawnStreams:
    from training.test_compressor import words

    return DrawnStreams(pool, words(), replace(StreamSettings(), explicit=1))


def test_it_learns_who_puts_down_and_who_picks_up_and_is_taught_once(tmp_path: Path) -> None:
    torch.manual_seed(3)
    happenings = Happenings(WIDTH, 32)
    teach(happenings, streams_of(write_hands(tmp_path / "pool")), 0.0, tmp_path / "kept.safetensors", seed=1, steps=120)
    clips = streams_of(write_hands(tmp_path / "other", seed=9)).lone_clips(np.random.default_rng(0), 90)
    with torch.no_grad():
        states = happenings.read([clip.merged.float() for clip in clips], [clip.frames for clip in clips])[1]
    target = torch.tensor([[kind in clip.happens for kind in EVENTS] for clip in clips if clip.happens is not None])
    down, up = target[:, EVENTS.index("put_down")], target[:, EVENTS.index("picked_up")]
    apart = states[down].mean(0) - states[up].mean(0)
    scores = states @ apart
    middle = (scores[down].mean() + scores[up].mean()) / 2
    assert (scores[down] > middle).float().mean() > 0.9
    assert (scores[up] < middle).float().mean() > 0.9
    again = Happenings(WIDTH, 32)
    teach(again, streams_of(ClipPool.open(tmp_path / "pool")), 60.0, tmp_path / "kept.safetensors", seed=1)  # at once
    for name, value in happenings.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_a_module_that_went_without_gets_it_and_one_of_another_size_is_refused(tmp_path: Path) -> None:
    from training.test_compressor import MODULE, READER, WordVectors, config_for, words

    from omnilive_demo.models.memory_module.module import MemoryModule
    from omnilive_demo.models.memory_module.weight_files import load, save
    from omnilive_demo.models.nano.reader import Reader, save_reader
    from omnilive_demo.training.compressor import begin, ship
    from omnilive_demo.training.run import Run

    old = MemoryModule(MODULE)
    old.initialise(torch.Generator().manual_seed(1))
    save(old, tmp_path / "memory.safetensors")
    save_reader(Reader(READER, words()), tmp_path / "reader.safetensors", {})
    config = replace(
        config_for(tmp_path), start=str(tmp_path / "memory.safetensors"), module=replace(MODULE, happenings=True)
    )
    streams, taught = streams_of(write_hands(tmp_path / "pool")), Happenings(WIDTH, MODULE.hidden)
    with Run(tmp_path / "run", config, config.run) as run:
        learner = begin(config, words(), run, WordVectors(), streams, taught)  # type: ignore[arg-type]
        assert learner.module.happenings is taught
        ship(learner, tmp_path / "new.safetensors", {})
        assert load(tmp_path / "new.safetensors").config == config.module
        wider = replace(config, module=replace(MODULE, hidden=64, happenings=True))
        with pytest.raises(ValueError, match="other sizes"):
            begin(wider, words(), run, WordVectors(), streams, taught)  # type: ignore[arg-type]
