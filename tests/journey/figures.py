"""What a journey measured: printed, and with HUSTINGS_EVIDENCE set kept in docs/evidence."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

EVIDENCE = Path(__file__).parents[2] / "docs" / "evidence" / "talk.json"


def told(name: str, figures: dict[str, Any]) -> None:
    """Tell one journey's figures."""
    print(json.dumps({name: figures}, indent=1))
    if not os.environ.get("HUSTINGS_EVIDENCE"):
        return
    kept = json.loads(EVIDENCE.read_text()) if EVIDENCE.exists() else {}
    system = os.uname()
    kept |= {
        "name": "talk",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {system.machine}, {system.sysname} {system.release}",
    }
    kept["journeys"] = {**kept.get("journeys", {}), name: figures}
    EVIDENCE.write_text(json.dumps(kept, indent=1) + "\n")
