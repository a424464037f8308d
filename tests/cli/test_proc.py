"""New processes seen in /proc, in a directory that plays /proc."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from time import sleep

import pytest

from kring.run.vm import proc
from kring.run.vm.feed import Event


class Proc:
    """A directory of processes, and the feed that watches it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.put(1, 0, "init", "/sbin/init")
        self.feed: Iterator[Event | None] = proc.new_processes(str(root))

    def put(
        self, pid: int, ppid: int, comm: str, exe: str, args: bytes = b"", began: int = 5
    ) -> None:
        self.drop(pid)
        directory = self.root / str(pid)
        directory.mkdir()
        zeros = "0 " * 17
        (directory / "stat").write_text(f"{pid} ({comm}) S {ppid} {zeros}{began} 0\n")
        (directory / "cmdline").write_bytes(args)
        if exe:
            (directory / "exe").symlink_to(exe)

    def drop(self, pid: int) -> None:
        shutil.rmtree(self.root / str(pid), ignore_errors=True)

    def news(self) -> list[Event]:
        sleep(0.012)
        found: list[Event] = []
        while (event := next(self.feed)) is not None:
            found.append(event)
        return found


@pytest.fixture
def fake(tmp_path: Path) -> Proc:
    (tmp_path / "self").mkdir()
    return Proc(tmp_path)


def test_what_runs_already_is_no_news(fake: Proc) -> None:
    assert fake.news() == []


def test_a_new_process_is_an_event_with_its_task(fake: Proc) -> None:
    fake.put(7, 1, "a ) b", "/usr/bin/ls", b"ls\0-l\0")
    (event,) = fake.news()
    assert event.hook == "sched:sched_process_exec"
    assert event.fields == {"filename": "/usr/bin/ls", "pid": 7, "old_pid": 7}
    assert event.task
    assert (event.task.pid, event.task.tid, event.task.ppid) == (7, 7, 1)
    assert (event.task.comm, event.task.parent_comm) == ("a ) b", "init")
    assert fake.news() == []


def test_a_fork_is_none_until_it_runs_another_program(fake: Proc) -> None:
    fake.put(7, 1, "init", "/sbin/init")
    assert fake.news() == []
    fake.put(7, 1, "sh", "/bin/sh")
    assert [event.fields["filename"] for event in fake.news()] == ["/bin/sh"]


def test_an_old_process_counts_when_its_file_changes(
    fake: Proc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proc, "_YOUNG_S", 0.0)
    monkeypatch.setattr(proc, "_SWEEP_S", 0.0)
    fake.put(1, 0, "init", "/sbin/init", b"init: idle\0")
    assert fake.news() == []
    fake.put(1, 0, "systemd", "/lib/systemd")
    assert [event.fields["filename"] for event in fake.news()] == ["/lib/systemd"]


def test_a_process_id_can_come_again(fake: Proc) -> None:
    fake.put(7, 1, "ls", "/usr/bin/ls")
    assert len(fake.news()) == 1
    fake.put(7, 1, "ls", "/usr/bin/ls", began=6)
    assert len(fake.news()) == 1


def test_kernel_threads_and_processes_going_away_are_none(fake: Proc) -> None:
    fake.put(7, 1, "kworker/0:1", "")
    (fake.root / "8").mkdir()
    assert fake.news() == []


def test_where_the_file_may_not_be_read_its_arguments_name_it(fake: Proc) -> None:
    fake.put(7, 1, "sshd", "", b"/usr/sbin/sshd\0-D\0")
    assert [event.fields["filename"] for event in fake.news()] == ["/usr/sbin/sshd"]
