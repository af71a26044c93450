"""The words that people read, in their language: English in the source, others in catalogues.

    locale/hustings.pot   every text there is, taken from templates, scripts and sentences
    locale/<tag>.po       a language, kept by people who translate
    locale/<tag>.json     the same as it is loaded; `python -m tests.words` makes it

Templates ask by `_("…")`. Scripts and the player's pages are translated as a whole when they are
loaded: `t("…")` and `{{t:…}}` hold the other words then, and no reader downloads a dictionary.
Sentences that the pure parts make (refusals, problems) are English until they leave: `sentence`
finds them again, values and all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).with_name("locale")
ENGLISH: Final = "en"
RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ur"})
# t("…") and tn("…", "…" in scripts; the texts are JSON strings, so quotes and escapes are theirs.
_STRING: Final = r'"((?:[^"\\\n]|\\.)*)"'
SCRIPT: Final = re.compile(rf"\bt\(\s*{_STRING}")
SCRIPT_COUNT: Final = re.compile(rf"\btn\(\s*{_STRING},\s*{_STRING}")
MARKUP: Final = re.compile(r"\{\{t:(.*?)\}\}", re.DOTALL)
_ALONE: Final = re.compile(rf"\bt\(\s*({_STRING})\s*\)")
_VALUE: Final = re.compile(r"\{\w*\}")
# A sentence with values; what is no sentence, such as `{name}: {text}`, would be found anywhere.
_MADE: Final = re.compile(r"(?=.*\{\w+\})[A-Z{].* .*[.!?]", re.DOTALL)
_TAG: Final = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language. `texts` is from English; `counts` from English singular to both forms.

    `name` is the language's own name.
    """

    language: str
    name: str
    texts: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    patterns: tuple[tuple[re.Pattern[str], str], ...] = ()

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return "rtl" if self.language in RIGHT_TO_LEFT else "ltr"

    def text(self, english: str) -> str:
        """A text; English where the catalogue has none."""
        return self.texts.get(english, english)

    def count(self, one: str, many: str, n: float) -> str:
        """The form of a text for `n` things. Languages with more than two forms need more here."""
        forms = self.counts.get(one, (one, many))
        return forms[0] if n == 1 else forms[1]

    def sentence(self, english: str) -> str:
        """A sentence that was made with values in it."""
        if self.language == ENGLISH or not english:
            return english
        if english in self.texts:
            return self.texts[english]
        for pattern, other in self.patterns:
            if found := pattern.fullmatch(english):
                values = [self.text(value) for value in found.groups()]
                return _filled(other, values)
        return english

    def script(self, source: str) -> str:
        """A JavaScript module whose `t("…")` and `tn("…", "…")` are in this language."""
        if self.language == ENGLISH:
            return source
        source = SCRIPT.sub(lambda m: f"t({_quoted(self.text(_unquoted(m[1])))}", source)

        def counted(found: re.Match[str]) -> str:
            one, many = _unquoted(found[1]), _unquoted(found[2])
            first, other = self.counts.get(one, (one, many))
            return f"tn({_quoted(first)}, {_quoted(other)}"

        return SCRIPT_COUNT.sub(counted, source)

    def markup(self, source: str) -> str:
        """A document whose `{{t:…}}` are in this language, and which knows its name."""
        source = MARKUP.sub(lambda m: self.text(" ".join(m[1].split())), source)
        source = source.replace("{{language}}", self.language)
        return source.replace("{{direction}}", self.direction)


def plain(source: str) -> str:
    """A translated module without the calls for texts that have no values: they are the text."""
    return _ALONE.sub(lambda found: found[1], source)


def mark(english: str) -> str:
    """`english` itself: says that this text, which is no sentence, belongs into the catalogues."""
    return english


@lru_cache
def load(language: str) -> Words:
    """A language of `languages()`; English for any other."""
    if language == ENGLISH or language not in languages():
        return Words(language=ENGLISH, name="English")
    kept = json.loads((FOLDER / f"{language}.json").read_text())
    texts: dict[str, str] = kept["texts"]
    return Words(
        language=language,
        name=kept["name"],
        texts=texts,
        counts={one: (forms[0], forms[1]) for one, forms in kept["counts"].items()},
        patterns=tuple(
            (_pattern(english), _numbered(english, other))
            for english, other in texts.items()
            if _MADE.fullmatch(english)
        ),
    )


@lru_cache
def languages() -> tuple[str, ...]:
    """The tags of all languages there are, English first."""
    others = sorted(path.stem for path in FOLDER.glob("*.json"))
    return (ENGLISH, *others)


def choose(accepted: str, *, wanted: str = "") -> str:
    """The language for a reader who `wanted` one, or whose browser accepts some.

    `accepted` is the header of RFC 9110, section 12.5.4; what cannot be read is passed over.
    """
    if wanted in languages():
        return wanted
    best, best_weight = ENGLISH, 0.0
    for part in accepted[:200].split(","):
        tag, _, parameters = part.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        weight = _weight(parameters)
        if _TAG.fullmatch(primary) and primary in languages() and weight > best_weight:
            best, best_weight = primary, weight
    return best


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, float(value))
    except ValueError:
        return 0.0


def _pattern(english: str) -> re.Pattern[str]:
    parts = _VALUE.split(english)
    return re.compile("(.+?)".join(re.escape(part) for part in parts), re.DOTALL)


def _numbered(english: str, other: str) -> str:
    """The translation with its values numbered as they come in English."""
    order = {name: f"{{{n}}}" for n, name in enumerate(_VALUE.findall(english))}
    return _VALUE.sub(lambda found: order[found[0]], other)


def _filled(text: str, values: list[str]) -> str:
    """`text` with its numbered values; a translation may have them in another order."""
    return _VALUE.sub(lambda found: values[int(found[0][1:-1])], text)


def _unquoted(text: str) -> str:
    found: str = json.loads(f'"{text}"')
    return found


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
