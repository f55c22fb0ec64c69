"""Holds what the stand-in accepts and shows against Meta's own lists, where these are at hand."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.facebook import nodes, rules
from sandbox.graph import me
from sandbox.graph.fields import NodeType
from sandbox.graph.parameters import Accepts
from tests.sandbox.graph_contract import breaches, field_names, needs_contracts, unknown_fields

pytestmark = needs_contracts


@pytest.mark.parametrize(
    ("accepts", "name", "method", "endpoint"),
    [
        pytest.param(rules.POST_FEED, "Page", "POST", "feed", id="post-feed"),
        pytest.param(rules.POST_PHOTOS, "Page", "POST", "photos", id="post-photos"),
        pytest.param(rules.POST_VIDEOS, "Page", "POST", "videos", id="post-videos"),
        pytest.param(rules.POST_VIDEO_REELS, "Page", "POST", "video_reels", id="post-reels"),
        pytest.param(rules.UPDATE_POST, "PagePost", "POST", None, id="update-post"),
        pytest.param(rules.UPDATE_VIDEO, "AdVideo", "POST", None, id="update-video"),
        pytest.param(rules.POST_COMMENTS, "PagePost", "POST", "comments", id="post-comments"),
        pytest.param(rules.LIST_POSTS, "Page", "GET", "published_posts", id="published-posts"),
        pytest.param(rules.LIST_POSTS, "Page", "GET", "feed", id="feed"),
        pytest.param(rules.LIST_VIDEO_REELS, "Page", "GET", "video_reels", id="reels"),
        pytest.param(rules.LIST_COMMENTS, "PagePost", "GET", "comments", id="comments"),
        pytest.param(rules.DELETE_NODE, "PagePost", "DELETE", None, id="delete-post"),
        pytest.param(me.ACCOUNTS, "User", "GET", "accounts", id="accounts"),
        pytest.param(me.PERMISSIONS, "User", "GET", "permissions", id="permissions"),
        pytest.param(me.REVOKE, "User", "DELETE", "permissions", id="revoke"),
    ],
)
def test_what_is_accepted_is_in_metas_list(
    accepts: Accepts, name: str, method: str, endpoint: str | None
) -> None:
    assert breaches(accepts, name, method, endpoint) == []


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param(nodes.POST, "PagePost", id="post"),
        pytest.param(nodes.PHOTO, "Photo", id="photo"),
        pytest.param(nodes.VIDEO, "AdVideo", id="video"),
        pytest.param(me.PAGE, "Page", id="page"),
    ],
)
def test_what_is_shown_is_in_metas_list(kind: NodeType, name: str) -> None:
    assert unknown_fields(kind, name) == []


@pytest.mark.parametrize(
    ("phase", "name"),
    [
        ("uploading_phase", "VideoStatusUploadingPhase"),
        ("processing_phase", "VideoStatusProcessingPhase"),
        ("publishing_phase", "VideoStatusPublishingPhase"),
    ],
)
async def test_the_status_of_a_reel_has_the_fields_of_metas_list(
    facebook: Any, token: str, phase: str, name: str
) -> None:
    await facebook.switch(processing_seconds=0)

    reel = await facebook.read(await facebook.reel(token), token, "status")

    assert reel["status"].keys() <= field_names("VideoStatus")
    assert reel["status"][phase].keys() <= field_names(name)
