"""The peer nginx, as Debian packages it: a server of files, which is how segments are often served.

Configured as its documentation recommends for many small files: one worker for one core, sendfile
with tcp_nopush, a cache of open files, no access log, connections kept alive. The fields that a
player on another origin and a cache need are added, because our answers have them as well.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final

from bench import packages
from bench.child import Child
from bench.icecast import answering, version
from bench.ours import free_port

CONFIGURATION: Final = """
user nobody nogroup;
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 16384; }}
http {{
  sendfile on;
  tcp_nopush on;
  access_log off;
  keepalive_requests 100000000;
  open_file_cache max=10000 inactive=60s;
  open_file_cache_valid 60s;
  open_file_cache_min_uses 1;
  types {{ audio/mp4 m4s; application/vnd.apple.mpegurl m3u8; }}
  server {{
    listen 127.0.0.1:{port};
    root {folder}/files;
    add_header Cache-Control "public, max-age=31536000, immutable";
    add_header Access-Control-Allow-Origin "*";
    add_header Cross-Origin-Resource-Policy "cross-origin";
    add_header X-Content-Type-Options "nosniff";
  }}
}}
"""


class Nginx:
    """A running nginx. `port` is where it listens."""

    name = "nginx"

    def __init__(self, child: Child, port: int, said: str) -> None:
        self.child = child
        self.port = port
        self.version = said


@contextlib.asynccontextmanager
async def nginx(folder: Path, *, files: Mapping[str, bytes]) -> AsyncIterator[Nginx]:
    """A running nginx that serves `files` by path; `packages.Missing` when it cannot be had."""
    program = packages.need("nginx", package="nginx-light")
    for path, body in files.items():
        file = folder / "files" / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=port))
    child = await Child.start(
        [str(program), "-c", str(configuration), "-e", str(folder / "error.log")],
        words=folder / "nginx.txt",
    )
    try:
        await answering(port, child)
        yield Nginx(child, port, version(program, "-v").partition("nginx/")[2])
    finally:
        await child.stop()
