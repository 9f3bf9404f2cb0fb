"""The process's shared models and workers: what every session uses and none owns.

Sessions come and go; the engine loads once, after the page is up, on worker threads, and tells how far it is. Roles are
filled by profile (`models/profiles.py` names them); this is the only place that knows which class plays which role.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from omnilive_demo.config import ASSETS, Settings
from omnilive_demo.events import Fault, Json, LoadProgress, Notice, PageEvent
from omnilive_demo.models.choice import choose
from omnilive_demo.models.machine import Machine
from omnilive_demo.models.profiles import CANNOT
from omnilive_demo.serving.lane import Lane, Priority
from omnilive_demo.serving.micro_batch import MicroBatch
from omnilive_demo.serving.threads import ThreadLane

if TYPE_CHECKING:
    from omnilive_demo.ear_events import VideoFrame
    from omnilive_demo.memory.compressor import Compressor
    from omnilive_demo.memory.picture_scores import PictureScale
    from omnilive_demo.models.clip_reader import ClipReader
    from omnilive_demo.models.text_encoder import TextEncoder
    from omnilive_demo.models.thing_names import ThingNames
    from omnilive_demo.perception.end_of_turn import EndOfTurn
    from omnilive_demo.perception.eyes import Eyes
    from omnilive_demo.perception.frame_encoder import FrameEncoder
    from omnilive_demo.perception.recognizer import Recognizer
    from omnilive_demo.perception.semantic_turn import TurnModel
    from omnilive_demo.perception.sound_tagger import SoundTagger
    from omnilive_demo.perception.voice_activity import VoiceActivity
    from omnilive_demo.reasoning.captioner import Captioner
    from omnilive_demo.reasoning.instruction import InstructionPredictor
    from omnilive_demo.reasoning.reasoner import Reasoner
    from omnilive_demo.records import SeenFrame
    from omnilive_demo.speech.synthesizer import Synthesizer, VoiceInfo

NANO = ASSETS / "nano"
FRAME_ENCODER, MEMORY, READER = "frame_encoder.safetensors", "memory.safetensors", "reader.safetensors"
SOUND_TAGGER, INSTRUCTION = "sound_tagger.safetensors", "instruction.safetensors"

log = logging.getLogger(__name__)


class Engine:
    """Models by role, and the lanes on which they run.

    `ready` is set once every role is filled; `failure` is a sentence when that could not be done.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        choose(settings.profile, settings.roles, Machine())  # a name that is not known is told at once
        self.profile, self.why = "nano", "It runs on every machine without a download."
        self.ready = asyncio.Event()
        self.failure = ""
        self._listeners: list[Callable[[PageEvent], None]] = []
        self._changed: list[Callable[[], None]] = []
        self._progress: dict[str, LoadProgress] = {}
        # One lane for each latency class: a slow write never delays an ear. Threads, because torch, ONNX, PyAV, SQLite
        # and eSpeak release the interpreter lock; the recogniser does not and has processes of its own.
        self.ears: Lane = ThreadLane("ears", threads=1)
        self.eyes: Lane = ThreadLane("eyes", threads=1)
        self.mind: Lane = ThreadLane("mind", threads=1)
        self.memory: Lane = ThreadLane("memory", threads=1)
        self.voice: Lane = ThreadLane("voice", threads=1)
        self.turns: Lane = ThreadLane("turns", threads=1)
        self.thinking: Lane = ThreadLane("thinking", threads=1)
        self.sounds: Lane = ThreadLane("sounds", threads=1, gives_way=True)
        self.lanes = (self.ears, self.eyes, self.mind, self.memory, self.voice, self.turns, self.thinking, self.sounds)

        self.new_voice_activity: Callable[[], VoiceActivity]
        self.recognizer: Recognizer
        self.sound_tagger: SoundTagger  # decides in the ears, at once
        self.sound_namer: SoundTagger | None = None  # knows more sounds, and says so a moment later
        self.end_of_turn: EndOfTurn
        self.turn_model: TurnModel | None = None
        self.encoder: FrameEncoder
        self.together: MicroBatch[tuple[Eyes, VideoFrame], SeenFrame] | None = None
        self.text_encoder: TextEncoder
        self.compressor: Compressor
        self.reader: ClipReader | None
        self.captioner: Captioner | None = None  # else the reader writes captions
        self.names: ThingNames
        self.picture_scale: PictureScale
        self.space: str
        self.instructions: InstructionPredictor
        self.reasoner: Reasoner
        self.synthesizer: Synthesizer

    async def start(self) -> None:
        """Load everything; never raises: a failure is kept in `failure` and told to every page."""
        try:
            await self._load()
        except Exception as error:
            log.exception("loading failed")
            self.failure = str(error) or type(error).__name__
            self.tell(Fault("loading_failed", f"The models could not be loaded: {self.failure}", "Restart the app."))
            return
        self.ready.set()
        log.info("ready: profile %s", self.profile)

    async def _load(self) -> None:
        recognizer = asyncio.create_task(self._load_recognizer())  # its processes load beside the threads
        try:
            await self._step("voice activity", self.ears, self._load_ears)
            await self._step("frame encoder", self.eyes, self._load_eyes)
            await self._step("voice", self.voice, self._load_voice)
            await self._step("text embedding", self.mind, self._load_text)
            await self._step("memory", self.mind, self._load_memory)
            await self._step("sound events", self.ears, self._load_sounds)
            await self._step("reasoning", self.mind, self._load_mind)
            await recognizer
        finally:
            recognizer.cancel()

    async def _step(self, model: str, lane: Lane, load: Callable[[], None]) -> None:
        self.tell(LoadProgress(model, 0, 1))
        await lane.run(load, session="engine", priority=0)  # type: ignore[arg-type]
        self.tell(LoadProgress(model, 1, 1, ready=True))

    async def _load_recognizer(self) -> None:
        from omnilive_demo.perception.pocketsphinx_recognizer import PocketSphinxRecognizer

        self.tell(LoadProgress("speech recognition", 0, 1))
        self.recognizer = PocketSphinxRecognizer()
        await self.recognizer.start()
        self.tell(LoadProgress("speech recognition", 1, 1, ready=True))

    def _load_ears(self) -> None:
        from omnilive_demo.perception.end_of_turn import PauseAndCompleteness
        from omnilive_demo.perception.silero import SileroVoiceActivity

        SileroVoiceActivity()  # the first one loads the weights
        self.new_voice_activity = SileroVoiceActivity
        self.end_of_turn = PauseAndCompleteness()

    def _load_eyes(self) -> None:
        from omnilive_demo.perception.learned_encoder import LearnedFrameEncoder

        with _weights(FRAME_ENCODER) as path:
            self.encoder = LearnedFrameEncoder(path)
        self.encoder.encode(np.zeros((192, 192, 3), np.uint8), None)  # the first call is slow

    def _load_voice(self) -> None:
        from omnilive_demo.speech.espeak import ESpeakSynthesizer
        from omnilive_demo.speech.voice_choice import VoiceChoice

        self.synthesizer = VoiceChoice((), ESpeakSynthesizer())  # a Chinese sentence by a Chinese voice

    def _load_text(self) -> None:
        from omnilive_demo.models.text_encoder import MiniLM

        self.text_encoder = MiniLM()

    def _load_memory(self) -> None:
        from omnilive_demo.memory.learned_compressor import LearnedCompressor
        from omnilive_demo.memory.picture_scores import PictureScale
        from omnilive_demo.memory.reading import LearnedClipReader
        from omnilive_demo.models.memory_module.text_rows import MiniLMTextRows
        from omnilive_demo.models.memory_module.weight_files import load, read_file
        from omnilive_demo.models.nano.reader import load_reader
        from omnilive_demo.models.text_encoder import MiniLM
        from omnilive_demo.models.thing_names import ThingNames

        assert isinstance(self.text_encoder, MiniLM)  # the module was trained on its token states
        with _weights(MEMORY) as path:
            module, (_, about) = load(path), read_file(path, lambda name: False)
        with _weights(READER) as path:
            reader = load_reader(path)
        self.compressor = LearnedCompressor(module, MiniLMTextRows(module, self.text_encoder))
        if reader.config.memory_width != self.compressor.width:
            raise ValueError(f"{READER} reads another memory than that of {MEMORY}: take both from the same training.")
        self.reader = LearnedClipReader(reader)
        self.names = ThingNames(reader.vocabulary.plurals, self.text_encoder)
        self.names.meant("What is this?")  # both encode all names when they are first asked: pay for it now
        self.names.synonym(("thing",))
        self.picture_scale = PictureScale.of_module(about)
        self.space = f"learned {_fingerprint(NANO / FRAME_ENCODER, NANO / MEMORY)}"

    def _load_sounds(self) -> None:
        from omnilive_demo.perception.sound_tagger import NanoSoundTagger

        with _weights(SOUND_TAGGER) as path:
            self.sound_tagger = NanoSoundTagger(path)

    def _load_mind(self) -> None:
        from omnilive_demo.reasoning.evidence_reasoner import EvidenceReasoner
        from omnilive_demo.reasoning.instruction_classifier import MiniLMInstructionPredictor

        with _weights(INSTRUCTION) as path:
            self.instructions = MiniLMInstructionPredictor(self.text_encoder, path)
        self.reasoner = EvidenceReasoner(self.text_encoder, names_things=True, reader=self.reader, names=self.names)
        self.instructions.predict("What is this?")  # the first call of a model is slow: pay for it now

    async def observe(self, eyes: Eyes, frame: VideoFrame, session: str) -> SeenFrame:
        """What a session's eyes make of a frame; where the encoder can, together with frames of others."""
        if self.together is not None and eyes.encoder is self.encoder:
            return await self.together.run((eyes, frame), session=session, priority=Priority.EYES)
        return await self.eyes.run(eyes.observe, frame, session=session, priority=Priority.EYES)

    def tell_models(self) -> None:
        """Tell every session that another model plays a role now."""
        for changed in tuple(self._changed):
            changed()

    @property
    def cannot(self) -> tuple[str, ...]:
        """What the visitor should not expect."""
        return CANNOT[self.profile]

    @property
    def sound_names(self) -> tuple[str, ...]:
        """The names that sounds may get now."""
        from omnilive_demo.perception.sound_tagger import names_known

        return names_known(self.sound_namer)

    def voices(self) -> tuple[VoiceInfo, ...]:
        """The voices of the languages that answers can be given in; none while they load."""
        if not self.ready.is_set():
            return ()
        return tuple(voice for voice in self.synthesizer.voices() if voice.language in self.reasoner.languages)

    def models(self) -> tuple[tuple[str, str], ...]:
        """(role, name) for the page; what is not loaded yet says so."""
        roles = {
            "voice activity": "silero-vad" if hasattr(self, "new_voice_activity") else None,
            "end of turn": (self.turn_model.name if self.turn_model else "pause and completeness")
            if hasattr(self, "end_of_turn")
            else None,
            "speech recognition": getattr(getattr(self, "recognizer", None), "name", None),
            "sound events": (self.sound_namer or self.sound_tagger).name if hasattr(self, "sound_tagger") else None,
            "text embedding": getattr(getattr(self, "text_encoder", None), "name", None),
            "frame encoder": getattr(getattr(self, "encoder", None), "name", None),
            "memory compressor": getattr(getattr(self, "compressor", None), "name", None),
            "captions and reading": getattr(getattr(self, "reader", None), "name", None),
            "reasoner": getattr(getattr(self, "reasoner", None), "name", None),
            "voice": getattr(getattr(self, "synthesizer", None), "name", None),
        }
        return tuple((role, name or "loading") for role, name in roles.items())

    def listen(
        self, listener: Callable[[PageEvent], None], changed: Callable[[], None] = lambda: None
    ) -> Callable[[], None]:
        """Tell `listener` of loading progress, from the beginning; returns how to stop that.

        changed: called when another model plays a role.
        """
        for event in self._progress.values():
            listener(event)
        self._listeners.append(listener)
        self._changed.append(changed)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)
                self._changed.remove(changed)

        return stop

    def tell(self, event: LoadProgress | Notice | Fault) -> None:
        """Tell every listener."""
        if isinstance(event, LoadProgress):
            self._progress[event.model] = event
        for listener in tuple(self._listeners):
            listener(event)

    def progress(self) -> tuple[LoadProgress, ...]:
        """What is still on its way."""
        return tuple(event for event in self._progress.values() if not event.ready)

    def figures(self) -> Json:
        """Queue depths by lane, for health."""
        return {lane.name: lane.depth for lane in self.lanes}

    async def close(self) -> None:
        """Stop the workers."""
        if hasattr(self, "recognizer"):
            await self.recognizer.close()
        for lane in self.lanes:
            await lane.close()


@contextmanager
def _weights(name: str) -> Iterator[Path]:
    """A weight file to be read; what goes wrong with it names it.

    Raises:
        RuntimeError: it is missing, or cannot be read.
    """
    path = NANO / name
    if not path.is_file():
        raise RuntimeError(f"The weight file {path} is missing. Fetch the project's assets again.")
    try:
        yield path
    except Exception as error:
        message = f"The weight file {path} is damaged or incomplete ({error}). Fetch the project's assets again."
        raise RuntimeError(message) from error


def _fingerprint(*weights: Path) -> str:
    """Short and the same for the same files: what was remembered with other weights cannot be compared."""
    digest = hashlib.blake2b(digest_size=4)
    for path in weights:
        digest.update(path.read_bytes())
    return digest.hexdigest()
