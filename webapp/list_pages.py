"""Long lists a page at a time: on a phone a row is a card, and a thousand of them end nowhere.

The server cuts, so that it works without a script; the links keep what the list was restricted to and lead to its head.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import request, url_for

Item = TypeVar("Item")

SIZES = (25, 100)
"""Rows on a page: what is shown unasked, and what one may ask for with ``?rows=``."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Which part of a long list is shown: ``page`` counts from 1; ``first`` and ``last`` count items from 1."""

    page: int
    pages: int
    first: int
    last: int
    count: int
    size: int

    @classmethod
    def of(cls, asked: int, count: int, size: int) -> Pages:
        """The page asked for, or the nearest that exists."""
        pages = max(1, -(-count // size))
        page = min(max(asked, 1), pages)
        return cls(page, pages, min(count, (page - 1) * size + 1), min(count, page * size), count, size)

    @property
    def offset(self) -> int:
        """How many items come before this page."""
        return (self.page - 1) * self.size

    def of_list(self, items: Sequence[Item]) -> Sequence[Item]:
        """The items on this page."""
        return items[self.offset : self.last]


@dataclass(frozen=True, slots=True)
class PageLinks:
    """The addresses of the other pages. ``query``: what stays in the address, the path's parts included; ``name``: the
    parameter of the page; ``anchor``: the list's head. ``sizes``: more than one where a visitor may choose."""

    part: Pages
    endpoint: str
    query: Mapping[str, str | int | None] = field(default_factory=dict)
    anchor: str = ""
    name: str = "page"
    sizes: tuple[int, ...] = SIZES

    @property
    def steps(self) -> list[tuple[str, str, str]]:
        """(words' key, address, ``rel``) of the first, former, next and last page, as far as there are such."""
        part = self.part
        wanted = (
            ("pages.first", 1, "", part.page > 2),
            ("pages.before", part.page - 1, "prev", part.page > 1),
            ("pages.after", part.page + 1, "next", part.page < part.pages),
            ("pages.last", part.pages, "", part.page < part.pages - 1),
        )
        return [(key, self.url(page, part.size), rel) for key, page, rel, there in wanted if there]

    @property
    def choices(self) -> list[tuple[int, str]]:
        """(rows, address) of every size, from the page that holds the row which is first now; none where all fits."""
        if len(self.sizes) == 1 or self.part.count <= self.sizes[0]:
            return []
        return [(size, self.url(self.part.offset // size + 1, size)) for size in self.sizes]

    def url(self, page: int, size: int) -> str:
        """A page of some size; what goes without saying is left out of the address."""
        asked: dict[str, Any] = {**self.query, self.name: page if page > 1 else None}
        if len(self.sizes) > 1:
            asked["rows"] = size if size != self.sizes[0] else None
        return url_for(self.endpoint, _anchor=self.anchor or None, **asked)


def asked_size() -> int:
    """Rows on a page, as the address asks."""
    asked = request.args.get("rows", SIZES[0], int)
    return asked if asked in SIZES else SIZES[0]


def asked_pages(count: int) -> Pages:
    """The page of a list of so many items that the address asks for."""
    return Pages.of(request.args.get("page", 1, int), count, asked_size())
