"""Files that the app uploads, in three steps, each held to its rules."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from tests.sandbox.slack.slack_stand import ALICE, ALICE_DM, Slack


async def announce(slack: Slack, content: bytes) -> tuple[str, str]:
    answer = await slack.client.files_getUploadURLExternal(filename="a.csv", length=len(content))
    return answer["upload_url"], answer["file_id"]


async def send(slack: Slack, url: str, content: bytes) -> int:
    async with slack.http.post(url, data=content) as response:
        return response.status


async def share(slack: Slack, file_id: str, channel: str = ALICE_DM) -> Any:
    files = [{"id": file_id, "title": "A"}]
    return await slack.client.files_completeUploadExternal(
        files=files, channel_id=channel, initial_comment="Here"
    )


async def refused(slack: Slack, file_id: str, channel: str = ALICE_DM) -> str:
    with pytest.raises(SlackApiError) as error:
        await share(slack, file_id, channel)
    return str(error.value.response["error"])


@pytest.fixture(autouse=True)
async def _open_dm(slack: Slack) -> None:
    await slack.client.conversations_open(users=ALICE)


async def test_a_file_that_was_announced_and_sent_is_shared(slack: Slack) -> None:
    url, file_id = await announce(slack, b"a,b")

    status = await send(slack, url, b"a,b")
    answer = await share(slack, file_id)

    assert status == 200
    assert [(each["id"], each["title"], each["size"]) for each in answer["files"]] == [
        (file_id, "A", 3)
    ]
    history = await slack.client.conversations_history(channel=ALICE_DM)
    assert history["messages"][0]["text"] == "Here"
    assert history["messages"][0]["files"][0]["id"] == file_id


async def test_a_file_whose_bytes_never_came_cannot_be_shared(slack: Slack) -> None:
    _, file_id = await announce(slack, b"a,b")

    assert await refused(slack, file_id) == "file_not_found"


async def test_other_bytes_than_announced_are_refused(slack: Slack) -> None:
    url, file_id = await announce(slack, b"a,b")

    assert await send(slack, url, b"a,b,c") == 400
    assert await refused(slack, file_id) == "file_not_found"


async def test_an_address_takes_one_file_and_a_file_is_shared_once(slack: Slack) -> None:
    url, file_id = await announce(slack, b"a,b")
    await send(slack, url, b"a,b")

    assert await send(slack, url, b"a,b") == 404
    await share(slack, file_id)
    assert await refused(slack, file_id) == "file_not_found"


async def test_a_member_is_no_channel(slack: Slack) -> None:
    url, file_id = await announce(slack, b"a,b")
    await send(slack, url, b"a,b")

    assert await refused(slack, file_id, ALICE) == "channel_not_found"


@pytest.mark.parametrize("length", [0, -1])
async def test_an_empty_file_cannot_be_announced(slack: Slack, length: int) -> None:
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await slack.client.files_getUploadURLExternal(filename="a.csv", length=length)
