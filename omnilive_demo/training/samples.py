"""`python -m omnilive_demo.training samples`: draws, voices and encodes the built-in sample streams.

A stream is a story (`samples_hallway`, `samples_kitchen`, `samples_street`): takes in which things of the drawn world
are shown, sentences and sounds on a time line. Nothing is trained on them: backdrops, hands and paths are their own,
and their seeds are among those for testing. The same story gives the same pictures and sound. Beside each `NAME.mp4`
lie `NAME.jpg` (the poster) and `NAME.json` (title, questions, the truth about it); `samples.json` lists them all.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from omnilive_demo.config import ASSETS
from omnilive_demo.training import samples_hallway, samples_kitchen, samples_street
from omnilive_demo.training.samples_art import HEIGHT, WIDTH
from omnilive_demo.training.samples_film import Film
from omnilive_demo.training.samples_media import Measured, measure, write_mp4
from omnilive_demo.training.samples_sound import Narrator, flite, mix_track
from omnilive_demo.training.samples_story import FPS, Line, Story
from omnilive_demo.training.world.sprites import NotoSprites, SpriteSource
from omnilive_demo.training.world.timeline import merged

STORIES: dict[str, Story] = {
    story.name: story for story in (samples_hallway.STORY, samples_kitchen.STORY, samples_street.STORY)
}


def make(
    story: Story, folder: Path, sprites: SpriteSource, narrator: Narrator | None, duration_s: float | None = None
) -> Measured:
    """Write a stream's files into `folder`; a shorter duration gives just its beginning.

    Raises what `sprites`, the narrator and the encoder raise.
    """
    length_s = duration_s or story.duration_s
    sound, said = mix_track(story, narrator, story.seed, length_s)
    video = folder / f"{story.name}.mp4"
    film = Film(story, sprites, story.seed)
    write_mp4(video, film.frames(length_s), sound)
    Image.fromarray(film.poster()).save(folder / f"{story.name}.jpg", quality=88, optimize=True)
    (folder / f"{story.name}.json").write_text(_dump(describe(story, said, length_s)), "utf-8")
    return measure(video)


def describe(story: Story, said: Sequence[tuple[Line, float]], duration_s: float) -> dict[str, Any]:
    """What `NAME.json` holds; times in seconds from the begin of the stream.

    `things` say when each can be seen in a scene (`seen_s`) and how many there are; `questions` which stretches answer.
    """
    spoken = {line.text: (line.start_s, end_s) for line, end_s in said}
    return {
        **_listed(story, duration_s),
        "video": f"{story.name}.mp4",
        "width": WIDTH,
        "height": HEIGHT,
        "fps": FPS,
        "truth": {
            "seed": story.seed,
            "scenes": [
                {
                    "start_s": take.start_s, "end_s": take.end_s, "place": take.place, "label": take.label,
                    "light": take.light,
                    "things": [
                        {"name": seen.name, "count": seen.count, "seen_s": [_span(one) for one in merged(seen.spans)]}
                        for seen in segment.things
                    ],
                }
                for take, segment in zip(story.takes, story.plan().timeline().segments, strict=True)
            ],
            "events": [
                {"kind": event.kind, "thing": event.thing.name, "start_s": event.start_s, "end_s": event.end_s}
                for take in story.takes
                for event in take.events
            ],
            "sentences": [
                {"start_s": line.start_s, "end_s": end_s, "text": line.text, "voice": line.voice}
                for line, end_s in said
            ],
            "sounds": [{"start_s": n.start_s, "end_s": n.end_s, "label": n.label} for n in story.noises],
            "questions": [
                {
                    "text": question.text, "kind": question.kind, "about": question.about,
                    "evidence": [_span(span) for span in story.evidence(question, spoken)],
                }
                for question in story.questions
                if said or question.kind != "said"
            ],
        },
    }  # fmt: skip


def _listed(story: Story, duration_s: float) -> dict[str, Any]:
    return {
        "name": story.name,
        "title": story.title,
        "description": story.description,
        "duration_s": duration_s,
        "poster": f"{story.name}.jpg",
        "questions": [question.text for question in story.questions],
    }


def _span(span: tuple[float, float]) -> list[float]:
    return [round(span[0], 2), round(span[1], 2)]


def _dump(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Make the sample streams; prints size, length and level of each."""
    parser = argparse.ArgumentParser(prog="python -m omnilive_demo.training samples", description=__doc__)
    parser.add_argument("--out", type=Path, default=ASSETS / "samples")
    parser.add_argument("--only", choices=sorted(STORIES), action="append", help="just this stream (may be repeated)")
    parser.add_argument("--seconds", type=float, help="just the beginning of each stream, for a look")
    parser.add_argument("--silent", action="store_true", help="without the narrator (flite is not needed)")
    options = parser.parse_args(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    sprites = NotoSprites()
    for name in options.only or STORIES:
        made = make(STORIES[name], options.out, sprites, None if options.silent else flite, options.seconds)
        print(
            f"{name}: {made.duration_s:.1f} s, {made.frames} frames, {made.size_bytes / 1e6:.2f} MB, "
            f"peak {made.peak_db} dBFS, rms {made.rms_db} dBFS"
        )
    listed = [_listed(story, options.seconds or story.duration_s) for story in STORIES.values()]
    (options.out / "samples.json").write_text(_dump(listed), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
