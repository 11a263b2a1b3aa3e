"""Who has which book at home. It knows members and books by their numbers only."""

from itertools import count

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI(title="Loans")


class NewLoan(BaseModel):
    member: int
    book: int


class Loan(BaseModel):
    id: int
    member: int
    book: int


LOANS = {1: Loan(id=1, member=1, book=2)}
numbers = count(2)


@app.get("/ready")
def ready() -> dict[str, str]:
    return {"status": "ready"}


@app.get("/loans")
def list_loans(member: int | None = None) -> list[Loan]:
    return [loan for loan in LOANS.values() if member in (None, loan.member)]


@app.post("/loans", status_code=201)
def lend(new: NewLoan) -> Loan:
    loan = Loan(id=next(numbers), member=new.member, book=new.book)
    LOANS[loan.id] = loan
    return loan


@app.get("/loans/{id}")
def get_loan(id: int) -> Loan:
    if id not in LOANS:
        raise HTTPException(404, "no such loan")
    return LOANS[id]


@app.delete("/loans/{id}", status_code=204)
def give_back(id: int) -> None:
    if LOANS.pop(id, None) is None:
        raise HTTPException(404, "no such loan")
