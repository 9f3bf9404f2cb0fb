from __future__ import annotations

import hashlib
import itertools
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr
from PIL import Image
from world_fakes import Discs

from omnilive_demo.config import ASSETS
from omnilive_demo.training import samples
from omnilive_demo.training.samples import STORIES, describe, make
from omnilive_demo.training.samples_film import Film
from omnilive_demo.training.samples_media import Measured, measure
from omnilive_demo.training.samples_sound import MAKERS, RATE_HZ, Sound, flite, mix_track
from omnilive_demo.training.samples_story import FPS
from omnilive_demo.training.world.painter import is_held, position
from omnilive_demo.training.world.story import FIRST_TEST_SEED
from omnilive_demo.training.world.things import Thing, things_of

FOLDER = ASSETS / "samples"
NAMES = sorted(STORIES)


def fake_voice(text: str, voice: str) -> Sound:
    """A buzz as long as the text: says nothing, but sounds where speech would."""
    n = len(text) * RATE_HZ // 18
    return (0.3 * np.sin(2 * np.pi * (110 + len(voice)) * np.arange(n) / RATE_HZ)).astype(np.float32)


def truth(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def decoded() -> dict[str, Measured]:
    return {name: measure(FOLDER / f"{name}.mp4") for name in NAMES}


def level_db(sound: Sound, start_s: float, end_s: float) -> float:
    part = sound[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)]
    return 20 * float(np.log10(max(float(np.sqrt(np.mean(np.square(part)))), 1e-9)))


def test_the_list_names_every_stream_with_what_the_page_needs() -> None:
    listed = json.loads((FOLDER / "samples.json").read_text("utf-8"))
    assert [entry["name"] for entry in listed] == list(STORIES), "in the order of the page"
    for entry in listed:
        described = truth(entry["name"])
        assert all(described[key] == value for key, value in entry.items())
        assert len(entry["questions"]) == 3
        assert all(question.endswith("?") for question in entry["questions"])
        assert "truth" not in entry, "the answers are not for the page"
        with Image.open(FOLDER / entry["poster"]) as poster:
            assert poster.size == (640, 360)
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 10e6
    assert {path.stem for path in FOLDER.iterdir()} == {*STORIES, "samples"}, "nothing of before is left"


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_is_small_long_enough_and_complete(name: str, decoded: dict[str, Measured]) -> None:
    made, described = decoded[name], truth(name)
    assert made.size_bytes < 3e6
    assert 45 <= made.duration_s <= 90
    assert made.duration_s == pytest.approx(described["duration_s"], abs=0.1)
    assert made.frames == round(described["duration_s"] * FPS)
    assert made.sound.size / RATE_HZ == pytest.approx(described["duration_s"], abs=0.1)
    assert (made.width, made.height) == (described["width"], described["height"]) == (640, 360)
    assert made.peak_db < -0.5, "nothing clips"


@pytest.mark.parametrize("name", NAMES)
def test_the_truth_that_lies_beside_a_stream_is_that_of_its_story(name: str) -> None:
    story, shipped = STORIES[name], truth(name)
    ends = {sentence["text"]: sentence["end_s"] for sentence in shipped["truth"]["sentences"]}
    said = [(line, ends[line.text]) for line in story.lines]
    assert shipped == describe(story, said, story.duration_s)
    assert shipped["truth"]["seed"] >= FIRST_TEST_SEED, "nothing is trained on it"


@pytest.mark.parametrize("name", NAMES)
def test_a_browser_can_start_a_stream_before_all_of_it_is_there(name: str) -> None:
    head = (FOLDER / f"{name}.mp4").read_bytes()
    assert 0 < head.find(b"moov") < head.find(b"mdat"), "the index comes first"
    assert b"avc1" in head[: head.find(b"mdat")]
    assert b"mp4a" in head[: head.find(b"mdat")]


@pytest.mark.parametrize("name", NAMES)
def test_every_thing_has_a_taught_name_and_is_seen_large_and_long_enough(name: str) -> None:
    known = {thing.name for thing in things_of("known")}
    segments = STORIES[name].plan().timeline().segments
    seen = [thing for segment in segments for thing in segment.things]
    assert len({thing.name for thing in seen}) >= 6
    for thing in seen:
        assert thing.name in known
        assert max(end - start for start, end in thing.spans) >= 3.0, thing
        assert thing.size >= 0.25, thing
        assert thing.visible > 0.9, thing


