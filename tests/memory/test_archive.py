"""A memory goes out as a zip file and comes in again as it was; what is not such a file is refused in a sentence."""

from __future__ import annotations

import hashlib
import json
import random
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from archiving import export, take_in
from memory_stream import EPOCH_S, ask, frame, heard, open_memory, said, watch

from omnilive_demo.clock import ManualTime, SessionClock
from omnilive_demo.memory import archive_reading
from omnilive_demo.memory.archive import write_archive
from omnilive_demo.memory.archive_reading import Archive, ArchiveError
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.records import Clip


def filled(folder: Path, seed: int, seconds: int = 90) -> SessionMemory:
    """A memory of something, different for each seed."""
    rng = random.Random(seed)
    memory = open_memory(folder)
    for t_s in range(seconds):
        looks = ("dark", "detailed") if rng.random() < 0.5 else ("bright", "plain")
        memory.see(frame(t_s + rng.random() / 2, looks, similarity=0.2 if rng.random() < 0.15 else 0.99, change=0.5))
        if rng.random() < 0.1:
            text = rng.choice(["the parcel <is> in the hall", "& 你好 --> zebra", "a\nline"])
            memory.add_spoken(replace(said(t_s, t_s, text, rng.choice([None, True, False])), origin="source"))
        if rng.random() < 0.1:
            memory.add_heard(heard(t_s + rng.random(), rng.choice(["knock", "dog [barking]"])))
    memory.close_clip()
    return memory


