"""The figures of the last days as a small picture, and the signed address under which Slack fetches
it. The address itself holds the figures, so nothing has to be looked up or kept."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date, timedelta

from PIL import Image, ImageDraw, ImageFont

from scheduler.figures import DAYS, Day, Month
from scheduler.vault import Vault

# Twice what Slack shows, for sharp screens.
_WIDTH, _HEIGHT, _EDGE, _FOOT = 1200, 300, 40, 46
# A light card of its own: readable whether Slack is light or dark around it. Blue and orange are
# told apart by people who see few colours, and failed bars stand on top of the others besides.
_CARD, _LINE, _INK = "#f8f8f8", "#c4c4c4", "#1d1c1d"
_PUBLISHED, _FAILED = "#1264a3", "#c2410c"
_SIGNED = re.compile(
    rf"([0-9]{{8}})-([0-9]{{1,7}}\.[0-9]{{1,7}}(?:-[0-9]{{1,7}}\.[0-9]{{1,7}}){{0,{DAYS - 1}}})"
    r"-([0-9a-f]{64})",
    re.ASCII,
)


def address(public_url: str, vault: Vault, month: Month) -> str:
    """Where the picture of these figures is."""
    counts = "-".join(f"{day.published}.{day.failed}" for day in month.days)
    named = f"{month.days[0].day:%Y%m%d}-{counts}"
    return f"{public_url}/chart/{named}-{vault.sign(_purpose(named))}.png"


def days_of(vault: Vault, signed: str) -> list[Day] | None:
    """The figures in an address; `None` when it was not made here."""
    found = _SIGNED.fullmatch(signed)
    if found is None or not vault.is_signed(_purpose(f"{found[1]}-{found[2]}"), found[3]):
        return None
    first = date(int(found[1][:4]), int(found[1][4:6]), int(found[1][6:]))
    pairs = [pair.split(".") for pair in found[2].split("-")]
    return [
        Day(day=first + timedelta(days=number), published=int(live), failed=int(dead))
        for number, (live, dead) in enumerate(pairs)
    ]


def alt_text(month: Month) -> str:
    """What the picture shows, in words."""
    told = [
        f"{day.day:%d %b}: {day.published:,} published"
        + (f", {day.failed:,} failed" if day.failed else "")
        for day in month.days
        if day.published or day.failed
    ]
    total = f"{month.published:,} published and {month.failed:,} failed"
    return f"Posts for each of the last {len(month.days)} days, {total}. {'; '.join(told)}."[:1900]


def draw(days: Sequence[Day]) -> bytes:
    """A PNG with a bar for each day: published below, failed on top."""
    image = Image.new("RGB", (_WIDTH, _HEIGHT), _CARD)
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=24)
    most = max((day.published + day.failed for day in days), default=0)
    floor, room = _HEIGHT - _FOOT, _HEIGHT - _FOOT - _EDGE
    pen.line([(_EDGE, floor), (_WIDTH - _EDGE, floor)], fill=_LINE, width=2)
    step = (_WIDTH - 2 * _EDGE) / max(1, len(days))
    for number, day in enumerate(days):
        left, right = _EDGE + number * step + 4, _EDGE + (number + 1) * step - 4
        middle = floor - _height(day.published, most, room)
        top = middle - _height(day.failed, most, room)
        if day.published:
            pen.rectangle([left, middle, right, floor], fill=_PUBLISHED)
        if day.failed:
            pen.rectangle([left, top, right, middle], fill=_FAILED)
    _label(pen, font, days, most)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _height(count: int, most: int, room: int) -> float:
    """At least a visible sliver for whatever is not nothing."""
    return max(3.0, room * count / most) if count else 0.0


def _label(
    pen: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    days: Sequence[Day],
    most: int,
) -> None:
    """The scale, the first and the last day, and what the colours mean."""
    foot = _HEIGHT - _FOOT + 10
    pen.text((_EDGE, 6), f"{most:,}", fill=_INK, font=font)
    pen.text((_WIDTH - _EDGE, 6), "failed", fill=_FAILED, font=font, anchor="ra")
    pen.text((_WIDTH - _EDGE - 110, 6), "published", fill=_PUBLISHED, font=font, anchor="ra")
    if days:
        pen.text((_EDGE, foot), f"{days[0].day:%d %b}", fill=_INK, font=font)
        last = f"{days[-1].day:%d %b}"
        pen.text((_WIDTH - _EDGE, foot), last, fill=_INK, font=font, anchor="ra")


def _purpose(named: str) -> str:
    return f"chart\n{named}"
