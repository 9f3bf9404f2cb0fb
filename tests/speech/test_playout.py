from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from manual_life import ManualLife

from omnilive_demo.clock import SessionClock
from omnilive_demo.speech.playout import FRAME_SAMPLES, PAUSE_S, RATE_HZ, Playout, PlayoutFrame
from omnilive_demo.speech.synthesizer import SpokenSentence

TEXT = "one two three four"


def sentence(text: str = TEXT, word_s: float = 0.25, rate_hz: int = RATE_HZ, tone: float = 0.3) -> SpokenSentence:
    """Words of equal length, as a tone of 400 Hz."""
    words = text.split()
    times = np.arange(round(len(words) * word_s * rate_hz)) / rate_hz
    offsets = [text.index(word) for word in words]
    starts = tuple((offset, i * word_s) for i, offset in enumerate(offsets))
    return SpokenSentence(text, (tone * np.sin(2 * np.pi * 400 * times)).astype(np.float32), rate_hz, starts)


class Stage:
    """A playout, a transport that always pulls, and a log of what came when."""

    def __init__(self) -> None:
        self.life = ManualLife()
        self.log: list[str] = []
        self.frames: list[tuple[float, PlayoutFrame]] = []
        self.clock = SessionClock(self.life.time)
        self.playout = Playout(self.clock, self._started, self._finished, sleep=self.life.sleep)
        self.begin_s = self.life.time.seconds
        self.puller = asyncio.create_task(self._pull())

    def _started(self, turn: int) -> None:
        self.log.append(f"started {turn} at {self.now_s:.2f}")

    def _finished(self, turn: int) -> None:
        self.log.append(f"finished {turn} at {self.now_s:.2f}")

    @property
    def now_s(self) -> float:
        return self.life.time.seconds - self.begin_s

    @property
    def sound(self) -> np.ndarray:
        return np.concatenate([frame.samples for _, frame in self.frames]).astype(float) / 32768

    async def _pull(self) -> None:
        while True:
            frame = await self.playout.next_frame()
            self.frames.append((self.now_s, frame))

    async def close(self) -> None:
        self.puller.cancel()
        await asyncio.gather(self.puller, return_exceptions=True)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    await stage.close()


async def test_frames_come_at_the_pace_of_life_with_a_small_lead(stage: Stage) -> None:
    stage.playout.begin(1)
    stage.playout.put(1, sentence())
    stage.playout.end(1)
    await stage.life.run(2.0)
    assert len(stage.frames) == 50
    for index, (at_s, frame) in enumerate(stage.frames):
        assert at_s == pytest.approx(max(0.0, index * 0.02 - 0.06), abs=1e-6)
        assert frame.offset_s == pytest.approx(index * 0.02)
        assert frame.samples.shape == (FRAME_SAMPLES,)
        assert frame.samples.dtype == np.int16
    assert stage.log == ["started 1 at 0.00", "finished 1 at 1.00"]


async def test_the_turn_is_finished_when_its_last_frame_was_heard_and_not_when_it_was_handed_out(stage: Stage) -> None:
    stage.playout.begin(1)
    stage.playout.put(1, sentence())
    stage.playout.end(1)
    await stage.life.run(0.97)
    assert len(stage.frames) == 50
    assert stage.playout.speaking == 1
    assert stage.log == ["started 1 at 0.00"]
    await stage.life.run(0.03)
    assert stage.playout.speaking is None
    assert stage.playout.heard_text() == TEXT


async def test_a_turn_finishes_although_the_transport_went_away_after_the_last_frame(stage: Stage) -> None:
    stage.playout.begin(1)
    stage.playout.put(1, sentence())
    stage.playout.end(1)
    await stage.life.run(0.97)
    await stage.close()
    await stage.life.run(1)
    assert stage.log[-1] == "finished 1 at 1.00"


async def test_a_late_end_finishes_the_turn_at_once(stage: Stage) -> None:
    stage.playout.begin(1)
    stage.playout.put(1, sentence())
    await stage.life.run(3)
    assert stage.log == ["started 1 at 0.00"]
    stage.playout.end(1)
    stage.playout.end(1)
    await stage.life.run(0)
    assert stage.log == ["started 1 at 0.00", "finished 1 at 3.00"]


async def test_a_turn_without_sound_finishes_too(stage: Stage) -> None:
    stage.playout.begin(1)
    stage.playout.put(1, SpokenSentence("…", np.zeros(0, np.float32), RATE_HZ))
    stage.playout.end(1)
    assert stage.log == ["finished 1 at 0.00"]
    assert stage.playout.speaking is None


