"""`python -m omnilive_demo.training world`: drawn streams as films with their truth, or as pools of clips for training.

    … world --seed 1000000 --count 3 --out DIR            three films (mp4, poster, JSON) with questions
    … world --clips --seed 0 --count 190 --out DIR        a pool of clips at one frame a second
    … world --clips … --weights FILE                      and their patch features, by that frame encoder

Seeds from 1000000 on are for testing only.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from omnilive_demo.models.nano.frame_network import load_frame_network
from omnilive_demo.training.samples_sound import flite
from omnilive_demo.training.world.clip_drawing import Encode, draw_pool, encode_pool
from omnilive_demo.training.world.question_bank import Split
from omnilive_demo.training.world.questions import ask
from omnilive_demo.training.world.sprites import NotoSprites, OpenmojiSprites, SpriteSource
from omnilive_demo.training.world.story import FIRST_TEST_SEED, plan_stream
from omnilive_demo.training.world.stream import write_stream


def main(argv: Sequence[str] | None = None) -> int:
    """Make the streams; prints what was made."""
    parser = argparse.ArgumentParser(
        prog="python -m omnilive_demo.training world",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, default=FIRST_TEST_SEED, help="of the first stream; the next ones follow")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shots", type=int, help="so many shots (30 to 60, drawn, if not given)")
    parser.add_argument("--seconds", type=float, help="about so long instead")
    parser.add_argument("--openmoji", type=Path, help="folder of the unpacked npm package, for the other drawing style")
    parser.add_argument("--silent", action="store_true", help="without the narrator (flite is not needed)")
    parser.add_argument("--clips", action="store_true", help="a pool of clips instead of films")
    parser.add_argument("--weights", type=Path, help="with --clips: encode them with this frame encoder")
    parser.add_argument("--bf16", action="store_true", help="with --weights: faster, patches to about 2 digits")
    parser.add_argument("--processes", type=int, default=2, help="with --clips: painters at a time")
    options = parser.parse_args(argv)
    make: Callable[[], SpriteSource] = partial(OpenmojiSprites, options.openmoji) if options.openmoji else NotoSprites
    seeds = list(range(options.seed, options.seed + options.count))
    if options.clips:
        style = "openmoji" if options.openmoji else "noto"
        pool = draw_pool(options.out, seeds, make, options.processes, clips=options.shots, style=style)
        print(f"{options.out}: {len(pool.clips)} clips, {pool.about['frames']} frames")
        if options.weights:
            digest = hashlib.sha256(options.weights.read_bytes()).hexdigest()[:16]
            encode_pool(options.out, encoder_of(options.weights, options.bf16), digest)
        return 0
    sprites = make()
    for seed in seeds:
        plan = plan_stream(seed, clips=options.shots, duration_s=options.seconds, aspect=16 / 9)
        split: Split = "test" if seed >= FIRST_TEST_SEED else "train"
        asked = ask(plan.timeline(), np.random.default_rng([seed, 33]), split, moments=3)
        made = write_stream(plan, options.out, f"drawn-{seed}", sprites, None if options.silent else flite, asked)
        print(f"drawn-{seed}: {made.duration_s:.1f} s, {made.frames} frames, {made.size_bytes / 1e6:.2f} MB")
    return 0


def encoder_of(weights: Path, bf16: bool = False) -> Encode:
    """A trained frame encoder as what `encode_pool` takes; float32 on the CPU unless `bf16`.

    Raises what `load_frame_network` raises.
    """
    network, _, _ = load_frame_network(weights)
    network = network.eval()

    @torch.inference_mode()
    def encode(images: NDArray[np.uint8]) -> NDArray[np.float16]:
        pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            patches = network(pixels.contiguous(memory_format=torch.channels_last)).patches
        made: NDArray[np.float16] = patches.to(torch.float16).numpy()
        return made

    return encode