@pytest.mark.parametrize("name", NAMES)
def test_every_suggested_question_has_its_evidence_in_the_stream(name: str) -> None:
    asked = truth(name)["truth"]["questions"]
    assert [question["text"] for question in asked] == truth(name)["questions"]
    for question in asked:
        assert question["evidence"], question
        assert all(0 <= start < end <= STORIES[name].duration_s for start, end in question["evidence"])
    assert {question["kind"] for question in asked} & {"semantic", "explicit"}


def test_the_umbrella_is_early_in_the_first_stream_and_is_not_named_by_the_narrator() -> None:
    first = truth(next(iter(STORIES)))
    asked = first["truth"]["questions"][0]
    assert asked["text"] == "How about the weather today, what should I take?"
    assert asked["about"] == "umbrella"
    assert asked["evidence"][-1][1] < first["duration_s"] / 3
    for sentence in first["truth"]["sentences"]:
        assert not re.search("umbrella|rain|weather", sentence["text"].lower())


@pytest.mark.parametrize("name", NAMES)
def test_speech_is_where_the_truth_says(name: str, decoded: dict[str, Measured]) -> None:
    sound, sentences = decoded[name].sound, truth(name)["truth"]["sentences"]
    assert len(sentences) >= 4
    for before, after in itertools.pairwise(sentences):
        assert after["start_s"] - before["end_s"] > 0.8, "there is a pause to tell two sentences apart"
    for sentence in sentences:
        assert -25 < level_db(sound, sentence["start_s"], sentence["end_s"]) < -16, sentence
        assert 1.0 < sentence["end_s"] - sentence["start_s"] < 5


@pytest.mark.parametrize("name", NAMES)
def test_sounds_are_where_the_truth_says(name: str, decoded: dict[str, Measured]) -> None:
    sound, said = decoded[name].sound, truth(name)["truth"]
    busy = [(span["start_s"], span["end_s"]) for span in said["sentences"] + said["sounds"]]
    length_s = said["scenes"][-1]["end_s"]
    for noise in said["sounds"]:
        assert 0 <= noise["start_s"] < noise["end_s"] <= length_s
        assert level_db(sound, noise["start_s"], noise["end_s"]) > -50, noise
    quiet = [s for s in np.arange(0, length_s - 1, 0.5) if all(s + 0.5 < a - 0.05 or s > b + 0.3 for a, b in busy)]
    for start_s in quiet:
        assert level_db(sound, start_s, start_s + 0.5) < -50, f"an untold sound at {start_s} s"


@pytest.mark.parametrize("name", NAMES)
def test_scenes_follow_without_a_gap(name: str) -> None:
    scenes = truth(name)["truth"]["scenes"]
    assert scenes[0]["start_s"] == 0
    for before, after in itertools.pairwise(scenes):
        assert before["end_s"] == after["start_s"]


def test_scenes_are_as_light_as_told(decoded: dict[str, Measured]) -> None:
    levels: dict[str, list[float]] = {"bright": [], "dark": []}
    for name in NAMES:
        for scene in truth(name)["truth"]["scenes"]:
            inside = slice(round((scene["start_s"] + 0.8) * FPS), round((scene["end_s"] - 0.8) * FPS))
            levels[scene["light"]].append(decoded[name].brightness[inside].mean())
    assert max(levels["dark"]) + 25 < min(levels["bright"])


def test_the_recogniser_understands_the_narrator(decoded: dict[str, Measured]) -> None:
    """A few sentences of each stream, among them the facts that the suggested questions ask for."""
    decoder = pytest.importorskip("pocketsphinx").Decoder(loglevel="FATAL")
    missed, words = 0, 0
    chosen = {"hallway": ("bus", "keys"), "kitchen": ("medicine", "birthday"), "street": ("dollars", "brother")}
    for name, facts in chosen.items():
        for fact in facts:
            (sentence,) = (one for one in truth(name)["truth"]["sentences"] if fact in one["text"])
            begin, end = round((sentence["start_s"] - 0.25) * RATE_HZ), round((sentence["end_s"] + 0.25) * RATE_HZ)
            heard_16k = soxr.resample(decoded[name].sound[begin:end], RATE_HZ, 16_000)
            decoder.start_utt()
            decoder.process_raw((heard_16k * 32767).astype(np.int16).tobytes(), full_utt=True)
            decoder.end_utt()
            heard = decoder.hyp().hypstr.split() if decoder.hyp() else []
            expected = re.findall(r"[a-z]+", sentence["text"].lower())
            words += len(expected)
            missed += sum(word not in heard for word in expected)
    assert missed / words < 0.15


