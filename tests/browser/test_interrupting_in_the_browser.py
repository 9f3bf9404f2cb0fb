"""Talking and coughing over a spoken answer, into a microphone that the test holds, with the page's gain watched."""

from __future__ import annotations

import base64
import io
import wave

import numpy as np
import pytest

from omnilive_demo.evaluation.media import ROOM_NOISE
from omnilive_demo.evaluation.speech import RATE_HZ, Speech, synthesize
from omnilive_demo.evaluation.stimuli import throats

AUDIBLE = 0.01  # −40 dBFS
QUESTION = "What happened since the beginning?"
DUCKED_DB = -12.0

MICROPHONE = """
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => {
        const stream = await real(wanted);
        if (!wanted.audio) return stream;
        const context = new AudioContext();
        const mouth = context.createMediaStreamDestination();
        window.speak = async (wav) => {
            const bytes = Uint8Array.from(atob(wav), (char) => char.charCodeAt(0));
            const source = context.createBufferSource();
            source.buffer = await context.decodeAudioData(bytes.buffer);
            source.connect(mouth);
            source.start();
        };
        for (const track of stream.getAudioTracks()) { stream.removeTrack(track); track.stop(); }
        stream.addTrack(mouth.stream.getAudioTracks()[0]);
        return stream;
    };
    const createGain = BaseAudioContext.prototype.createGain;
    BaseAudioContext.prototype.createGain = function (...args) {
        const gain = createGain.apply(this, args);
        (window.gains ??= []).push(gain);
        return gain;
    };
"""
# A faint tone, higher than an answer's 24 kHz can hold, goes through the page's own gain: its level tells the gain.
WATCH_GAIN = """() => {
    const [gain] = window.gains;
    const { context } = gain;
    const tone = new OscillatorNode(context, { frequency: 15000 });
    const analyser = new AnalyserNode(context, { fftSize: 2048, smoothingTimeConstant: 0 });
    tone.connect(new GainNode(context, { gain: 0.003 })).connect(gain).connect(analyser);
    tone.start();
    const levels = new Float32Array(analyser.frequencyBinCount);
    const bin = Math.round(15000 / (context.sampleRate / analyser.fftSize));
    window.heardGain = [];
    setInterval(() => {
        analyser.getFloatFrequencyData(levels);
        const state = document.querySelector('#omnilive').dataset.state;
        window.heardGain.push([state, Math.max(...levels.subarray(bin - 2, bin + 3))]);
    }, 5);
}"""


def wav(speech: Speech) -> str:
    """A sound in a quiet room, as base64 of a WAV file."""
    sound = np.concatenate([speech.samples, np.zeros(RATE_HZ // 2, np.float32)])
    sound = sound + np.random.default_rng(1).normal(0, ROOM_NOISE, sound.size)
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return base64.b64encode(data.getvalue()).decode("ascii")


@pytest.fixture
def speaking(visitors):
    """A visitor with camera and microphone to whom an answer is being spoken, and whose page's gain is watched."""
    visitor = visitors()
    visitor.page.add_init_script(MICROPHONE)
    visitor.open().use_camera()
    visitor.wait_figure("t.carrier === 'webrtc' && t.clips >= 1", 40.0)
    visitor.page.evaluate(WATCH_GAIN)
    visitor.page.fill("[data-el=question]", QUESTION)
    visitor.page.press("[data-el=question]", "Enter")
    visitor.wait_figure(f"t.outRms > {AUDIBLE} && t.state === 'speaking'")
    return visitor


def full_gain_db(watched: list[tuple[str, float]]) -> float:
    return float(np.median([db for state, db in watched if state == "speaking"]))


def lowest_while_ducked_db(visitor) -> float:
    """How far the gain fell, while the page said that it was ducked."""
    watched = visitor.page.evaluate("window.heardGain")
    full_db = full_gain_db(watched)
    return min((db - full_db for state, db in watched if state == "ducked"), default=0.0)


def test_words_over_an_answer_stop_it(speaking):
    speaking.page.evaluate("wav => window.speak(wav)", wav(synthesize("Stop, I want to say something else.", "slt")))
    speaking.page.wait_for_selector(".ai[data-interrupted=speech]")
    speaking.wait_figure("t.outRms < 0.001", 5.0)
    assert lowest_while_ducked_db(speaking) <= DUCKED_DB


def test_a_cough_ducks_an_answer_and_does_not_stop_it(speaking):
    cough = next(one for one in throats(4) if one.name.startswith("cough"))
    speaking.page.evaluate("wav => window.speak(wav)", wav(cough.speech))
    speaking.wait_figure("t.state === 'ducked'", 5.0)
    speaking.wait_figure(f"t.state === 'speaking' && t.outRms > {AUDIBLE}", 10.0)
    assert lowest_while_ducked_db(speaking) <= DUCKED_DB
    speaking.wait_figure("t.state === 'idle'")
    assert speaking.page.locator(".ai[data-interrupted]").count() == 0
    watched = speaking.page.evaluate("window.heardGain")
    assert watched[-1][1] == pytest.approx(full_gain_db(watched), abs=1.0), "the gain is back"
