"""A visitor who asks on: the shipped eyes, memory and sentences in a whole session, closed and opened again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from drawn_stream import scene
from session_fakes import Stage
from test_seen_and_asked import SCENES, SEED
from whole_visit import Visitor

from omnilive_demo.config import Settings
from omnilive_demo.engine import Engine
from omnilive_demo.events import AnswerGrew, Caption, Retrieved
from omnilive_demo.records import Evidence, Heard, Spoken
from omnilive_demo.session import Session

EPOCH_S = 1_700_000_000.0
AWAY_S = 7200.0


class Guest(Visitor):
    """A visitor who comes at a time of day, and only reads the answers."""

    def __init__(self, engine: Engine, folder: Path, epoch_s: float) -> None:
        super().__init__(engine, folder)
        self.session = Session(folder.name, engine, engine.settings, folder, epoch_s)
        self.session.subscribe(self.told.append)

    async def come(self) -> None:
        await super().come()
        self.session.change_settings(None, None, None, False)

    async def see(self, name: str, words: str = "", sound: str = "") -> None:
        at_s = self.session.clock.now_s()
        await self.show([image for _, image in scene(SCENES[name], 0.0, SEED + list(SCENES).index(name))])
        if words:
            said = Spoken(1000 + int(at_s), at_s + 2, at_s + 4, words, "visitor", False)
            self.session._remembering.write(self.session.memory.add_spoken, said)
        if sound:
            self.session._remembering.write(self.session.memory.add_heard, Heard(at_s + 5, at_s + 5.5, sound, 0.9))

    async def answered(self, text: str) -> tuple[str, tuple[Evidence, ...]]:
        answer = await self.ask(text)
        return answer.text, next(one.evidence for one in reversed(self.of(Retrieved)) if one.turn == answer.turn)


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    engine = Engine(Settings())
    await engine.start()
    assert engine.failure == ""
    yield engine
    await engine.close()


async def test_one_asks_on_and_comes_back_after_two_hours(engine: Engine, tmp_path: Path) -> None:
    guest = Guest(engine, tmp_path / "a", EPOCH_S)
    other = Guest(engine, tmp_path / "b", EPOCH_S)
    await guest.come()
    await other.come()
    await guest.see("umbrella")
    await guest.see("mug", words="the meeting with Anna is on friday")
    await guest.see("dog", words="we should buy milk tomorrow", sound="knock")
    await guest.see("banana")

    assert (await guest.answered("Where is the dog?"))[0].startswith("I saw the dog")
    text, evidence = await guest.answered("And before that?")
    assert "mug" in text
    assert [one.score for one in evidence] == [0.9]
    assert "umbrella" in (await guest.answered("And before that?"))[0]
    assert (await guest.answered("And before that?")) == ("I remember nothing from before that.", ())
    assert "mug" in (await guest.answered("And then?"))[0]
    text, _ = await guest.answered("Did anyone say anything then?")
    assert "the meeting with Anna is on friday" in text
    assert "milk" not in text

    await guest.answered("Where is the banana?")
    assert (await guest.answered("When was that?"))[0].startswith("That was")
    assert "I noticed nothing else then." in (await guest.answered("What else was there?"))[0]
    assert (await guest.answered("The other one?")) == ("I remember nothing else that answers that.", ())
    await guest.see("dog")
    assert "The first time" in (await guest.answered("Where is the dog?"))[0]
    assert (await guest.answered("Any other time?"))[1] == ()  # both were told

    await guest.answered("What did I say?")
    assert (await guest.answered("And before that?"))[0] == "I remember nothing that was said before that."
    text, _ = await guest.answered("What happened in the last hour?")
    assert "dog twice" in text
    assert "a knock" in text
    assert "we should buy milk tomorrow" in text

    assert (await other.answered("The other one?"))[0].startswith("I don't know what you mean")
    await guest.answered("Where is the elephant?")
    assert (await guest.answered("And then?"))[0].startswith("I don't know what you mean")
    assert (await guest.answered("How long was I away?"))[0] == "You haven't been away since this memory began."
    await guest.leave()
    await other.leave()

    again = Guest(engine, tmp_path / "a", EPOCH_S + AWAY_S)  # two hours later
    await again.come()
    assert (await again.answered("How long was I away?"))[0].startswith("You were away for about two hours")
    text, evidence = await again.answered("When was I last here?")
    assert "two hours ago" in text
    assert "a dog" in text
    assert len(evidence) == 1
    text, evidence = await again.answered("What happened while I was away?")
    assert "Nothing was seen, heard or recorded then." in text
    assert evidence == ()
    assert "about two hours ago" in (await again.answered("Where is the banana?"))[0]
    await again.session.forget(None, None)
    assert (await again.answered("The other one?"))[0].startswith("I don't know what you mean")
    await again.leave()


async def test_the_other_one_is_for_us_only_just_after_an_answer() -> None:
    stage = Stage({1: "the other one", 2: "the other one", 3: "the other one"})
    stage.say(1)
    await stage.settle()
    assert [caption.answered for caption in stage.of(Caption)] == [False]  # nothing was told that it could be about
    stage.conversation.ask("Where is the mug?")
    await stage.settle()
    assert stage.of(AnswerGrew)[-1].text
    stage.conversation.stop("stop")
    stage.say(2)
    await stage.settle()
    assert stage.of(Caption)[-1].answered is True
    assert stage.memory.recalled[-1].thread is not None
    assert stage.memory.recalled[-1].thread.asked == "Where is the mug?"
    stage.conversation.stop("stop")
    stage.time.advance(600.0)
    stage.say(3)
    await stage.settle()
    assert stage.of(Caption)[-1].answered is False
    stage.conversation.forget(0.0, 1000.0)
    stage.conversation.ask("And before that?")
    await stage.settle()
    assert stage.memory.recalled[-1].thread is None
