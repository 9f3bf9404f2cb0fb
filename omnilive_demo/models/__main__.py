"""`python -m omnilive_demo.models list|fetch|check|convert`: models are listed, fetched, checked and converted.

`convert FOLDER OUT` turns the `.bin` files of the OmniLive release into safetensors, once.

Exit codes: 0 all is well; 1 a model could not be had, is missing or is damaged; 2 the command is not usable; 130 it was
stopped.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from omnilive_demo.config import Settings
from omnilive_demo.models.download import FetchCancelled
from omnilive_demo.models.fetching import fetch
from omnilive_demo.models.hub import Hub, HubError, default_hub
from omnilive_demo.models.hub_cache import RepositoryCache, cached, damaged, lacking
from omnilive_demo.models.registry import PROFILES, ROLES, SPECS, with_parts
from omnilive_demo.models.spec import ModelSpec

HUB_PROFILES = tuple(name for name in PROFILES if name != "nano")


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit code. Never raises."""
    given_words = sys.argv[1:] if argv is None else argv
    try:
        if given_words[:1] == ["convert"]:
            return _convert(given_words[1:])
        given = _parser().parse_args(given_words)
        hub = _hub(given)
        specs = _wanted(given)
        return COMMANDS[given.command](hub, specs)
    except SystemExit as leaving:  # argparse has said why
        return int(leaving.code or 0)
    except ValueError as error:
        _err(f"This cannot be done: {error}")
        return 2
    except (KeyboardInterrupt, FetchCancelled):
        _err("Stopped. What has arrived is kept; the same command goes on from there.")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m omnilive_demo.models", description=__doc__.splitlines()[0])
    parser.epilog = "convert FOLDER OUT: the .bin files of the OmniLive release, as safetensors (convert --help)"
    parser.add_argument("command", choices=tuple(COMMANDS), metavar=f"{{{','.join((*COMMANDS, 'convert'))}}}")
    parser.add_argument("model", nargs="*", help=f"models by name; else those of the profile: {', '.join(SPECS)}")
    parser.add_argument("--profile", choices=HUB_PROFILES, help="only the models of this profile")
    parser.add_argument("--role", choices=ROLES, help="only the models of this role")
    parser.add_argument("--cache", type=Path, help="the hub's cache folder (default: HF_HOME/hub)")
    parser.add_argument("--endpoint", default="", help="another hub (default: HF_ENDPOINT, or huggingface.co)")
    parser.add_argument("--offline", action="store_true", default=None, help="ask no hub (default: HF_HUB_OFFLINE)")
    return parser


def _hub(given: argparse.Namespace) -> Hub:
    token = Settings().hf_token.get_secret_value()
    return default_hub(token, cache=given.cache, offline=given.offline, endpoint=given.endpoint)


def _wanted(given: argparse.Namespace) -> tuple[ModelSpec, ...]:
    unknown = [name for name in given.model if name not in SPECS]
    if unknown:
        raise ValueError(f"there is no model {unknown[0]!r}; choose from {', '.join(SPECS)}.")
    if given.model:
        names = list(given.model)
    elif given.profile:
        names = [name for role, name in PROFILES[given.profile].items() if given.role in (None, role)]
    elif given.command == "list" or given.role:
        names = [name for name, spec in SPECS.items() if given.role is None or given.role in spec.roles]
    else:
        raise ValueError("say which models: --profile lite (or standard, omnilive), --role, or names.")
    return tuple(sorted(with_parts(names), key=lambda spec: spec.size))


