"""The library's books."""

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI(title="Catalogue")


class Book(BaseModel):
    id: int
    title: str
    author: str
    year: int


BOOKS = [
    Book(id=1, title="Frankenstein", author="Mary Shelley", year=1818),
    Book(id=2, title="Middlemarch", author="George Eliot", year=1871),
    Book(id=3, title="Germinal", author="Émile Zola", year=1885),
]


@app.get("/ready")
def ready() -> dict[str, str]:
    return {"status": "ready"}


@app.get("/books")
def list_books(since: int = 0) -> list[Book]:
    return [book for book in BOOKS if book.year >= since]


@app.get("/books/{id}")
def get_book(id: int) -> Book:
    for book in BOOKS:
        if book.id == id:
            return book
    raise HTTPException(404, "no such book")
