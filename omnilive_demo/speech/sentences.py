"""Sentences out of a growing text, each as early as it is certain, so that the voice can start on the first one.

Every cut depends only on the text before it and on a bounded look ahead; where that look ahead has not arrived yet the
splitter waits. So a text pushed in pieces gives the same sentences as the same text pushed at once, and no character
but white space is ever lost.
"""

from __future__ import annotations

import re

MAX_CHARS = 400  # a longer run without an end is cut at a space: the voice works by the sentence
CLAUSE_CHARS = 40  # the first sentence may be cut at a clause from here on, so that the answer starts sooner
CLAUSE_REST_CHARS = 12  # ... if at least this much follows it: no stump of a word or two

_CJK = "。！？｡"
_CLOSERS = "\"'”’)]»*_」』）】》"
_END = re.compile(rf"[.!?…{_CJK}]+[{re.escape(_CLOSERS)}]*")
_CLAUSE = re.compile(rf"[,;:，；：、—][{re.escape(_CLOSERS)}]*")
_HAN = re.compile(r"[㐀-鿿]")
_HAN_CHARS = 2.5  # a Han character takes about as long to say as this many letters
_SAID = re.compile(r"[他她它我你]们?[\w，]{0,4}?[说问道喊答叫嚷想]")  # a quote goes on: 「真的吗？」他问。
_SAID_AHEAD = 7
_LAST_WORD = re.compile(r"[^\s(\[\"“‘'—]*\Z")
_NEXT_WORD = re.compile(r"\s+[\"'“‘(\[*_]*([^\W_]*)")

# Never the end of a sentence, whatever follows.
_TITLES = {
    "dr", "mr", "mrs", "ms", "prof", "st", "rev", "gen", "col", "lt", "sgt", "capt", "gov", "sen", "rep", "hon",
    "vs", "cf", "e.g", "i.e", "approx", "fig", "eq",
}  # fmt: skip
# The end of a sentence only where a word follows that likes to start one.
_MAYBE = {
    "a.m", "p.m", "etc", "inc", "ltd", "co", "corp", "jr", "sr", "al", "no", "nos", "vol",
    "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
}  # fmt: skip
_STARTERS = {
    "a", "after", "all", "an", "and", "any", "are", "as", "at", "before", "but", "can", "did", "do", "does", "for",
    "everything", "from", "he", "her", "here", "his", "how", "however", "i", "if", "in", "is", "it", "its", "later",
    "let", "maybe", "my", "no", "nobody", "nothing", "now", "of", "on", "once", "one", "or", "our", "please", "she",
    "so", "some", "somebody", "someone", "sorry", "that", "the", "their", "then", "there", "these", "they", "this",
    "those", "to", "today", "tomorrow", "was", "we", "well", "were", "what", "when", "where", "which", "while",
    "who", "why", "will", "with", "would", "yes", "you", "your",
}  # fmt: skip


class SentenceSplitter:
    """Takes text as it comes; gives complete sentences, stripped of outer white space."""

    def __init__(self) -> None:
        self._rest = ""
        self._given = 0

    def push(self, delta: str) -> list[str]:
        """Add text; returns the sentences that are now certain."""
        self._rest = (self._rest + delta).lstrip()
        sentences: list[str] = []
        while (cut := _cut(self._rest, first=self._given == 0)) is not None:
            sentences.append(self._rest[:cut].rstrip())
            self._rest = self._rest[cut:].lstrip()
            self._given += 1
        return sentences

    def end_sentence(self) -> list[str]:
        """Whoever pushes knows that a sentence ends here: what is left of it (an empty list when nothing is left)."""
        last, self._rest = self._rest.strip(), ""
        self._given += bool(last)
        return [last] if last else []

    def flush(self) -> list[str]:
        """The text is over: what is left is the last sentence (an empty list when nothing is left)."""
        last = self.end_sentence()
        self._given = 0
        return last


def goes_on(piece: str) -> bool:
    """Whether a piece was cut at a clause, so that its sentence goes on in the next one."""
    return _CLAUSE.search(piece[-2:]) is not None


def split_sentences(text: str) -> list[str]:
    """The sentences of a complete text."""
    splitter = SentenceSplitter()
    return splitter.push(text) + splitter.flush()


