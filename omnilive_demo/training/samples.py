"""`python -m omnilive_demo.training samples`: draws, voices and encodes the built-in sample streams.

A stream is a story (`samples_kitchen`, `samples_street`, `samples_workshop`): shots, sentences and sounds on a time
line. From the same seed the same pictures and samples come out. Beside each `NAME.mp4` lie `NAME.jpg` (the poster) and
`NAME.json` (title, questions and the truth about what is in it); `samples.json` lists them all.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from omnilive_demo.config import ASSETS
from omnilive_demo.training import samples_kitchen, samples_street, samples_workshop
from omnilive_demo.training.samples_art import HEIGHT, WIDTH, Lens, Picture
from omnilive_demo.training.samples_media import Measured, measure, write_mp4
from omnilive_demo.training.samples_sound import Narrator, flite, mix_track
from omnilive_demo.training.samples_story import FPS, Line, Story

STORIES: dict[str, Story] = {
    story.name: story for story in (samples_kitchen.STORY, samples_street.STORY, samples_workshop.STORY)
}


def pictures(story: Story, seed: int, duration_s: float | None = None) -> Iterator[Picture]:
    """The frames of a story, RGB uint8 `[360, 640, 3]`, at `FPS`."""
    shots, lens = story.make_shots(), Lens(seed)
    for index in range(round((duration_s or story.duration_s) * FPS)):
        t_s = index / FPS
        yield lens(shots[story.scene_at(t_s).shot](t_s))


def make(story: Story, folder: Path, seed: int, narrator: Narrator | None, duration_s: float | None = None) -> Measured:
    """Write a stream's files into `folder`; a shorter duration gives just its beginning."""
    length_s = duration_s or story.duration_s
    sound, said = mix_track(story, narrator, seed, length_s)
    video = folder / f"{story.name}.mp4"
    write_mp4(video, pictures(story, seed, length_s), sound)
    measured = measure(video)
    shots = story.make_shots()
    poster = Lens(seed, grain=0)(shots[story.scene_at(story.poster_s).shot](story.poster_s))
    Image.fromarray(poster).save(folder / f"{story.name}.jpg", quality=88, optimize=True)
    (folder / f"{story.name}.json").write_text(_dump(describe(story, said, length_s)), "utf-8")
    return measured


def describe(story: Story, said: Sequence[tuple[Line, float]], duration_s: float) -> dict[str, Any]:
    """What `NAME.json` holds; times in seconds from the begin of the stream."""
    return {
        **_listed(story, duration_s),
        "video": f"{story.name}.mp4",
        "width": WIDTH,
        "height": HEIGHT,
        "fps": FPS,
        "truth": {
            "scenes": [
                {"start_s": s.start_s, "end_s": s.end_s, "shot": s.shot, "label": s.label, "light": s.light}
                for s in story.scenes
            ],
            "sentences": [
                {"start_s": line.start_s, "end_s": end_s, "text": line.text, "voice": line.voice}
                for line, end_s in said
            ],
            "sounds": [{"start_s": n.start_s, "end_s": n.end_s, "label": n.label} for n in story.noises],
        },
    }


def _listed(story: Story, duration_s: float) -> dict[str, Any]:
    return {
        "name": story.name,
        "title": story.title,
        "description": story.description,
        "duration_s": duration_s,
        "poster": f"{story.name}.jpg",
        "questions": list(story.questions),
    }


def _dump(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Make the sample streams; prints size, length and level of each."""
    parser = argparse.ArgumentParser(prog="python -m omnilive_demo.training samples", description=__doc__)
    parser.add_argument("--out", type=Path, default=ASSETS / "samples")
    parser.add_argument("--only", choices=sorted(STORIES), action="append", help="just this stream (may be repeated)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--seconds", type=float, help="just the beginning of each stream, for a look")
    parser.add_argument("--silent", action="store_true", help="without the narrator (flite is not needed)")
    options = parser.parse_args(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.only or STORIES:
        made = make(STORIES[name], options.out, options.seed, None if options.silent else flite, options.seconds)
        print(
            f"{name}: {made.duration_s:.1f} s, {made.frames} frames, {made.size_bytes / 1e6:.2f} MB, "
            f"peak {made.peak_db} dBFS, rms {made.rms_db} dBFS"
        )
    listed = [_listed(story, options.seconds or story.duration_s) for story in STORIES.values()]
    (options.out / "samples.json").write_text(_dump(listed), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
