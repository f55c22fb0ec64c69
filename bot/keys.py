"""`postbot rotate-keys`: seals everything anew with the newest encryption key."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import Progress

from bot.ready import ready_runtime
from scheduler import sealed, vault
from scheduler.config import Settings, read_settings
from scheduler.faults import CannotStart
from scheduler.runtime import Runtime
from scheduler.sealed import Census
from scheduler.vault import Vault

_VARIABLE = "POSTBOT_ENCRYPTION_KEYS"
_NO_KEY = (
    "There is no encryption key: {variable} is empty and {path} does not exist. Put the key back "
    "that was used before. Nothing was changed."
)
_UNREADABLE = (
    "{bad} of {total} stored secrets cannot be opened with the encryption keys in {where}. Put the "
    "key back that was used before, behind the newest. If it is lost for good, run `postbot "
    "rotate-keys --forget-unreadable`: those accounts must then be connected again, and Postbot be "
    "installed again in those Slack workspaces. {outcome}"
)
_RUNNING = (
    "Postbot is running, and its processes would not know a new key. Stop them, then run this "
    "again. Nothing was changed."
)
_LEFT = (
    "{left} stored secrets are sealed with an older key again: a process of Postbot does not know "
    "the newest one yet. Restart all of them, then run this again."
)


def rotate(*, new: bool = False, forget_unreadable: bool = False) -> None:
    """Seals everything anew, after making a `new` key if asked. Raises `CannotStart` before
    anything is changed when the keys do not fit."""
    settings = read_settings()
    if not settings.encryption_keys and not settings.key_file.read():
        raise CannotStart(_NO_KEY.format(variable=_VARIABLE, path=settings.key_file.path))
    if new and settings.encryption_keys:
        print(_how_to_set(vault.new_key()))
        return
    asyncio.run(_rotate(settings, new=new, forget_unreadable=forget_unreadable))


async def check(runtime: Runtime) -> Census:
    """What lies sealed. Raises `CannotStart` when keys are missing for some of it."""
    found = await sealed.census(runtime, runtime.vault)
    if found.unreadable:
        raise CannotStart(_unreadable(runtime.settings, found, "Nothing was changed."))
    return found


async def _rotate(settings: Settings, *, new: bool, forget_unreadable: bool) -> None:
    async with ready_runtime(settings) as runtime:
        if new and await runtime.owner.others():
            raise CannotStart(_RUNNING)
        if forget_unreadable:
            await _forget(runtime)
        found = await check(runtime)
        if new:
            settings.key_file.replace([vault.new_key(), *settings.key_file.read()])
        newest = Vault(settings.keys())
        with _progress(found.total) as told:
            left = await sealed.reseal_all(runtime, newest, told=told)
        if left:
            raise CannotStart(_LEFT.format(left=left))
        print(f"postbot: {found.total} stored secrets are sealed with the newest key.")
        print(await _end(runtime))


async def _forget(runtime: Runtime) -> None:
    found = await sealed.census(runtime, runtime.vault)
    await sealed.forget(runtime, found.unreadable)
    print(f"postbot: {len(found.unreadable)} stored secrets were given up.")


async def _end(runtime: Runtime) -> str:
    """What is left to do for the operator; nothing when the keys lie in our own file."""
    settings = runtime.settings
    if settings.encryption_keys:
        return (
            f"postbot: once every process runs with this {_VARIABLE}, all keys in it but the first "
            "can go."
        )
    keys = settings.key_file.read()
    if len(keys) == 1:
        return "postbot: there is no older key."
    if await runtime.owner.others():
        # One of them may have been started before the newest key was made.
        return (
            f"postbot: the older key stays in {settings.key_file.path} while Postbot runs. Stop "
            "it and run this again to remove it."
        )
    settings.key_file.replace(keys[:1])
    return f"postbot: the older key was removed from {settings.key_file.path}."


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, nothing elsewhere."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("Sealing anew", total=total)
        yield lambda rows: progress.advance(task, rows)


def _unreadable(settings: Settings, found: Census, outcome: str) -> str:
    where = _VARIABLE if settings.encryption_keys else str(settings.key_file.path)
    bad = len(found.unreadable)
    return _UNREADABLE.format(bad=bad, total=found.total, where=where, outcome=outcome).strip()


def _how_to_set(key: str) -> str:
    return (
        f"postbot: here is a new key:\n\n    {key}\n\n"
        f"Put it in front of the others in {_VARIABLE}, separated by a comma, and restart every "
        "process of Postbot. Then run `postbot rotate-keys`. Nothing was changed."
    )
