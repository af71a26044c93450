"""What all tests share: skipping without a browser, and never skipping silently."""

from __future__ import annotations

import asyncio
import gc
import io
import os
import shutil
from collections.abc import Generator, Iterator

import pytest

from tests import postgres
from tests.store.s3 import S3Server

CHROMIUM = "/usr/bin/chromium"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="what the studio of the tests keeps people and catalogue in",
    )


def pytest_configure(config: pytest.Config) -> None:
    postgres.session.chosen = config.getoption("--database") == "postgresql"


def pytest_unconfigure() -> None:
    postgres.session.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    absent = [p for p in ("chromium", "ffmpeg") if shutil.which(p) is None]
    for item in items:
        if absent and (item.get_closest_marker("browser") or item.get_closest_marker("journey")):
            item.add_marker(pytest.mark.skip(reason=f"needs {' and '.join(absent)}"))


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """One real S3 server for all tests of this process; whoever kills it starts it again."""
    server = S3Server(tmp_path_factory.mktemp("s3"))
    asyncio.run(server.start())
    yield server
    server.kill()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that took too long says what each of its tasks was waiting for."""
    report = yield
    if call.excinfo is not None and "Timeout" in str(call.excinfo.value):
        waiting = io.StringIO()
        for one in gc.get_objects():
            if isinstance(one, asyncio.Task) and not one.done():
                one.print_stack(file=waiting)
        report.sections.append(("tasks that wait", waiting.getvalue()))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    yield
    skipped = len(terminalreporter.stats.get("skipped", []))
    if skipped:
        terminalreporter.write_line(
            f"{skipped} tests were SKIPPED: what they show is not shown by this run.", yellow=True
        )


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
