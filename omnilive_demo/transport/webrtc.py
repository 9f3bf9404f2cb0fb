"""WebRTC through fastrtc: one peer connection is one `Peer`, a link of a visit.

fastrtc negotiates, decodes and encodes; nothing but hand-overs happens in its callbacks. Besides, we listen to the peer
connection itself, for three reasons: fastrtc drops what a browser says on the data channel, may never call `shutdown`
(no audio track, ICE failure), and hears a data channel's first message before its handler could. A browser that only
listens (`recvonly`) is answered too, by `peer_offer.py`. Time stamps: fastrtc hides those of RTP, so sound is timed by
counting samples and anchored at its arrival (`MediaTimeline`), pictures by their arrival.
"""

from __future__ import annotations

import asyncio
import logging
from contextvars import ContextVar
from typing import Any, NoReturn

import numpy as np
from fastrtc import AsyncAudioVideoStreamHandler, Stream
from fastrtc.stream import Body
from numpy.typing import NDArray

from omnilive_demo.config import Settings
from omnilive_demo.events import Json
from omnilive_demo.speech.playout import RATE_HZ
from omnilive_demo.transport.ice import Ice, for_server
from omnilive_demo.transport.peer import Peer
from omnilive_demo.transport.peer_offer import answer_listener, check_offer
from omnilive_demo.transport.visit import Visit

log = logging.getLogger(__name__)

INPUT_RATE_HZ = 48_000  # at any other rate fastrtc's chunks grow beyond 20 ms


WANTED_OFFER = "An offer needs one audio section that can receive, a data channel, and one video section at most."


class OfferRefused(RuntimeError):
    """An offer that cannot be answered now; `code` is for the wire."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


_offering: ContextVar[Peer] = ContextVar("offering")


class PeerHandler(AsyncAudioVideoStreamHandler):
    """What fastrtc calls; made by `copy` for each offer, and bound to the peer whose offer it is."""

    def __init__(self, peer: Peer | None = None) -> None:
        super().__init__("mono", output_sample_rate=RATE_HZ, input_sample_rate=INPUT_RATE_HZ)
        self._peer = peer

    @property
    def peer(self) -> Peer:
        """The peer. Raises RuntimeError for the prototype that only serves to be copied."""
        if self._peer is None:
            raise RuntimeError("the prototype of the handlers has no peer")
        return self._peer

    def copy(self) -> PeerHandler:
        """A handler for the offer that is being answered in this context."""
        return PeerHandler(_offering.get())

    async def receive(self, frame: tuple[int, NDArray[np.int16]]) -> None:
        """Sound came in: `(rate, [1, n])`."""
        rate_hz, samples = frame
        self.peer.take_audio(samples.reshape(-1), rate_hz)

    async def emit(self) -> tuple[int, NDArray[np.int16]] | None:
        """The next sound to send."""
        samples = await self.peer.next_sound()
        return None if samples is None else (RATE_HZ, samples)

    async def video_receive(self, frame: NDArray[Any]) -> None:
        """A picture came in, BGR `[H, W, 3]`."""
        self.peer.take_picture(frame)

    async def video_emit(self) -> NoReturn:
        """No picture is ever sent back: wait for ever, which costs nothing."""
        await asyncio.Event().wait()
        raise AssertionError("this event is never set")

    def shutdown(self) -> None:
        """Fastrtc is done with this connection."""
        self.peer.shutdown()


class WebRtc:
    """Answers offers.

    Args:
        ice: where the way to the browser is found.
    """

    def __init__(self, settings: Settings, ice: Ice) -> None:
        self._ice = ice
        # A tab may hold two connections while it changes over; beyond that, somebody is up to no good.
        self._stream = Stream(
            PeerHandler(),
            modality="audio-video",
            mode="send-receive",
            concurrency_limit=2 * settings.seats + 4,
            server_rtc_configuration={"iceServers": []},
            verbose=False,
        )

    @property
    def connections(self) -> int:
        """How many peer connections there are."""
        return len(self._stream.pcs)

    async def offer(self, visit: Visit, webrtc_id: str, sdp: str) -> Json:
        """Answer an offer: `{"sdp", "type"}`.

        Raises:
            OfferRefused: it cannot be understood, or there is no room.
        """
        offer = check_offer(sdp)
        if offer is None:
            raise OfferRefused("bad_offer", WANTED_OFFER)
        if not visit.claim_webrtc_id(webrtc_id):
            raise OfferRefused("webrtc_id_used", "This connection id was used already, or is not this visit's.")
        config = for_server(await self._ice.servers())
        self._stream.server_rtc_configuration = self._stream.convert_to_aiortc_format(config)
        peer = Peer(visit, webrtc_id, self._stream)
        context = _offering.set(peer)
        try:
            answer = await self._stream.offer(Body(sdp=offer.sdp, type="offer", webrtc_id=webrtc_id))
            if not isinstance(answer, dict):
                raise OfferRefused("no_room", "There are too many connections at the moment.")
            peer.adopt()
        except OfferRefused:
            await self._abandon(peer)
            raise
        except Exception as error:
            log.warning("an offer could not be answered: %r", error)
            await self._abandon(peer)
            raise OfferRefused("bad_offer", "The offer could not be understood.") from error
        finally:
            _offering.reset(context)
        return {"sdp": answer_listener(answer["sdp"]) if offer.listens_only else answer["sdp"], "type": answer["type"]}

    async def candidate(self, visit: Visit, webrtc_id: str, candidate: dict[str, Any]) -> bool:
        """A late ICE candidate for a connection of this visit; whether it was taken."""
        if not visit.owns_webrtc_id(webrtc_id) or not str(candidate.get("candidate") or "").startswith("candidate:"):
            return False
        answer = await self._stream.offer(Body(candidate=candidate, type="ice-candidate", webrtc_id=webrtc_id))
        return b'"success"' in getattr(answer, "body", b"")

    async def _abandon(self, peer: Peer) -> None:
        pc = self._stream.pcs.pop(peer.webrtc_id, None)
        self._stream.clean_up(peer.webrtc_id)
        peer.shutdown()
        if pc is not None:
            await pc.close()
