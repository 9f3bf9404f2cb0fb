"""`docs/protocol.md` says what the code does, and all of it."""

from __future__ import annotations

import dataclasses
import re
import typing
from pathlib import Path
from typing import Any

import pytest

from omnilive_demo import records
from omnilive_demo.events import PageEvent
from omnilive_demo.memory.stretch import Part, Stretch
from omnilive_demo.transport import commands, wire

DOCUMENT = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text("utf-8")


def section(title: str) -> str:
    return re.split(rf"(?m)^## {re.escape(title)}$", DOCUMENT)[1].split("\n## ")[0]


def tables(part: str, heading: str) -> dict[str, dict[str, str]]:
    """Per heading: field -> type, from the first table below it that has these columns."""
    found: dict[str, dict[str, str]] = {}
    for name, body in re.findall(rf"(?ms)^{heading} `?(\w+)`?$(.*?)(?=^#|\Z)", part):
        table = re.search(r"(?m)^\| field \| type \| meaning \|\n\|[-|]+\|\n((?:\|.*\n?)*)", body)
        rows = re.findall(r"(?m)^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", table.group(1)) if table else []
        assert all(meaning.strip() for _, _, meaning in rows), name
        found[name] = {field: kind.strip() for field, kind, _ in rows}
    return found


EVENTS: dict[str, Any] = {event.TYPE: event for event in typing.get_args(PageEvent)}
MESSAGES: dict[str, Any] = {
    typing.get_args(model.model_fields["type"].annotation)[0]: model
    for model in typing.get_args(typing.get_args(wire.ClientMessage)[0])
}


def test_every_event_is_documented_and_no_other() -> None:
    assert set(tables(section("Server to browser"), "###")) - {"Records"} == set(EVENTS)


@pytest.mark.parametrize("kind", EVENTS)
def test_every_field_of_an_event_is_documented_and_no_other(kind: str) -> None:
    documented = tables(section("Server to browser"), "###")[kind]
    assert list(documented) == [field.name for field in dataclasses.fields(EVENTS[kind])]


@pytest.mark.parametrize("kind", EVENTS)
def test_fields_that_may_be_null_are_documented_so(kind: str) -> None:
    documented = tables(section("Server to browser"), "###")[kind]
    for name, hint in typing.get_type_hints(EVENTS[kind]).items():
        if name in documented:
            assert ("or null" in documented[name]) == (type(None) in typing.get_args(hint)), name


def test_every_message_of_a_browser_is_documented_and_no_other() -> None:
    documented = tables(section("Browser to server"), "###")
    expected = {kind: [n for n in model.model_fields if n not in ("v", "type")] for kind, model in MESSAGES.items()}
    assert {kind: list(fields) for kind, fields in documented.items()} == expected


def test_every_message_of_a_browser_is_obeyed_somewhere() -> None:
    assert set(MESSAGES.values()) == {*commands.COMMANDS, wire.Attach, wire.Heartbeat}


@pytest.mark.parametrize("name", ["evidence", "label", "spoken", "heard"])
def test_records_inside_events_are_documented(name: str) -> None:
    record = getattr(records, name.capitalize())
    documented = tables(section("Server to browser"), "####")[name]
    assert list(documented) == [f.name for f in dataclasses.fields(record) if f.metadata.get("told", True)]


def test_days_and_their_parts_are_documented() -> None:
    documented = tables(section("Server to browser"), "####")
    assert list(documented["part"]) == [field.name for field in dataclasses.fields(Part)]
    assert list(documented["stretch"]) == [*(field.name for field in dataclasses.fields(Stretch)), "thumbnail"]


def test_our_types_are_none_of_fastrtcs() -> None:
    theirs = {
        "log", "error", "warning", "fetch_output", "send_input", "stopword", "end_stream", "update_connection"
    }  # fmt: skip
    assert not theirs & (set(EVENTS) | set(MESSAGES))


def test_the_envelope_is_documented() -> None:
    rows = re.findall(r"(?m)^\| `(\w+)` \|", section("Every message"))
    assert rows == [key for key in wire.to_wire(EVENTS["bye"]("x"), 1, 0.0) if key != "reason"]


def test_the_binary_header_is_documented() -> None:
    rows = re.findall(r"(?m)^\| (\d+) \| (\S+) (?:bytes )?\| (?:`(\w+)`)? ?\|", section("Media"))
    names = [(int(offset), kind, name) for offset, kind, name in rows]
    assert names == [(0, "u8", "kind"), (1, "3", ""), (4, "u32", "rate_hz"), (8, "f64", "media_s"), (16, "u32", "turn")]
    packed = wire.MediaPacket(wire.PCM, 24_000, 1.5, 7, b"ab").pack()
    assert packed == b"\x01\0\0\0" + (24_000).to_bytes(4, "little") + b"\0\0\0\0\0\0\xf8\x3f" + b"\x07\0\0\0ab"


def test_every_route_is_documented_and_no_other(make_app: Any) -> None:
    documented = set(re.findall(r"(?m)^\| `(\w+) (/\S+)` \|", section("HTTP")))
    real = set()
    for route in make_app().routes:
        path = re.sub(r":int\}", "}", route.path)
        methods = getattr(route, "methods", None)
        if methods:
            real |= {(method, path) for method in methods - {"HEAD"}}
        else:
            real.add(("WS", path) if path.startswith("/ws") else ("GET", path + "/*"))
    assert documented == real


SOURCES = {path: path.read_text("utf-8") for path in (Path(wire.__file__).parent).glob("*.py")}


def test_reasons_of_a_bye_are_the_ones_that_are_given() -> None:
    documented = set(re.findall(r"(?m)^\| `(\w+)` \| [^|]+ \| [^|]+ \|$", section("Server to browser")))
    code = "\n".join(SOURCES.values())
    given = set(re.findall(r'(?:finish|_refuse|leave|_let_go|close)\([^"\n]*"(\w+)"', code))
    internal = {"replaced", "failed"}  # nobody is there to be told
    assert given - internal <= documented
    assert {"taken_over", "left", "expired", "time_limit", "server_stopping", "unknown_session"} <= given


def test_a_message_round_trips_through_json() -> None:
    evidence = records.Evidence(1, 0.12345, 2.0, 0.5, "speech", "a", (records.Label("b", 0.5),))
    message = wire.to_wire(EVENTS["retrieval"](1, (evidence,), 3), 5, 1.23456)
    assert message["t_s"] == 1.235
    assert message["evidence"][0]["start_s"] == 0.123
    assert message["evidence"][0]["labels"] == [{"text": "b", "score": 0.5}]
    assert wire.plain(float("nan")) is None
