"""How programs come in: tokens with scopes, rate limits, repeated requests."""
