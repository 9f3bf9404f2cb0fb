"""A clip that is the one before over again: one stretched clip instead, which older snapshots see as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from memory_stream import HashedWords, ask, frame, heard, open_memory, said

from omnilive_demo.memory.picture_scores import PictureScale
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.records import Clip, Label

SCALE = PictureScale(same=0.9)


def remembering(folder: Path) -> SessionMemory:
    return open_memory(folder, HashedWords(), scale=SCALE, names=None)


def still(memory: SessionMemory, from_s: float, to_s: float, looks: tuple[str, ...] = ("dark", "plain")) -> list[Clip]:
    closed = []
    t_s = from_s
    while t_s < to_s:
        clip = memory.see(frame(t_s, looks))
        closed += [] if clip is None else [clip]
        t_s += 1.0
    return closed


def test_a_still_night_is_one_clip_an_hour(tmp_path: Path) -> None:
    memory = remembering(tmp_path)
    told = still(memory, 0, 8000)
    clips = memory.clips()
    assert [clip.id for clip in clips] == [1, 2, 3]
    assert all(clip.end_s - clip.start_s <= 3600 for clip in clips)
    assert {clip.id for clip in told} == {1, 2, 3}
    assert told[4] == clips[0] or told[4].end_s < clips[0].end_s
    figures = memory.figures()
    assert figures.tokens_seen == sum(clip.tokens_seen for clip in clips) == 8000 * 16
    assert figures.tokens_kept == 3 * 65
    assert figures.seconds == pytest.approx(7999, abs=1)
    memory.close()


def test_an_older_snapshot_sees_the_old_end(tmp_path: Path) -> None:
    memory = remembering(tmp_path)
    still(memory, 0, 16)
    still(memory, 16, 20)
    before = memory._log.version
    old = memory._log.view(before)
    still(memory, 20, 48)
    for view in (old, memory._log.view(before)):
        assert (view.clips[-1].id, view.clips[-1].end_s, view.clip_times[-1].tolist()) == (1, 15, [0, 15])
        assert [one.t_s for one in view.open_frames] == [16, 17, 18, 19]
    now = memory._log.view()
    assert (now.clips[-1].id, now.clips[-1].end_s, now.next_clip, now.open_frames) == (1, 47, 2, ())
    assert now.clip_times[-1].tolist() == [0, 47]
    memory.close()


@pytest.mark.parametrize("what", ["words", "sound", "motion", "look", "thing", "gap", "scene"])
def test_what_would_be_lost_keeps_a_clip_of_its_own(tmp_path: Path, what: str) -> None:
    memory = remembering(tmp_path)
    still(memory, 0, 16)
    shift = 5.0 if what == "gap" else 0.0
    for i in range(16):
        t_s = 16.0 + i + shift
        one = frame(t_s, ("bright", "red") if what == "look" else ("dark", "plain"))
        if what == "motion" and i == 7:
            one = replace(one, change=0.4)
        if what == "scene" and i == 0:
            one = replace(one, similarity=0.2)
        if what == "thing":
            one = replace(one, labels=(Label("mug", 0.9), *one.labels))
        if what == "words" and i == 8:
            memory.add_spoken(said(1, t_s, "good night"))
        if what == "sound" and i == 8:
            memory.add_heard(heard(t_s, "bell"))
        memory.see(one)
    assert [clip.id for clip in memory.clips()] == [1, 2]
    memory.close()


def test_after_words_the_next_still_clip_does_not_go_on_theirs(tmp_path: Path) -> None:
    memory = remembering(tmp_path)
    still(memory, 0, 16)
    memory.add_spoken(said(1, 5, "the meeting is at nine"))
    still(memory, 16, 80)
    assert [(clip.start_s, clip.end_s) for clip in memory.clips()] == [(0, 15), (16, 79)]
    found = ask(memory, "What did I say about the meeting?", 90.0).evidence[0]
    assert (found.clip_id, found.start_s, found.end_s) == (1, 0, 15)
    memory.close()


def test_words_that_come_late_to_a_long_clip_are_found_at_their_own_time(tmp_path: Path) -> None:
    memory = remembering(tmp_path)
    still(memory, 0, 320)
    memory.add_spoken(said(1, 300, "the meeting is at nine"))
    found = ask(memory, "What did I say about the meeting?", 330.0).evidence[0]
    assert (found.kind, found.start_s, found.end_s, found.clip_id) == ("speech", 300, 302, 1)
    assert [spoken.text for spoken in found.spoken] == ["the meeting is at nine"]
    memory.close()


def test_a_stretched_clip_comes_back_with_its_caption_and_is_forgotten_whole(tmp_path: Path) -> None:
    memory = remembering(tmp_path)
    still(memory, 0, 32)
    memory.set_caption(1, "An empty room.")
    still(memory, 32, 64)
    before = memory.clips()[0]
    assert (before.caption, before.end_s, len(before.frame_times_s)) == ("An empty room.", 63, 64)
    memory.close()
    again = remembering(tmp_path)
    assert not again.damage
    assert (again.clips()[0].caption, again.clips()[0].end_s) == ("An empty room.", 63)
    assert len(again.clips()[0].frame_times_s) == 64
    assert again.figures().tokens_seen == 64 * 16
    start_s = again.start_s
    still(again, start_s, start_s + 16)
    assert [clip.id for clip in again.clips()] == [1, 2]  # another sitting does not go on
    again.forget(start_s, start_s + 1)
    still(again, start_s + 16, start_s + 32)
    assert [clip.id for clip in again.clips()] == [1, 3]
    again.close()
