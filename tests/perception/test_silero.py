from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from omnilive_demo.perception import silero
from omnilive_demo.perception.silero import SileroVoiceActivity


def probabilities(detector: SileroVoiceActivity, samples) -> list[float]:
    whole = len(samples) // 512 * 512
    return [detector.probability(window) for window in samples[:whole].reshape(-1, 512)]


def test_speech_is_likely_and_noise_is_not(speak):
    detector = SileroVoiceActivity()
    noise = np.random.default_rng(0).normal(0, 0.01, 16_000).astype(np.float32)
    assert max(probabilities(detector, noise)) < 0.5
    assert np.mean(np.array(probabilities(detector, speak("where did I leave my keys"))) > 0.5) > 0.8


def test_agrees_with_the_package_of_its_authors(speak):
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("silero_vad").load_silero_vad(onnx=True)
    samples = speak("what happened a minute ago")
    expected = [float(theirs(torch.from_numpy(w.copy()), 16_000)) for w in samples[: 512 * 40].reshape(-1, 512)]
    np.testing.assert_allclose(probabilities(SileroVoiceActivity(), samples[: 512 * 40]), expected, atol=1e-4)


def test_reset_forgets_and_streams_do_not_mix(speak):
    samples = speak("the meeting is at three")
    one, other = SileroVoiceActivity(), SileroVoiceActivity()
    first = probabilities(one, samples)
    probabilities(other, np.zeros(5120, np.float32))
    one.reset()
    assert probabilities(one, samples) == pytest.approx(first)


def test_missing_file_is_said_in_a_sentence(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="Reinstall silero-vad"):
        SileroVoiceActivity(tmp_path / "gone.onnx")
    monkeypatch.setattr(silero.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="pip install silero-vad"):
        SileroVoiceActivity()


def test_torch_is_not_imported():
    code = (
        "import sys; from omnilive_demo.perception.silero import SileroVoiceActivity as S; S();"
        "sys.exit('torch' in sys.modules or 'silero_vad' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
