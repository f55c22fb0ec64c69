"""The check that every request of these tests goes through must itself be able to fail."""

from __future__ import annotations

import httpx
import pytest

from tests.publishers.openapi import Contract, contract_of
from tests.publishers.stand import API


@pytest.fixture
def contract() -> Contract:
    found = contract_of("x")
    if not isinstance(found, Contract):
        pytest.skip("X's OpenAPI contract is not on this machine, so no request is held against it")
    return found


BREACHES = [
    pytest.param(httpx.Request("PUT", f"{API}/2/tweets"), id="method"),
    pytest.param(httpx.Request("POST", f"{API}/2/twits"), id="path"),
    pytest.param(httpx.Request("POST", f"{API}/2/tweets", json={"txt": "Hi"}), id="field"),
    pytest.param(httpx.Request("POST", f"{API}/2/tweets", json={"text": 1}), id="type"),
    pytest.param(httpx.Request("POST", f"{API}/2/tweets", data={"text": "Hi"}), id="form"),
    pytest.param(
        httpx.Request("POST", f"{API}/2/tweets", json={"media": {"media_ids": []}}), id="no media"
    ),
    pytest.param(
        httpx.Request("POST", f"{API}/2/media/upload", files={"media": b"1"}), id="no category"
    ),
    pytest.param(
        httpx.Request("POST", f"{API}/2/media/upload/1/finalize", json={}), id="body of a bodiless"
    ),
    pytest.param(httpx.Request("GET", f"{API}/2/users/1/tweets?count=5"), id="query parameter"),
    pytest.param(httpx.Request("GET", f"{API}/2/users/1/tweets?max_results=4"), id="query value"),
    pytest.param(httpx.Request("GET", f"{API}/2/users/1/tweets?exclude=ads"), id="query list"),
]


@pytest.mark.parametrize("request_", BREACHES)
def test_a_request_that_breaks_the_contract_is_noticed(
    contract: Contract, request_: httpx.Request
) -> None:
    request_.read()

    assert contract.breaches(request_) != []


def test_a_request_that_keeps_the_contract_has_no_breach(contract: Contract) -> None:
    request = httpx.Request("POST", f"{API}/2/tweets", json={"text": "Hi"})

    assert contract.breaches(request) == []
