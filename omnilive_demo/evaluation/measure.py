"""`measure`: every measurement of the app with full counts, one JSON file each. `make measure` runs all of them.

Each is a command that can be run alone; a name on the command line runs just that one. They run one after another,
because two on the same cores would measure each other.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """A named measurement: a command of this package with its arguments (`--json` is added)."""

    name: str
    command: str
    argv: tuple[str, ...]
    what: str


RUNS = (
    Run("startup", "startup", ("--times", "5"), "page up and nano ready after `python app.py`"),
    Run("instruction", "instruction", (), "spoken to or not: accuracy on held-out utterances"),
    Run("instruction_zh", "instruction", ("--chinese",), "the same in Chinese"),
    Run("one_session", "live", ("--questions", "44", "--every", "14", "--minutes", "20"), "one visitor, 44 questions"),
    Run("interruption", "interruption", ("--times", "40"), "talking over an answer, 40 times"),
    Run("conversation", "conversation", (), "scripted scenes, 60 stimuli, hesitating speakers, changing pictures"),
    Run("idle", "live", ("--idle", "--minutes", "5"), "one visitor with camera, nobody speaks"),
    Run("eight_sessions", "live", ("--peers", "8", "--every", "20", "--minutes", "8"), "eight visitors"),
    Run("serial", "live", ("--serial", "--questions", "20", "--minutes", "10"), "perception waits for reasoning"),
    Run("disentangled", "live", ("--questions", "20", "--minutes", "10"), "the same script as it should be"),
    Run(
        "bad_network",
        "live",
        ("--loss", "5", "--delay-ms", "150", "--questions", "20", "--minutes", "10"),
        "5 % of datagrams lost and 150 ms of delay, each way",
    ),
    Run("retrieval", "retrieval", ("--streams", "200", "--compression"), "questions and their clips, 200 streams"),
    Run("memory", "memory", ("--days", "7"), "seven days: cost, RAM, disk, recall by age, 200 kills"),
    Run("recognise", "recognise", (), "names of drawn things, false names on photographs and unknown things"),
    Run("sounds", "sounds", (), "the sound tagger on sounds it never heard"),
    Run("reading", "reading", ("--streams", "40"), "what S_k holds, and what is lost without it"),
)
DRAWN = ("retrieval", "recognise")
"""Those that can also be made in the other drawing style."""
SOAK_MINUTES = 60.0


def main(argv: Sequence[str]) -> int:
    """Run the named measurements, or all; the number of failures is the exit status."""
    options = argparse.ArgumentParser(prog="python -m omnilive_demo.evaluation measure", description=__doc__)
    options.add_argument("names", nargs="*", metavar="NAME", help="which ones (default all)")
    options.add_argument("--list", action="store_true", help="say what there is and end")
    options.add_argument("--out", type=Path, default=Path("measurements"), help="folder (default measurements)")
    options.add_argument("--soak-minutes", type=float, default=SOAK_MINUTES, help="length of the soak (default 60)")
    options.add_argument(
        "--openmoji", type=Path, metavar="FOLDER", help="the unpacked npm package: the other style too"
    )
    chosen = options.parse_args(argv)
    runs = [*(in_both_styles(run, chosen.openmoji) for run in RUNS), soak(chosen.soak_minutes)]
    if chosen.list:
        print("\n".join(f"{run.name:15} {run.what}\n{'':15} {' '.join(command(run, chosen.out)[1:])}" for run in runs))
        return 0
    unknown = set(chosen.names) - {run.name for run in runs}
    if unknown:
        options.error(f"no measurement is called {', '.join(sorted(unknown))}; --list tells which there are")
    todo = [run for run in runs if not chosen.names or run.name in chosen.names]
    failed = [run.name for run in todo if not _run(run, chosen.out)]
    print(f"\n{len(todo) - len(failed)} of {len(todo)} measurements made" + "".join(f"; failed: {n}" for n in failed))
    return min(len(failed), 125)


def in_both_styles(run: Run, openmoji: Path | None) -> Run:
    """The run with the other drawing style beside the training's, where that means something and it is at hand."""
    if openmoji is None or run.name not in DRAWN:
        return run
    return replace(run, argv=(*run.argv, "--style", "both", "--openmoji", str(openmoji)))


def soak(minutes: float) -> Run:
    """The long run that would show a leak."""
    argv = ("--peers", "1", "--every", "20", "--minutes", f"{minutes:g}")
    return Run("soak", "live", argv, f"one visitor for {minutes:g} minutes: memory, threads, descriptors")


def command(run: Run, out: Path) -> list[str]:
    """The command line of a measurement."""
    python = [sys.executable, "-m", "omnilive_demo.evaluation"]
    return [*python, run.command, *run.argv, "--json", str(out / f"{run.name}.json")]


def _run(run: Run, out: Path) -> bool:
    print(f"\n== {run.name}: {run.what}", flush=True)
    if importlib.util.find_spec(f"omnilive_demo.evaluation.{run.command}") is None:
        print(f"there is no measurement `{run.command}` in this package")
        return False
    begun_s = time.monotonic()
    status = subprocess.run(command(run, out), check=False).returncode
    print(f"== {run.name}: {'done' if status == 0 else f'failed with status {status}'} "
          f"after {(time.monotonic() - begun_s) / 60:.1f} min", flush=True)  # fmt: skip
    return status == 0
