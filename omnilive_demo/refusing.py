"""What a visitor is told when something they gave cannot be used."""

from __future__ import annotations


class InputError(ValueError):
    """Something a visitor gave cannot be used. `code` is for the wire; the message and `hint` are for the page."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


def checked_question(text: str, limit_chars: int) -> str:
    """A typed question on one line. Raises InputError when it is empty or too long."""
    text = " ".join(text.split())
    if not text:
        raise InputError("empty_question", "There is nothing to answer yet.", "Type a question first.")
    if len(text) > limit_chars:
        raise InputError(
            "question_too_long",
            f"That question has {len(text):,} characters; up to {limit_chars:,} can be answered.",
            "Shorten it and ask again. Nothing was lost.",
        )
    return text
