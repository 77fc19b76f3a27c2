"""Every section of the report, in the order in which it is read.

A new section is a folder beside this file and a line here.
"""

from __future__ import annotations

from reports.sections.envelope.section import ENVELOPE
from reports.sections.layers.section import LAYERS
from reports.sections.mnist_run.section import MNIST_RUN
from reports.sections.optimizers.section import EVERY_OPTIMIZER
from reports.sections.random_walk.section import RANDOM_WALK
from reports.sections.teacher_student.section import TEACHER_STUDENT

__all__ = ["SECTIONS"]

SECTIONS = (RANDOM_WALK, MNIST_RUN, LAYERS, ENVELOPE, EVERY_OPTIMIZER, TEACHER_STUDENT)
