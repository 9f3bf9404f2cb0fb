"""Speech recognition by Whisper for many utterances at once: one model, a few threads, final words before all others.

How an utterance is followed while it is spoken: `whole_stream.py`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from omnilive_demo.cancel import CancelToken
from omnilive_demo.perception.recognizer import Recognition
from omnilive_demo.perception.utterance_sound import UtteranceSound
from omnilive_demo.perception.whisper_decoder import WhisperDecoder
from omnilive_demo.perception.whole_stream import CLOSING, OpenStreams, WholeStream, up_to_now
from omnilive_demo.serving.lane import Lane, Priority, WorkCancelled
from omnilive_demo.serving.threads import ThreadLane

_SESSIONS_REMEMBERED = 64


class FasterWhisperRecognizer:
    """A `Recognizer` of one Whisper model. All methods are called on one event loop.

    Args:
        folder: the model, see `WhisperDecoder`.
        device: "cpu", "cuda" or "auto".
        language: spoken here; empty to tell by the sound which of `languages` it is.
        workers: utterances that are decoded at once. One keeps final words fastest on a small machine.
        threads: of one decoding on a CPU; 0 for CTranslate2's own choice.
        brief: final words of short utterances in a third of the time on a CPU, see `WhisperDecoder`.
        name: shown on the page.
        load: makes the decoder; blocking.
    """

    def __init__(
        self,
        folder: Path,
        device: str = "auto",
        language: str = "",
        languages: tuple[str, ...] = ("en", "zh"),
        workers: int = 1,
        threads: int = 0,
        brief: bool = False,
        name: str = "",
        load: Callable[[], WhisperDecoder] | None = None,
    ) -> None:
        if workers < 1:
            raise ValueError("a recogniser needs at least one worker")
        self.name = name or folder.name
        self._load = load or (lambda: WhisperDecoder(folder, device, language, languages, threads, workers, brief))
        self._workers = workers
        self._lane: Lane | None = None
        self._decoder: WhisperDecoder | None = None
        self._open = OpenStreams()
        self._languages: OrderedDict[str, str] = OrderedDict()  # session -> spoken last

    async def start(self) -> None:
        """Load the model; returns when an utterance can be taken.

        Raises:
            FileNotFoundError, ValueError, RuntimeError: it cannot be loaded; the message says why.
        """
        self._lane = ThreadLane("recognizer", threads=self._workers)
        try:
            self._decoder = await self._lane.run(self._load, session="", priority=Priority.TURN)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Stop the threads after the step that each is at; utterances under way end without words."""
        self._open.close()
        if self._lane is not None:
            await self._lane.close()
        self._decoder = None

    def open(self, session: str, utterance: int, promptly: bool = False) -> WholeStream:
        """Begin an utterance. promptly: its first words are waited for, and looked at sooner and more often."""
        return self._open.begin(self, session, utterance, promptly, self._decoder is not None)

    @property
    def depth(self) -> int:
        """How many decodings wait for a thread."""
        return 0 if self._lane is None else self._lane.depth

    # ---- for the streams -------------------------------------------------------------------------------------------

    async def decode(
        self, stream: WholeStream, careful: bool, priority: Priority, cancel: CancelToken, deadline_s: float | None
    ) -> tuple[Recognition, int]:
        """The words of all sound that there is when a thread gets to it, and how many samples that is."""
        if self._lane is None or self._decoder is None:
            raise WorkCancelled(CLOSING)
        likely = self._languages.get(stream.session, "")
        result = await self._lane.run(
            _decode, self._decoder, stream.sound, careful, likely, cancel,
            session=stream.session, priority=priority, deadline_s=deadline_s, cancel=cancel,
        )  # fmt: skip
        if careful and result[0].text and result[0].language:
            self._languages[stream.session] = result[0].language
            self._languages.move_to_end(stream.session)
            while len(self._languages) > _SESSIONS_REMEMBERED:
                self._languages.popitem(last=False)
        return result

    def forget(self, stream: WholeStream) -> None:
        """An utterance is over."""
        self._open.end(stream)


def _decode(
    decoder: WhisperDecoder, sound: UtteranceSound, careful: bool, likely: str, cancel: CancelToken
) -> tuple[Recognition, int]:
    """On a thread of the lane."""
    samples, heard = up_to_now(sound)
    return decoder.decode(samples, careful, likely, lambda: cancel.cancelled), heard
