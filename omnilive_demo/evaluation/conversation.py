"""`conversation`: how the app behaves as a partner in talk, measured by a headless WebRTC visitor on scripted scenes.

- *scenes*: every file of `scenes/`: what is done, what has to come of it, and within what time.
- *interruptions*: talking over an answer: how soon it is quieter, how soon silent, how many words too many.
- *stimuli*: 60 back-channels, coughs, laughs and echoes that must not stop an answer.
- *hesitating*: questions with a pause in the middle: is the speaker cut off?
- *questions*: plain questions: voice to voice, with the same settings in the same run.
- *changes*: pictures that change during an answer: sentences that are false when they are played, with and without
  the refresh between sentences (a second app is started for the latter).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import logging
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from omnilive_demo.config import Settings
from omnilive_demo.evaluation import changing_scenes, conversation_figures, figures, report
from omnilive_demo.evaluation.conversation_scenes import judge, offsets_s, play, told
from omnilive_demo.evaluation.conversation_trials import LONG_QUESTION, ask_hesitating, disturb, show_stream
from omnilive_demo.evaluation.hesitating import HALVES, hesitations
from omnilive_demo.evaluation.interruption import INTERRUPTIONS
from omnilive_demo.evaluation.media import speech_clip
from omnilive_demo.evaluation.peer import PeerError
from omnilive_demo.evaluation.pictures import loop_of
from omnilive_demo.evaluation.scene_files import FOLDER, Scene, SceneError, load_all
from omnilive_demo.evaluation.script import script
from omnilive_demo.evaluation.server import Server, ServerError
from omnilive_demo.evaluation.speech import VOICES, SpeechError, synthesize
from omnilive_demo.evaluation.stimuli import EACH, Echo, Stimulus, back_channels, echoes, in_turn, throats
from omnilive_demo.evaluation.talking_over import talk_over
from omnilive_demo.evaluation.visitor import Visitor
from omnilive_demo.evaluation.visits import Visits

GROUPS = ("scenes", "interruptions", "stimuli", "hesitating", "questions", "changes")
REFRESH_OFF = {"OMNILIVE_REFRESH": "off"}
_QUESTION_EVERY_S = 11.0
_HOUR_S = 3600.0

log = logging.getLogger(__name__)


def parser() -> argparse.ArgumentParser:
    """The options; `measure` uses them too."""
    options = argparse.ArgumentParser(
        prog="python -m omnilive_demo.evaluation conversation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--url", default="", help="an app that runs already; without it one is started")
    options.add_argument("--only", action="append", choices=GROUPS, metavar="GROUP", help=f"of {', '.join(GROUPS)}")
    options.add_argument("--scene", action="append", metavar="NAME", help="only these scenes, by file name")
    options.add_argument("--folder", type=Path, default=FOLDER, help="where the scenes are")
    counts = (
        ("scenes", None, "all"), ("interruptions", 24, "24"), ("stimuli", 3 * EACH, str(3 * EACH)),
        ("hesitating", len(HALVES), str(len(HALVES))), ("questions", 20, "20"),
        ("changes", len(changing_scenes.CHANGES), str(len(changing_scenes.CHANGES))),
    )  # fmt: skip
    for name, default, said in counts:
        options.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"how many (default {said})")
    options.add_argument("--json", type=Path, required=True, metavar="FILE", help="where the figures go")
    return options


def main(argv: Sequence[str]) -> int:
    """Measure and write the report; 0 when it could be measured, whatever the figures."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    options = parser().parse_args(argv)
    result = report.header("conversation", argv)
    try:
        result |= asyncio.run(measure(options))
    except (SceneError, ServerError, PeerError, SpeechError, TimeoutError) as error:
        print(f"The measurement could not be made: {error}", file=sys.stderr)
        return 1
    report.write(options.json, result)
    print(report.table(conversation_figures.rows(result)))
    for scene in result.get("scenes", {}).get("each", []):
        for failure in scene["failures"]:
            print(f"failed: {scene['scene']}: {failure}")
    print(f"\nwritten to {options.json}")
    return 0


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Play all groups that are asked for against an app, and return the figures."""
    groups = options.only or list(GROUPS)
    scenes = [scene for scene in load_all(options.folder) if not options.scene or scene.file in options.scene]
    if options.scene and (unknown := set(options.scene) - {scene.file for scene in scenes}):
        raise SceneError(f"there is no scene called {', '.join(sorted(unknown))} in {options.folder}")
    work: dict[str, Callable[[Visits], Awaitable[dict[str, Any]]]] = {
        "scenes": lambda visits: _scenes(visits, scenes[: options.scenes]),
        "interruptions": lambda visits: _interruptions(visits, options.interruptions),
        "stimuli": lambda visits: _stimuli(visits, options.stimuli),
        "hesitating": lambda visits: _hesitating(visits, options.hesitating),
        "questions": lambda visits: _questions(visits, options.questions),
    }
    result: dict[str, Any] = {"groups": groups}
    shown: dict[str, list[dict[str, Any]]] = {}
    server = Server(options.url)
    try:
        await server.start()
        # What was loaded stays: without this the collector stops the harness for tens of milliseconds now and then.
        gc.collect()
        gc.freeze()
        visits = Visits(server)
        for name in GROUPS:
            if name in groups and name in work:
                _say(f"{name} …")
                result |= await work[name](visits)
        if "changes" in groups:
            _say("changes, with refresh …")
            shown["with_refresh"] = await _changes(visits, options.changes)
        result |= conversation_figures.speculation(visits.counts, visits.told)
        result["harness_late_ms"] = round(1000 * visits.latest_s, 1)
    finally:
        await server.stop()
    # Without the setting the two would be the same, and the comparison none.
    if "changes" in groups and not options.url and "refresh" in Settings.model_fields:
        _say("changes, without refresh …")
        shown["without_refresh"] = await _without_refresh(options.changes)
    return result | (conversation_figures.changes(shown) if shown else {})


async def _scenes(visits: Visits, scenes: Sequence[Scene]) -> dict[str, Any]:
    played: list[dict[str, Any]] = []
    offsets: list[float] = []
    for scene in scenes:
        try:
            async with visits.visit(scene.camera) as visit:
                happened = await play(scene, visit.peer, visit.camera, visit.record)
        except (PeerError, TimeoutError) as error:
            failed = {"passed": False, "failures": [f"could not be played: {error}"], "after_ms": []}
            played.append({"scene": scene.file, "title": scene.title, **failed, "heard": [], "answers": []})
            continue
        verdicts = judge(scene, happened)
        offsets += offsets_s(verdicts)
        played.append(told(scene, verdicts, happened))
        _say(f"  {'passed' if played[-1]['passed'] else 'FAILED'}  {scene.file}")
    return conversation_figures.scenes(played, offsets)


async def _interruptions(visits: Visits, count: int) -> dict[str, Any]:
    clips = [speech_clip(synthesize(text, voice)) for text, voice in itertools.product(INTERRUPTIONS, VOICES)]
    async with visits.visit("doughnuts") as visit:
        await show_stream(visit)
        tried = [
            await talk_over(visit.peer, LONG_QUESTION, clips[n % len(clips)], n, visit.record) for n in range(count)
        ]
    return conversation_figures.interruptions(tried)


async def _stimuli(visits: Visits, count: int) -> dict[str, Any]:
    kinds: list[Sequence[Stimulus | Echo]] = await asyncio.to_thread(lambda: [back_channels(), throats(), echoes()])
    tried = []
    async with visits.visit("doughnuts") as visit:
        await show_stream(visit)
        for number, stimulus in enumerate(in_turn(kinds)[:count]):
            try:
                tried.append(await disturb(visit, stimulus, number))
            except TimeoutError as error:
                log.warning("%s could not be tried: %s", stimulus.name, error)
                tried.append(None)
    return conversation_figures.stimuli(tried)


async def _hesitating(visits: Visits, count: int) -> dict[str, Any]:
    questions = await asyncio.to_thread(hesitations, count)
    async with visits.visit("doughnuts") as visit:
        await show_stream(visit)
        asked = [await ask_hesitating(visit, question) for question in questions]
    return conversation_figures.hesitating(asked)


async def _questions(visits: Visits, count: int) -> dict[str, Any]:
    async with visits.visit("doughnuts") as visit:
        await show_stream(visit)
        visitor = Visitor(0, visit.peer, script(0, count), asyncio.Semaphore(1))
        await visitor.run(time.monotonic(), _QUESTION_EVERY_S, time.monotonic() + _HOUR_S)
    found = figures.conversation(visitor.asked)
    kept = ("voice_to_voice_ms", "stages_ms", "wer")
    return {**{key: found[key] for key in kept}, "questions": {"n": found["questions"], "each": found["turns"]}}


async def _changes(visits: Visits, count: int) -> list[dict[str, Any]]:
    chosen = changing_scenes.CHANGES[:count]
    await asyncio.to_thread(lambda: [loop_of(name) for change in chosen for name in (change.before, change.after)])
    async with visits.visit(chosen[0].before) as visit:
        visit.peer.send({"type": "forget"})
        return [await changing_scenes.show(change, visit.peer, visit.camera, visit.record) for change in chosen]


async def _without_refresh(count: int) -> list[dict[str, Any]]:
    server = Server(environment=REFRESH_OFF)
    try:
        await server.start()
        return await _changes(Visits(server), count)
    finally:
        await server.stop()


def _say(text: str) -> None:
    """A long measurement tells where it is."""
    print(text, file=sys.stderr, flush=True)
