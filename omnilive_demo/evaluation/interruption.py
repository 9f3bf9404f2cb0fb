"""`interruption`: talking over an answer. How soon does it get quieter, how soon is it silent?

Both run from the onset of the visitor's speech (its first 10 ms above -40 dBFS, when the peer sent it): to the arrival
of `state: ducked`, and to the last audible sample of the answer that the peer decoded, jitter buffers included.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omnilive_demo.evaluation import report
from omnilive_demo.evaluation.media import OpusClip, speech_clip, video_loop
from omnilive_demo.evaluation.peer import Peer, PeerError
from omnilive_demo.evaluation.server import Server, ServerError
from omnilive_demo.evaluation.speech import VOICES, SpeechError, synthesize
from omnilive_demo.evaluation.stats import summary

QUESTIONS = ("What happened since the beginning?", "What happened a minute ago?")
INTERRUPTIONS = ("Wait a moment please.", "Stop, I want to say something else.", "No, that is not what I meant.")
ANSWER_WITHIN_S = 8.0
QUIET_S = 2.0


def main(argv: Sequence[str]) -> int:
    """Measure and write the report."""
    options = argparse.ArgumentParser(prog="python -m omnilive_demo.evaluation interruption", description=__doc__)
    options.add_argument("--url", default="", help="an app that runs already; without it one is started")
    options.add_argument("--times", type=int, default=24, metavar="N", help="how often (default 24)")
    options.add_argument("--json", type=Path, required=True, metavar="FILE", help="where the figures go")
    chosen = options.parse_args(argv)
    result = report.header("interruption", argv)
    try:
        result |= asyncio.run(_measure(chosen.url, chosen.times))
    except (ServerError, PeerError, SpeechError, TimeoutError) as error:
        print(f"The measurement could not be made: {error}", file=sys.stderr)
        return 1
    report.write(chosen.json, result)
    names = (("speech onset to ducked, ms", "ducked_ms"), ("speech onset to silence, ms", "silent_ms"))
    rows = [(name, *(str(result[key][q]) for q in ("p50", "p95", "n"))) for name, key in names]
    print(report.table([("figure", "p50", "p95", "n"), *rows]))
    print(f"not usable (the answer was over by itself): {result['not_usable']}\nwritten to {chosen.json}")
    return 0


async def _measure(url: str, times: int) -> dict[str, Any]:
    clips = [speech_clip(synthesize(text, voice)) for text in INTERRUPTIONS for voice in VOICES]
    server = Server(url)
    peer = Peer(server.url, video_loop(None))
    try:
        await server.start()
        await peer.connect(timeout_s=30.0)
        await asyncio.sleep(20.0)  # something has to have happened, for a long answer
        tried = [await _interrupt(peer, QUESTIONS[n % 2], clips[n % len(clips)], n) for n in range(times)]
    finally:
        await peer.close()
        await server.stop()
    used = [one for one in tried if one is not None]
    return {
        "ducked_ms": summary([ducked for ducked, _ in used if ducked is not None]),
        "silent_ms": summary([silent for _, silent in used]),
        "never_ducked": sum(ducked is None for ducked, _ in used),
        "not_usable": len(tried) - len(used),
    }


async def _interrupt(peer: Peer, question: str, clip: OpusClip, number: int) -> tuple[float | None, float] | None:
    """One try: milliseconds to ducked (None: never told) and to silence; None when there was nothing to interrupt."""
    await _quiet(peer)
    since, asked_s = peer.inbox.mark(), time.monotonic()
    peer.send({"type": "text", "text": question})
    try:
        turn = (await peer.inbox.wait_for("answer", ANSWER_WITHIN_S, since))["turn"]
        await peer.ear.sound_after(asked_s, ANSWER_WITHIN_S)
        await asyncio.sleep(0.2 + 0.1 * (number % 5))
        said = await peer.say(clip)
        await peer.inbox.wait_for("interrupt", 2.0, since, turn=turn, reason="speech")
    except TimeoutError:
        return None
    last_s = peer.ear.last_between(asked_s, said.onset_s)
    if last_s is None or last_s < said.onset_s:
        return None
    ducked = peer.inbox.of("state", since, state="ducked")
    ducked_ms = 1000 * (ducked[0].at_s - said.onset_s) if ducked else None
    return ducked_ms, 1000 * (last_s - said.onset_s)


async def _quiet(peer: Peer) -> None:
    """Wait until nothing was audible for a while and nobody waits for anything."""
    while True:
        last_s, states = peer.ear.last_sound_s(), peer.inbox.of("state")
        idle = not states or states[-1]["state"] == "idle"
        if idle and (last_s is None or time.monotonic() - last_s > QUIET_S):
            return
        await asyncio.sleep(0.1)
