from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transport_fakes import caption, clip_event

from omnilive_demo.events import AnswerGrew, LoadProgress, MemoryFigures, Notice, StateChanged
from omnilive_demo.transport.outbox import FellBehind, Outbox


def drain(reader) -> list[dict]:
    found = []
    while (message := reader.next()) is not None:
        found.append(json.loads(message.text))
    return found


def box(**limits) -> Outbox:
    return Outbox(lambda: 12.5, **limits)


def nothing() -> None:
    pass


def test_a_reader_that_keeps_up_gets_everything_in_order() -> None:
    outbox = box()
    reader = outbox.reader(0, nothing)
    seen = []
    for state in ("listening", "thinking", "speaking"):
        outbox.put(StateChanged(state))
        seen += drain(reader)
    assert [(m["seq"], m["type"], m["state"], m["t_s"], m["v"]) for m in seen] == [
        (1, "state", "listening", 12.5, 1),
        (2, "state", "thinking", 12.5, 1),
        (3, "state", "speaking", 12.5, 1),
    ]


def test_a_slow_reader_gets_only_the_newest_of_what_coalesces_and_every_final() -> None:
    outbox = box()
    reader = outbox.reader(0, nothing)
    outbox.put(StateChanged("listening"))
    outbox.put(caption(1, "where", False))
    outbox.put(caption(2, "other", False))
    outbox.put(caption(1, "where are", False))
    outbox.put(caption(1, "where are my keys", True))
    outbox.put(clip_event(4, "a", True))
    outbox.put(clip_event(4, "b", True))
    outbox.put(clip_event(4, "c", False))
    outbox.put(LoadProgress("ears", 1, 10))
    outbox.put(LoadProgress("eyes", 1, 10))
    outbox.put(LoadProgress("ears", 10, 10, True))
    outbox.put(StateChanged("thinking"))
    outbox.put(MemoryFigures(1, 1.0, 1, 1, 1))
    outbox.put(MemoryFigures(2, 1.0, 1, 1, 1))
    got = [(m["type"], m.get("text") or m.get("thumbnail") or m.get("model") or m.get("clips")) for m in drain(reader)]
    assert got == [
        ("caption", "other"),
        ("caption", "where are my keys"),
        ("clip", "c"),
        ("progress", "eyes"),
        ("progress", "ears"),
        ("state", None),
        ("memory", 2),
    ]


def test_amending_a_final_caption_keeps_both() -> None:
    outbox = box()
    outbox.put(caption(1, "hello", True))
    outbox.put(caption(1, "hello", True))
    assert len(drain(outbox.reader(0, nothing))) == 2


def test_what_was_forgotten_is_never_coalesced_away() -> None:
    outbox = box()
    outbox.put(MemoryFigures(0, 0.0, 0, 0, 0, forgot_from_s=0.0, forgot_to_s=9.0))
    outbox.put(MemoryFigures(1, 1.0, 1, 1, 1))
    assert [m["forgot_to_s"] for m in drain(outbox.reader(0, nothing))] == [9.0, None]


def test_the_ring_is_bounded_by_count_and_bytes_and_says_when_a_reader_fell_behind() -> None:
    outbox = box(most=10)
    reader = outbox.reader(0, nothing)
    for i in range(11):
        outbox.put(Notice("n", str(i)))
    assert len(outbox) == 10
    assert not outbox.holds_after(0)
    assert outbox.holds_after(1)
    with pytest.raises(FellBehind):
        reader.next()
    small = box(most_bytes=1000)
    for _ in range(50):
        small.put(Notice("n", "x" * 100))
    assert 0 < small.bytes <= 1000


def test_numbers_of_another_visit_are_not_taken_for_ours() -> None:
    outbox = box(first_seq=1_000_000)
    outbox.put(Notice("a", "b"))
    assert outbox.last_seq == 1_000_001
    assert not outbox.holds_after(17)
    assert not outbox.holds_after(2_000_000)
    assert outbox.holds_after(1_000_000)


def test_several_readers_have_their_own_positions_and_are_all_woken() -> None:
    outbox = box()
    woken: list[str] = []
    first = outbox.reader(0, lambda: woken.append("first"))
    outbox.reader(0, lambda: woken.append("second"))
    outbox.put(Notice("a", "1"))
    assert woken == ["first", "second"]
    assert len(drain(first)) == 1
    first.close()
    outbox.put(Notice("a", "2"))
    assert woken == ["first", "second", "second"]


def test_a_message_for_a_data_channel_stays_below_its_limit() -> None:
    outbox = box()
    reader = outbox.reader(0, nothing)
    outbox.put(clip_event(1, "data:image/jpeg;base64," + "A" * 90_000))
    outbox.put(AnswerGrew(1, "ü" * 70_000, "ü" * 70_000, True))
    clip, answer = drain(reader)
    assert clip["thumbnail"] == ""
    assert clip["id"] == 1
    assert answer["text"].endswith("…")
    assert len(json.dumps(answer, ensure_ascii=False).encode()) < 61_000


EVENTS = st.one_of(
    st.sampled_from(["idle", "listening", "thinking"]).map(StateChanged),
    st.tuples(st.integers(0, 3), st.booleans()).map(lambda p: caption(p[0], f"words {p}", p[1])),
    st.tuples(st.integers(0, 3), st.booleans()).map(lambda p: clip_event(p[0], "", p[1])),
    st.integers(0, 5).map(lambda n: Notice("n", str(n))),
)


@given(st.lists(st.tuples(EVENTS, st.booleans()), max_size=60))
def test_no_final_is_lost_and_numbers_rise_whatever_the_pace(steps) -> None:
    outbox = box()
    reader = outbox.reader(0, nothing)
    got = []
    for event, read_now in steps:
        outbox.put(event)
        if read_now:
            got += drain(reader)
    got += drain(reader)
    numbers = [m["seq"] for m in got]
    assert numbers == sorted(set(numbers))

    def finals(messages) -> list:
        kept = [m for m in messages if m["type"] == "notice" or m.get("final") or m.get("open") is False]
        newest = {m["id"]: m["seq"] for m in kept if m["type"] == "clip"}  # a clip that goes on replaces what it was
        return [m for m in kept if m["type"] != "clip" or m["seq"] == newest[m["id"]]]

    everything = [json.loads(outbox.render(event, i + 1)) for i, (event, _) in enumerate(steps)]
    assert finals(got) == finals(everything)
    for kind in {m["type"] for m in everything}:
        assert [m for m in got if m["type"] == kind][-1] == [m for m in everything if m["type"] == kind][-1]


def test_what_is_forgotten_leaves_the_ring_and_a_late_reader_is_greeted_afresh() -> None:
    outbox = box()
    late, prompt = outbox.reader(0, nothing), outbox.reader(0, nothing)
    outbox.put(caption(1, "my secret", True))
    drain(prompt)
    outbox.put(MemoryFigures(0, 0, 0, 0, 0, forgot_from_s=0.0))
    assert [m["type"] for m in drain(prompt)] == ["memory"]
    with pytest.raises(FellBehind):
        late.next()
    assert all("secret" not in outbox.get(seq).text for seq in range(1, 10) if outbox.get(seq) is not None)
    assert not outbox.holds_after(0)
