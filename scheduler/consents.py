"""Connecting accounts: from the link in Slack over a platform's consent page to stored tokens.

A consent works once, within ten minutes, for the member, workspace and platform that it was begun
for, and only in the browser that began it. One that gives several profiles becomes a `Choice`
under the same rules, until the member has said which of them to connect.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from publishers import Credentials, Profile, Publisher, PublishError
from scheduler import grants, tokens
from scheduler.database import transaction
from scheduler.models import Account, Choice, Consent
from scheduler.runtime import Runtime

# A consent page is left open for a coffee, not for a day.
CONSENT_LIFE = timedelta(minutes=10)


class AccountError(Exception):
    """Something about an account that cannot be done. The message says what to do."""


class ConnectError(AccountError):
    """A connect that did not succeed."""


@dataclass(frozen=True, kw_only=True)
class Offered:
    """A profile that can be connected; `known` when it is an account of this workspace already."""

    remote_id: str
    username: str
    name: str
    known: bool


@dataclass(frozen=True, kw_only=True)
class Offer:
    """Profiles from which the member has to choose. `id` is a secret of the member's browser."""

    id: str
    platform: str
    profiles: tuple[Offered, ...]


async def begin_connect(
    runtime: Runtime, *, workspace_id: int, user_id: str, platform: str, browser: str = ""
) -> str:
    """The consent page for a member, for one use within ten minutes. `browser` is a secret that
    only the browser knows which may come back. Raises `ConnectError`."""
    if platform not in runtime.settings.platforms():
        raise ConnectError(
            f"This Postbot has no app credentials for {platform}. Ask whoever runs it to set "
            f"{platform.upper()}_CLIENT_ID and {platform.upper()}_CLIENT_SECRET."
        )
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    await Consent.create(
        state=state,
        workspace_id=workspace_id,
        user_id=user_id,
        platform=platform,
        verifier=runtime.vault.seal(verifier),
        browser=_hash(browser),
        expires_at=runtime.clock.now() + CONSENT_LIFE,
    )
    return tokens.publisher(runtime, platform).authorize_url(
        redirect_uri=redirect_uri(runtime, platform), state=state, challenge=_challenge(verifier)
    )


def redirect_uri(runtime: Runtime, platform: str) -> str:
    """Where the platform sends a member back to; must be registered with the platform's app."""
    return f"{runtime.settings.public_url}/connect/{platform}/callback"


async def finish_connect(
    runtime: Runtime, *, platform: str, state: str, code: str, browser: str = ""
) -> list[Account] | Offer:
    """Turns a consent into a connected account, or into an offer where it gives several profiles.
    A state works once. Raises `ConnectError`."""
    consent = await _use_up(runtime, platform, state, browser)
    remote = tokens.publisher(runtime, platform)
    credentials, profiles = await _redeem(runtime, remote, consent, code)
    _check_scopes(remote, credentials)
    complete = [replace(each, credentials=each.credentials or credentials) for each in profiles]
    if len(complete) > 1:
        return await _offer(runtime, consent, complete)
    async with transaction() as connection:
        return await grants.save_all(runtime, connection, consent, complete)


async def find_offer(
    runtime: Runtime, *, platform: str, choice_id: str, browser: str
) -> Offer | None:
    """The offer that waits in this browser; `None` when it was answered or is too old."""
    choice = await _waiting(runtime, platform, choice_id, browser)
    return await _shown(runtime, choice) if choice else None


async def choose(
    runtime: Runtime, *, platform: str, choice_id: str, browser: str, chosen: Collection[str]
) -> list[Account]:
    """Connects those profiles of an offer whose remote ids were chosen, and forgets the tokens of
    the others. An offer is answered once. Raises `ConnectError`; an empty or foreign answer leaves
    the offer open."""
    choice = await _waiting(runtime, platform, choice_id, browser)
    if choice is None:
        raise ConnectError(_USED_UP)
    profiles = [each for each in _unseal(runtime, choice) if each.remote_id in chosen]
    if not profiles:
        raise ConnectError("Choose at least one.")
    async with transaction() as connection:
        if not await Choice.filter(id=choice.id).using_db(connection).delete():
            raise ConnectError(_USED_UP)
        return await grants.save_all(runtime, connection, choice, profiles)


