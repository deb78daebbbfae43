"""Imported by the process that workers are forked from: all that judging needs, as memory that they share.

Imports make a million objects that stay. The garbage collector finds nothing among them, here or in the workers, and
its looking would have each worker copy the memory that they lie in.
"""

from __future__ import annotations

import gc
import importlib

gc.disable()
importlib.import_module("autograder.grading.worker")
gc.freeze()
gc.enable()
