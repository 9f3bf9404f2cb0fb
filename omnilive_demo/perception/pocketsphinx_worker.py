"""The decoder process of the PocketSphinx recogniser: one decoder, one utterance at a time.

Imported in the child only, and imports nothing but PocketSphinx. The acoustic model knows speech whose mean cepstrum
was taken off; how loud and how coloured a microphone is shows in that mean. So the first `HEAD_S` of an utterance are
held back, their mean is taken (in a search that costs next to nothing), blended with what the session's earlier
utterances had, and decoding begins with it: the first utterance of a session is understood as well as the later ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import pocketsphinx

from omnilive_demo.serving.child import Channel

RATE_HZ = 16_000
HEAD_S = 0.9  # held back before decoding begins; decoding is 8 times faster than life, so it catches up
PROMPT_HEAD_S, PROMPT_FIRST_HEAD_S = 0.4, 0.7  # where the first words are waited for; the latter without a carried mean
CARRIED_WEIGHT_S = 2.0  # how many seconds of sound the session's earlier mean counts for
_CHUNK_BYTES = 2 * RATE_HZ // 10
_PROBE = "probe"

Means = Sequence[float]


class Utterance:
    """One utterance on the decoder."""

    def __init__(self, decoder: pocketsphinx.Decoder, carried: Means | None, promptly: bool) -> None:
        self._decoder = decoder
        self._carried = carried
        self._head = bytearray()
        head_s = HEAD_S if not promptly else PROMPT_FIRST_HEAD_S if carried is None else PROMPT_HEAD_S
        self._head_bytes = round(2 * RATE_HZ * head_s)
        self.decoding = False

    def feed(self, sound: bytes) -> None:
        """More sound: int16, mono, 16 kHz."""
        if self.decoding:
            self._decode(sound)
            return
        self._head += sound
        if len(self._head) >= self._head_bytes:
            self._begin()

    def partial(self) -> str:
        """The best words so far, as the decoder writes them."""
        if not self.decoding:
            self._begin()
        hypothesis = self._decoder.hyp()
        return hypothesis.hypstr if hypothesis is not None else ""

    def finish(self) -> tuple[str, float, tuple[float, ...]]:
        """The final words, the confidence in them, and the mean cepstrum of the utterance."""
        if not self.decoding:
            self._begin()
        self._decoder.end_utt()
        hypothesis = self._decoder.hyp()
        text = hypothesis.hypstr if hypothesis is not None else ""
        return text, self._confidence() if text else 0.0, _means(self._decoder)

    def cancel(self) -> None:
        """Free the decoder."""
        if self.decoding:
            self._decoder.end_utt()

    def _begin(self) -> None:
        if self._head:
            self._decoder.set_cmn(_written(_blend(self._mean_of_head(), len(self._head), self._carried)))
        self._decoder.start_utt()
        self.decoding = True
        self._decode(bytes(self._head))
        self._head.clear()

    def _mean_of_head(self) -> tuple[float, ...]:
        words = self._decoder.current_search()
        self._decoder.activate_search(_PROBE)
        self._decoder.start_utt()
        self._decoder.process_raw(bytes(self._head), True, True)
        self._decoder.end_utt()
        self._decoder.activate_search(words)
        return _means(self._decoder)

    def _decode(self, sound: bytes) -> None:
        for start in range(0, len(sound), _CHUNK_BYTES):
            self._decoder.process_raw(sound[start : start + _CHUNK_BYTES], False, False)

    def _confidence(self) -> float:
        """Mean posterior of the words, by duration (0..1)."""
        total = frames = 0.0
        for word in self._decoder.seg():
            if word.word[0] in "<[+":
                continue
            length = word.end_frame - word.start_frame + 1
            total += length * min(1.0, word.prob)
            frames += length
        return total / frames if frames else 0.0


def make_decoder() -> pocketsphinx.Decoder:
    """The decoder with the en-us model of the wheel."""
    decoder = pocketsphinx.Decoder(loglevel="FATAL", samprate=RATE_HZ, remove_noise=True)
    decoder.add_keyphrase(_PROBE, "hello")
    return decoder


def serve(channel: Channel) -> None:
    """Decode what the parent sends: `(verb, utterance, …)`; see `PocketSphinxRecognizer`."""
    decoder = make_decoder()
    channel.ready()
    key, utterance = -1, None
    while True:
        verb, about, *values = channel.receive()
        if verb == "open":
            if utterance is not None:
                utterance.cancel()
            key, utterance = about, Utterance(decoder, *values)
        elif about != key or utterance is None:
            continue
        elif verb == "feed":
            utterance.feed(values[0])
        elif verb == "partial":
            channel.send(("partial", key, utterance.partial()))
        elif verb == "finish":
            channel.send(("final", key, *utterance.finish()))
            utterance = None
        elif verb == "cancel":
            utterance.cancel()
            utterance = None


def _means(decoder: pocketsphinx.Decoder) -> tuple[float, ...]:
    return tuple(float(value) for value in decoder.get_cmn(True).split(",") if value)


def _written(means: Means) -> str:
    return ",".join(f"{value:.4f}" for value in means)


def _blend(head: Means, head_bytes: int, carried: Means | None) -> Means:
    if carried is None or len(carried) != len(head):
        return head
    seconds = head_bytes / 2 / RATE_HZ
    share = CARRIED_WEIGHT_S / (CARRIED_WEIGHT_S + seconds)
    return [own * (1 - share) + before * share for own, before in zip(head, carried, strict=True)]
