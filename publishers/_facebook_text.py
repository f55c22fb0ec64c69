"""What a post on Facebook says, and whether two texts are the same to Facebook."""

from __future__ import annotations

import unicodedata

from publishers._values import Content


def message(content: Content) -> str:
    """The text of a post. A post with photos or a video has no field for a link, so it stands
    below the text, unless people wrote it there themselves."""
    if not content.link or not content.media or content.link in content.text:
        return content.text
    return f"{content.text.rstrip()}\n\n{content.link}".lstrip()


def plain(written: str) -> str:
    """A text without what Facebook may change: form, line ends, spaces at the end of lines."""
    written = unicodedata.normalize("NFC", written.replace("\r\n", "\n"))
    return "\n".join(line.rstrip() for line in written.split("\n")).strip()
