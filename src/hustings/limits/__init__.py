"""A limit on everything: its unit is in the name, its reason beside it. `docs/limits.md` lists all.

The names end in their unit: `_S` seconds, `_MS` milliseconds, `_BYTES`, `_COUNT`.
"""

from __future__ import annotations

from hustings.limits.listening import *
from hustings.limits.live import *
from hustings.limits.recording import *
from hustings.limits.spaces import *
from hustings.limits.studio import *
