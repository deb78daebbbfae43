"""The orders of an instructor as the engine carries them out: one after the other, after the students' submissions."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from autograder.errors import JudgeFault
from autograder.service import orders, regrading
from autograder.service.files import remove_tree
from autograder.service.lanes import Done, Job
from autograder.service.logs import event
from autograder.service.orders import Order
from autograder.service.policy import Policies
from autograder.service.regrading import Regrading
from autograder.service.state import Key, State


class Workshop:
    """Looks for orders, and carries out what is ordered."""

    def __init__(self, root: Path, state: State) -> None:
        self._root = root
        self._state = state
        self._seen: dict[str, int] = {}  # file -> its time of change, when there was nothing more to do with it
        self._now: Regrading | None = None

    def look(self, policies: Policies, changed: Callable[[Key], None]) -> None:
        """Go on with what is ordered; ``changed`` hears whose results are new. Raises JudgeFault, OSError."""
        faults = []
        for name, stamp in self._new():
            try:
                order = orders.read(self._root, name)
                if order is None or self._go_on(order, policies, changed):
                    self._seen[name] = stamp
            except JudgeFault as fault:  # of one order: the others are looked at all the same
                faults.append(fault)
        if self._now is not None and self._now.finished():
            self._ended(self._now.propose())
            self._now = None
        if faults:
            raise faults[0]

    def next_jobs(self, most: int) -> list[Job]:
        """Some attempts that are to be judged again now."""
        return self._now.next_jobs(most) if self._now is not None else []

    def hear(self, done: Done) -> None:
        """Take a result in. Raises JudgeFault where it cannot be stored."""
        if self._now is None or self._now.order.id != done.job.order:
            return  # the order was given up meanwhile
        try:
            self._now.hear(done)
        except JudgeFault as fault:
            self._ended(self._now.fail(str(fault)))
            self._now = None

    def _new(self) -> list[tuple[str, int]]:
        found = []
        with suppress(FileNotFoundError), os.scandir(orders.directory_of(self._root)) as scan:
            for entry in scan:
                name, dot, ending = entry.name.rpartition(".")
                if dot and ending == "json" and not name.startswith("."):
                    stamp = entry.stat().st_mtime_ns
                    if self._seen.get(name) != stamp:
                        found.append((name, stamp))
        return sorted(found)

    def _go_on(self, order: Order, policies: Policies, changed: Callable[[Key], None]) -> bool:
        """Whether there is nothing more to do with an order, as it stands there."""
        history = self._state.of_assignment(order.assignment)
        if order.state == "waiting" and self._now is None:
            order = regrading.begin(self._root, order, history)
            event("an order has begun", order=order.id, by=order.by, state=order.state, reason=order.reason)
        if order.state == "running":
            if self._now is not None:  # its own turn has come already, or comes later
                return self._now.order.id == order.id
            self._now = Regrading(self._root, order, policies.of(order.assignment), history)
        elif order.state == "accepted" and not order.applied:
            for attempt in regrading.apply(self._root, order, history):
                self._state.replace(attempt)
                changed((attempt.assignment, attempt.student))
            regrading.finish(self._root, order)
            event("an order is in effect", order=order.id, by=order.decided_by)
        elif order.state in ("rejected", "failed"):
            remove_tree(orders.records_of(self._root, order))
        return order.state != "waiting"

    def _ended(self, order: Order) -> None:
        event("an order has ended", order=order.id, state=order.state, differences=len(order.differences))
