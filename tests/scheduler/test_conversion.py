"""Making images in a process of its own: what comes out, and what cannot do harm."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageDraw

from scheduler import conversion
from scheduler.conversion import ConversionFailed, Converter
from scheduler.fitting import JPEG, MB, PNG, WEBP, Recipe
from scheduler.measure import Facts, measure
from tests.scheduler.test_measure import noted
from tests.world import drawn


async def made(folder: Path, content: bytes, **recipe: Any) -> Image.Image:
    """What comes out, loaded."""
    source, target = folder / "source", folder / "target"
    source.write_bytes(content)
    target.touch()
    await Converter().make(source, target, Recipe(**{"mime": JPEG, "size": 8 * MB, **recipe}))
    image = Image.open(target)
    image.load()
    return image


def facts(folder: Path) -> Facts:
    return measure(folder / "target", "target")


def halves(kind: str, *, size: tuple[int, int] = (64, 32), **saved: Any) -> bytes:
    """An image whose left half is red and whose right half is blue."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    image.save(out, kind, **saved)
    return out.getvalue()


def noise(size: tuple[int, int]) -> bytes:
    """A PNG that cannot be compressed."""
    out = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(out, "PNG")
    return out.getvalue()


def near(colour: Any, wanted: tuple[int, int, int]) -> bool:
    return all(abs(one - other) < 12 for one, other in zip(colour, wanted, strict=True))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "JPEG"])
@pytest.mark.parametrize("mime", [JPEG, PNG, WEBP])
async def test_every_format_becomes_every_format(tmp_path: Path, kind: str, mime: str) -> None:
    image = await made(tmp_path, halves(kind), mime=mime)

    assert Image.MIME[image.format or ""] == mime
    assert image.size == (64, 32)
    assert near(image.convert("RGB").getpixel((8, 16)), (254, 0, 0))
    assert near(image.convert("RGB").getpixel((56, 16)), (0, 0, 254))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_an_image_is_turned_upright_and_forgets_where_it_was_taken(
    tmp_path: Path, kind: str
) -> None:
    content = halves(kind, exif=noted(orientation=6, place=True))

    image = await made(tmp_path, content)

    found = facts(tmp_path)
    assert (found.width, found.height, found.orientation, found.is_located) == (32, 64, 1, False)
    assert b"Exif" not in (tmp_path / "target").read_bytes()
    # Left was to be shown on top.
    assert near(image.getpixel((16, 8)), (254, 0, 0))
    assert near(image.getpixel((16, 56)), (0, 0, 254))


@pytest.mark.parametrize("orientation", [1, 6])
async def test_an_image_is_scaled_to_its_pixels(tmp_path: Path, orientation: int) -> None:
    lies = (1600, 1200) if orientation == 1 else (1200, 1600)
    content = halves("JPEG", size=lies, exif=noted(orientation=orientation))

    image = await made(tmp_path, content, width=400, height=300)

    assert image.size == (400, 300)


async def test_what_is_transparent_becomes_white_in_a_jpeg(tmp_path: Path) -> None:
    image = await made(tmp_path, drawn("PNG", colour=(200, 0, 0, 0)))

    assert near(image.getpixel((4, 4)), (255, 255, 255))


async def test_what_is_transparent_stays_so_where_it_can(tmp_path: Path) -> None:
    image = await made(tmp_path, drawn("PNG", colour=(200, 0, 0, 0)), mime=WEBP)

    assert image.convert("RGBA").getpixel((4, 4))[3] == 0


@pytest.mark.parametrize("mime", [JPEG, PNG, WEBP])
async def test_a_file_is_never_larger_than_asked_for(tmp_path: Path, mime: str) -> None:
    image = await made(tmp_path, noise((900, 700)), mime=mime, size=60_000)

    assert (tmp_path / "target").stat().st_size <= 60_000
    assert abs(image.width / image.height - 9 / 7) < 0.05


async def test_a_jpeg_that_is_only_turned_looks_the_same(tmp_path: Path) -> None:
    picture = Image.new("RGB", (320, 240), "white")
    ImageDraw.Draw(picture).ellipse((20, 20, 300, 220), fill="teal", outline="black", width=9)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=97, subsampling=0, exif=noted(orientation=3))

    image = await made(tmp_path, out.getvalue())

    before = Image.open(out).convert("RGB").rotate(180)
    pairs = zip(before.tobytes(), image.tobytes(), strict=True)
    assert max(abs(one - other) for one, other in pairs) <= 12


@pytest.mark.parametrize(
    ("mode", "colour", "shown"),
    [
        ("L", 128, (128, 128, 128)),
        ("1", 1, (255, 255, 255)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("I;16", 32768, (128, 128, 128)),
        ("P", 0, (0, 0, 0)),
        ("LA", (128, 255), (128, 128, 128)),
    ],
)
async def test_all_colours_become_plain_ones(
    tmp_path: Path, mode: str, colour: Any, shown: tuple[int, int, int]
) -> None:
    out = io.BytesIO()
    Image.new(mode, (8, 8), colour).save(out, "JPEG" if mode == "CMYK" else "PNG")

    image = await made(tmp_path, out.getvalue())

    assert image.mode == "RGB"
    assert near(image.getpixel((4, 4)), shown)


async def test_colours_of_another_profile_are_translated(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    image = await made(tmp_path, halves("PNG", icc_profile=profile))

    assert "icc_profile" not in image.info
    assert near(image.getpixel((8, 16)), (254, 0, 0))


async def test_a_profile_that_is_nonsense_is_left_out(tmp_path: Path) -> None:
    image = await made(tmp_path, halves("PNG", icc_profile=b"nonsense" * 100))

    assert near(image.getpixel((8, 16)), (254, 0, 0))


async def test_the_largest_image_that_the_store_takes_can_be_made_fit(tmp_path: Path) -> None:
    content = drawn("PNG", size=(8000, 5000), colour=(0, 90, 90, 128))

    image = await made(tmp_path, content, width=1440, height=900)

    assert image.size == (1440, 900)


def bomb(side: int) -> bytes:
    """A PNG of a few kB that has so many pixels on each side."""
    header = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = b"\0" * (side * 4 + 1)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    chunks = [(b"IHDR", header), (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + type_ + body + struct.pack(">I", zlib.crc32(type_ + body))
        for type_, body in chunks
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"nonsense", drawn("JPEG", size=(300, 300))[:-400], drawn("TIFF"), bomb(20_000)],
    ids=["empty", "nonsense", "cut off", "other format", "a bomb"],
)
async def test_what_cannot_be_made_is_told_for_certain(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ConversionFailed) as failed:
        await made(tmp_path, content)

    assert failed.value.is_certain
    assert str(failed.value)


async def test_an_image_that_takes_too_long_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversion, "LONGEST_SECONDS", 0.01)

    with pytest.raises(ConversionFailed) as failed:
        await made(tmp_path, halves("PNG"))

    assert not failed.value.is_certain


async def test_the_program_learns_nothing_of_our_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "spy.py"
    program.write_text("import os, sys; print(sorted(os.environ), file=sys.stderr); sys.exit(3)")
    monkeypatch.setattr(conversion, "_PROGRAM", program)
    monkeypatch.setenv("X_CLIENT_SECRET", "canary")

    with pytest.raises(ConversionFailed) as failed:
        await made(tmp_path, halves("PNG"))

    assert "X_CLIENT_SECRET" not in str(failed.value)
    assert str(failed.value).startswith("[")