async def forget_old(runtime: Runtime) -> None:
    """Deletes what nobody came back for, with the tokens in it."""
    now = runtime.clock.now()
    await Consent.filter(expires_at__lt=now).delete()
    await Choice.filter(expires_at__lt=now).delete()


_USED_UP = "This link was used already or is too old. Start again from Slack."


async def _use_up(runtime: Runtime, platform: str, state: str, browser: str) -> Consent:
    """Whoever deletes the row has it; the others are too late."""
    consent = await Consent.get_or_none(state=state, platform=platform, browser=_hash(browser))
    used = consent is not None and await Consent.filter(state=state).delete()
    if consent is None or not used or consent.expires_at < runtime.clock.now():
        raise ConnectError(_USED_UP)
    return consent


async def _redeem(
    runtime: Runtime, remote: Publisher, consent: Consent, code: str
) -> tuple[Credentials, list[Profile]]:
    try:
        credentials = await remote.exchange(
            code=code,
            redirect_uri=redirect_uri(runtime, consent.platform),
            verifier=runtime.vault.open(consent.verifier),
        )
        return credentials, await remote.identify(credentials)
    except PublishError as error:
        raise ConnectError(f"{error.sentence} Start again from Slack.") from error


def _check_scopes(remote: Publisher, credentials: Credentials) -> None:
    """Platforms let people take permissions off; a platform that does not say what was granted is
    believed."""
    missing = sorted(set(remote.scopes) - set(credentials.scopes)) if credentials.scopes else []
    if missing:
        named, it = ("permission", "it") if len(missing) == 1 else ("permissions", "them")
        raise ConnectError(
            f"Nothing was connected, because {remote.label} did not grant the {named} "
            f"{_listed(missing)}, and Postbot cannot post without {it}. Start again from Slack and "
            "leave every permission switched on."
        )


async def _offer(runtime: Runtime, consent: Consent, profiles: Sequence[Profile]) -> Offer:
    choice = await Choice.create(
        id=secrets.token_urlsafe(32),
        workspace_id=consent.workspace_id,
        user_id=consent.user_id,
        platform=consent.platform,
        profiles=runtime.vault.seal(json.dumps([_fields(each) for each in profiles])),
        browser=consent.browser,
        expires_at=runtime.clock.now() + CONSENT_LIFE,
    )
    return await _shown(runtime, choice)


async def _waiting(runtime: Runtime, platform: str, choice_id: str, browser: str) -> Choice | None:
    return await Choice.get_or_none(
        id=choice_id,
        platform=platform,
        browser=_hash(browser),
        expires_at__gt=runtime.clock.now(),
    )


async def _shown(runtime: Runtime, choice: Choice) -> Offer:
    connected = Account.filter(workspace_id=choice.workspace_id, platform=choice.platform).exclude(
        health=tokens.DISCONNECTED
    )
    known = {account.remote_id for account in await connected}
    profiles = tuple(
        Offered(
            remote_id=each.remote_id,
            username=each.username,
            name=each.name,
            known=each.remote_id in known,
        )
        for each in _unseal(runtime, choice)
    )
    return Offer(id=choice.id, platform=choice.platform, profiles=profiles)


def _fields(profile: Profile) -> dict[str, Any]:
    assert profile.credentials is not None
    return {
        "remote_id": profile.remote_id,
        "username": profile.username,
        "name": profile.name,
        "tokens": tokens.fields_of(profile.credentials),
    }


def _unseal(runtime: Runtime, choice: Choice) -> list[Profile]:
    return [
        Profile(
            remote_id=fields["remote_id"],
            username=fields["username"],
            name=fields["name"],
            credentials=tokens.credentials_of(fields["tokens"]),
        )
        for fields in json.loads(runtime.vault.open(choice.profiles))
    ]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
