"""Runs the page's own tests, which are JavaScript, where Node is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="node is not installed")
@pytest.mark.parametrize("script", sorted(path.name for path in HERE.glob("*.test.mjs")))
def test_the_scripts_of_the_page_keep_their_promises(script: str) -> None:
    run = subprocess.run([str(NODE), "--test", HERE / script], capture_output=True, text=True)

    assert run.returncode == 0, run.stdout
