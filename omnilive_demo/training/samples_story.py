"""What a sample stream consists of: takes with their players, lines that are said, sounds, and questions to suggest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from omnilive_demo.training.samples_room import Room
from omnilive_demo.training.world.narration import Said, Sounding
from omnilive_demo.training.world.staging import Actor, Setting
from omnilive_demo.training.world.story import Plan, Scene
from omnilive_demo.training.world.timeline import Span
from omnilive_demo.training.world.truth import Event, Shot

FPS = 15
ASPECT = 16 / 9

Light = Literal["bright", "dim", "dark"]
Kind = Literal["explicit", "semantic", "reference", "said", "heard"]
"""What a question asks for: a thing by its name, a thing by its use, what is there, what was said, what was heard."""


@dataclass(frozen=True, slots=True)
class Player:
    """A thing of the drawn world on its path before the camera.

    foot: where its shadow lies when it stands (share of the picture's height), None for what flies or is only held up.
    grip: where fingertips take hold of it, from its middle, in shares of its longer side.
    """

    actor: Actor
    foot: float | None = None
    grip: tuple[float, float] = (0.1, 0.24)


@dataclass(frozen=True, slots=True)
class Take:
    """A stretch with one camera position and one light. room: one of the story's. place: a word for where it is."""

    start_s: float
    end_s: float
    room: str
    place: str
    label: str
    light: Light
    players: tuple[Player, ...] = ()
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence that is said from `start_s` on."""

    start_s: float
    text: str
    voice: str = "rms"


@dataclass(frozen=True, slots=True)
class Noise:
    """A sound: `kind` names its maker in `samples_sound`, or (`of_world`) a class of the drawn world's sounds. The RMS,
    `level_db`, is in dBFS."""

    start_s: float
    end_s: float
    kind: str
    label: str
    level_db: float = -24.0
    of_world: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A question to suggest. about: the thing's name, the sound's label, or words of the sentence that answers it."""

    text: str
    kind: Kind
    about: str


@dataclass(frozen=True, slots=True)
class Story:
    """A sample stream. Takes follow each other without a gap; `make_rooms` draws the backdrops (slow, once)."""

    name: str
    title: str
    description: str
    questions: tuple[Question, Question, Question]
    seed: int
    poster_s: float
    takes: tuple[Take, ...]
    lines: tuple[Line, ...]
    noises: tuple[Noise, ...]
    make_rooms: Callable[[], dict[str, Room]]

    @property
    def duration_s(self) -> float:
        """The length of the stream."""
        return self.takes[-1].end_s

    def take_at(self, t_s: float) -> Take:
        """The take at a time (the last one from its end on)."""
        return next((take for take in self.takes if t_s < take.end_s), self.takes[-1])

    def plan(self) -> Plan:
        """The stream as the drawn world plans one: its timeline is the truth about what can be seen when."""
        return Plan(
            self.seed,
            tuple(
                Scene(
                    Shot(take.start_s, take.end_s, take.place),
                    Setting(take.place, self.seed, aspect=ASPECT),
                    tuple(player.actor for player in take.players),
                )
                for take in self.takes
            ),
            tuple(event for take in self.takes for event in take.events),
            tuple(Said(line.start_s, line.text, line.voice) for line in self.lines),
            tuple(Sounding(noise.label, noise.start_s, noise.end_s) for noise in self.noises),
        )

    def evidence(self, question: Question, said: dict[str, Span]) -> tuple[Span, ...]:
        """When what answers a question can be seen or heard. said: when each line is, by its text.

        Raises:
            LookupError: nothing in the story answers it.
        """
        if question.kind == "said":
            found = [span for text, span in said.items() if question.about in text]
        elif question.kind == "heard":
            found = [(noise.start_s, noise.end_s) for noise in self.noises if noise.label == question.about]
        else:
            found = list(self.plan().timeline().sightings(question.about))
        if not found:
            raise LookupError(f"{self.name}: nothing answers {question.text!r}")
        return tuple(found)
