"""Functions that the tests run in worker processes."""

from __future__ import annotations

import os
import signal
import sys
import threading


def echo(channel, greeting="hello"):
    print("this must not damage the stream")
    channel.ready()
    while True:
        message = channel.receive()
        if message == "die":
            os._exit(3)
        if message == "raise":
            raise ValueError("broken on purpose")
        if message == "modules":
            channel.send(sorted(sys.modules))
        elif message == "interrupt":
            os.kill(os.getpid(), signal.SIGINT)
            channel.send("still here")
        elif message == "hang":
            threading.Event().wait()
        else:
            channel.send((greeting, message))


def broken(channel):
    raise FileNotFoundError("the model is missing")