def _cut(text: str, first: bool) -> int | None:
    """Where the first sentence of `text` ends; None while that is not certain."""
    at = 0
    while at < min(len(text), MAX_CHARS):
        char = text[at]
        if char == "\n":
            return at
        if char in ".!?…" or char in _CJK:
            verdict, at = _judge_end(text, at)
        elif first and char in ",;:，；：、—" and _length(text, at) >= CLAUSE_CHARS:
            verdict, at = _judge_clause(text, at)
        else:
            at += 1
            continue
        if verdict is None:
            return None
        if verdict:
            return at
    if len(text) <= MAX_CHARS:
        return None
    space = max(text.rfind(" ", 0, MAX_CHARS), text.rfind("\t", 0, MAX_CHARS))
    if space <= 0:  # Chinese has none
        space = 1 + max(text.rfind(mark, 0, MAX_CHARS) for mark in "，；：、")
    return space if space > 0 else MAX_CHARS


def _length(text: str, end: int) -> float:
    """How long the first `end` characters are, in letters."""
    han = len(_HAN.findall(text, 0, end))
    return end + (_HAN_CHARS - 1) * han


def _judge_end(text: str, at: int) -> tuple[bool | None, int]:
    """Whether the marks at `at` end a sentence (None: not known yet), and where the marks end."""
    match = _END.match(text, at)
    assert match is not None
    end = match.end()
    marks = match.group()
    if end == len(text):
        return None, end  # more marks or a closing quote may follow
    if any(mark in _CJK for mark in marks) or _within_han(text, at, end):
        return (_is_not_said(text, end) if marks[-1] in _CLOSERS else True), end
    if not text[end].isspace():
        return False, end  # 3.14, e.g., example.org
    if marks[0] == "." and (at == 0 or text[:at].strip(_CLOSERS + "([").isdecimal()):
        return False, end  # the number of a list item
    word = _LAST_WORD.search(text, 0, at)
    last = word.group().lower() if word else ""
    if marks == "." and (last in _TITLES or _is_initial(text, at)):
        return False, end
    if marks == "." and (last in _MAYBE or re.fullmatch(r"(?:[a-z]\.)+[a-z]", last)):
        return _starts_sentence(text, end), end
    if "\n" in text[end : end + 1]:
        return True, end
    if marks[-1] in _CLOSERS or marks.startswith(("…", "..")):
        return _is_not_lowercase(text, end), end
    return True, end


def _within_han(text: str, at: int, end: int) -> bool:
    """Whether Western marks stand between Han characters, without a space: "是吗?好的", but not "我想...也许"."""
    single = text[at] in "?!" or (text[at] == "." and text[at : at + 2] != "..")
    return single and at > 0 and bool(_HAN.match(text[at - 1])) and bool(_HAN.match(text[end]))


def _is_not_said(text: str, end: int) -> bool | None:
    """Whether no "he asked" follows a Chinese quote; None while that may still come."""
    ahead = text[end : end + _SAID_AHEAD]
    if _SAID.match(ahead):
        return False
    over = len(ahead) == _SAID_AHEAD or ahead[0] not in "他她它我你" or re.search(r"[^\w，]", ahead) is not None
    return True if over else None


def _is_initial(text: str, at: int) -> bool:
    """A single capital before the full stop ("J. Smith"), but not the word I."""
    before = text[at - 2] if at >= 2 else " "
    return (
        text[at - 1].isalpha()
        and text[at - 1].isupper()
        and text[at - 1] != "I"
        and not before.isalnum()
        and before != "."
    )


def _starts_sentence(text: str, end: int) -> bool | None:
    match = _NEXT_WORD.match(text, end)
    if match is None or match.end() == len(text):
        return None
    word = match.group(1)
    return word[:1].isupper() and word.lower() in _STARTERS


def _is_not_lowercase(text: str, end: int) -> bool | None:
    rest = text[end:].lstrip()
    return not rest[0].islower() if rest else None


def _judge_clause(text: str, at: int) -> tuple[bool | None, int]:
    """Whether a long first sentence may be cut behind the comma at `at`, and where the marks end."""
    match = _CLAUSE.match(text, at)
    assert match is not None
    end = match.end()
    if end == len(text):
        return None, end
    if not text[end].isspace() and match.group()[0] not in "，；：、—":
        return False, end  # 1,000 and 3:30
    rest = CLAUSE_REST_CHARS if not _HAN.match(text[end]) else round(CLAUSE_REST_CHARS / _HAN_CHARS)
    ahead = text[end : end + rest + 1]
    if re.search(rf"[.!?…\n{_CJK}]", ahead):
        return False, end
    return (True if len(ahead) > rest else None), end
