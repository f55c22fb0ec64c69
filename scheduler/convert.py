"""Makes one image from another: a program of its own, started by `scheduler.conversion`.

It decodes what strangers made, so it limits itself before it opens anything: memory, time, and the
size of what it writes. It knows nothing of Postbot but its arguments.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import sys
from collections.abc import Iterator
from typing import Any

# Ends with this when the image cannot be made, with the reason on standard error.
CANNOT = 3
MEMORY_BYTES = 1_500_000_000
CPU_SECONDS = 30
_MOST_SHRINKS = 12
_QUALITIES = (92, 85, 78)


def main(order: dict[str, Any]) -> int:
    """Carries out an order: `source` and `target` (paths), `mime`, `size`, `width`, `height`."""
    _limit(order["size"])
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    try:
        picture, tables = _drawn(order)
        data = _encoded(picture, order["mime"], order["size"], tables)
    except (OSError, SyntaxError, ValueError, MemoryError, EOFError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return CANNOT
    with open(order["target"], "wb") as file:
        file.write(data)
    return 0


def _limit(size: int) -> None:
    os.nice(10)
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, size),
        (resource.RLIMIT_CORE, 0),
    ):
        # Where the system has no such limit (macOS has none for memory) the caller's time limit
        # is left.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(what, (most, most))


def _drawn(order: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The picture upright, in plain colours and in its new size; and how it was compressed before,
    so that compressing it again takes nothing more away."""
    from PIL import Image, ImageOps

    with Image.open(order["source"], formats=["JPEG", "PNG", "WEBP", "GIF"]) as image:
        tables = _tables(image) if order["mime"] == "image/jpeg" and not order["width"] else {}
        if order["width"]:
            sides = (order["width"], order["height"])
            lies = image.getexif().get(274, 1) in (5, 6, 7, 8)
            image.draft(None, sides[::-1] if lies else sides)
        picture: Any = ImageOps.exif_transpose(image)
        picture = _plain(picture)
    if order["mime"] == "image/jpeg":
        picture = _on_white(picture)
    if order["width"]:
        picture = picture.resize(sides, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return picture, tables


def _tables(image: Any) -> dict[str, Any]:
    from PIL import JpegImagePlugin

    if image.format != "JPEG" or image.mode not in ("RGB", "L"):
        return {}
    return {
        "qtables": image.quantization,
        "subsampling": JpegImagePlugin.get_sampling(image),
    }


def _plain(image: Any) -> Any:
    """In sRGB, with transparency where there is some; platforms show other colours wrongly."""
    if image.mode.startswith("I;16"):
        # 16 bits a pixel; Pillow would cut off whatever is brighter than 255.
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    wanted = "RGBA" if image.has_transparency_data else "RGB"
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "RGBA", "CMYK"):
        image = _in_srgb(image, profile, "RGBA" if image.mode == "RGBA" else "RGB")
    return image.convert(wanted)


def _in_srgb(image: Any, profile: bytes, mode: str) -> Any:
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(
            image, source, ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except (ImageCms.PyCMSError, OSError):
        # A profile that does not fit its image says nothing about the colours.
        return image


def _on_white(image: Any) -> Any:
    from PIL import Image

    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _encoded(image: Any, mime: str, most: int, tables: dict[str, Any]) -> bytes:
    """The file, compressed just as much as its size demands, then with fewer pixels."""
    for _ in range(_MOST_SHRINKS):
        size = most
        for how in _ways(mime, tables):
            out = io.BytesIO()
            image.save(out, mime.removeprefix("image/").upper(), **how)
            size = out.tell()
            if size <= most:
                return out.getvalue()
        tables = {}
        scale = min(0.9, (most / size) ** 0.5 * 0.95)
        image = image.resize(tuple(max(1, int(side * scale)) for side in image.size))
    raise ValueError("it cannot be made small enough")


def _ways(mime: str, tables: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if mime == "image/png":
        yield {}
        return
    if tables:
        yield tables
    for quality in _QUALITIES:
        yield {"quality": quality}


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
