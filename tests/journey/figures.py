"""What a journey measured: printed, and with HUSTINGS_EVIDENCE set kept in docs/evidence."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from bench import provenance

EVIDENCE = Path(__file__).parents[2] / "docs" / "evidence" / "talk.json"


def told(name: str, figures: dict[str, Any]) -> None:
    """Tell one journey's figures."""
    print(json.dumps({name: figures}, indent=1))
    if not os.environ.get("HUSTINGS_EVIDENCE"):
        return
    kept = json.loads(EVIDENCE.read_text()) if EVIDENCE.exists() else {}
    kept |= {**provenance.stamp(), "name": "talk", "machine": provenance.machine()}
    kept["journeys"] = {**kept.get("journeys", {}), name: figures}
    EVIDENCE.write_text(json.dumps(kept, indent=1) + "\n")
