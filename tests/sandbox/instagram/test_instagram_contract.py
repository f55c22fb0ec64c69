"""Holds what the stand-in accepts and shows against Meta's own lists, where these are at hand."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.graph.fields import NodeType
from sandbox.graph.parameters import Accepts
from sandbox.instagram import login, nodes, rules
from tests.sandbox.graph_contract import breaches, field_names, needs_contracts, unknown_fields

pytestmark = needs_contracts


@pytest.mark.parametrize("login_of", ["IGUser", "IGUserForIGOnlyAPI"])
@pytest.mark.parametrize(
    ("accepts", "method", "endpoint"),
    [
        pytest.param(rules.POST_MEDIA, "POST", "media", id="post-media"),
        pytest.param(rules.LIST_MEDIA, "GET", "media", id="media"),
        pytest.param(rules.LIST_STORIES, "GET", "stories", id="stories"),
        pytest.param(rules.GET_LIMIT, "GET", "content_publishing_limit", id="limit"),
        pytest.param(rules.GET_NODE, "GET", None, id="account"),
    ],
)
def test_what_an_account_accepts_is_in_metas_list(
    login_of: str, accepts: Accepts, method: str, endpoint: str | None
) -> None:
    assert breaches(accepts, login_of, method, endpoint) == []


@pytest.mark.parametrize(
    ("accepts", "name", "method", "endpoint"),
    [
        pytest.param(rules.POST_MEDIA_PUBLISH, "IGUser", "POST", "media_publish", id="publish"),
        pytest.param(rules.POST_COMMENTS, "IGMedia", "POST", "comments", id="comment"),
        pytest.param(rules.LIST_COMMENTS, "IGMedia", "GET", "comments", id="comments"),
        pytest.param(rules.GET_NODE, "IGMediaForIGOnlyAPI", "GET", None, id="media"),
        pytest.param(rules.DELETE_NODE, "IGMedia", "DELETE", None, id="delete"),
        pytest.param(login.EXCHANGE, "IGAccessTokenForIGOnlyAPI", "GET", None, id="exchange"),
        pytest.param(login.REFRESH, "IGRefreshAccessTokenForIGOnlyAPI", "GET", None, id="refresh"),
    ],
)
def test_what_is_accepted_is_in_metas_list(
    accepts: Accepts, name: str, method: str, endpoint: str | None
) -> None:
    assert breaches(accepts, name, method, endpoint) == []


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param(nodes.OWN_USER, "IGUserForIGOnlyAPI", id="own-account"),
        pytest.param(nodes.IG_USER, "IGUser", id="account"),
        pytest.param(nodes.MEDIA, "IGMedia", id="media"),
        pytest.param(nodes.LIMIT, "ContentPublishingLimitResponse", id="limit"),
    ],
)
def test_what_is_shown_is_in_metas_list(kind: NodeType, name: str) -> None:
    assert unknown_fields(kind, name) == []


async def test_token_answers_have_the_fields_of_metas_lists(instagram: Any) -> None:
    await instagram.switch(refresh_after_a_day=False)
    _, short = await instagram.own_token(await instagram.own_code())

    _, long = await instagram.own_exchange(short["access_token"])
    _, fresh = await instagram.own_refresh(long["access_token"])

    assert long.keys() == field_names("IGAccessTokenForIGOnlyAPI")
    assert fresh.keys() == field_names("IGRefreshAccessTokenForIGOnlyAPI")
