"""What each platform can do through Postbot, read off its class, for the README's table."""

from __future__ import annotations

from publishers._base import Publisher

COLUMNS = (
    "Platform",
    "Text",
    "Images",
    "GIF, video",
    "Alt text",
    "Own fields",
    "After the post",
    "Places",
    "A doubtful post",
)
_FIELDS = {"link": "link", "title": "title", "first_comment": ""}
_AFTER = {"": "–", "thread": "a thread", "comment": "first comment"}


def row(publisher: type[Publisher]) -> tuple[str, ...]:
    """The cells of a platform, in the order of `COLUMNS`."""
    limits = publisher.limits
    moving = [
        word for word, size in (("GIF", limits.gif_bytes), ("video", limits.video_bytes)) if size
    ]
    fields = [_FIELDS[name] for name in sorted(publisher.uses) if _FIELDS[name]]
    return (
        publisher.label,
        publisher.room("").partition(" of ")[2],
        f"up to {limits.images}",
        ", ".join(moving) or "–",
        f"up to {limits.alt_text:,}" if limits.alt_text else "–",
        ", ".join(fields) or "–",
        _AFTER[publisher.follow_up],
        _places(publisher),
        publisher.looks,
    )


def _places(publisher: type[Publisher]) -> str:
    fixed = [place.name.lower() for place in publisher.fixed_places]
    return ", ".join(fixed) or ("boards" if publisher.has_places else "–")
