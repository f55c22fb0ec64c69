"""What a platform's pages look like: its name, its words and its colour, in the shared files."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from string import Template

from aiohttp import web

ASSETS = Path(__file__).parent / "assets"

_THEME = """:root {
  --accent: $light;
  --on-accent: #ffffff;
}

@media (prefers-color-scheme: dark) {
  :root {
    --accent: $dark;
    --on-accent: #10151b;
  }
}
"""


@dataclass(frozen=True, kw_only=True)
class Look:
    """How the pages name and colour a platform.

    `mark` is one or two letters for the icon. `light` and `dark` are the accent as `#rrggbb` for
    the two colour schemes; text in it must be readable (4.5:1) on a card, which is `#ffffff` or
    `#19212a`, and white or `#10151b` text on it. `post` is the word for one post.
    """

    name: str
    mark: str
    light: str
    dark: str
    post: str = "post"

    def fill(self, name: str, **words: str) -> str:
        """The asset `name` with its `$words` replaced; the values must be escaped by the caller."""
        look = {key: html.escape(str(value)) for key, value in vars(self).items()}
        template = Template((ASSETS / name).read_text(encoding="utf-8"))
        return template.substitute(look | words)

    def theme(self) -> str:
        return Template(_THEME).substitute(light=self.light, dark=self.dark)


def look_routes(look: Look) -> list[web.AbstractRouteDef]:
    """The files that both pages load: the same for all platforms, but for theme and icon."""

    async def theme(_request: web.Request) -> web.Response:
        return _file(look.theme(), "text/css")

    async def icon(_request: web.Request) -> web.Response:
        return _file(look.fill("icon.svg"), "image/svg+xml")

    return [
        web.get("/_/page/theme.css", theme),
        web.get("/_/page/icon.svg", icon),
        web.static("/_/page", ASSETS),
    ]


def _file(text: str, content_type: str) -> web.Response:
    return web.Response(text=text, content_type=content_type, headers={"Cache-Control": "no-cache"})
