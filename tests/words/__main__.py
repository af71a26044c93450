"""Renew the catalogues: `python -m tests.words`. New texts come in empty, old ones go."""

from __future__ import annotations

import json
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from hustings import words
from tests.words import extract


def renew() -> None:
    """Write the template, update every language, and write what is loaded."""
    template = extract.catalogue()
    write(words.FOLDER / "hustings.pot", template)
    for path in sorted(words.FOLDER.glob("*.po")):
        language = read(path)
        language.update(template, no_fuzzy_matching=True)
        language.obsolete.clear()
        write(path, language)
        path.with_suffix(".json").write_text(packed(language))
        missing = [message.id for message in language if message.id and not whole(message.string)]
        print(f"{path.name}: {len(language)} texts, {len(missing)} not translated")


def read(path: Path) -> Catalog:
    """A language's catalogue."""
    with path.open("rb") as file:
        return read_po(file, locale=path.stem)


def write(path: Path, catalogue: Catalog) -> None:
    """A catalogue as a file that only changes where its texts do."""
    with path.open("wb") as file:
        write_po(file, catalogue, omit_header=path.suffix == ".pot", width=100, sort_output=True,
                 no_location=True)  # fmt: skip


def packed(language: Catalog) -> str:
    """What `words.load` reads."""
    texts: dict[str, str] = {}
    counts: dict[str, tuple[str, ...]] = {}
    for message in sorted(language, key=lambda one: str(one.id)):
        if not message.id or not message.string:
            continue
        if isinstance(message.id, str):
            texts[message.id] = str(message.string)
        elif all(message.string):
            counts[message.id[0]] = tuple(message.string)
    assert language.locale is not None
    name = Locale.parse(str(language.locale)).get_display_name() or str(language.locale)
    made = {"name": name, "texts": texts, "counts": counts}
    return json.dumps(made, ensure_ascii=False, indent=0) + "\n"


def whole(string: object) -> bool:
    """Whether a text is translated, in all its forms."""
    return all(string) if isinstance(string, tuple) else bool(string)


if __name__ == "__main__":
    renew()