async def test_silence_is_not_the_start_of_a_turn(stage: Stage) -> None:
    quiet = np.concatenate([np.zeros(2 * FRAME_SAMPLES, np.float32), sentence("go").samples])
    stage.playout.begin(1)
    stage.playout.put(1, SpokenSentence("go", quiet, RATE_HZ))
    await stage.life.run(1)
    assert stage.log == ["started 1 at 0.00"]
    assert stage.frames[1][1].samples.max() == 0


@pytest.mark.parametrize(
    ("after_s", "heard"), [(0.0, ""), (0.24, ""), (0.26, "one"), (0.6, "one two"), (0.99, "one two three"), (1.1, TEXT)]
)
async def test_a_stop_returns_the_words_that_had_been_heard_and_drops_the_rest(
    stage: Stage, after_s: float, heard: str
) -> None:
    stage.playout.begin(1)
    stage.playout.put(1, sentence())
    await stage.life.run(after_s)
    handed_out = len(stage.frames)
    assert stage.playout.stop() == heard
    assert stage.playout.speaking is None
    stage.playout.put(1, sentence())
    stage.playout.end(1)
    await stage.life.run(5)
    assert len(stage.frames) == handed_out
    assert stage.playout.stop() == heard
    assert not any(entry.startswith("finished") for entry in stage.log)


async def test_a_stop_in_the_second_sentence_keeps_the_first(stage: Stage) -> None:
    stage.playout.begin(1)
    stage.playout.put(1, sentence("All is well."))
    stage.playout.put(1, sentence("The door is red."))
    await stage.life.run(0.75 + 0.02 + PAUSE_S + 0.55)
    assert stage.playout.stop() == "All is well. The door"


async def test_a_sentence_in_two_pieces_is_heard_when_both_are(stage: Stage) -> None:
    stage.playout.begin(1)
    for text in ("You said it,", "in the dark.", "And then what?"):
        stage.playout.put(1, sentence(text))
    await stage.life.run(0.75 + 0.02 + PAUSE_S)
    assert stage.playout.heard_sentences() == 0
    await stage.life.run(0.75 + 0.1)
    assert stage.playout.heard_sentences() == 1


async def test_what_the_page_heard_counts_more_than_what_was_sent(stage: Stage) -> None:
    stage.playout.begin(1)
    stage.playout.put(1, sentence())
    await stage.life.run(0.6)
    stage.playout.heard_until(1, 300)
    assert stage.playout.heard_text() == "one"
    await stage.life.run(0.22)
    assert stage.playout.heard_text() == "one two"
    stage.playout.heard_until(7, 0)
    stage.playout.heard_until(1, 90_000)
    assert stage.playout.heard_text() == "one two three", "nobody hears what was not sent yet"


async def test_the_page_corrects_the_text_after_a_stop(stage: Stage) -> None:
    stage.playout.begin(1)
    stage.playout.put(1, sentence())
    await stage.life.run(0.8)
    assert stage.playout.stop() == "one two three"
    stage.playout.heard_until(1, 510)
    assert stage.playout.heard_text() == "one two"


async def test_the_text_does_not_end_inside_a_word(stage: Stage) -> None:
    text = "at 3:30 today"
    stage.playout.begin(1)
    samples = sentence(text, word_s=1.0).samples
    stage.playout.put(1, SpokenSentence(text, samples, RATE_HZ, ((0, 0.0), (3, 0.5), (5, 1.0), (8, 1.5))))
    await stage.life.run(1.2)
    assert stage.playout.heard_text() == "at"
    await stage.life.run(0.4)
    assert stage.playout.heard_text() == "at 3:30"


async def test_words_are_guessed_by_length_when_the_voice_does_not_tell_them(stage: Stage) -> None:
    stage.playout.begin(1)
    stage.playout.put(1, SpokenSentence(TEXT, sentence().samples, RATE_HZ))
    await stage.life.run(0.5)
    assert stage.playout.heard_text() == "one two"


async def test_chinese_is_heard_by_the_character(stage: Stage) -> None:
    stage.playout.begin(1)
    samples = sentence("a b c d").samples
    stage.playout.put(1, SpokenSentence("红色的门", samples, RATE_HZ, tuple((i, i * 0.25) for i in range(4))))
    await stage.life.run(0.6)
    assert stage.playout.heard_text() == "红色"


async def test_a_late_sentence_waits_without_a_burst_and_without_a_second_pause(stage: Stage) -> None:
    stage.playout.begin(1)
    stage.playout.put(1, sentence())
    await stage.life.run(2.0)
    stage.playout.put(1, sentence("five six"))
    stage.playout.end(1)
    await stage.life.run(2.0)
    late = [(at_s, frame) for at_s, frame in stage.frames if at_s >= 2.0]
    assert len(late) == 25
    assert late[0][1].offset_s == pytest.approx(1.0)
    assert [round(at_s, 2) for at_s, _ in late[:6]] == [2.0, 2.0, 2.0, 2.0, 2.02, 2.04]
    assert stage.log[-1] == "finished 1 at 2.50"