def _hashes(name: str, seed: int, seconds: float) -> list[str]:
    film = Film(STORIES[name], Discs(), seed)
    return [hashlib.sha256(picture.tobytes()).hexdigest() for picture in film.frames(seconds)]


def test_the_same_seed_draws_the_same_pictures() -> None:
    first = _hashes("kitchen", 3, 0.4)
    assert len(first) == 6
    assert _hashes("kitchen", 3, 0.4) == first
    assert not set(_hashes("kitchen", 4, 0.2)) & set(first), "another grain"


class Nothing:
    """Draws everything as nothing at all."""

    def sprite(self, what: Thing | str) -> Image.Image:
        return Image.new("RGBA", (136, 136), (0, 0, 0, 0))


@pytest.mark.parametrize("name", NAMES)
def test_things_are_drawn_where_their_truth_says(name: str) -> None:
    story = STORIES[name]
    with_things, without = Film(story, Discs(), 1), Film(story, Nothing(), 1)
    for take in story.takes:
        t_s = take.start_s + 0.6 * (take.end_s - take.start_s)
        differs = np.abs(with_things.moment(t_s).astype(int) - without.moment(t_s)).max(-1) > 12
        boxes = np.zeros_like(differs)
        for player in take.players:
            if (at := position(player.actor, t_s)) is None:
                continue
            across, along = at.size * 180 + 4, at.size * 180 + 4  # and the sway of the camera
            x, y = at.x * 640, at.y * 360
            rows = slice(max(0, round(y - along)), max(0, round(y + along)))
            columns = slice(max(0, round(x - across)), max(0, round(x + across)))
            boxes[rows, columns] = True
            if not is_held(player.actor, t_s):
                assert differs[round(y), round(x)], (player.actor.thing.name, t_s)
        assert not (differs & ~boxes).any(), f"something is drawn elsewhere at {t_s}"


@pytest.mark.parametrize("name", NAMES)
def test_movement_is_smooth(name: str) -> None:
    """From one picture to the next nothing jumps, and the speed changes gently."""
    for take in STORIES[name].takes:
        for player in take.players:
            path = player.actor.path
            for first, second in itertools.pairwise(path):
                length = max(abs(second.x - first.x), abs(second.y - first.y))
                assert second.t_s >= first.t_s
                assert length <= 2.0 * max(second.t_s - first.t_s, 1e-9) + 1e-6, (
                    player.actor.thing.name,
                    first,
                    second,
                )


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_mixes_the_same_sound(name: str) -> None:
    one, said = mix_track(STORIES[name], fake_voice, 3, 12.0)
    other, _ = mix_track(STORIES[name], fake_voice, 3, 12.0)
    assert np.array_equal(one, other)
    assert one.size == 12 * RATE_HZ
    assert np.abs(one).max() <= 0.9
    assert [line.text for line, _ in said] == [line.text for line in STORIES[name].lines]


def test_every_sound_can_be_made() -> None:
    for kind, maker in MAKERS.items():
        sound = maker(np.random.default_rng(1), 2 * RATE_HZ)
        assert sound.shape == (2 * RATE_HZ,), kind
        assert np.isfinite(sound).all(), kind
        assert np.abs(sound).max() > 0.05, kind


def test_a_short_stream_is_made_twice_alike_with_a_voice_of_our_own(tmp_path: Path) -> None:
    files = []
    for attempt in ("a", "b"):
        folder = tmp_path / attempt
        folder.mkdir()
        made = make(STORIES["hallway"], folder, Discs(), fake_voice, 3.0)
        assert made.frames == 3 * FPS
        assert made.duration_s == pytest.approx(3.0, abs=0.1)
        assert level_db(made.sound, 2.3, 2.9) > -24, "somebody speaks"
        files.append((folder / "hallway.mp4").read_bytes())
    assert files[0] == files[1]


def test_the_command_writes_streams_and_their_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "NotoSprites", Discs)
    assert samples.main(["--out", str(tmp_path), "--only", "kitchen", "--seconds", "1", "--silent"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"kitchen.mp4", "kitchen.jpg", "kitchen.json", "samples.json"}
    assert "kitchen: 1.0 s, 15 frames" in capsys.readouterr().out


def test_without_a_narrator_a_clear_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RuntimeError, match="apt-get install flite"):
        flite("Hello.", "slt")


@pytest.mark.skipif(shutil.which("flite") is None, reason="flite makes the narrator's voice")
def test_the_narrator_speaks_without_silence_around() -> None:
    said = flite("The kettle is on.", "rms")
    assert np.abs(said[: RATE_HZ // 50]).max() > 0.001
    assert 0.6 < said.size / RATE_HZ < 3
