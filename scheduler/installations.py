"""Where Postbot is installed in Slack: tokens sealed at rest, renewed by one process at a time, and
given up when Slack ended them. The only reader of decrypted Slack tokens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from tortoise.expressions import Q

from scheduler import members
from scheduler.models import Installation
from scheduler.runtime import Runtime
from scheduler.sql import clean
from scheduler.tasks import to_its_end
from scheduler.vault import WrongKeys

log = structlog.get_logger(__name__)

#: So long before their end tokens are renewed by the way.
RENEWED_AHEAD = timedelta(hours=2)
# So long before its end a token is not handed out any more: whoever gets it needs it for a while.
_NEEDED_FOR = timedelta(minutes=1)
_AT_ONCE = 4
_RENEW_WAIT = 0.1
_RENEW_TRIES = 350
# Owner and installation of the renewals that this process makes at the moment.
_renewing: set[tuple[int, int]] = set()


class NotInstalled(Exception):
    """Postbot has no access to this workspace: somebody must install it there."""


class NotRenewed(Exception):
    """The tokens of an installation cannot be renewed at the moment."""


class Ended(Exception):
    """Slack does not renew the tokens of an installation any more."""


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """A bot token, and what renews it where tokens are rotated."""

    token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What Slack gave when somebody installed Postbot. `team_id` is empty when they installed it
    for their whole organisation."""

    team_id: str
    enterprise_id: str
    name: str
    tokens: Tokens
    scopes: tuple[str, ...]
    bot_user_id: str
    bot_id: str
    installed_by: str

    @property
    def place(self) -> str:
        return self.team_id or self.enterprise_id


@dataclass(frozen=True, kw_only=True)
class Access:
    """What calls to a workspace are made with. `installation_id` is empty where the token is not
    ours to renew."""

    token: str = field(repr=False)
    bot_user_id: str
    bot_id: str
    installation_id: int | None = None
    version: int = 0


#: Asks Slack for new tokens. Raises `Ended`, or `NotRenewed`.
Renew = Callable[[str], Awaitable[Tokens]]


async def save(runtime: Runtime, grant: Grant) -> Installation:
    """Stores an installation, for the first time or again. What the workspace has stays."""
    now = runtime.clock.now()
    if grant.team_id:
        await members.workspace(
            runtime,
            grant.team_id,
            name=clean(grant.name)[:255],
            bot_user_id=grant.bot_user_id,
            bot_id=grant.bot_id,
            enterprise_id=grant.enterprise_id,
        )
    # It holds only when its tokens are in it.
    made = {"installed_at": now, "revoked_at": now}
    found, _ = await Installation.get_or_create(made, place=grant.place)
    news = {
        "name": clean(grant.name)[:255],
        "enterprise_id": grant.enterprise_id,
        "is_enterprise_install": not grant.team_id,
        "secrets": _seal(runtime, grant.place, grant.tokens),
        "expires_at": grant.tokens.expires_at,
        "scopes": ",".join(grant.scopes),
        "bot_user_id": grant.bot_user_id,
        "bot_id": grant.bot_id,
        "installed_by": grant.installed_by,
        "installed_at": now,
        "revoked_at": None,
    }
    version = found.token_version
    while not await _changed(found, version, news):
        # A renewal was faster.
        version = (await Installation.get(id=found.id)).token_version
    log.info("installed", place=grant.place, by=grant.installed_by)
    return await Installation.get(id=found.id)


async def find(*, team_id: str, enterprise_id: str = "") -> Installation | None:
    """The installation that holds for a workspace: its own, or that of its organisation; the newer
    where there are both."""
    own = Q(place=team_id, is_enterprise_install=False)
    if enterprise_id:
        own |= Q(place=enterprise_id, is_enterprise_install=True)
    living = Installation.filter(own, revoked_at__isnull=True)
    return await living.order_by("-installed_at", "-id").first()


async def at(place: str) -> Installation | None:
    """The installation of a workspace or an organisation itself, revoked or not."""
    return await Installation.get_or_none(place=place)


async def living() -> list[Installation]:
    """All installations that hold."""
    return await Installation.filter(revoked_at__isnull=True).order_by("place")


async def news() -> tuple[int, datetime | None]:
    """Another value whenever somebody installed Postbot."""
    newest = await Installation.all().order_by("-installed_at").first()
    return (newest.id, newest.installed_at) if newest else (0, None)


async def access(runtime: Runtime, installation: Installation, renew: Renew) -> Access:
    """A token that works for a while yet. One process renews it where that is due, the others wait
    for it. Raises `NotInstalled` when Slack ended the access, and `NotRenewed`."""
    for _ in range(_RENEW_TRIES):
        if installation.revoked_at is not None:
            raise NotInstalled
        tokens = _unseal(runtime, installation)
        if not _ends_within(installation, runtime, _NEEDED_FOR) or not tokens.refresh_token:
            return _access(installation, tokens)
        await _renewed(runtime, installation, tokens, renew)
        installation = await Installation.get(id=installation.id)
    raise NotRenewed("the token is being renewed")


