"""kill -9 of a report at several moments: it goes on where it was, to the bytes of one that was never disturbed."""

import subprocess
import sys
import time

import pytest

import sim
from sim.sweeps.store import reader

REPORT = """
import sys, time
from functools import partial
from pathlib import Path
import reports.assemble as assemble
from reports.cli.app import main
from reports.document import typeset
from reports.document.kept import Kept
from reports.sections.random_walk.section import RANDOM_WALK

class Slow(Kept):
    def run(self, task, **ticks):
        time.sleep(0.1)
        return super().run(task, **ticks)

templates, small = typeset._templates, Path(sys.argv[2])
typeset._templates = lambda specs: [*templates(specs), small]
assemble.Kept, assemble.SECTIONS = Slow, (RANDOM_WALK,)
assemble.typeset = partial(typeset.typeset, main="small.typ")
sys.argv = ["tailoff", "report", "--quick", "--out", sys.argv[1]]
main()
"""
WORDS = """
#import "lib.typ": *
#import "paper.typ": paper
#show: paper
$ w arrow.l w $ <rule>
#for chapter in data.chapters {
  [#heading(level: 1, chapter.title) #label(chapter.label)]
  include chapter.template
}
#bibliography("references.yml")
"""
WALKS = 28
MOMENTS = (
    0,
    9,
    WALKS,
    WALKS + 1,
)  # points in the store: at the last but one the section is written up, then it is typeset


@pytest.fixture
def start(tmp_path):
    words, running = tmp_path / "small.typ", []
    words.write_text(WORDS)

    def started(folder):
        folder.mkdir(exist_ok=True)
        command = [sys.executable, "-c", REPORT, str(folder / "all.pdf"), str(words)]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return running[-1]

    yield started
    for process in running:
        if process.poll() is None:
            process.kill()
            process.communicate()


def points(folder):
    """What the store of a report holds; nothing if it was killed before it was made."""
    try:
        there = reader(folder / "all.store")
    except sim.DataError:
        return {}
    try:
        return there.rows()
    except sim.DataError:
        return {}
    finally:
        there.close()


@pytest.mark.slow
def test_the_same_bytes_and_nothing_measured_twice(start, tmp_path):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    before = {}
    for moment in MOMENTS:
        process = start(killed)
        while len(points(killed)) < moment and process.poll() is None:
            time.sleep(0.1)
        assert process.poll() is None, "the report was over before it was killed"
        process.kill()
        process.communicate()
        now = points(killed)
        assert before.items() <= now.items()  # with the seconds that each took: none was run again
        before = now
    assert not (killed / "all.pdf").exists()
    for folder in (killed, whole):
        process = start(folder)
        _, errors = process.communicate(timeout=600)
        assert process.returncode == 0, errors
    assert before.items() <= points(killed).items()
    written = sorted(path.name for path in whole.iterdir() if path.is_file())
    assert written == ["all-walks.nc", "all.json", "all.pdf"]
    assert all((killed / name).read_bytes() == (whole / name).read_bytes() for name in written)
    assert len(points(killed)) == WALKS + 1
