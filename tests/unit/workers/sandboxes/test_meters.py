"""Figures from control groups of both versions, as files that the kernel would show."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from workers.sandboxes.inside.meters import CgroupMeter, Reading, measure

MIB = 1 << 20


class NoChildren:
    """A process that never had a child."""

    def read(self) -> Reading:
        """Nothing used."""
        return Reading()


def given_files(root: Path, files: Mapping[str, str]) -> None:
    """Write each file below `root`."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def test_version_2_is_read_from_its_one_folder(tmp_path: Path) -> None:
    """Peak, kills, refusals; CPU time from the moment of the meter's making on."""
    events = "low 0\nhigh 0\nmax 5\noom 1\noom_kill 2\n"
    given_files(tmp_path, {"cgroup.controllers": "cpu memory pids\n", "cpu.stat": "usage_usec 1500000\nuser_usec 1\n"})
    given_files(
        tmp_path, {"memory.current": f"{300 * MIB}\n", "memory.peak": f"{400 * MIB}\n", "memory.events": events}
    )
    given_files(tmp_path, {"pids.events": "max 7\n"})
    meter = CgroupMeter(tmp_path, NoChildren())
    given_files(tmp_path, {"cpu.stat": "usage_usec 4000000\n"})

    reading = meter.read()

    assert (reading.cpu_s, reading.memory_peak) == (2.5, 400 * MIB)
    assert (reading.memory_kills, reading.process_refusals) == (2, 7)


def test_version_2_before_linux_5_19_remembers_its_own_highest_look(tmp_path: Path) -> None:
    """Without memory.peak the peak is the highest of the looks."""
    given_files(tmp_path, {"cgroup.controllers": "memory\n", "memory.current": f"{300 * MIB}\n"})
    meter = CgroupMeter(tmp_path, NoChildren())
    meter.read()
    given_files(tmp_path, {"memory.current": f"{200 * MIB}\n"})

    assert meter.read().memory_peak == 300 * MIB


def test_version_1_is_read_from_a_folder_for_each_controller(tmp_path: Path) -> None:
    """The same figures under the names of version 1."""
    given_files(tmp_path / "memory", {"memory.usage_in_bytes": "1\n", "memory.max_usage_in_bytes": f"{400 * MIB}\n"})
    given_files(tmp_path / "memory", {"memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"})
    given_files(tmp_path, {"pids/pids.events": "max 0\n", "cpuacct/cpuacct.usage": "1000000000\n"})
    meter = CgroupMeter(tmp_path, NoChildren())
    given_files(tmp_path, {"cpuacct/cpuacct.usage": "3000000000\n"})

    reading = meter.read()

    assert (reading.cpu_s, reading.memory_peak) == (2.0, 400 * MIB)
    assert (reading.memory_kills, reading.process_refusals) == (3, 0)


def test_a_folder_is_measured_with_its_names_and_without_its_links(tmp_path: Path) -> None:
    """Bytes on disk plus a block a name; what a link points to lies elsewhere."""
    given_files(tmp_path / "caixa", {"a/b": "x" * 5000, "c": ""})
    given_files(tmp_path, {"elsewhere": "x" * 200_000})
    (tmp_path / "caixa" / "link").symlink_to(tmp_path / "elsewhere")

    total, largest = measure(str(tmp_path / "caixa"), stop_at=1 << 30)

    assert 4 * 4096 <= total < 60_000
    assert largest == 5000
