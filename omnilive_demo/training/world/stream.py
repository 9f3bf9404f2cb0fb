"""A planned stream as files: an mp4 with sound, a poster, and a JSON with its truth and its questions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from omnilive_demo.training.samples_art import HEIGHT, WIDTH
from omnilive_demo.training.samples_media import Measured, measure, write_mp4
from omnilive_demo.training.samples_sound import Narrator
from omnilive_demo.training.samples_story import FPS
from omnilive_demo.training.world.narration import Said
from omnilive_demo.training.world.painter import paint
from omnilive_demo.training.world.questions import Asked, as_row
from omnilive_demo.training.world.sprites import SpriteSource
from omnilive_demo.training.world.story import Plan, Scene, pictures
from omnilive_demo.training.world.timeline import merged
from omnilive_demo.training.world.track import track_of

_SIDE = 448  # of the square that is painted and then widened to the camera's aspect


def write_stream(
    plan: Plan, folder: Path, name: str, sprites: SpriteSource, narrator: Narrator | None, asked: Sequence[Asked],
    seconds: float | None = None, title: str = "", description: str = "",
) -> Measured:  # fmt: skip
    """Writes `NAME.mp4` (640x360, 15 pictures a second, 48 kHz), `NAME.jpg` and `NAME.json` into a folder.

    seconds: just the beginning of the stream. Raises what the painter, the narrator and the encoder raise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    length_s = min(seconds or plan.duration_s, plan.duration_s)
    sound, said = track_of(plan, narrator, length_s)
    write_mp4(folder / f"{name}.mp4", _frames(plan, sprites, length_s), sound)
    Image.fromarray(_poster(plan, sprites)).save(folder / f"{name}.jpg", quality=88, optimize=True)
    described = describe(plan, name, said, asked, length_s, title, description)
    (folder / f"{name}.json").write_text(json.dumps(described, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return measure(folder / f"{name}.mp4")


def describe(
    plan: Plan, name: str, said: Sequence[tuple[Said, float]], asked: Sequence[Asked], seconds: float,
    title: str = "", description: str = "",
) -> dict[str, Any]:  # fmt: skip
    """What `NAME.json` holds; times in seconds from the begin of the stream.

    `questions` are three to suggest, one of each kind where there are; `truth.questions` are all, with their evidence.
    """
    timeline = plan.timeline()
    suggested = {question.kind: question.text for question in reversed(asked)}
    return {
        "name": name,
        "title": title or f"Drawn stream {plan.seed}",
        "description": description or f"A day before a drawn camera in {len(plan.shots)} shots.",
        "duration_s": seconds,
        "poster": f"{name}.jpg",
        "questions": [suggested[kind] for kind in ("explicit", "semantic", "reference") if kind in suggested],
        "video": f"{name}.mp4",
        "width": WIDTH,
        "height": HEIGHT,
        "fps": FPS,
        "truth": {
            "seed": plan.seed,
            "scenes": [
                {
                    "start_s": segment.start_s, "end_s": segment.end_s, "place": segment.place,
                    "light": scene.setting.light,
                    "things": [
                        {
                            "name": seen.name, "taught": seen.known, "dyed": seen.colour, "count": seen.count,
                            "seen_s": [[round(a, 2), round(b, 2)] for a, b in merged(seen.spans)],
                        }
                        for seen in segment.things
                    ],
                }
                for segment, scene in zip(timeline.segments, plan.shots, strict=True)
                if segment.start_s < seconds
            ],
            "events": [
                {
                    "kind": event.kind, "thing": event.thing.name, "taught": event.thing.role == "known",
                    "start_s": round(event.start_s, 2), "end_s": round(event.end_s, 2),
                }
                for event in plan.events
                if event.end_s <= seconds
            ],
            "sentences": [
                {"start_s": line.start_s, "end_s": end_s, "text": line.text, "voice": line.voice}
                for line, end_s in said
            ],
            "sounds": [
                {"start_s": sound.start_s, "end_s": sound.end_s, "label": sound.label}
                for sound in plan.sounds
                if sound.end_s <= seconds
            ],
            "questions": [as_row(question) for question in asked if question.asked_s <= seconds],
        },
    }  # fmt: skip


def _frames(plan: Plan, sprites: SpriteSource, seconds: float) -> Iterator[NDArray[np.uint8]]:
    aspect = plan.shots[0].setting.aspect
    for picture in pictures(plan, sprites, FPS, _SIDE):
        if picture.t_s >= seconds:
            return
        yield widened(picture.image, aspect)


def widened(square: NDArray[np.uint8], aspect: float) -> NDArray[np.uint8]:
    """A squashed picture as the camera saw it, `[360, 640, 3]`, with black beside it where the camera is narrower."""
    width, height = (WIDTH, round(WIDTH / aspect)) if aspect > WIDTH / HEIGHT else (round(HEIGHT * aspect), HEIGHT)
    picture = np.asarray(Image.fromarray(square).resize((width, height), Image.Resampling.BICUBIC))
    page = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    top, left = (HEIGHT - height) // 2, (WIDTH - width) // 2
    page[top : top + height, left : left + width] = picture
    return page


def _poster(plan: Plan, sprites: SpriteSource) -> NDArray[np.uint8]:
    """The middle of the first thing that is shown (or of the first shot)."""
    shown = next((event for event in plan.events if event.kind == "shown"), None)
    t_s = (shown.start_s + shown.end_s) / 2 if shown else plan.shots[0].shot.end_s / 2
    scene: Scene = next(scene for scene in plan.shots if scene.shot.start_s <= t_s < scene.shot.end_s)
    return widened(paint(scene.setting, scene.actors, t_s, sprites, _SIDE).image, scene.setting.aspect)
