"""Specimens: a whole example of every body and answer, made of the examples of its fields. Pure."""

from __future__ import annotations

from typing import Any, Final

_MOMENT_MS: Final = 1767204000000
# What stands for a text wherever its field has no example of its own.
_TEXTS: Final = {
    "about": "message:k3v9q1xz",
    "about_id": "k3v9q1xz",
    "agent": "Mozilla/5.0",
    "answered": "t8x2kq0a1bm3p8ab",
    "by": "a-m4rk3tpl4z",
    "by_name": "Hanna Host",
    "calendar_url": "https://studio.example.org/series/thursday.ics",
    "description": "Who owns the river?",
    "email": "guest@example.org",
    "end_url": "https://studio.example.org/r/Zk3…",
    "host": "City Forum",
    "id": "k3v9q1xz7m3p8abc",
    "language": "en",
    "name": "Amara Okafor",
    "note": "About the last stop",
    "person": "g-k3v9q1xzm4rk3tpl",
    "picture": "0f343b0931126a20f133d67c2b018a3b",
    "picture_url": "https://studio.example.org/pictures/0f343b0931126a20f133d67c2b018a3b/wide.webp",
    "question": "Which stop comes first?",
    "reason": "Back in five minutes.",
    "removed": "k3v9q1xz7m3p8abc",
    "role": "speaker",
    "seat": "k3v9q1xz",
    "sentence": "This browser is told when the doors open.",
    "series": "q7w2e9r4t1",
    "share_url": "https://listen.example.org/s/m4rk3tpl4z",
    "snapshot": "Loud guest: an insult",
    "space": "m4rk3tpl4z",
    "square": "https://studio.example.org/pictures/0f343b0931126a20f133d67c2b018a3b/square.webp",
    "stage_url": "https://studio.example.org/s/m4rk3tpl4z/stage",
    "text": "Good evening from the harbour!",
    "ticket": "eyJhbGciOiJFZERTQSJ9.eyJzcGFjZSI6Im00cmszdHBsNHoifQ.c2lnbmF0dXJl",
    "title": "An evening on the new tram line",
    "url": "https://example.org/plan",
    "wide": "https://studio.example.org/pictures/0f343b0931126a20f133d67c2b018a3b/wide.webp",
    "zone": "Europe/Berlin",
}


def specimen(schema: dict[str, Any], schemas: dict[str, Any], *, name: str = "") -> Any:
    """A value that `schema` takes. `schemas` are those that it refers to, `name` is its field's."""
    if "$ref" in schema:
        return specimen(schemas[schema["$ref"].rpartition("/")[2]], schemas, name=name)
    if "example" in schema:
        return schema["example"]
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    if "const" in schema:
        return schema["const"]
    if schema.get("default") is not None and schema["default"] != "":
        return schema["default"]
    for key in ("anyOf", "oneOf", "allOf"):
        for variant in schema.get(key, ()):
            if variant.get("type") != "null":
                return specimen(variant, schemas, name=name)
    return _by_type(schema, schemas, name)


def _by_type(schema: dict[str, Any], schemas: dict[str, Any], name: str) -> Any:
    match schema.get("type"):
        case "object" if "properties" in schema:
            return {
                field: specimen(one, schemas, name=field)
                for field, one in schema["properties"].items()
            }
        case "object":
            return {}
        case "array":
            # `reasons` holds what `reason` is.
            name = name.removesuffix("s")
            if "prefixItems" in schema:
                return [specimen(one, schemas, name=name) for one in schema["prefixItems"]]
            return [specimen(schema.get("items", {}), schemas, name=name)]
        case "boolean":
            return False
        case "integer" | "number":
            return _MOMENT_MS if name.endswith("_ms") else schema.get("minimum", 0)
        case _:
            return _TEXTS.get(name, schema.get("default", ""))
