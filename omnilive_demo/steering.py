"""Words that need no reasoning: those that steer the talk itself, and standing queries."""

from __future__ import annotations

from dataclasses import replace

from omnilive_demo.answering import Reply, Stopwatch
from omnilive_demo.clock import Clock
from omnilive_demo.memory.followups import asks_further
from omnilive_demo.models.chinese import language_of
from omnilive_demo.reasoning.fixed_phrases import (
    BRIEF,
    FASTER,
    FASTEST,
    FULL,
    NOTHING_LEFT,
    SLOWER,
    SLOWEST,
    VOLUME,
    Phrase,
)
from omnilive_demo.reasoning.spoken_command import Command, is_surely_command, read_command
from omnilive_demo.records import Question
from omnilive_demo.speech.voicing import Voicing
from omnilive_demo.standing import Standing
from omnilive_demo.turns import Turns

JUST_ANSWERED_S = 60.0  # since the question
PACE = 1.2  # what "slower" and "faster" change the voice's speed by


class Steering:
    """Does what such words ask for. voicing: whose speed they may change."""

    def __init__(self, turns: Turns, standing: Standing, voicing: Voicing, clock: Clock) -> None:
        self._turns = turns
        self._clock = clock
        self._standing = standing
        self._voicing = voicing
        self.brief = False  # the visitor asked for short answers

    def is_meant(self, text: str, took_the_floor: bool = False) -> bool:
        """Whether these words are for us for sure, whatever the instruction prediction thinks.

        took_the_floor: they cut off an answer, and "too fast" is about that.
        """
        if is_surely_command(text) or (took_the_floor and read_command(text) is not None):
            return True
        return self._standing.is_about_waiting(text) or self._follows_up(text)

    def _follows_up(self, text: str) -> bool:
        """ "The other one", "and then": just after an answer that they can be about, nobody else is asked that."""
        thread = self._turns.thread
        if thread is None or not thread.evidence:
            return False
        return self._clock.now_s() - thread.t_s <= JUST_ANSWERED_S and asks_further(text)

    def steer(self, question: Question, watch: Stopwatch, took_the_floor: bool) -> bool:
        """Do it, if it is anything of this; whether it was. `question`: the words, as they would be asked.

        took_the_floor: the words cut off an answer, so they are about that first of all.
        """
        command = read_command(question.text)
        if command is Command.STOP and (took_the_floor or self._turns.under_way):
            self._turns.stop("stop")
            return True
        reply = self._standing.take(question.text)
        if reply is not None:
            self._turns.say(question.turn, question.text, Reply(reply), watch)
            return True
        match command:
            case Command.STOP:
                pass  # there is nothing to stop, and silence is what was asked for
            case Command.GO_ON:
                self._go_on(question, watch)
            case Command.SHORTER | Command.LONGER:
                self._again(question, watch, brief=command is Command.SHORTER)
            case Command.SLOWER:
                self._say(question, SLOWER if self._voicing.pace(1 / PACE) else SLOWEST, watch)
            case Command.FASTER:
                self._say(question, FASTER if self._voicing.pace(PACE) else FASTEST, watch)
            case Command.LOUDER | Command.QUIETER:
                self._say(question, VOLUME, watch)
            case _:
                return False
        return True

    def _go_on(self, question: Question, watch: Stopwatch) -> None:
        stopped = self._turns.stopped
        self._turns.stopped = None
        if stopped is None or stopped.question is None:
            self._say(question, NOTHING_LEFT, watch)
            return
        asked, heard, history = stopped.question, stopped.heard, stopped.question.history
        if asked.heard_sentences and history and history[-1][0] == asked.text:  # cut off for a second time
            history, heard = history[:-1], f"{history[-1][1]} {heard}"
        rest = replace(
            asked, turn=question.turn, heard_sentences=stopped.heard_sentences, history=(*history, (asked.text, heard))
        )
        self._turns.start(rest, watch, "speech")

    def _again(self, question: Question, watch: Stopwatch, brief: bool) -> None:
        self.brief = brief
        last = self._turns.last
        if last is None:
            self._say(question, BRIEF if brief else FULL, watch)
        else:
            self._turns.start(replace(last, turn=question.turn, heard_sentences=0, brief=brief), watch, "speech")

    def _say(self, question: Question, phrase: Phrase, watch: Stopwatch) -> None:
        """In the language of the words that it answers."""
        self._turns.say(question.turn, question.text, Reply(phrase.said(language_of(question.text))), watch)
