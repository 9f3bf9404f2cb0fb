"""`startup`: from `python app.py` to a page that answers, and to models that are ready, several times over."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omnilive_demo.evaluation import report
from omnilive_demo.evaluation.server import Server, ServerError
from omnilive_demo.evaluation.stats import summary


def main(argv: Sequence[str]) -> int:
    """Start and stop the app; write the figures."""
    options = argparse.ArgumentParser(prog="python -m omnilive_demo.evaluation startup", description=__doc__)
    options.add_argument("--times", type=int, default=5, metavar="N", help="how often (default 5)")
    options.add_argument("--json", type=Path, required=True, metavar="FILE", help="where the figures go")
    chosen = options.parse_args(argv)
    result = report.header("startup", argv)
    try:
        result |= asyncio.run(_measure(chosen.times))
    except (ServerError, TimeoutError) as error:
        print(f"The measurement could not be made: {error}", file=sys.stderr)
        return 1
    report.write(chosen.json, result)
    rows = [(name, *(str(result[key][q]) for q in ("p50", "max", "n"))) for name, key in _NAMES]
    print(report.table([("figure", "p50", "max", "n"), *rows]))
    print(f"\nwritten to {chosen.json}")
    return 0


_NAMES = (("page up, s", "page_up_s"), ("ready, s", "ready_s"), ("ended after SIGTERM, s", "stop_s"))


async def _measure(times: int) -> dict[str, Any]:
    page_up, ready, stopped, statuses = [], [], [], []
    loop = asyncio.get_running_loop()
    for _ in range(times):
        server = Server()
        try:
            await server.start()
            assert server.page_up_s is not None
            assert server.ready_s is not None
            page_up.append(server.page_up_s)
            ready.append(server.ready_s)
            begun_s = loop.time()
        finally:
            status = await server.stop()
        stopped.append(loop.time() - begun_s)
        statuses.append(status)
    figures = {"page_up_s": page_up, "ready_s": ready, "stop_s": stopped}
    return {name: summary(values, 2) for name, values in figures.items()} | {"exit_statuses": statuses}
