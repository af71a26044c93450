"""Letters of all scripts are drawn, and never a box in the place of one."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hustings.archive.clips.ink import BUNDLED, Canvas, Faces, from_right

GROUND = (0, 0, 0)
INK = (255, 255, 255)


@pytest.mark.parametrize(
    "text",
    [
        "Überschwemmung",
        "Что забрала река",
        "τι πήρε το ποτάμι",
        "ماذا أخذ النهر؟",
        "מה לקח הנהר",
        "नदी ने क्या लिया",
        "নদী কী নিয়েছে",
        "แม่น้ำ",
        "ምን ወሰደ",
        "რა წაიღო",
        "ինչ տարավ",
    ],
)
def test_scripts_that_are_drawn_on_every_machine(text: str) -> None:
    faces = Faces(system=())
    assert faces.drawable(text) == text
    canvas = Canvas.plain(600, 80, GROUND)
    canvas.text((10, 60), text, faces=faces, size=40, colour=INK)
    assert np.count_nonzero(canvas.pixels[..., 0] > 128) > 300
    assert canvas.pixels[:, int(faces.width(text, 40)) + 14 :].max() == 0


def test_what_no_font_has_is_not_drawn() -> None:
    faces = Faces(system=())
    assert faces.drawable("The river 🌊 rose") == "The river rose"
    assert faces.drawable("橋 at noon") == ""


def test_the_machines_fonts_are_looked_at_for_what_ours_lack(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    for name in ("NotoSans-Bold.ttf", "NotoSans-Regular.ttf"):
        shutil.copy(BUNDLED / name, ours)
    assert Faces(bundled=ours, system=(theirs,)).drawable("แม่น้ำ") == ""
    more = tmp_path / "more"
    more.mkdir()
    (more / "a-bold.ttf").write_bytes(b"no font")
    shutil.copy(BUNDLED / "NotoSansThai-Bold.ttf", more)
    faces = Faces(weight="regular", bundled=ours, system=(more,))
    assert faces.drawable("แม่น้ำ 5") == "แม่น้ำ 5"
    assert [part for _, part in faces.runs("ab แม่น้ำ cd")] == ["ab ", "แม่น้ำ ", "cd"]


def test_a_face_for_each_run_and_its_direction() -> None:
    faces = Faces(system=())
    assert from_right("«النهر»")
    assert not from_right("5 Hustings")
    assert len(faces.runs("नदी ने")) == 1
    assert [part for _, part in faces.runs("النهر ab")] == ["ab", "النهر "]


def test_a_picture_fills_its_box(tmp_path: Path) -> None:
    path = tmp_path / "picture.webp"
    Image.new("RGB", (300, 100), (200, 0, 0)).save(path)
    canvas = Canvas.plain(100, 100, GROUND)
    assert canvas.picture(path, (20, 20), (60, 60), radius=30)
    assert tuple(canvas.pixels[50, 50]) == (200, 0, 0) or canvas.pixels[50, 50, 0] > 190
    assert tuple(canvas.pixels[22, 22]) == GROUND  # a round corner
    path.write_bytes(b"nothing")
    assert not canvas.picture(path, (0, 0), (10, 10))
    with Image.open(io.BytesIO(canvas.webp())) as saved:
        assert saved.size == (100, 100)
