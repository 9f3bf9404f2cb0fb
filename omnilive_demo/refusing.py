"""What a visitor is told when something they gave cannot be used."""

from __future__ import annotations


class InputError(ValueError):
    """Something a visitor gave cannot be used. `code` is for the wire; the message and `hint` are for the page."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
