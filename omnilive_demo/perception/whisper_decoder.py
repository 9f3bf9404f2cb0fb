"""Whisper on faster-whisper (CTranslate2): a stretch of sound in, words out. One model for all sessions.

CTranslate2 releases the GIL while it computes, so calls run on plain threads. The sound is encoded once and serves the
language, the words and their times. What the model invents on silence and noise is left out (`whisper_guards.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.perception.recognizer import Recognition, SpokenWord
from omnilive_demo.perception.whisper_guards import Piece, believable, cleaned, plain
from omnilive_demo.serving.lane import WorkCancelled

RATE_HZ = 16_000
_WHOLE, _HALF = 3000, 1536  # frames of 10 ms that are encoded: the model was trained on the whole
_MARGIN = 100  # of quiet behind the last word, without which it is repeated
_LEAST_S = 0.1
_SURE_LANGUAGE = 0.65
_REST_S = 0.6
_TOKENS_AT_ONCE, _TOKENS_PER_S = 24, 14.0  # nobody says more; a decoder that loops is stopped
_NOTHING = Recognition("", 0.0)


class WhisperDecoder:
    """Decodes stretches of sound; safe to call from several threads.

    Args:
        folder: a model in CTranslate2's format, as `Systran/faster-whisper-small` has it: model.bin, config.json,
            tokenizer.json, vocabulary.json or .txt, and preprocessor_config.json where it hears other than 80 bands.
        device: "cpu" (8-bit integers), "cuda" or "cuda:1" (16-bit floats), or "auto".
        language: spoken here, by its code; empty to tell by the sound which of `languages` it is.
        languages: that are told apart; none for all that the model knows.
        threads: of one call on a CPU; 0 for CTranslate2's own choice.
        workers: how many calls are computed at once.
        brief: the final words of a short utterance are decoded from a window of 15 s as well, as those so far are. On a
            CPU it takes a third of the time; the model was trained on windows of 30 s.

    Raises:
        FileNotFoundError: a file of the model is missing; the message says which.
        ValueError: an unknown language, or files that do not fit together.
        RuntimeError: the model cannot be loaded or run here; the message says why.
    """

    def __init__(
        self,
        folder: Path,
        device: str = "auto",
        language: str = "",
        languages: tuple[str, ...] = ("en", "zh"),
        threads: int = 0,
        workers: int = 1,
        brief: bool = False,
    ) -> None:
        _check_files(folder)
        import ctranslate2
        from faster_whisper import WhisperModel
        from faster_whisper.audio import pad_or_trim
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import TranscriptionOptions, get_suppressed_tokens

        if device == "auto":
            device = "cuda" if ctranslate2.get_cuda_device_count() > 0 else "cpu"
        kind, _, index = device.partition(":")
        try:
            number = _number_type(ctranslate2.get_supported_compute_types(kind, int(index or 0)), kind)
            self._model: Any = WhisperModel(
                str(folder), device=kind, device_index=int(index or 0), compute_type=number, cpu_threads=threads,
                num_workers=workers,
            )  # fmt: skip
        except (RuntimeError, ValueError, OSError) as error:
            raise RuntimeError(f"The speech recogniser in {folder} could not be loaded: {error}") from error
        self._pad, self._tokenizer_of, self._options_of = pad_or_trim, Tokenizer, TranscriptionOptions
        self._suppressed = get_suppressed_tokens
        bands = len(self._model.feature_extractor.mel_filters)
        if self._model.model.n_mels != bands:
            raise ValueError(
                f"The speech recogniser in {folder} hears {self._model.model.n_mels} bands of sound, but {bands} are "
                "prepared for it: its preprocessor_config.json is missing or of another model. Fetch it again."
            )
        known = set(self._model.supported_languages)
        if unknown := [code for code in (language, *languages) if code and code not in known and self.multilingual]:
            raise ValueError(f"The speech recogniser does not know the language {unknown[0]!r}.")
        self._language = language
        self._languages = languages
        self._brief = brief
        self.device, self.number = device, number
        self._warm_up(folder)

    @property
    def multilingual(self) -> bool:
        """Whether it knows more than English."""
        return bool(self._model.model.is_multilingual)

    def decode(
        self,
        sound: NDArray[np.float32],
        careful: bool,
        likely: str = "",
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Recognition:
        """The words of a stretch of sound, mono `[n]` at 16 kHz in -1..1; best without the quiet behind the last word.

        Args:
            careful: the final words: five hypotheses, and the times of the words. Else the quick best guess.
            likely: the language that was spoken before; counts when the sound leaves it open.
            cancelled: asked between the steps.

        Raises:
            WorkCancelled: it was cancelled meanwhile.
        """
        seconds = len(sound) / RATE_HZ
        if seconds < _LEAST_S:
            return _NOTHING
        features = self._model.feature_extractor(sound)  # [bands, frames + 1]
        frames = features.shape[1] - 1
        short = frames <= _HALF - _MARGIN and (self._brief or not careful)
        window = _HALF if short else _WHOLE
        encoded = self._model.encode(self._pad(features[:, : min(frames, window)], window))
        _stop_if(cancelled)
        language = self._language_of(encoded, likely)
        tokenizer = self._tokenizer_of(self._model.hf_tokenizer, self.multilingual, "transcribe", language)
        options = self._options(tokenizer, careful, seconds)
        pieces: list[Piece] = []
        words: list[SpokenWord] = []
        for segment in self._model.generate_segments(features, tokenizer, options, False, encoded):
            _stop_if(cancelled)
            piece = Piece(
                segment.text, segment.start, segment.end, segment.no_speech_prob, segment.avg_logprob,
                segment.compression_ratio,
            )  # fmt: skip
            if believable(piece, seconds):
                pieces.append(piece)
                words += [_word(word) for word in segment.words or () if plain(word.word)]
            if seconds - segment.end < _REST_S:
                break  # what is left holds no word; asking for more would encode it all over again
        text = cleaned("".join(piece.text for piece in pieces))
        if not plain(text):
            return Recognition("", 0.0, language)
        log_prob = sum(piece.log_prob for piece in pieces) / len(pieces)
        if len(plain(text)) < len(plain("".join(piece.text for piece in pieces))):
            words = []  # some were left out of the text: their times would not fit
        return Recognition(text, min(1.0, math.exp(log_prob)), language, tuple(words))

    def _language_of(self, encoded: Any, likely: str) -> str:
        if not self.multilingual:
            return "en"
        if self._language:
            return self._language
        chances = {token[2:-2]: chance for token, chance in self._model.model.detect_language(encoded)[0]}
        among = {code: chances.get(code, 0.0) for code in self._languages or chances}
        best = max(among, key=lambda code: among[code])
        sure = among[best] >= _SURE_LANGUAGE * sum(among.values())
        return likely if likely in among and not sure else best

    def _options(self, tokenizer: Any, careful: bool, seconds: float) -> Any:
        return self._options_of(
            beam_size=5 if careful else 1, best_of=1, patience=1.0, length_penalty=1.0, repetition_penalty=1.0,
            no_repeat_ngram_size=0, log_prob_threshold=-1.0, no_speech_threshold=0.6, compression_ratio_threshold=2.4,
            condition_on_previous_text=False, prompt_reset_on_temperature=0.5,
            temperatures=[0.0, 0.4] if careful else [0.0], initial_prompt=None, prefix=None, suppress_blank=True,
            suppress_tokens=self._suppressed(tokenizer, [-1]), without_timestamps=False, max_initial_timestamp=1.0,
            word_timestamps=careful, prepend_punctuations="\"'“¿([{-", append_punctuations="\"'.。,，!！?？:：”)]}、",
            multilingual=False, max_new_tokens=_most_tokens(seconds),
            clip_timestamps="0", hallucination_silence_threshold=None, hotwords=None,
        )  # fmt: skip

    def _warm_up(self, folder: Path) -> None:
        """The first call is slow, and shows whether the libraries that it needs are there."""
        noise = np.random.default_rng(0).normal(0.0, 0.01, RATE_HZ).astype(np.float32)
        try:
            self.decode(noise, careful=False)
        except Exception as error:
            raise RuntimeError(f"The speech recogniser in {folder} does not run on this machine: {error}") from error


def _check_files(folder: Path) -> None:
    if not folder.is_dir():
        raise FileNotFoundError(f"The speech recogniser's folder is missing: {folder}. Fetch the model again.")
    missing = [name for name in ("model.bin", "config.json", "tokenizer.json") if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in ("vocabulary.json", "vocabulary.txt")):
        missing.append("vocabulary.json")
    if missing:
        raise FileNotFoundError(
            f"The speech recogniser in {folder} lacks {', '.join(missing)}. It must be a model in CTranslate2's "
            "format, such as Systran/faster-whisper-small. Fetch it again."
        )


def _number_type(supported: set[str], device: str) -> str:
    """The best number format that the device computes in."""
    wanted = ("int8", "int8_float32", "float32") if device == "cpu" else ("float16", "int8_float32", "float32")
    return next((number for number in wanted if number in supported), "default")


def _most_tokens(seconds: float) -> int:
    """As a limit of faster-whisper, of which CTranslate2 grants half (it counts a prompt as long as the text)."""
    return min(2 * round(_TOKENS_AT_ONCE + _TOKENS_PER_S * seconds), 440)


def _stop_if(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise WorkCancelled("The words are not wanted any more.")


def _word(word: Any) -> SpokenWord:
    return SpokenWord(word.word.strip(), float(word.start), float(word.end), float(word.probability))
