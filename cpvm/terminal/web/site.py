"""The files of the pages: HTML, style and scripts, and the table of characters, which is made here."""

from __future__ import annotations

import json
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from aiohttp import web

from cpvm.s370.ebcdic import from_ebcdic

_TYPES: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_INDEX: Final = {"/": "terminal.html", "/operator": "operator.html"}


def pages() -> dict[str, tuple[str, bytes]]:
    """All files by path: content type and content."""
    found: dict[str, tuple[str, bytes]] = {}
    _collect(resources.files("cpvm.terminal.web") / "page", "", found)
    table = f"export const CODE_PAGE_037 = {json.dumps(from_ebcdic(bytes(range(256))))};\n"
    found["/js/codepage.js"] = ("text/javascript", table.encode())
    for path, name in _INDEX.items():
        found[path] = found.pop(f"/{name}")
    found["/favicon.ico"] = found["/icon.svg"]  # browsers ask for it, whatever a page says
    return found


def _collect(folder: Traversable, path: str, found: dict[str, tuple[str, bytes]]) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            _collect(entry, f"{path}/{entry.name}", found)
        elif (kind := _TYPES.get(entry.name[entry.name.rfind(".") :])) is not None:
            found[f"{path}/{entry.name}"] = (kind, entry.read_bytes())


class Site:
    """Serves what `pages` has, and nothing else."""

    def __init__(self) -> None:
        self._pages = pages()

    async def handle(self, request: web.Request) -> web.Response:
        """One page or file; 404 if there is none."""
        page = self._pages.get(request.path)
        if page is None:
            raise web.HTTPNotFound(text="There is nothing here.\n")
        kind, content = page
        return web.Response(body=content, content_type=kind, charset="utf-8")
