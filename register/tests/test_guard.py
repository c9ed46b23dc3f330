"""What every answer carries and every request is held to, by the real server and a browser."""

import re
import socket
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import httpx
import pytest
from playwright.async_api import Browser, expect

from lamppost.register.bodies import BODY_BYTES_MAX
from lamppost.register.serve import Console

from .asking import PATIENCE_S, fetch

LARGE = 10 * 1024 * 1024
PATH = "/api/v1/alarms/a/acknowledge"


def test_a_page_runs_only_marked_scripts(console: Console) -> None:
    """No inline script without this answer's nonce, no frame around it, nothing kept."""
    first = fetch(console.url)
    policy = first.headers["content-security-policy"]
    script = re.search(r"script-src ([^;]+)", policy)
    assert script is not None
    assert "'unsafe-inline'" not in script[1]
    nonce = re.search(r"'nonce-([\w-]{20,})'", script[1])
    assert nonce is not None
    scripts = re.findall(r"<script\b[^>]*>", first.text)
    assert scripts
    assert all(f'nonce="{nonce[1]}"' in one for one in scripts)
    assert "frame-ancestors 'none'" in policy
    assert first.headers["x-frame-options"] == "DENY"
    assert first.headers["x-content-type-options"] == "nosniff"
    assert first.headers["cache-control"] == "no-store"
    again = fetch(console.url)
    assert nonce[1] not in again.headers["content-security-policy"]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_smuggled_script_does_not_run(browser: Browser, console: Console) -> None:
    """The page works without a complaint of the policy, until somebody adds a script."""
    page = await browser.new_page()
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text))
    await page.goto(console.url)
    await expect(page.locator(".clock")).not_to_be_empty()
    assert not [line for line in said if "Content Security Policy" in line]
    await page.evaluate(
        """() => {
          const evil = document.createElement('div');
          evil.innerHTML = '<img src=x onerror="window.owned = 1">';
          const script = document.createElement('script');
          script.textContent = 'window.owned = 1';
          document.body.append(evil, script);
        }"""
    )
    await page.wait_for_function("() => document.querySelector('img[src=x]').complete")
    assert await page.evaluate("window.owned") is None
    assert [line for line in said if "Content Security Policy" in line]
    await page.close()


def test_a_large_body_is_refused_before_it_is_sent(console: Console) -> None:
    """Of 10 MB the server reads none; who sends them nevertheless is told too."""
    with socket.create_connection(("127.0.0.1", console.port), timeout=PATIENCE_S) as asking:
        head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {LARGE}\r\n\r\n"
        asking.sendall(head.encode())
        answer = asking.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answer
    told = httpx.post(
        console.url + PATH, content=b"x" * LARGE, trust_env=False, timeout=PATIENCE_S
    )
    assert told.status_code == 413
    assert f"at most {BODY_BYTES_MAX} bytes" in told.json()["detail"]


def test_who_sends_a_large_body_to_its_end_reads_the_refusal(console: Console) -> None:
    """Plain clients send all before they read; a connection that breaks tells them nothing."""
    opener = build_opener(ProxyHandler({}))
    with pytest.raises(HTTPError) as refused:
        opener.open(console.url + PATH, b"x" * LARGE, PATIENCE_S)
    assert refused.value.code == 413
    assert f"at most {BODY_BYTES_MAX} bytes" in refused.value.read().decode()


def test_a_large_body_without_a_length_is_refused(console: Console) -> None:
    """When it comes in pieces, it is counted."""

    def pieces() -> Iterator[bytes]:
        for _ in range(LARGE // 65_536):
            yield b"x" * 65_536

    try:
        told = httpx.post(
            console.url + PATH, content=pieces(), trust_env=False, timeout=PATIENCE_S
        )
    except httpx.WriteError:  # the server has answered and hung up while it was sent
        return
    assert told.status_code == 413
