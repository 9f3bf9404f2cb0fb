"""A chat endpoint in a process of its own, as `python openai_server.py`: it prints its port and serves what it is told.

The name of the model in the request is the script: a list, in JSON, of replies, of which each request takes the next
(the last one stays). `GET /seen` tells what was asked and what became of it. Where the command names a folder, the
model "vlm" is the one in it: it reads the pictures of the request and its tokens are streamed.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import socket
import sys
from pathlib import Path

import numpy as np
import uvicorn
from PIL import Image
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
    if body["model"] == "vlm":
        return StreamingResponse(stream({"words": await asyncio.to_thread(generate, body)}, {"sent": 0, "end": "open"}))
    number = ASKED[body["model"]] = ASKED.get(body["model"], -1) + 1
    script = json.loads(body["model"])
    reply = script[min(number, len(script) - 1)]
    seen = {"body": body, "key": request.headers.get("authorization"), "sent": 0, "end": "open"}
    SEEN.append(seen)
    if "status" in reply:
        seen["end"] = str(reply["status"])
        return JSONResponse(reply.get("error", {}), reply["status"], headers=reply.get("headers", {}))
    if reply.get("new_name") and "max_tokens" in body:
        return JSONResponse({"error": {"message": "Use 'max_completion_tokens' instead."}}, 400)
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


def generate(body: dict) -> list[str]:
    """What the model in the folder says to a request."""
    from omnilive_demo.cancel import CancelToken
    from omnilive_demo.models.vlm_model import load_vlm

    model = load_vlm(Path(sys.argv[1]), "cpu")
    messages, begun, pictures = body["messages"], "", []
    if body.get("continue_final_message"):
        *messages, last = messages
        begun = last["content"]
    chat = []
    for message in messages:
        content = message["content"]
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        chat.append({"role": message["role"], "content": [part_of(part, pictures) for part in parts]})
    generation, pieces = model.begin(model.read(chat, pictures, begun)), []
    for _ in range(min(body["max_tokens"], 24)):
        if (piece := generation.next(CancelToken())) is None:
            break
        pieces.append(piece)
    return pieces


def part_of(part: dict, pictures: list) -> dict:
    if part["type"] == "text":
        return part
    data = base64.b64decode(part["image_url"]["url"].split(",")[1])
    pictures.append(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
    return {"type": "image"}


def event(value: dict) -> str:
    return f"data: {json.dumps(value)}\n\n"


async def seen(request: Request) -> Response:
    return JSONResponse(SEEN)


if __name__ == "__main__":
    app = Starlette(routes=[Route("/v1/chat/completions", complete, methods=["POST"]), Route("/seen", seen)])
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)  # who knows the port can connect, even before it is served
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="critical")).run([listener])
    sys.exit(0)
