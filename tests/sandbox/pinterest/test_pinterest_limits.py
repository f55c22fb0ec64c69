from __future__ import annotations

from typing import Any


async def test_every_answer_tells_how_much_is_left_of_the_limits(
    pinterest: Any, token: str
) -> None:
    good = await pinterest.ask("GET", "/v5/boards", token)
    refused = await pinterest.ask("POST", "/v5/pins", token, json={})

    assert good.headers["x-ratelimit-limit"] == (
        '100, 100;w=1;name="safety_net_app_id_user_id", 1000;w=60;name="org_read_app_id_user_id"'
    )
    assert 'w=60;name="org_write_app_id_user_id"' in refused.headers["x-ratelimit-limit"]
    assert refused.headers["x-ratelimit-remaining"].isdecimal()
    assert int(refused.headers["x-ratelimit-reset"]) <= 60
    assert refused.headers["x-pinterest-rid"].isdecimal()


async def test_the_hundred_and_first_write_in_a_minute_is_too_many(
    pinterest: Any, token: str
) -> None:
    statuses = [(await pinterest.pin(token, board_id="1"))[0] for _ in range(100)]

    response = await pinterest.ask("POST", "/v5/pins", token, json={})

    assert statuses == [404] * 100
    assert response.status == 429
    assert response.headers["x-ratelimit-remaining"] == "0"
    assert (await response.json())["code"] == 8


async def test_with_trial_access_the_limits_are_by_the_day(pinterest: Any, token: str) -> None:
    await pinterest.switch(limits="trial")

    response = await pinterest.ask("POST", "/v5/pins", token, json={})

    assert '300;w=86400;name="org_write_app_id"' in response.headers["x-ratelimit-limit"]


async def test_the_rate_limits_can_be_turned_off(pinterest: Any, token: str) -> None:
    await pinterest.switch(limits="off")

    statuses = [(await pinterest.pin(token, board_id="1"))[0] for _ in range(120)]

    assert statuses == [404] * 120
