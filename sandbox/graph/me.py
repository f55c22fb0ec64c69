"""The person or Page behind a token: `/me`, the Pages of a person, what they allowed."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.graph import fields
from sandbox.graph.access import GRAPH, caller, has_scopes, person_calling
from sandbox.graph.errors import missing_object, not_permitted
from sandbox.graph.fields import NodeType
from sandbox.graph.paging import Item, answer_page
from sandbox.graph.parameters import FIELDS, LISTING, Accepts, read
from sandbox.graph.people import EVERYTHING, PEOPLE, Page, Person, page_of, pages_of
from sandbox.graph.tokens import Token

ACCOUNTS: Accepts = {**LISTING, "is_place": "flag", "is_promotable": "flag"}
PERMISSIONS: Accepts = {"permission": "text", "status": "text"}
REVOKE: Accepts = {"permission": "text"}

PERSON_IDS = frozenset(person.id for person in PEOPLE)
USER = NodeType(
    name="User",
    fields=dict.fromkeys(("id", "name", "first_name", "email")),
    usual=("id", "name"),
)
_LINKED = NodeType(
    name="IGUser",
    fields=dict.fromkeys(("id", "username", "name", "profile_picture_url", "followers_count")),
)
PAGE = NodeType(
    name="Page",
    fields={
        **dict.fromkeys(("id", "name", "username", "access_token", "tasks", "category", "link")),
        "instagram_business_account": _LINKED,
        "connected_instagram_account": _LINKED,
    },
    usual=("id", "name"),
)


async def accounts(request: web.Request) -> web.Response:
    """GET /me/accounts: the Pages of the person, each with a token of its own."""
    values = read(request, ACCOUNTS)
    token, person = person_calling(request)
    wanted = fields.parse(values.get("fields"))
    pages = pages_of(person) if has_scopes(token, "pages_show_list") else []

    def item(page: Page) -> Item:
        node = page_node(request, token, page)
        unasked = dict.fromkeys(("access_token", "category", "name", "id", "tasks"))
        return Item(
            id=page.id,
            created_at=0,
            show=lambda: fields.select(node, PAGE, wanted or unasked),
        )

    return answer_page(request, values, map(item, pages))


async def permissions(request: web.Request) -> web.Response:
    """GET /me/permissions: `{data: [{permission, status}]}`, granted or declined."""
    values = read(request, PERMISSIONS)
    token, _ = person_calling(request)
    assert token.grant is not None
    all_of = [
        *({"permission": scope, "status": "granted"} for scope in sorted(token.grant.scopes)),
        *({"permission": scope, "status": "declined"} for scope in sorted(token.grant.declined)),
    ]
    chosen = [
        one
        for one in all_of
        if all(values.get(key, one[key]) == one[key] for key in ("permission", "status"))
    ]
    return web.json_response({"data": chosen})


async def revoke(request: web.Request) -> web.Response:
    """DELETE /me/permissions: takes one permission back, or all the app may do."""
    values = read(request, REVOKE)
    token, person = person_calling(request)
    assert token.grant is not None
    scope = request.match_info.get("permission", values.get("permission"))
    if scope is None:
        request.app[GRAPH].tokens.end_grants_of(person)
    else:
        token.grant.scopes -= {scope}
        token.grant.declined |= {scope}
    return web.json_response({"success": True})


async def read_person_or_page(request: web.Request, object_id: str) -> web.Response | None:
    """GET /me, /{user} or /{page}; None when the id is of something else."""
    if object_id != "me" and page_of(object_id) is None and object_id not in PERSON_IDS:
        return None
    values = read(request, FIELDS)
    token = caller(request)
    wanted = fields.parse(values.get("fields"))
    page = token.page if object_id == "me" else page_of(object_id)
    if page is not None:
        return web.json_response(fields.select(page_node(request, token, page), PAGE, wanted))
    owner = token.grant.owner if token.grant is not None else None
    if not isinstance(owner, Person) or object_id not in ("me", owner.id):
        raise missing_object(object_id)
    node = {"id": owner.id, "name": owner.name, "first_name": owner.name}
    return web.json_response(fields.select(node, USER, wanted))


def page_node(request: web.Request, token: Token, page: Page) -> dict[str, Any]:
    """What the token may see of the Page; its own token only for somebody with a role."""
    node: dict[str, Any] = {
        "id": page.id,
        "name": page.name,
        "username": page.username,
        "category": "Brand",
        "link": f"https://www.facebook.com/{page.username}",
    }
    owner = token.grant.owner if token.grant is not None else None
    if isinstance(owner, Person) and page.id in owner.tasks:
        node["tasks"] = [task for task in EVERYTHING if task in owner.tasks[page.id]]
        own = token if token.page is page else request.app[GRAPH].tokens.page_token(token, page)
        node["access_token"] = own.value
        if page.instagram is not None and has_scopes(token, "instagram_basic"):
            linked = page.instagram
            node["instagram_business_account"] = {
                "id": linked.id,
                "username": linked.username,
                "name": linked.name,
            }
    return node


def need_page_token(token: Token, page_id: str) -> Page:
    """The Page, when the token is its own; else 200, as for the token of a person."""
    page = page_of(page_id) if page_id != "me" else token.page
    if page is None:
        raise missing_object(page_id)
    if token.page is not page:
        raise not_permitted(
            "This call needs the access token of the Page, and the permissions "
            "pages_read_engagement and pages_manage_posts with sufficient administrative rights."
        )
    return page
