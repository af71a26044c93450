"""The operator's command: links without a browser, and what it says when it cannot make one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hustings import cli
from tests.web.running import PASSWORD, Running, is_problem


async def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = await asyncio.to_thread(cli.main, arguments)
    said = capsys.readouterr()
    return code, said.out.strip(), said.err


async def test_invite_and_reset(web: Running, capsys: pytest.CaptureFixture[str]) -> None:
    flags = (
        f"--data={web.folder}",
        f"--studio-url={web.url}",
        f"--database-url={web.database_url}",
    )
    code, link, _ = await _run(capsys, "invite", "nia@example.org", "--role", "owner", *flags)
    assert code == 0
    async with web.browser() as client:
        form = {"name": "Nia", "password": PASSWORD}
        assert (await client.post(link, data=form)).status_code == 303
        assert (await client.get("/api/me")).json()["role"] == "owner"
        code, link, _ = await _run(capsys, "reset", "nia@example.org", *flags)
        assert code == 0
        assert (await client.post(link, data={"password": "another password"})).status_code == 303
        is_problem(await client.get(link), 410, "reset")
    code, _, said = await _run(capsys, "reset", "nobody@example.org", *flags)
    assert code == 1
    assert "no account" in said
    code, _, said = await _run(capsys, "invite", "--role", "owner", *flags)
    assert code == 1
    assert "name it" in said


async def test_in_a_folder_without_a_studio(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, said = await _run(capsys, "invite", f"--data={tmp_path}")
    assert code == 2
    assert "data folder" in said
    assert not (tmp_path / "hustings.db").exists()
