"""How much of the studio an address, an account or a token may have (see `hustings.quota`)."""

from __future__ import annotations

from hustings import limits
from hustings.quota import Policy

ADDRESS = Policy(
    name="address", count=limits.REQUESTS_ADDRESS_COUNT, window_s=limits.REQUESTS_WINDOW_S
)
ACCOUNT = Policy(
    name="account", count=limits.REQUESTS_ACCOUNT_COUNT, window_s=limits.REQUESTS_WINDOW_S
)
TOKEN = Policy(name="token", count=limits.REQUESTS_TOKEN_COUNT, window_s=limits.REQUESTS_WINDOW_S)
REPORTS = Policy(
    name="reports", count=limits.REPORTS_PER_ADDRESS_COUNT, window_s=limits.REPORTS_WINDOW_S
)