async def keep_fresh(runtime: Runtime, renew: Renew) -> None:
    """Renews all tokens that end soon. What fails is logged, and tried again with the next call."""
    soon = runtime.clock.now() + RENEWED_AHEAD
    ending = Installation.filter(revoked_at__isnull=True, expires_at__lt=soon)
    slots = asyncio.Semaphore(_AT_ONCE)

    async def refresh(installation: Installation) -> None:
        try:
            tokens = _unseal(runtime, installation)
            if tokens.refresh_token:
                async with slots:
                    await _renewed(runtime, installation, tokens, renew)
        except (NotInstalled, NotRenewed, WrongKeys) as error:
            log.error("slack token not renewed", place=installation.place, why=repr(error))

    await asyncio.gather(*[refresh(each) for each in await ending])


async def doubt(runtime: Runtime, access: Access) -> None:
    """Notes that Slack refused a token: it is renewed before the next call, where it can be."""
    if access.installation_id is not None:
        mine = Installation.filter(id=access.installation_id, token_version=access.version)
        await mine.filter(expires_at__isnull=False).update(expires_at=runtime.clock.now())


async def revoke(runtime: Runtime, access: Access, *, why: str) -> None:
    """Notes that Slack ended the access, and forgets its tokens. Does nothing when there are other
    tokens meanwhile. Posts, accounts and members stay."""
    if access.installation_id is not None:
        await _end(runtime, access.installation_id, access.version, why)


async def _changed(found: Installation, version: int, news: dict[str, Any]) -> bool:
    same = Installation.filter(id=found.id, token_version=version)
    return bool(await same.update(token_version=version + 1, **news))


async def _renewed(
    runtime: Runtime, installation: Installation, tokens: Tokens, renew: Renew
) -> None:
    """Renews once, here or elsewhere, and returns when the row may be read again."""
    if await _begin(runtime, installation):
        await to_its_end(_renew(runtime, installation, tokens, renew))
    else:
        await asyncio.sleep(_RENEW_WAIT)


async def _begin(runtime: Runtime, installation: Installation) -> bool:
    """Takes the right to renew: only a dead process loses it."""
    holder, us = installation.refresh_owner, runtime.owner.id
    if (us, installation.id) in _renewing:
        return False
    _renewing.add((us, installation.id))
    taken = 0
    try:
        if holder in (None, us) or await runtime.owner.dead([holder]):
            same = Installation.filter(
                id=installation.id,
                token_version=installation.token_version,
                refresh_owner=holder,
                revoked_at__isnull=True,
            )
            taken = await same.update(refresh_owner=us)
    finally:
        if not taken:
            _renewing.discard((us, installation.id))
    return bool(taken)


async def _renew(
    runtime: Runtime, installation: Installation, tokens: Tokens, renew: Renew
) -> None:
    us = runtime.owner.id
    try:
        await _keep(runtime, installation, await renew(tokens.refresh_token))
    except (Ended, NotRenewed) as error:
        # Nothing is given up while it works.
        if isinstance(error, NotRenewed) or not _ends_within(installation, runtime, timedelta()):
            raise NotRenewed(str(error)) from error
        await _end(runtime, installation.id, installation.token_version, str(error))
        raise NotInstalled from error
    finally:
        _renewing.discard((us, installation.id))
        mine = Installation.filter(id=installation.id, refresh_owner=us)
        await mine.update(refresh_owner=None)


async def _keep(runtime: Runtime, installation: Installation, fresh: Tokens) -> None:
    """Stores new tokens before anybody uses them, as often as it takes: Slack gave them for the
    refresh token, which is good for once."""
    news = {
        "secrets": _seal(runtime, installation.place, fresh),
        "token_version": installation.token_version + 1,
        "expires_at": fresh.expires_at,
    }
    pause = 0.1
    while True:
        try:
            same = Installation.filter(id=installation.id, token_version=installation.token_version)
            if await same.update(**news):
                log.info("slack token renewed", place=installation.place)
            return
        except Exception as error:
            log.warning("slack token not stored yet", error=repr(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)


async def _end(runtime: Runtime, id_: int, version: int, why: str) -> None:
    same = Installation.filter(id=id_, token_version=version, revoked_at__isnull=True)
    if await same.update(revoked_at=runtime.clock.now(), secrets="", expires_at=None):
        place = (await Installation.get(id=id_)).place
        log.error("no access to slack any more", place=place, why=why)


def _seal(runtime: Runtime, place: str, tokens: Tokens) -> str:
    """The sealed form of tokens, good for this place alone."""
    sealed = {"place": place, "token": tokens.token, "refresh_token": tokens.refresh_token}
    return runtime.vault.seal(json.dumps(sealed))


def _unseal(runtime: Runtime, installation: Installation) -> Tokens:
    """Raises `WrongKeys` when no key fits, or when they were sealed for another place."""
    fields = json.loads(runtime.vault.open(installation.secrets))
    if fields["place"] != installation.place:
        raise WrongKeys("do not fit: the tokens of this installation belong to another one")
    return Tokens(
        token=fields["token"],
        refresh_token=fields["refresh_token"],
        expires_at=installation.expires_at,
    )


def _access(installation: Installation, tokens: Tokens) -> Access:
    return Access(
        token=tokens.token,
        bot_user_id=installation.bot_user_id,
        bot_id=installation.bot_id,
        installation_id=installation.id,
        version=installation.token_version,
    )


def _ends_within(installation: Installation, runtime: Runtime, time: timedelta) -> bool:
    ends = installation.expires_at
    return ends is not None and ends - runtime.clock.now() <= time
