"""A gateway as it is often written first: it opens a client for each call."""

import os

import httpx
from fastapi import FastAPI, Request, Response

UPSTREAM = os.environ["UPSTREAM"]

app = FastAPI()


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def relay(request: Request, path: str) -> Response:
    async with httpx.AsyncClient() as client:
        answer = await client.request(
            request.method,
            f"{UPSTREAM}/{path}",
            params=request.query_params,
            content=await request.body(),
            headers={"content-type": request.headers.get("content-type", "")},
        )
    return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))
