"""A chat endpoint in a process of its own, as `python openai_server.py`: it prints its port and serves what it is told.

The name of the model in the request is the script: a list, in JSON, of replies, of which each request takes the next
(the last one stays). `GET /seen` tells what was asked and what became of it.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

SEEN: list[dict] = []
ASKED: dict[str, int] = {}


class Cut(Exception):
    """The server dies in the middle of its stream."""


async def complete(request: Request) -> Response:
    body = await request.json()
    number = ASKED[body["model"]] = ASKED.get(body["model"], -1) + 1
    script = json.loads(body["model"])
    reply = script[min(number, len(script) - 1)]
    seen = {"body": body, "key": request.headers.get("authorization"), "sent": 0, "end": "open"}
    SEEN.append(seen)
    if "status" in reply:
        seen["end"] = str(reply["status"])
        return JSONResponse(reply.get("error", {}), reply["status"], headers=reply.get("headers", {}))
    if reply.get("no_prefix") and "continue_final_message" in body:
        return JSONResponse({"error": {"message": "Unrecognized request argument: continue_final_message"}}, 400)
    if reply.get("at_once"):
        return JSONResponse({"choices": [{"message": {"role": "assistant", "content": reply["at_once"]}}]})
    return StreamingResponse(stream(reply, seen), media_type="text/event-stream")


async def stream(reply: dict, seen: dict):
    try:
        await asyncio.sleep(reply.get("first_s", 0))
        yield event({"choices": [{"delta": {"role": "assistant", "content": None}}]})
        yield ": a comment\n\n"
        for word in reply["words"]:
            if word == "CUT":
                raise Cut
            if word == "ERROR":
                yield event({"error": {"message": "out of memory"}})
                return
            yield event({"choices": [{"delta": {"content": word}, "finish_reason": None}]})
            seen["sent"] += 1
            await asyncio.sleep(reply.get("pause_s", 0))
        await asyncio.sleep(reply.get("last_s", 0))
        yield event({"choices": [{"delta": {}, "finish_reason": "stop"}]})
        yield event({"choices": [], "usage": {"total_tokens": 7}})
        yield "data: [DONE]\n\n"
        seen["end"] = "done"
    finally:
        if seen["end"] == "open":
            seen["end"] = "closed"


def event(value: dict) -> str:
    return f"data: {json.dumps(value)}\n\n"


async def seen(request: Request) -> Response:
    return JSONResponse(SEEN)


if __name__ == "__main__":
    app = Starlette(routes=[Route("/v1/chat/completions", complete, methods=["POST"]), Route("/seen", seen)])
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="critical")).run([listener])
    sys.exit(0)