async def test_a_slow_transport_catches_up_but_one_that_was_away_does_not(stage: Stage) -> None:
    await stage.close()
    stage.playout.begin(1)
    stage.playout.put(1, sentence())
    await stage.playout.next_frame()
    stage.life.time.advance(0.2)
    frames = [await stage.playout.next_frame() for _ in range(12)]
    assert frames[-1].offset_s == pytest.approx(0.24)
    stage.life.time.advance(5.0)
    puller = asyncio.create_task(stage._pull())
    await stage.life.run(0.0)
    assert len(stage.frames) == 4, "only the lead again"
    assert stage.playout.heard_text() == "one"
    puller.cancel()


async def test_there_is_a_short_pause_between_sentences(stage: Stage) -> None:
    stage.playout.begin(1)
    stage.playout.put(1, sentence())
    stage.playout.put(1, sentence("five"))
    await stage.life.run(3)
    silent = np.abs(stage.sound[RATE_HZ : RATE_HZ + round(PAUSE_S * RATE_HZ)])
    assert silent.max() == 0
    assert len(stage.sound) == round((1.25 + PAUSE_S) * RATE_HZ / FRAME_SAMPLES + 0.49) * FRAME_SAMPLES


async def test_a_new_turn_replaces_the_old_one(stage: Stage) -> None:
    stage.playout.begin(1)
    stage.playout.put(1, sentence())
    await stage.life.run(0.3)
    stage.playout.begin(2)
    stage.playout.put(1, sentence())
    stage.playout.end(1)
    stage.playout.put(2, sentence("hello"))
    stage.playout.end(2)
    await stage.life.run(3)
    assert {frame.turn for at_s, frame in stage.frames if at_s > 0.3} == {2}
    assert stage.log == ["started 1 at 0.00", "started 2 at 0.32", "finished 2 at 0.58"], "at the next frame's time"
    assert stage.playout.heard_text() == "hello"


async def test_the_voice_keeps_the_pace_of_life_while_a_file_drives_stream_time(stage: Stage) -> None:
    stage.clock.drive()
    stage.playout.begin(1)
    stage.playout.put(1, sentence())
    stage.playout.end(1)
    stage.clock.advance_to(3600)
    await stage.life.run(0.5)
    assert len(stage.frames) == 29
    await stage.life.run(0.6)
    assert stage.log[-1] == "finished 1 at 1.00"


async def test_ducking_is_quick_and_does_not_click(stage: Stage) -> None:
    stage.playout.begin(1)
    stage.playout.put(1, sentence(tone=0.8))
    await stage.life.run(0.3)
    stage.playout.duck()
    assert stage.playout.ducked
    await stage.life.run(0.3)
    stage.playout.restore()
    await stage.life.run(1)
    sound = stage.sound
    steps = np.abs(np.diff(sound))
    tone_step = 0.8 * 2 * np.pi * 400 / RATE_HZ
    assert steps[: len(sound) - FRAME_SAMPLES].max() < tone_step * 1.05, "no step is larger than the tone's own"
    level = [np.abs(sound[i : i + 2400]).max() for i in range(0, RATE_HZ, 2400)]
    assert level[1] == pytest.approx(0.8, abs=0.01)
    assert level[5] == pytest.approx(0.2, abs=0.01)
    assert level[8] == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 24_000, 48_000])
async def test_every_rate_comes_out_at_24_khz(stage: Stage, rate_hz: int) -> None:
    stage.playout.begin(1)
    stage.playout.put(1, sentence(rate_hz=rate_hz, tone=0.5))
    await stage.life.run(2)
    sound = stage.sound
    assert abs(len(sound) - RATE_HZ) <= FRAME_SAMPLES
    spectrum = np.abs(np.fft.rfft(sound[2400:21600] * np.hanning(19200)))
    assert np.argmax(spectrum) * RATE_HZ / 19200 == pytest.approx(400, abs=2)
    assert np.abs(sound).max() == pytest.approx(0.5, abs=0.02)


async def test_too_loud_a_sentence_is_limited_and_does_not_wrap(stage: Stage) -> None:
    stage.playout.begin(1)
    stage.playout.put(1, sentence(tone=1.5))
    await stage.life.run(0.1)
    assert np.abs(np.diff(stage.sound)).max() < 0.3
