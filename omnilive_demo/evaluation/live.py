"""`live`: one or many visitors talk to the running app over WebRTC, and everything that can be measured is.

Voice to voice runs from the last sample of the question's speech (the end of its last 10 ms above -40 dBFS, at the
moment the peer sent it) to the first 10 ms of answer above -40 dBFS that the peer decoded. It includes both jitter
buffers: what a listener would have waited.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omnilive_demo.evaluation import figures, report
from omnilive_demo.evaluation.bad_network import BadNetwork
from omnilive_demo.evaluation.media import video_loop
from omnilive_demo.evaluation.peer import Peer, PeerError
from omnilive_demo.evaluation.script import Line, script, script_from_files
from omnilive_demo.evaluation.server import Server, ServerError
from omnilive_demo.evaluation.speech import SpeechError
from omnilive_demo.evaluation.visitor import Visitor
from omnilive_demo.evaluation.watcher import Watcher

MOUTHS = 2  # visitors that speak at once
LEAD_S = 4.0  # what a visitor shows before it first speaks
BY_TIME_ONLY = 100_000  # questions, when only the minutes end the run


def parser() -> argparse.ArgumentParser:
    """The options; `measure` uses them too."""
    options = argparse.ArgumentParser(prog="python -m omnilive_demo.evaluation live", description=__doc__)
    options.add_argument("--url", default="", help="an app that runs already; without it one is started")
    options.add_argument("--peers", type=int, default=1, metavar="N", help="visitors at once (default 1)")
    options.add_argument("--minutes", type=float, default=5.0, metavar="M", help="how long (default 5)")
    options.add_argument("--questions", type=int, metavar="Q", help="end sooner, after Q questions of each visitor")
    options.add_argument("--every", type=float, default=20.0, metavar="S", help="seconds between questions (20)")
    options.add_argument("--loss", type=float, default=0.0, metavar="PERCENT", help="datagrams lost, each way")
    options.add_argument("--delay-ms", type=float, default=0.0, metavar="D", help="delay of datagrams, each way")
    options.add_argument("--serial", action="store_true", help="perception waits for reasoning (the counter-case)")
    options.add_argument("--idle", action="store_true", help="nobody speaks: what a silent session costs")
    options.add_argument("--no-camera", action="store_true", help="sound only")
    options.add_argument(
        "--speech", type=Path, action="append", metavar="WAV", help="a question; FILE.txt beside it is its reference"
    )
    options.add_argument("--video", type=Path, metavar="FILE", help="what the camera shows")
    options.add_argument("--seed", type=int, default=0, help="which datagrams are lost")
    options.add_argument("--json", type=Path, required=True, metavar="FILE", help="where the figures go")
    return options


def main(argv: Sequence[str]) -> int:
    """Measure and write the report; 0 when the scenario could be played, whatever the figures."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    options = parser().parse_args(argv)
    if options.serial and options.url:
        parser().error("--serial starts the app itself; it cannot be used with --url")
    result = report.header("live", argv)
    try:
        result |= asyncio.run(measure(options))
    except (ServerError, PeerError, SpeechError, TimeoutError) as error:
        print(f"The measurement could not be made: {error}", file=sys.stderr)
        return 1
    report.write(options.json, result)
    print(report.table(_rows(result)))
    print(f"\nwritten to {options.json}")
    return 0


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Play the scenario against an app and return the figures."""
    lines = [_lines(options, number) for number in range(options.peers)]
    camera = None if options.no_camera else video_loop(options.video)
    server = Server(options.url, serial=options.serial, seats=max(4, options.peers))
    peers = [
        Peer(server.url, camera, BadNetwork(options.loss / 100, options.delay_ms / 1000, options.seed + number))
        for number in range(options.peers)
    ]
    try:
        await server.start()
        for peer in peers:
            await peer.connect(timeout_s=30.0)
        mouths = asyncio.Semaphore(MOUTHS)
        visitors = [Visitor(n, peer, lines[n], mouths) for n, peer in enumerate(peers)]
        watcher, minutes = await _play(options, server, visitors)
        return _figures(options, server, visitors, watcher, minutes)
    finally:
        await asyncio.gather(*(peer.close() for peer in peers), return_exceptions=True)
        await server.stop()


async def _play(options: argparse.Namespace, server: Server, visitors: Sequence[Visitor]) -> tuple[Watcher, float]:
    await asyncio.sleep(2.0)  # connecting is not what is measured
    # What was loaded stays: without this the collector stops the harness for tens of milliseconds now and then.
    gc.collect()
    gc.freeze()
    watcher = Watcher(server)
    watcher.start()
    begun_s = time.monotonic()
    until_s = begun_s + options.minutes * 60
    # Visitors take turns evenly within the time between two questions.
    shift_s = options.every / max(1, len(visitors))
    starts = [begun_s + LEAD_S + shift_s * number for number in range(len(visitors))]
    if options.idle:
        await asyncio.sleep(options.minutes * 60)
    await asyncio.gather(
        *(visitor.run(start, options.every, until_s) for visitor, start in zip(visitors, starts, strict=True))
    )
    minutes = (time.monotonic() - begun_s) / 60
    await watcher.stop()
    return watcher, minutes


def _lines(options: argparse.Namespace, visitor: int) -> list[Line]:
    if options.idle:
        return []
    questions = BY_TIME_ONLY if options.questions is None else options.questions
    by_time = int(options.minutes * 60 / min(options.every, 60.0)) + 1
    questions = min(questions, max(by_time, 1))
    return script_from_files(options.speech, questions) if options.speech else script(visitor, questions)


def _figures(
    options: argparse.Namespace, server: Server, visitors: Sequence[Visitor], watcher: Watcher, minutes: float
) -> dict[str, Any]:
    asked = sorted((a for visitor in visitors for a in visitor.asked), key=lambda a: a.end_s)
    health = watcher.health[-1][1] if watcher.health else {}
    return {
        "video": str(options.video or "drawn scene"),
        "settings": {
            key: [str(path) for path in value] if isinstance(value, list) else value
            for key, value in vars(options).items()
            if key not in ("json", "video")
        },
        "minutes": round(minutes, 2),
        "profile": health.get("profile"),
        "startup_s": {"page_up": _rounded(server.page_up_s), "ready": _rounded(server.ready_s)}
        if server.started
        else None,
        "connect_s": [round(visitor.peer.connected_in_s, 3) for visitor in visitors],
        **figures.conversation(asked),
        "lost": figures.lost(asked, visitors, watcher),
        "frames_perceived": [len(figures.frames_seen_s(visitor.peer.inbox)) for visitor in visitors],
        "frames_perceived_during_answers": figures.perception_while_answering(visitors),
        **figures.load(watcher),
        "harness_late_ms": round(1000 * max(visitor.peer.latest_s() for visitor in visitors), 1),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _rows(result: dict[str, Any]) -> list[tuple[str, ...]]:
    def row(name: str, figure: dict[str, Any]) -> tuple[str, ...]:
        return (name, *("-" if figure.get(key) is None else str(figure[key]) for key in ("p50", "p95", "n")))

    lost, during, words = result["lost"], result["frames_perceived_during_answers"], result["wer"]
    rows = [("figure", "p50", "p95", "n"), row("voice to voice, ms", result["voice_to_voice_ms"])]
    rows += [row(f"  {name}, ms", figure) for name, figure in result["stages_ms"].items()]
    cpu = ("server CPU, cores", "harness CPU, cores")
    rows += [row(name, result[key]) for name, key in zip(cpu, ("server_cpu", "harness_cpu"), strict=True)]
    lag = result["loop_lag_ms"]
    rows.append(("loop lag, ms (p50, p99)", str(lag.get("p50")), str(lag.get("p99")), str(lag["n"])))
    rows.append(row("memory, MB", result["rss_mb"]))
    rows.append(("  slope, MB/h", str(result["rss_mb"].get("slope_mb_per_h")), "", ""))
    rows.append(row("threads", result["threads"]))
    rows.append(("word error rate", str(words["rate"]), "", str(words["n"])))
    rows.append(row("gap between frames while answering, s", during["gap_s"]))
    point = result["answers_on_the_point"]
    rows.append(("answers on the point", str(point["right"]), "", str(point["n"])))
    kinds = ("frames", "utterances", "questions_taken_for_talk", "answers", "messages_replaced")
    rows += [(f"lost {kind.replace('_', ' ')}", str(lost[kind]), "", "") for kind in kinds]
    rows += [(f"lost: {what}", "", "", "") for what in lost["visitors"]]
    return rows
