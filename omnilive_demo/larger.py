"""Larger models than the embedded ones: chosen, fetched, and put into their roles while the embedded ones go on.

A role changes over between two utterances or two answers, when its model is ready. What sees and remembers is another
matter: memories of two encoders cannot be compared, so a visitor keeps the eyes with which the visit began, and who
comes later gets the new ones. What cannot be had is told in a sentence, and the embedded model keeps its role.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from omnilive_demo import casting
from omnilive_demo.cancel import CancelToken
from omnilive_demo.config import Role
from omnilive_demo.embedded import Embedded
from omnilive_demo.engine import Engine
from omnilive_demo.events import Fault, LoadProgress, Notice
from omnilive_demo.models.choice import Choice, choose
from omnilive_demo.models.download import FetchCancelled
from omnilive_demo.models.fetching import fetch
from omnilive_demo.models.hub import Hub, HubError, default_hub
from omnilive_demo.models.machine import Machine, inspect
from omnilive_demo.models.registry import ROLES, SPECS
from omnilive_demo.models.spec import ModelSpec
from omnilive_demo.perception.eyes import observe_together
from omnilive_demo.perception.frame_encoder import ManyFramesEncoder
from omnilive_demo.perception.semantic_turn import SoundAndCompleteness
from omnilive_demo.reasoning.evidence_reasoner import EvidenceReasoner
from omnilive_demo.reasoning.remote_reasoner import RemoteReasoner
from omnilive_demo.serving.micro_batch import MicroBatch

log = logging.getLogger(__name__)

RETIRES_S = 40.0  # longer than any utterance and the wait for its words
NO_MORE = frozenset(("unreachable", "stalled", "offline", "no_space", "unwritable"))
"""What goes wrong for every other download as well."""


class Larger:
    """Works beside the engine, on one choice of models at a time.

    Args:
        hub: where models come from; by default the one that the settings and the environment name.
    """

    def __init__(self, engine: Engine, hub: Hub | None = None) -> None:
        self._engine = engine
        self._hub = hub or default_hub(engine.settings.hf_token.get_secret_value())
        self._cancel = CancelToken()
        self._embedded: Embedded
        self._changing: asyncio.Task[None] | None = None
        self._retiring: set[asyncio.Task[None]] = set()
        self.failed: list[str] = []

    def check(self, profile: str) -> None:
        """Raises ProfileError, with the choices, when there is no such profile."""
        choose(profile, self._engine.settings.roles, Machine())

    def change(self, profile: str) -> None:
        """The operator wants another profile: give up what is being fetched, and begin with that."""
        self._cancel.cancel()
        self._cancel = CancelToken()
        self._changing = asyncio.create_task(self._change(profile, self._cancel, self._changing), name="larger models")

    async def _change(self, profile: str, cancel: CancelToken, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.gather(before, return_exceptions=True)
        if not cancel.cancelled:
            await self.run(profile)

    async def run(self, profile: str = "") -> None:
        """Choose, fetch and place, as far as it goes. Never raises but for being cancelled."""
        settings, profile = self._engine.settings, profile or self._engine.settings.profile
        self.failed = []
        if not hasattr(self, "_embedded"):
            self._embedded = Embedded(self._engine)
        try:
            machine = await asyncio.to_thread(inspect, self._hub) if _looks(profile, settings.roles) else Machine()
            choice = choose(profile, settings.roles, machine)
            self._engine.why = choice.problem or choice.why
            if choice.problem:
                self._engine.tell(Notice("profile", choice.problem, "Nothing is lost: the embedded models answer."))
            await self._place_all(choice)
        except Exception as error:
            log.exception("larger models failed")
            self._engine.tell(Fault("loading_failed", f"Larger models could not be loaded: {error}", "nano goes on."))

    async def close(self) -> None:
        """Stop fetching, and what retires."""
        self._cancel.cancel()
        tasks = (*self._retiring, *((self._changing,) if self._changing is not None else ()))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if hasattr(self, "_embedded") and not self._embedded.plays("recognizer"):
            await self._embedded.part("recognizer").close()  # the engine closes the one that plays the role
        reasoner = getattr(self._engine, "reasoner", None)  # it may end before anything is loaded
        if isinstance(reasoner, RemoteReasoner):
            await reasoner.close()

    async def _place_all(self, choice: Choice) -> None:
        folders: dict[str, Path] = {}
        shared: casting.Shared = {}
        cancel = self._cancel
        self._restore(choice)
        for spec in choice.specs:
            if cancel.cancelled:
                return
            try:
                folders[spec.name] = await self._fetch(spec, choice)
                for role in spec.roles:
                    if choice.models[role] == spec.name:
                        await self._place(role, spec, folders, choice, shared)
                self._engine.tell(LoadProgress(spec.name, 1, 1, ready=True))
            except FetchCancelled:
                return
            except HubError as error:
                self._give_up(spec.name, Fault(f"hub_{error.kind}", error.sentence, error.hint))
                if error.kind in NO_MORE:
                    break
            except Exception as error:
                log.exception("%s could not be put in place", spec.name)
                self._give_up(spec.name, Fault("model_failed", str(error) or type(error).__name__, "nano's goes on."))
        if choice.models["reasoner"] == "remote":
            self._engine.reasoner = await asyncio.to_thread(casting.remote_reasoner, self._engine.settings)
            english = self._embedded.part("instructions")
            self._engine.instructions = await asyncio.to_thread(casting.two_languages, english)
            self._engine.tell_models()
        if not self.failed and choice.profile != self._engine.profile:
            self._engine.profile = choice.profile
            self._engine.tell_models()

    def _give_up(self, model: str, fault: Fault) -> None:
        self.failed.append(model)
        self._engine.tell(LoadProgress(model, 1, 1, ready=True))  # nobody waits for it any more
        if self._engine.settings.public:  # the sentence is for the operator: it may name folders of this machine
            log.error("%s: %s %s", model, fault.message, fault.hint)
            fault = Fault(fault.code, f"{model} could not be had on this server.", "The embedded model goes on.")
        self._engine.tell(fault)

    async def _fetch(self, spec: ModelSpec, choice: Choice) -> Path:
        loop, engine = asyncio.get_running_loop(), self._engine

        def progress(done: int, total: int) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody looks any more
                loop.call_soon_threadsafe(engine.tell, LoadProgress(spec.name, done, max(total, 1)))

        folder = choice.folders.get(spec.name)
        return await asyncio.to_thread(fetch, spec, self._hub, progress=progress, cancel=self._cancel, folder=folder)

    # ---- roles -------------------------------------------------------------------------------------------------------

    async def _place(
        self, role: Role, spec: ModelSpec, folders: dict[str, Path], choice: Choice, shared: casting.Shared
    ) -> None:
        engine, devices, thread = self._engine, choice.devices(spec.name), asyncio.to_thread
        device = devices[0]
        match role:
            case "recognition":
                new = await thread(casting.recognizer, spec, folders, device, shared)
                await new.start()
                self._retire_recognizer()
                engine.recognizer = new
            case "end_of_turn":
                engine.turn_model = await thread(casting.turn_model, spec, folders)
                engine.end_of_turn = SoundAndCompleteness()
            case "sound_tags":
                engine.sound_namer = await thread(casting.sound_namer, spec, folders, device, shared)
            case "synthesis":
                engine.synthesizer = await thread(
                    casting.voices, spec, folders, device, self._embedded.part("synthesizer"), self._voice_failed()
                )
            case "frame_encoder":
                parts = await thread(casting.sight, spec, folders, device, engine.settings, engine.text_encoder)
                self._see_with(parts)
            case "reasoner":
                mind = await thread(casting.reasoner, spec, folders, devices, engine.thinking, engine.settings)
                engine.reasoner = mind.reasoner
                if mind.instructions is not None:
                    engine.instructions = mind.instructions
                elif "zh" in engine.reasoner.languages:
                    engine.instructions = await thread(casting.two_languages, self._embedded.part("instructions"))
                engine.captioner = mind.captioner if choice.models["captioner"] == spec.name else None
            case _:
                return  # a CLIP's text tower, a memory's compressor and a reasoner's captions come with their model
        engine.tell_models()

    def _see_with(self, parts: casting.SightParts) -> None:
        """Sessions that begin from now on see and remember with these."""
        engine = self._engine
        engine.encoder, engine.compressor, engine.names = parts.encoder, parts.compressor, parts.names
        engine.picture_scale, engine.space = parts.scale, parts.space
        engine.reader = None  # nano's reads nano's memory only
        if isinstance(parts.encoder, ManyFramesEncoder):
            engine.together = MicroBatch("frames", engine.eyes, observe_together)
        if self._embedded.plays("reasoner"):
            engine.reasoner = EvidenceReasoner(engine.text_encoder, names_things=len(parts.names) > 0)

    def _voice_failed(self) -> Callable[[str], None]:
        loop, engine = asyncio.get_running_loop(), self._engine

        def told(message: str) -> None:
            loop.call_soon_threadsafe(
                engine.tell, Fault("voice_failed", message, "The answer is spoken in another voice.")
            )

        return told

    def _restore(self, choice: Choice) -> None:
        """What is embedded in this choice is that again, whatever played the role before."""
        for role in ROLES:
            if choice.models[role] not in SPECS:
                if role == "recognition":
                    self._retire_recognizer()
                self._embedded.restore(role)
        self._engine.profile = "nano"  # until all of the choice is in place
        self._engine.tell_models()

    def _retire_recognizer(self) -> None:
        """Utterances under way end with the recogniser with which they began; the embedded one stays for later."""
        old = self._engine.recognizer
        if self._embedded.plays("recognizer"):
            return

        async def later() -> None:
            try:
                await asyncio.sleep(RETIRES_S)
            finally:
                await old.close()

        task = asyncio.create_task(later(), name="retiring")
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)


def _looks(profile: str, roles: Mapping[str, str]) -> bool:
    """Whether a choice depends on what the machine and the hub can give."""
    return profile != "nano" or bool(roles)
