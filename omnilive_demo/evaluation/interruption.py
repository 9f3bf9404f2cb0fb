"""`interruption`: talking over an answer. How soon does it get quieter, how soon is it silent?

Both run from the onset of the visitor's speech (its first 10 ms above -40 dBFS, when the peer sent it): to the arrival
of `state: ducked`, and to the last audible sample of the answer that the peer decoded, jitter buffers included.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omnilive_demo.evaluation import report
from omnilive_demo.evaluation.media import speech_clip, video_loop
from omnilive_demo.evaluation.peer import Peer, PeerError
from omnilive_demo.evaluation.server import Server, ServerError
from omnilive_demo.evaluation.speech import VOICES, SpeechError, synthesize
from omnilive_demo.evaluation.stats import summary
from omnilive_demo.evaluation.talking_over import talk_over

QUESTIONS = ("What happened since the beginning?", "What happened a minute ago?")
INTERRUPTIONS = ("Wait a moment please.", "Stop, I want to say something else.", "No, that is not what I meant.")


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
        tried = [await talk_over(peer, QUESTIONS[n % 2], clips[n % len(clips)], n) for n in range(times)]
    finally:
        await peer.close()
        await server.stop()
    used = [one for one in tried if one is not None]
    return {
        "ducked_ms": summary([one.ducked_ms for one in used if one.ducked_ms is not None]),
        "silent_ms": summary([one.silent_ms for one in used]),
        "never_ducked": sum(one.ducked_ms is None for one in used),
        "not_usable": len(tried) - len(used),
    }
