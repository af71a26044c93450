"""Without the extra all else runs; who asks for captions all the same is told what to install."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from hustings import run
from hustings.config import Settings
from hustings.drills import doctor
from hustings.drills.doctor import Verdict
from hustings.drills.installation import Installation
from hustings.errors import ConfigError
from hustings.extra import MODULES, missing
from hustings.run import ROLES, captions_wanted
from hustings.web.installation_pages import captions

# What Python runs before anything else: the extra's modules cannot be found.
HIDDEN = "import sys\n" + "".join(f"sys.modules[{name!r}] = None\n" for name in MODULES["captions"])


@pytest.fixture
def hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is not installed, for this process and its children."""
    folder = tmp_path / "hidden"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(HIDDEN)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    for name in MODULES["captions"]:
        monkeypatch.setitem(sys.modules, name, None)


def test_installed_here() -> None:
    assert missing("captions") == []
    assert captions_wanted(Settings())
    assert not captions_wanted(Settings(captions="off"))
    assert [captions(Settings(captions=one)) for one in ("auto", "on", "off")] == [
        "on",
        "on",
        "off",
    ]
    (found,) = doctor.captions(Settings())
    assert (found.verdict, found.advice) == (Verdict.GOOD, "")
    assert "moonshine-tiny-en, whisper-base" in found.found


@pytest.mark.usefixtures("hidden")
def test_what_to_install_is_said() -> None:
    assert set(missing("captions")) == set(MODULES["captions"])
    assert not captions_wanted(Settings())
    run.check_captions(Settings())
    with pytest.raises(ConfigError, match=r"captions.*pip install hustings\[captions\].*earshot"):
        run.check_captions(Settings(captions="on"))
    with pytest.raises(ConfigError, match=r"pip install hustings\[captions\]"):
        run.run("captions", Settings())
    assert captions(Settings()) == "missing"
    for setting, verdict in (("auto", Verdict.GOOD), ("on", Verdict.BAD)):
        (found,) = doctor.captions(Settings(captions=setting))
        assert found.verdict is verdict
        assert "pip install hustings[captions]" in found.advice
    assert doctor.captions(Settings(captions="off")).__next__().found == "switched off"


@pytest.mark.usefixtures("hidden")
def test_a_start_that_asks_for_them_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hustings", "serve", "--captions", "on"]
    done = subprocess.run(
        [*command, "--data", str(tmp_path / "data")],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert done.returncode == 2
    assert "pip install hustings[captions]" in done.stderr


@pytest.mark.journey
@pytest.mark.usefixtures("hidden")
async def test_everything_else_runs(tmp_path: Path) -> None:
    async with Installation(tmp_path / "data") as installation:
        names = set(installation.processes())
        assert names == {*(f"{r}-0" for r in ROLES if r != "captions"), "stage-1", "live", "log"}
        for url in (installation.studio_url, installation.listen_url):
            async with httpx.AsyncClient() as client:
                assert (await client.get(f"{url}/healthz")).status_code == 200
        assert not any("captions" in line for line in installation.lines)
