"""The house rules, held by the code itself: imports go one way, and the small laws of the design."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "omnilive_demo"
BONES = {"ear_events", "events", "records", "config", "clock", "cancel", "queues", "logs", "health"}
ROOMS = {"perception", "memory", "reasoning", "speech"}
SESSION = {
    "casting", "embedded", "engine", "larger", "session", "conversation", "floor", "listening", "speculating",
    "steering", "turns", "understanding", "answering", "lending", "perceiving", "remark", "remembering",
    "refusing", "sounds", "standing", "taking_in", "telling", "told", "utterance",
}  # fmt: skip
LEAVES = {"training", "evaluation"}

MAY_IMPORT: dict[str, set[str]] = {
    **dict.fromkeys(BONES, BONES),
    "models": BONES | {"models"},
    "serving": BONES | {"models", "serving"},
    **{room: BONES | {"models", "serving", room} for room in ROOMS},
    **dict.fromkeys(SESSION, BONES | {"models", "serving"} | ROOMS | SESSION),
    "transport": BONES | {"models", "serving"} | ROOMS | SESSION | {"transport"},
    "ui": BONES | {"models", "serving"} | ROOMS | SESSION | {"ui"},
    "application": BONES | {"models", "serving"} | ROOMS | SESSION | {"transport", "ui", "application"},
}


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    rooms: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module]
            if node.module == "omnilive_demo":
                names = [f"omnilive_demo.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        rooms |= {name.split(".")[1] for name in names if name.startswith("omnilive_demo.")}
    return rooms - {"__version__"}


def outside_imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    room = room_of(path)
    if room in LEAVES or room == "__init__":
        return
    assert room in MAY_IMPORT, f"{room} has no place in the house yet: add it to the design and to this test"
    forbidden = imported_rooms(path) - MAY_IMPORT[room]
    assert not forbidden, f"{path.relative_to(ROOT)} may not import {sorted(forbidden)}"


def test_nobody_imports_the_leaves() -> None:
    for path in sources():
        if room_of(path) not in LEAVES:
            assert not imported_rooms(path) & LEAVES, path


def test_only_transport_knows_fastrtc() -> None:
    knowing = {room_of(path) for path in sources() if "fastrtc" in outside_imports(path)}
    assert knowing == {"transport"}


def test_only_config_reads_the_environment() -> None:
    for path in sources():
        if room_of(path) in LEAVES | {"config"}:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}:
                pytest.fail(f"{path.relative_to(ROOT)}:{node.lineno} reads the environment")


def test_only_the_entry_configures_logging() -> None:
    for path in sources():
        if room_of(path) in LEAVES | {"logs"}:
            continue
        assert "basicConfig(" not in path.read_text("utf-8"), path


def test_no_file_outgrows_its_noun() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in [*sources(), *(ROOT / "assets" / "page").glob("*.js")]
        if (lines := len(path.read_text("utf-8").splitlines())) > 350
    }
    assert not long, f"split these: {long}"


def test_nothing_is_put_into_the_page_as_html() -> None:
    for path in (ROOT / "assets" / "page").glob("*.js"):
        text = path.read_text("utf-8")
        for danger in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert danger not in text, f"{path.name} uses {danger}"
