"""The library's members."""

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI(title="Members")


class Member(BaseModel):
    id: int
    name: str
    town: str


MEMBERS = {
    1: Member(id=1, name="Ada", town="London"),
    2: Member(id=2, name="Blaise", town="Clermont-Ferrand"),
}


@app.get("/ready")
def ready() -> dict[str, str]:
    return {"status": "ready"}


@app.get("/members/{id}")
def get_member(id: int) -> Member:
    if id not in MEMBERS:
        raise HTTPException(404, "no such member")
    return MEMBERS[id]
