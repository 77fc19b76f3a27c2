"""Files that are there whole or not at all."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sim.errors import DataError
from sim.machinery import saving


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_and_replaced(tmp_path):
    path = tmp_path / "a.txt"
    assert saving.write(path, b"old") == path
    saving.write(path, b"new")
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("failure", [RuntimeError("no"), KeyboardInterrupt()])
def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, failure):
    path = tmp_path / "a.txt"
    saving.write(path, b"old")

    def fail():
        with saving.replacing(path) as temporary:
            temporary.write_bytes(b"half")
            raise failure

    with pytest.raises(type(failure)):
        fail()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("name", ["fsync", "replace"])
def test_a_disk_that_fails_is_named(tmp_path, monkeypatch, name):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    monkeypatch.setattr(saving.os, name, fail)
    with pytest.raises(DataError, match=r"a\.txt' could not be written: No space left"):
        saving.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.txt"]


def test_content_then_name_then_folder(tmp_path, monkeypatch):
    """The order in which a crash at any moment leaves a whole file: the content reaches the disk before the name."""
    done = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(saving.os, "fsync", lambda fd: (done.append(os.path.isdir(f"/proc/self/fd/{fd}")), fsync(fd)))
    monkeypatch.setattr(saving.os, "replace", lambda a, b: (done.append("replace"), replace(a, b)))
    saving.write(tmp_path / "a.txt", b"new")
    if Path("/proc/self/fd").exists():
        assert done[-2:] == ["replace", True]
        assert done[:-2]
        assert not any(done[:-2])


def test_every_call_has_its_own_temporary_name(tmp_path):
    with saving.replacing(tmp_path / "a") as one, saving.replacing(tmp_path / "a") as two:
        assert one != two
        assert one.parent == two.parent == tmp_path
        one.write_bytes(b"1")
        two.write_bytes(b"2")
    assert (tmp_path / "a").read_bytes() == b"1"  # the outer block ended last


def test_many_writers_of_one_file(tmp_path):
    """Whoever comes last wins, whole; with one temporary name for all, they would write into each other's file."""
    path = tmp_path / "a.bin"
    contents = [bytes([i]) * 200_000 for i in range(8)]
    threads = [threading.Thread(target=saving.write, args=(path, content)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.skipif(os.name != "posix", reason="umask")
def test_the_file_has_the_rights_of_any_other(tmp_path):
    saving.write(tmp_path / "a", b"")
    (tmp_path / "b").write_bytes(b"")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_what_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(DataError, match="got the folder"):
        saving.refuse_unwritable(tmp_path)
    with pytest.raises(DataError, match="does not exist"):
        saving.refuse_unwritable(tmp_path / "no" / "a.nc")
    assert saving.refuse_unwritable(tmp_path / "a.nc") == tmp_path / "a.nc"
    assert names(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="pipes")
def test_a_device_is_not_replaced_by_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="must be an ordinary file"):
        saving.refuse_unwritable(tmp_path / "pipe")


def test_a_killed_writer_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    code = (
        "import os, sys; from sim.machinery.saving import replacing\n"
        "with replacing(sys.argv[1]) as t: t.write_bytes(b'half'); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == 9
    assert path.read_bytes() == b"old"