def _list(hub: Hub, specs: tuple[ModelSpec, ...]) -> int:
    header = ("model", "profiles", "roles", "size", "here", "licence", "repository")
    rows = [header, *(_row(hub, spec) for spec in specs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    for row in rows:
        _out("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for spec in specs:
        if spec.licence.restriction:
            _out(f"\n{spec.name}: {spec.licence.restriction}")
    _out(f"\nThe cache is {hub.cache}.")
    return 0


def _row(hub: Hub, spec: ModelSpec) -> tuple[str, ...]:
    profiles = [name for name in HUB_PROFILES if spec in with_parts(PROFILES[name].values())]
    roles = ", ".join(spec.roles) or "part of " + ", ".join(s.name for s in SPECS.values() if spec.name in s.parts)
    here = "yes" if cached(hub.cache, spec) else "no"
    revision = spec.revision[:8] if spec.verified else f"{spec.revision}, not verified"
    return (
        spec.name, ", ".join(profiles) or "-", roles, _size(spec.size), here, spec.licence.name,
        f"{spec.repository} ({revision})",
    )  # fmt: skip


def _fetch(hub: Hub, specs: tuple[ModelSpec, ...]) -> int:
    failed = 0
    for spec in specs:
        if spec.licence.restriction:
            _out(f"{spec.name} ({spec.licence.name}): {spec.licence.restriction}")
        try:
            with _Bar(spec.name) as bar:
                folder = fetch(spec, hub, progress=bar.show)
        except HubError as error:
            failed += 1
            _err(f"{spec.name}: {error.sentence} {error.hint}")
            if error.kind in ("unreachable", "no_space", "unwritable"):  # the next model would fare no better
                break
        else:
            _out(f"{spec.name}: {folder}")
    return 1 if failed else 0


def _check(hub: Hub, specs: tuple[ModelSpec, ...]) -> int:
    """Every byte of every model that is here is read."""
    failed = 0
    for spec in specs:
        folder = RepositoryCache(hub.cache, spec.repository).snapshot(spec.revision)
        fault = "is not here" if folder is None else lacking(folder, spec)
        if folder is not None and not fault:
            wrong = damaged(folder, spec)
            if wrong:
                (folder / wrong).resolve().unlink()
                fault = f"had a damaged {wrong}, which was deleted"
        if fault:
            failed += 1
            _err(f"{spec.name} {fault}. Run: python -m omnilive_demo.models fetch {spec.name}")
        else:
            _out(f"{spec.name} is whole: {folder}")
    return 1 if failed else 0


def _convert(words: list[str]) -> int:
    """One-time conversion of a release; goes on where it was stopped."""
    parser = argparse.ArgumentParser(prog="python -m omnilive_demo.models convert", description=_convert.__doc__)
    parser.add_argument("folder", type=Path, help="the OmniLive release, or one of its models; it is only read")
    parser.add_argument("out", type=Path, help="where the safetensors go, with copies of the other files")
    given = parser.parse_args(words)
    from omnilive_demo.models.ixc25_omnilive.conversion import convert
    from omnilive_demo.models.ixc25_omnilive.conversion_plan import ConversionError
    from omnilive_demo.models.memory_module.weight_files import WeightsError

    try:
        with _Bar(given.folder.name) as bar:
            left_out = convert(given.folder, given.out, lambda _, done, total: bar.show(done, total))
    except (ConversionError, WeightsError) as error:
        _err(str(error))
        return 1
    for path in left_out:
        _out(f"{path} holds no weights that the app reads, and was left out.")
    _out(f"Converted: {given.out}")
    return 0


COMMANDS: Mapping[str, Callable[[Hub, tuple[ModelSpec, ...]], int]] = {"list": _list, "fetch": _fetch, "check": _check}


class _Bar:
    """A progress bar in the terminal; on anything else only the last line remains."""

    def __init__(self, name: str) -> None:
        from tqdm import tqdm  # type: ignore[import-untyped]

        self._bar = tqdm(desc=name, unit="B", unit_scale=True, file=sys.stderr, leave=False, disable=None)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, done: int, total: int) -> None:
        """Bytes so far, of all."""
        self._bar.total = total
        self._bar.n = done
        self._bar.refresh()


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 10**9 else f"{size / 1e6:.0f} MB"


def _out(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _err(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
