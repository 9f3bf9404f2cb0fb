"""What a browser may ask for, one small function for each message type.

A command that takes time returns a coroutine; the visit runs it beside everything else. A command that cannot be done
raises `InputError`, whose words go to the page.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from omnilive_demo.transport import wire

if TYPE_CHECKING:
    from omnilive_demo.transport.visit import Visit

Command = Callable[["Visit", Any], Coroutine[Any, Any, None] | None]


def _text(visit: Visit, message: wire.Text) -> None:
    visit.session.ask(message.text)


def _stop(visit: Visit, message: wire.Stop) -> None:
    visit.session.stop_answer("stop")


def _mute(visit: Visit, message: wire.Mute) -> None:
    visit.media.muted = message.on
    visit.session.set_muted(message.on)


def _settings(visit: Visit, message: wire.SettingsChange) -> None:
    visit.session.change_settings(message.language, message.voice, message.rate, message.speak)
    if message.remarks is not None:
        visit.session.set_remarks(message.remarks)


def _playout(visit: Visit, message: wire.PlayoutReport) -> None:
    visit.session.heard_until(message.turn, message.heard_ms)


def _cancel_standing(visit: Visit, message: wire.CancelStanding) -> None:
    visit.session.cancel_standing(message.id)


def _forget(visit: Visit, message: wire.Forget) -> Coroutine[Any, Any, None]:
    return visit.session.forget(message.from_s, message.to_s)


def _source(visit: Visit, message: wire.Source) -> Coroutine[Any, Any, None]:
    return visit.sources.start(message)


COMMANDS: dict[type, Command] = {
    wire.Text: _text,
    wire.Stop: _stop,
    wire.Mute: _mute,
    wire.SettingsChange: _settings,
    wire.PlayoutReport: _playout,
    wire.CancelStanding: _cancel_standing,
    wire.Forget: _forget,
    wire.Source: _source,
}
