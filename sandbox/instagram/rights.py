"""Which account a call acts for, by either login, and whether its token may."""

from __future__ import annotations

from aiohttp import web

from sandbox.graph.access import caller, has_scopes, tasks_on
from sandbox.graph.errors import missing_object, not_permitted
from sandbox.graph.people import ACCOUNTS, Account, page_linked_to
from sandbox.graph.tokens import Token
from sandbox.instagram.world import WORLD, Thing

#: What a right is called by Instagram Login and by Facebook Login; None where it has no such right.
RIGHTS = {
    "read": ("instagram_business_basic", "instagram_basic"),
    "publish": ("instagram_business_content_publish", "instagram_content_publish"),
    "comment": ("instagram_business_manage_comments", "instagram_manage_comments"),
    "delete": (None, "instagram_manage_contents"),
}


def account_for(request: web.Request, right: str) -> tuple[Token, Account]:
    """The account of the path, and the token that has the right on it."""
    token = caller(request)
    account = account_of(request.match_info["id"], token)
    if account is None or not may_see(token, account):
        raise missing_object(request.match_info["id"], request.method.lower())
    _need(token, account, right)
    return token, account


def thing_for(request: web.Request, right: str) -> Thing:
    """The thing of the path, when the token has the right on its account."""
    token = caller(request)
    thing = request.app[WORLD].find(request.match_info["id"])
    if thing is None or not may_see(token, thing.account):
        raise missing_object(request.match_info["id"], request.method.lower())
    _need(token, thing.account, right)
    return thing


def account_of(account_id: str, token: Token) -> Account | None:
    """The account of this id; `me` and the app-scoped id are for Instagram Login only."""
    owner = token.grant.owner if token.grant is not None else None
    if isinstance(owner, Account) and account_id in ("me", owner.id, owner.app_scoped_id):
        return owner
    return next((one for one in ACCOUNTS if one.id == account_id), None)


def may_see(token: Token, account: Account) -> bool:
    """Whether it is the token's own account, or linked to a Page of the person behind it."""
    if token.grant is None:
        return False
    if isinstance(token.grant.owner, Account):
        return token.grant.owner is account
    page = page_linked_to(account)
    return page is not None and token.page in (None, page) and bool(tasks_on(token, page))


def _need(token: Token, account: Account, right: str) -> None:
    scope = RIGHTS[right][0 if token.kind == "instagram" else 1]
    needed = {RIGHTS["read"][0 if token.kind == "instagram" else 1], scope}
    if None in needed or not has_scopes(token, *(one for one in needed if one)):
        raise not_permitted("Application does not have permission for this action", code=10)
    if right == "publish" and not _may_create(token, account):
        raise not_permitted("The person has not the task CREATE_CONTENT on the Page.")


def _may_create(token: Token, account: Account) -> bool:
    page = page_linked_to(account)
    return token.kind == "instagram" or (
        page is not None and "CREATE_CONTENT" in tasks_on(token, page)
    )
