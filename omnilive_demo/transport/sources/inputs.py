"""What a reader can open: a file on disk, a stream URL, a pushed stream. One class each, behind `Input`.

Every way in is narrow: only demuxers of ordinary media (no playlist inside an upload, nothing that opens other files),
only bytes that come through our own file objects or a tunnel to one checked server.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import quote

import av
from av.container import InputContainer

from omnilive_demo.transport.sources.failure import SourceFailed, explain, not_media
from omnilive_demo.transport.sources.http_file import HttpFile
from omnilive_demo.transport.sources.network import Network, Tunnel
from omnilive_demo.transport.sources.pipe import BytePipe
from omnilive_demo.transport.sources.urls import WEB, StreamUrl, parse_url

MEDIA_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,live_flv,asf,ogg,gif,"
    "wav,w64,mp3,flac,aac,ac3,amr,aiff,caf"
)
STREAM_FORMATS = MEDIA_FORMATS + ",hls,mpjpeg"


class Input(Protocol):
    """Something that can be opened once, in the reading thread, and aborted from any thread."""

    live: bool
    """Arrives at its own pace, so it is handed on as it comes."""

    @property
    def failure(self) -> SourceFailed | None:
        """What went wrong outside of FFmpeg, which may have taken it for the end."""
        ...

    def open(self) -> InputContainer:
        """Open it; blocks. Raises SourceFailed."""
        ...

    def abort(self) -> None:
        """Wake and end whatever waits for data."""
        ...

    def close(self) -> None:
        """Free what it holds; after the container was closed."""
        ...

    def explain(self, error: BaseException) -> SourceFailed:
        """The sentence for what went wrong while it was read."""
        ...


def _refuse(url: str, flags: int, options: dict[str, str]) -> Any:
    raise SourceFailed("source_protocol", "The file refers to other files, which are not opened.")


class FileInput:
    """A media file on disk (an upload or a sample)."""

    live = False
    failure: SourceFailed | None = None

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self._aborted = False
        self.name = path.suffix  # FFmpeg takes the name only as a hint of the format

    def open(self) -> InputContainer:
        """Open the file. Raises SourceFailed."""
        try:
            self._file = self._path.open("rb")
            if not self._path.stat().st_size:
                raise SourceFailed("source_empty", "The file is empty.", "Choose another file.")
            return av.open(self, "r", options={"format_whitelist": MEDIA_FORMATS}, io_open=_refuse)
        except (OSError, ValueError) as error:
            failure = self.explain(error)
            raise (
                self._cut_off() if failure.code == "source_not_media" and self._has_movie_start() else failure
            ) from error

    def read(self, n: int) -> bytes:
        """For PyAV."""
        return b"" if self._aborted or self._file is None else self._file.read(n)

    def seek(self, offset: int, whence: int = 0) -> int:
        """For PyAV."""
        return 0 if self._file is None else self._file.seek(offset, whence)

    def tell(self) -> int:
        """For PyAV."""
        return 0 if self._file is None else self._file.tell()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def abort(self) -> None:
        """The next read says that the file is over."""
        self._aborted = True

    def explain(self, error: BaseException) -> SourceFailed:
        """The sentence for what went wrong."""
        return explain(error, 0)

    def _has_movie_start(self) -> bool:
        with self._path.open("rb") as file:
            return file.read(12)[4:8] == b"ftyp"

    def _cut_off(self) -> SourceFailed:
        return SourceFailed(
            "source_truncated", "The video file is incomplete: the part that tells how to play it is missing.",
            "It was probably cut off while it was copied or recorded. Upload it again.",
        )  # fmt: skip


class UrlInput:
    """A stream address: HTTP(S) files, live streams and HLS, RTMP(S), RTSP(S)."""

    def __init__(self, url: StreamUrl, network: Network) -> None:
        self._url = url
        self._network = network
        self.live = url.scheme not in WEB

    @property
    def failure(self) -> SourceFailed | None:
        """What the network met first."""
        return self._network.failure

    def open(self) -> InputContainer:
        """Connect and open. Raises SourceFailed."""
        try:
            return self._open_web() if self._url.scheme in WEB else self._open_tunnel()
        except (OSError, ValueError) as error:
            raise self.explain(error) from error

    def abort(self) -> None:
        """Cut all its connections."""
        self._network.cut()

    def close(self) -> None:
        """Cut all its connections."""
        self._network.cut()

    def explain(self, error: BaseException) -> SourceFailed:
        """The network knows better than FFmpeg what went wrong."""
        return self._network.failure or explain(error, self._network.stall_limit_s)

    def _open_web(self) -> InputContainer:
        options = {
            "format_whitelist": STREAM_FORMATS,
            "protocol_whitelist": "http,https,tcp,tls",
            # FFmpeg would keep connections of its own to reuse; ours are files, one for each part.
            "http_persistent": "0",
            "http_multiple": "0",
            "analyzeduration": "2000000",  # microseconds to look for tracks in; kept, but a live stream waits for it
        }
        return av.open(self._url.bare, "r", options=options, io_open=self._open_part)

    def _open_part(self, url: str, flags: int, options: dict[str, str]) -> HttpFile:
        if self._network.is_cut:
            raise SourceFailed("source_stopped", "The source was stopped.")
        if url.startswith("crypto"):
            raise self._network.note(SourceFailed("source_encrypted", "The stream is encrypted and cannot be read."))
        try:
            part = self._url if url == self._url.bare else parse_url(url, WEB)
        except SourceFailed as failure:
            raise self._network.note(failure) from failure
        return HttpFile(self._network, part)

    def _open_tunnel(self) -> InputContainer:
        plain = self._url.scheme.rstrip("s") if self._url.secure else self._url.scheme
        tunnel = Tunnel(self._network, self._url)
        account = (
            f"{quote(self._url.user, safe='')}:{quote(self._url.password or '', safe='')}@"
            if self._url.user is not None
            else ""
        )
        options = {"format_whitelist": "rtsp,flv,live_flv", "protocol_whitelist": "rtmp,rtsp,rtp,tcp"}
        if plain == "rtsp":
            options |= {"rtsp_transport": "tcp", "allowed_media_types": "video+audio"}
        else:
            app = self._url.target.strip("/").rpartition("/")[0]
            options |= {"rtmp_tcurl": f"{self._url.scheme}://{self._url.netloc}/{app}", "rtmp_live": "any"}
        limit_s = self._network.stall_limit_s
        address = f"{plain}://{account}127.0.0.1:{tunnel.port}{self._url.target}"
        return av.open(address, "r", options=options, timeout=(limit_s, limit_s), io_open=None)


class FeedInput:
    """A pushed stream: FLV bytes out of a pipe."""

    live = True
    failure: SourceFailed | None = None

    def __init__(self, pipe: BytePipe) -> None:
        self._pipe = pipe

    def open(self) -> InputContainer:
        """Wait for the first packets. Raises SourceFailed."""
        # Half a second of packets shows which tracks there are; they are kept, nothing is lost by looking.
        options = {"analyzeduration": "500000", "probesize": "1000000"}
        try:
            return av.open(self._pipe, "r", format="flv", options=options, io_open=_refuse)
        except (OSError, ValueError) as error:
            raise self.explain(error) from error

    def abort(self) -> None:
        """End the pipe."""
        self._pipe.close()

    def close(self) -> None:
        """End the pipe."""
        self._pipe.close()

    def explain(self, error: BaseException) -> SourceFailed:
        """The sentence for what went wrong."""
        failure = explain(error, 0)
        if failure.code != not_media().code:
            return failure
        return SourceFailed("source_broken", "The pushed stream could not be read.", "Use H.264 video and AAC sound.")
