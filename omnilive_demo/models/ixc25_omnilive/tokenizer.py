"""The tokenizer of the release: reads its sentencepiece file (byte-pair pieces with byte fallback, specification 2.5).

The pieces, their order and their scores say all that is needed to cut text as sentencepiece does, so neither that
package nor the code of the release is.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Sequence
from pathlib import Path

from omnilive_demo.models.ixc25_omnilive.piece_file import BYTE, CONTROL, NORMAL, UNKNOWN, USER_DEFINED, read_pieces
from omnilive_demo.models.memory_module.weight_files import WeightsError

_SPACE = "\u2581"
_TURN_ENDS, _TURN_BEGINS = "[UNUSED_TOKEN_145]", "[UNUSED_TOKEN_146]"
_MARK = re.compile(r"\[UNUSED_TOKEN_\d+\]$")


class Tokenizer:
    """Text into tokens and back. `begin`, `end`, `turn_begins` and `turn_ends` are added by who writes a prompt: no
    text that a person says can become one of them.

    Args:
        path: `tokenizer.model`.

    Raises:
        WeightsError: the file is missing or damaged, or not what this code reads.
    """

    def __init__(self, path: Path) -> None:
        pieces, rules = read_pieces(path)
        self._pieces = [piece.text for piece in pieces]
        self._kinds = [piece.kind for piece in pieces]
        ids = {piece.text: i for i, piece in enumerate(pieces)}
        self._ranks = {
            p.text: (-p.score, i) for i, p in enumerate(pieces) if p.kind == NORMAL and not _MARK.match(p.text)
        }
        self._bytes = {int(p.text[1:-1], 16): i for i, p in enumerate(pieces) if p.kind == BYTE}
        self._byte_of = {i: byte for byte, i in self._bytes.items()}
        fixed = [p.text for p in pieces if p.kind == USER_DEFINED and not _MARK.match(p.text)]
        longest = sorted(fixed, key=len, reverse=True)
        self._fixed = {text: ids[text] for text in fixed}
        self._cut = re.compile("|".join(map(re.escape, longest))) if longest else None
        self._rules = rules
        try:
            self.begin, self.end = ids["<s>"], ids["</s>"]
            self.turn_ends, self.turn_begins = ids[_TURN_ENDS], ids[_TURN_BEGINS]
        except KeyError as error:
            raise WeightsError(f"{path} is not the tokenizer of the reasoner: it lacks {error}.") from error
        if len(self._bytes) != 256:
            raise WeightsError(f"{path} is not the tokenizer of the reasoner: it has no piece for each byte.")
        self.ends = frozenset((self.end, self.turn_ends))
        """Tokens that end an answer."""
        self.never = (
            frozenset(
                i for i, piece in enumerate(pieces) if piece.kind in (CONTROL, UNKNOWN) or _MARK.match(piece.text)
            )
            - self.ends
        )
        """Tokens that no answer may hold."""

    def __len__(self) -> int:
        return len(self._pieces)

    def encode(self, text: str) -> tuple[int, ...]:
        """Tokens of a text; nothing is added before or behind."""
        if self._rules.shortens_spaces:
            text = re.sub(" +", " ", text).strip(" ")
        if self._rules.adds_space and text:
            text = " " + text
        text = text.replace(" ", _SPACE)
        ids: list[int] = []
        at = 0
        for found in self._cut.finditer(text) if self._cut else ():
            ids += self._merged(text[at : found.start()])
            ids.append(self._fixed[found[0]])
            at = found.end()
        return (*ids, *self._merged(text[at:]))

    def decode(self, ids: Sequence[int]) -> str:
        """The text of tokens; control tokens have none, and bytes that are no character yet are U+FFFD."""
        raw = bytearray()
        for i in ids:
            if self._kinds[i] == BYTE:
                raw.append(self._byte_of[i])
            elif self._kinds[i] not in (CONTROL, UNKNOWN) and not _MARK.match(self._pieces[i]):
                raw += self._pieces[i].replace(_SPACE, " ").encode()
        return raw.decode("utf-8", "replace")

    def _merged(self, text: str) -> list[int]:
        """Characters joined pair by pair, the best pair first and the leftmost of equals."""
        parts: list[str] = list(text)
        after = list(range(1, len(parts) + 1))
        before = list(range(-1, len(parts) - 1))
        waiting: list[tuple[float, int, int, str]] = []

        def offer(left: int) -> None:
            right = after[left] if left >= 0 else len(parts)
            if right < len(parts):
                joined = parts[left] + parts[right]
                if joined in self._ranks:
                    heapq.heappush(waiting, (self._ranks[joined][0], left, right, joined))

        for i in range(len(parts)):
            offer(i)
        while waiting:
            _, left, right, joined = heapq.heappop(waiting)
            if not parts[left] or not parts[right] or parts[left] + parts[right] != joined or after[left] != right:
                continue  # one of the two was joined with another since
            parts[left], parts[right] = joined, ""
            after[left] = after[right]
            if after[right] < len(parts):
                before[after[right]] = left
            offer(before[left])
            offer(left)
        ids: list[int] = []
        for part in filter(None, parts):
            if part in self._ranks:
                ids.append(self._ranks[part][1])
            else:
                ids += [self._bytes[byte] for byte in part.encode("utf-8", "replace")]
        return ids


def load_tokenizer(base: Path) -> Tokenizer:
    """The tokenizer in the folder of the base model.

    Raises:
        WeightsError: see `Tokenizer`.
    """
    return Tokenizer(base / "tokenizer.model")
