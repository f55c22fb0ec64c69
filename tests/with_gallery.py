"""Parts of Postbot as a process that knows Gallery: python -m tests.with_gallery web worker …"""

from __future__ import annotations

import sys

from bot.processes import start
from tests.gallery import GallerySettings, registered

if __name__ == "__main__":
    with registered():
        start(*sys.argv[1:], settings=GallerySettings(_env_file=None))
