"""What can go wrong with a source, in words a visitor can act on.

`SourceFailed` carries a code for the wire, a sentence and a hint. `explain` maps what FFmpeg and the network raise onto
it; no sentence ever contains the URL that was given, because it may hold a password or a stream key.
"""

from __future__ import annotations

import errno
import socket
import ssl

import av
import av.error


class SourceFailed(Exception):
    """A source cannot be played (any further). The message and `hint` are for the page, `code` for the wire."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


TRY_FORMATS = "Use an MP4, MOV, MKV or WebM video (or a WAV, MP3 or FLAC sound file)."
CHECK_ADDRESS = "Check the address, and that the stream is running."

_OS_FAILURES: dict[int, tuple[str, str, str]] = {
    errno.ECONNREFUSED: ("source_refused", "The server refuses connections on that port.", CHECK_ADDRESS),
    errno.ECONNRESET: ("source_cut", "The server cut the connection.", "Try again, or use another source."),
    errno.EIO: ("source_cut", "The connection to the stream was lost.", "Try again, or use another source."),
    errno.EPIPE: ("source_cut", "The server cut the connection.", "Try again, or use another source."),
    errno.EHOSTUNREACH: ("source_unreachable", "There is no way to that server from here.", CHECK_ADDRESS),
    errno.ENETUNREACH: ("source_unreachable", "There is no way to that server from here.", CHECK_ADDRESS),
    errno.ENOENT: ("source_missing", "The file is no longer there.", "Upload it again."),
    errno.EACCES: ("source_missing", "The file cannot be opened.", "Upload it again."),
}


def stalled(limit_s: float) -> SourceFailed:
    """Nothing came for too long."""
    return SourceFailed(
        "source_stalled",
        f"The stream sent nothing for {limit_s:g} seconds.",
        "Check that it is running, then try again.",
    )


def not_media() -> SourceFailed:
    """The bytes are no video or sound that is understood."""
    return SourceFailed("source_not_media", "This is not a video or sound file that can be read.", TRY_FORMATS)


def no_tracks() -> SourceFailed:
    """A container without picture and sound."""
    return SourceFailed("source_no_tracks", "There is neither picture nor sound in it.", TRY_FORMATS)


def http_status(status: int) -> SourceFailed:
    """The server answered, but not with the stream."""
    if status in (401, 403):
        return SourceFailed(
            "source_unauthorized", f"The server does not give access (HTTP {status}).", "Sign-in needed?"
        )
    if status in (404, 410):
        return SourceFailed("source_not_found", f"There is nothing at that address (HTTP {status}).", CHECK_ADDRESS)
    if status == 429:
        return SourceFailed("source_http", "The server asks for a pause (HTTP 429).", "Try again later.")
    if status >= 500:
        return SourceFailed("source_http", f"The server has a problem of its own (HTTP {status}).", "Try again later.")
    return SourceFailed("source_http", f"The server answered with HTTP {status}.", CHECK_ADDRESS)


def explain(error: BaseException, stall_limit_s: float) -> SourceFailed:
    """The sentence for an exception of PyAV, a socket or the file system."""
    if isinstance(error, SourceFailed):
        return error
    if isinstance(error, socket.gaierror):
        return SourceFailed("source_unknown_host", "There is no server of that name.", CHECK_ADDRESS)
    if isinstance(error, ssl.SSLError):
        return SourceFailed("source_tls", "The server's certificate cannot be trusted.", "Check the address.")
    if isinstance(error, av.error.ExitError | TimeoutError):
        return stalled(stall_limit_s)
    if isinstance(error, av.error.DecoderNotFoundError):
        return SourceFailed(
            "source_codec", "It uses a coding that cannot be decoded here.", "Convert it to H.264 and AAC."
        )
    if isinstance(error, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
        return http_status(403)
    if isinstance(error, av.error.HTTPNotFoundError):
        return http_status(404)
    if isinstance(error, av.error.InvalidDataError | av.error.EOFError | av.error.ArgumentError):
        return not_media()
    number = error.errno if isinstance(error, OSError) else None
    if number in _OS_FAILURES:
        return SourceFailed(*_OS_FAILURES[number])
    return SourceFailed("source_broken", "The source cannot be read.", "Try again, or use another source.")
