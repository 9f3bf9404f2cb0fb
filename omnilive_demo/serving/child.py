"""What runs inside a worker process: a thin harness around one function, kept free of heavy imports.

Messages are pickled values with a length in front, on the pipes that were standard input and output. Standard output
is pointed at standard error first, so that a library that prints cannot damage the stream. A reader thread notices when
the parent is gone, even while the function computes, and ends the process at once; Ctrl-C is the parent's business.
"""

from __future__ import annotations

import importlib
import os
import pickle
import queue
import signal
import struct
import sys
import threading
import traceback
from typing import Any, BinaryIO

LENGTH = struct.Struct("<I")
READY, FAILED, MESSAGE = "ready", "failed", "message"


def write_message(stream: BinaryIO, message: object) -> None:
    """Write one value and flush."""
    data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(LENGTH.pack(len(data)) + data)
    stream.flush()


def read_message(stream: BinaryIO) -> Any:
    """Read one value, waiting for it. Raises EOFError when the other side is gone."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    (length,) = LENGTH.unpack(head)
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)


class Channel:
    """The function's side of the conversation with the parent."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._messages: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def ready(self) -> None:
        """Say that everything is loaded and messages can come."""
        write_message(self._outgoing, (READY, None))

    def send(self, message: object) -> None:
        """Send a value to the parent."""
        write_message(self._outgoing, (MESSAGE, message))

    def receive(self) -> Any:
        """The next value from the parent, waiting for it."""
        return self._messages.get()

    def fail(self, reason: str) -> None:
        """Say why the process is about to end."""
        write_message(self._outgoing, (FAILED, reason))

    def listen(self) -> None:
        """Take in messages until the parent is gone, then end the process (runs on a thread of its own)."""
        try:
            while True:
                self._messages.put(read_message(self._incoming))
        except (EOFError, OSError):
            os._exit(0)


def main() -> None:
    """Run the function that the parent names in its first message: `(sys.path, module, function, arguments)`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    incoming = sys.stdin.buffer
    outgoing = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    channel = Channel(incoming, outgoing)
    try:
        path, module, function, args = read_message(incoming)
        sys.path[:] = path
        target = getattr(importlib.import_module(module), function)
        threading.Thread(target=channel.listen, name="listen", daemon=True).start()
        target(channel, *args)
    except EOFError:
        return
    except BaseException:  # noqa: BLE001 - the top of the process: the parent is told, and decides
        try:
            channel.fail(traceback.format_exc())
        finally:
            os._exit(1)
