"""The memory that is left is the least of what machine and control group leave."""

from __future__ import annotations

from pathlib import Path

from hustings.edge.memory import Memory

MIB = 1024**2


def test_the_tighter_bound_counts(tmp_path: Path) -> None:
    machine = tmp_path / "meminfo"
    machine.write_text("MemTotal: 8388608 kB\nMemAvailable: 1048576 kB\n")
    memory = Memory(machine=machine, group=tmp_path)
    assert memory.left_bytes() == 1024 * MIB
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.left_bytes() == 1024 * MIB
    (tmp_path / "memory.max").write_text(f"{512 * MIB}\n")
    (tmp_path / "memory.current").write_text(f"{500 * MIB}\n")
    (tmp_path / "memory.stat").write_text(f"anon 7\ninactive_file {100 * MIB}\nactive_file 3\n")
    assert memory.left_bytes() == 112 * MIB


def test_a_system_that_does_not_say_has_enough(tmp_path: Path) -> None:
    memory = Memory(machine=tmp_path / "none", group=tmp_path / "none")
    assert memory.left_bytes() > 2**60
    (tmp_path / "meminfo").write_text("nonsense\n")
    assert Memory(machine=tmp_path / "meminfo", group=tmp_path).left_bytes() > 2**60


def test_this_machine_says() -> None:
    assert 0 < Memory().left_bytes() < 2**50