def at_zero(clips: list[Clip], by_s: float) -> list[object]:
    """Clips without their numbers and place in the stream."""
    return [
        (
            round(clip.start_s - by_s, 6), round(clip.end_s - by_s, 6),
            [round(t_s - by_s, 6) for t_s in clip.frame_times_s],
            [(round(f.t_s - by_s, 6), f.jpeg) for f in clip.key_frames], clip.short_term.tobytes(),
            clip.global_.tobytes(), clip.labels, clip.caption, clip.tokens_seen, clip.tokens_kept,
        )
        for clip in clips
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_what_goes_out_comes_in_behind_what_is_there(tmp_path: Path, seed: int) -> None:
    source = filled(tmp_path / "source", seed)
    path = export(source, tmp_path / "memory.zip")
    memory = filled(tmp_path / "target", seed + 100, seconds=40)
    before = list(memory.clips()), list(memory.spoken()), list(memory.heard())
    clock = SessionClock(ManualTime(), start_s=45.0)
    taken = take_in(memory, path, clock)
    assert (taken.clips, taken.spoken, taken.sounds, taken.fault) == (
        len(source.clips()), len(source.spoken()), len(source.heard()), "",
    )  # fmt: skip
    assert taken.start_s >= 46.0
    assert clock.now_s() > taken.end_s
    after = list(memory.clips()), list(memory.spoken()), list(memory.heard())
    for old, new in zip(before, after, strict=True):
        assert [str(one)[:40] for one in new[: len(old)]] == [str(one)[:40] for one in old]
    clips = after[0][len(before[0]) :]
    assert [clip.id for clip in clips] == list(range(before[0][-1].id + 1, before[0][-1].id + 1 + len(clips)))
    shift_s = clips[0].start_s - source.clips()[0].start_s
    assert at_zero(clips, shift_s) == at_zero(list(source.clips()), 0.0)
    words = after[1][len(before[1]) :]
    assert [(round(w.start_s - shift_s, 6), w.text, w.origin, w.answered) for w in words] == [
        (w.start_s, w.text, w.origin, w.answered) for w in source.spoken()
    ]
    assert [(round(h.start_s - shift_s, 6), h.label) for h in after[2][len(before[2]) :]] == [
        (round(h.start_s, 6), h.label) for h in source.heard()
    ]
    now_s = clock.now_s()
    live = watch(memory, now_s, now_s + 16)
    assert live[-1].id == clips[-1].id + 1
    if words:
        assert ask(memory, "what did I say about the parcel or the zebra", now_s + 16).evidence
    memory.close()
    again = open_memory(tmp_path / "target")
    assert at_zero(list(again.clips())[: -len(live)], 0.0) == at_zero([*after[0]], 0.0)
    assert not again.damage
    again.close()
    source.close()


def test_an_imported_memory_keeps_its_days_and_those_of_the_living_one(tmp_path: Path) -> None:
    source = open_memory(tmp_path / "source")
    source.sittings = (replace(source.sittings[0], epoch_s=EPOCH_S - 86_400.0),)
    watch(source, 100, 132)
    path = export(source, tmp_path / "memory.zip")
    source.close()
    memory = open_memory(tmp_path / "target")
    watch(memory, 0, 16)
    clock = SessionClock(ManualTime(), start_s=20.0)
    taken = take_in(memory, path, clock)
    first, imported, live = memory.sittings
    assert (first.start_s, imported.start_s) == (0.0, taken.start_s)
    assert imported.epoch_s == EPOCH_S - 86_400.0 + 100.0
    assert (live.start_s, live.epoch_s) == (clock.now_s(), EPOCH_S + 20.0)
    memory.close()


def test_the_transcript_is_webvtt(tmp_path: Path) -> None:
    memory = open_memory(tmp_path / "a")
    memory.add_heard(heard(3700.25, "knock"))
    memory.add_spoken(said(1, 61.5, "is <this> a & b?\n\n--> yes"))
    path = export(memory, tmp_path / "memory.zip")
    memory.close()
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.read("transcript.vtt").decode() == (
            "WEBVTT\n\n00:01:01.500 --> 00:01:03.500\n<v Visitor>is &lt;this&gt; a &amp; b? --&gt; yes\n"
            "\n01:01:40.250 --> 01:01:40.750\n[knock]\n"
        )


def test_a_clip_that_is_forgotten_while_it_is_exported_is_not_in_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("omnilive_demo.memory.archive._CHUNK", 1)
    memory = filled(tmp_path / "a", 1)
    pieces = write_archive(memory)
    data = next(pieces)
    memory.forget(0, 40)
    kept = len(memory.clips())
    path = tmp_path / "memory.zip"
    path.write_bytes(data + b"".join(pieces))
    archive = Archive(path)
    assert archive.check().clips == kept
    archive.close()
    memory.close()


# ---- what is refused -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    memory = filled(folder / "a", 3, 40)
    path = export(memory, folder / "memory.zip")
    memory.close()
    return path


def rewritten(good: Path, path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    with zipfile.ZipFile(good) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def manifest(members: dict[str, bytes], **changes: object) -> None:
    told = json.loads(members["manifest.json"])
    told.update(changes)
    members["manifest.json"] = json.dumps(told).encode()


def with_line(members: dict[str, bytes], name: str, **changes: object) -> None:
    """Change the first line of a list, with the right checksum."""
    lines = members[name].splitlines(keepends=True)
    lines[0] = (json.dumps({**json.loads(lines[0]), **changes}) + "\n").encode()
    members[name] = b"".join(lines)
    sums = json.loads(members["manifest.json"])["sha256"]
    manifest(members, sha256={**sums, name: hashlib.sha256(members[name]).hexdigest()})


def bomb_jpeg(members: dict[str, bytes]) -> None:
    line = json.loads(members["clips.jsonl"].splitlines()[0])
    shot = line["frames"][0]
    data = bytearray(members[shot["file"]])
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 60_000, 60_000)
    members[shot["file"]] = bytes(data)
    shot["sha256"] = hashlib.sha256(data).hexdigest()
    with_line(members, "clips.jsonl", frames=line["frames"])


def read(path: Path) -> None:
    archive = Archive(path)
    try:
        archive.check()
    finally:
        archive.close()


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("archive_foreign", lambda m: m.update({"../../etc/passwd": b"x"})),
        ("archive_foreign", lambda m: m.update({"/frames/000001-0.jpg": b"x"})),
        ("archive_foreign", lambda m: m.update({"frames/..\\000001-0.jpg": b"x"})),
        ("archive_foreign", lambda m: m.pop("manifest.json")),
        ("archive_foreign", lambda m: manifest(m, format="holiday pictures")),
        ("archive_newer", lambda m: manifest(m, version=2)),
        ("archive_damaged", lambda m: manifest(m, clips=1)),
        ("archive_damaged", lambda m: manifest(m, sittings=[{"epoch_s": -5, "start_s": 0}])),
        ("archive_damaged", lambda m: manifest(m, sittings=[{"epoch_s": n, "start_s": n} for n in range(1001)])),
        ("archive_damaged", lambda m: m.update({"manifest.json": b"[" * 100_000})),
        ("archive_damaged", lambda m: m.update({"clips.jsonl": m["clips.jsonl"].replace(b"bright", b"brighd")})),
        ("archive_damaged", lambda m: m.pop("spoken.jsonl")),
        ("archive_damaged", lambda m: m.pop(sorted(m)[3])),
        ("archive_damaged", lambda m: m.update({n: b"no picture" for n in m if n.endswith(".jpg")})),
        ("archive_damaged", lambda m: with_line(m, "clips.jsonl", start_s=5e9)),
        ("archive_damaged", lambda m: with_line(m, "clips.jsonl", start_s=1e6, end_s=1e6)),
        ("archive_damaged", lambda m: with_line(m, "clips.jsonl", caption="x" * 30_000)),
        ("archive_damaged", lambda m: with_line(m, "clips.jsonl", features={"file": "../x", "sha256": "0" * 64})),
        ("archive_damaged", lambda m: with_line(m, "sounds.jsonl", score="NaN")),
        ("archive_damaged", bomb_jpeg),
        ("archive_too_large", lambda m: m.update({"transcript.vtt": bytes(60_000_000)})),
    ],
)  # fmt: skip
def test_what_is_no_memory_of_ours_is_refused(
    good: Path, tmp_path: Path, code: str, change: Callable[[dict[str, bytes]], None]
) -> None:
    path = rewritten(good, tmp_path / "changed.zip", change)
    with pytest.raises(ArchiveError) as caught:
        read(path)
    assert caught.value.code == code
    assert str(caught.value).endswith(".")
    assert caught.value.hint


def test_a_huge_directory_is_refused_before_it_is_read(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_reading, "MOST_DIRECTORY_BYTES", 1000)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(ArchiveError) as caught:
        Archive(good)
    assert caught.value.code == "archive_too_large"


def test_random_damage_is_a_sentence_or_harmless(good: Path, tmp_path: Path) -> None:
    rng = random.Random(2)
    whole = good.read_bytes()
    archive = Archive(good)
    wanted = [clip.short_term.tobytes() for clip in archive.clips()]
    archive.close()
    for trial in range(60):
        data = bytearray(whole)
        if trial % 3 == 0:
            data = data[: rng.randrange(len(data))]
        for _ in range(rng.randrange(1, 6) if trial % 3 else 0):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path = tmp_path / "damaged.zip"
        path.write_bytes(data)
        try:
            archive = Archive(path)
        except ArchiveError:
            continue
        try:
            archive.check()
            assert [clip.short_term.tobytes() for clip in archive.clips()] == wanted
        except ArchiveError:
            pass
        finally:
            archive.close()
