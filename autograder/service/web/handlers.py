"""The routes: pages, their data, orders, and what operators ask for."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from tornado.web import HTTPError

from autograder.errors import CourseFault
from autograder.service import orders
from autograder.service.export import as_csv
from autograder.service.overview import queue_view
from autograder.service.standing import StudentView, student_view
from autograder.service.web import logs
from autograder.service.web.access import Member, Open, client_address, is_loopback
from autograder.service.web.classroom import class_data

MAX_STUDENTS = 1000
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")


class OwnPage(Member):
    """A student's own work. An instructor is sent to the class."""

    async def get(self) -> None:
        """The page."""
        if self.role == "instructor":
            self.redirect(f"{self.course_settings.prefix}class")
            return
        view = await self.off_loop(student_view, self.services.reader, self.user, datetime.now(UTC))
        self.finish(self.pages.render(self, "work", view=view, inspected=False, **self._live("api/me")))

    def _live(self, api: str) -> dict[str, str]:
        return {"api": self.course_settings.prefix + api, "xsrf": self.xsrf_token.decode()}


class OwnData(Member):
    """The same as JSON."""

    wants_json = True

    async def get(self) -> None:
        """The data; 304 where the ETag is the same."""
        view = await self.off_loop(student_view, self.services.reader, self.user, datetime.now(UTC))
        self.write_json(view.to_json())


class StudentPage(OwnPage):
    """An instructor looks at one student."""

    for_instructors = True

    async def get(self, student: str) -> None:  # type: ignore[override]  # a route of its own
        """The page."""
        view = await self.off_loop(_inspected, self, student)
        live = self._live("api/students/" + _quoted(student))
        self.finish(self.pages.render(self, "work", view=view, inspected=True, **live))


class StudentData(Member):
    """The same as JSON."""

    wants_json = True
    for_instructors = True

    async def get(self, student: str) -> None:
        """The data; 304 where the ETag is the same."""
        self.write_json((await self.off_loop(_inspected, self, student)).to_json())


class ClassPage(OwnPage):
    """The class at a glance, of one assignment."""

    for_instructors = True

    async def get(self) -> None:
        """The page."""
        data = await self.off_loop(class_data, self.services, self.get_query_argument("assignment", ""))
        live = self._live("api/class")
        name = data["class"]["assignment"] if data["class"] else ""
        self.finish(self.pages.render(self, "class", data=data, name=name, **live))


class ClassData(Member):
    """The same as JSON."""

    wants_json = True
    for_instructors = True

    async def get(self) -> None:
        """The data; 304 where the ETag is the same."""
        self.write_json(await self.off_loop(class_data, self.services, self.get_query_argument("assignment", "")))


class QueueData(Member):
    """The queue, what runs, and the engine, as JSON."""

    wants_json = True
    for_instructors = True

    async def get(self) -> None:
        """The data; 304 where the ETag is the same."""
        self.write_json(await self.off_loop(queue_view, self.services.reader, datetime.now(UTC)))


class Regrades(Member):
    """Orders to grade again."""

    for_instructors = True

    @property
    def wants_json(self) -> bool:  # type: ignore[override]  # a form gets a page, a program JSON
        """Whether a program asks."""
        return self.request.headers.get("Content-Type", "").startswith("application/json")

    async def post(self) -> None:
        """Order {assignment, students: [..] or null}; a form names one student in ``students``, or none for all."""
        assignment, students = self._asked()
        reader = self.services.reader
        there = await self.off_loop(reader.submitters, assignment)
        if assignment not in reader.course.assignments() or not there:
            raise HTTPError(400, "nobody has submitted such an assignment")
        if unknown := set(students or ()) - set(there):
            raise HTTPError(400, f"{sorted(unknown)[0][:60]!r} has submitted nothing to it")
        order = await self.off_loop(orders.create, reader.root, assignment, students, self.user)
        logs.event(
            "regrade ordered", order=order.id, assignment=assignment, students=len(students or there), by=self.user
        )
        self._answer({"id": order.id, "state": order.state}, assignment)

    def _asked(self) -> tuple[str, Sequence[str] | None]:
        if not self.wants_json:
            student = self.get_body_argument("students", "", strip=False)
            return self.get_body_argument("assignment", ""), [student] if student else None
        try:
            asked = json.loads(self.request.body)
        except (ValueError, RecursionError) as error:
            raise HTTPError(400, "the body is not JSON") from error
        asked = asked if isinstance(asked, dict) else {}
        assignment, students = asked.get("assignment"), asked.get("students")
        fits = students is None or (
            isinstance(students, list) and 0 < len(students) <= MAX_STUDENTS and all(type(s) is str for s in students)
        )
        if not isinstance(assignment, str) or not fits:
            raise HTTPError(400, "expected {assignment: a name, students: a list of names, or null for all}")
        return assignment, students

    def _answer(self, data: dict[str, Any], assignment: str) -> None:
        if self.wants_json:
            self.write_json(data, 201)
        else:
            self.redirect(f"{self.course_settings.prefix}class?assignment={_quoted(assignment)}#regrades", status=303)


class Decision(Regrades):
    """Accept or reject what an order proposes."""

    async def post(self, name: str, word: str) -> None:  # type: ignore[override]  # a route of its own
        """Decide; 409 where there is nothing to decide."""
        root, accept = self.services.reader.root, word == "accept"
        try:
            order = await self.off_loop(orders.decide, root, name, accept, self.user)
        except CourseFault as fault:
            raise HTTPError(409, str(fault)) from fault
        logs.event("regrade decided", order=order.id, state=order.state, by=self.user)
        self._answer({"id": order.id, "state": order.state}, order.assignment)


class Export(Member):
    """The class as CSV."""

    for_instructors = True

    async def get(self) -> None:
        """Of one assignment, with its exercises, or of all."""
        services, name = self.services, self.get_query_argument("assignment", "")
        if name and name not in services.reader.course.assignments():
            raise HTTPError(404, "there is no such assignment")
        text = await self.off_loop(lambda: as_csv(services.reader, services.roster.names(), name or None))
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header("Content-Disposition", f'attachment; filename="{name or "all"}.csv"')
        self.finish(text)


class Health(Open):
    """Whether pages and engine work, for a monitor."""

    wants_json = True

    async def get(self) -> None:
        """200 where both do, 503 with the reason otherwise."""
        try:
            status = await self.off_loop(self.services.reader.status)
            await self.off_loop(self.services.reader.policies)
            engine = "never started" if status is None else "ok" if status.alive(datetime.now(UTC)) else "not running"
        except CourseFault as fault:
            logs.event("unhealthy", reason=str(fault))
            engine = "unreadable state"
        self.write_json({"web": "ok", "engine": engine}, 200 if engine == "ok" else 503)


class MetricsText(Open):
    """Prometheus metrics, for who holds the service's token, or asks on this machine and not through the proxy."""

    async def get(self) -> None:
        """The text. Raises HTTPError 403 for everybody else."""
        if not (self._has_token() or self._is_local()):
            raise HTTPError(403, "metrics are for the monitoring of this machine")
        text = await self.off_loop(self.services.metrics.text)
        self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.finish(text)

    def _has_token(self) -> bool:
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        wanted = self.course_settings.api_token
        return scheme.lower() in ("token", "bearer") and hmac.compare_digest(token.encode(), wanted.encode())

    def _is_local(self) -> bool:
        forwarded = any(name in self.request.headers for name in _FORWARDED)
        return not forwarded and is_loopback(client_address(self))


def _inspected(handler: Member, student: str) -> StudentView:
    services = handler.services
    known = student in services.roster.names()
    view = student_view(services.reader, student, datetime.now(UTC), inspected=True)
    if not known and not view.assignments:
        raise HTTPError(404, "there is no such student")
    return view


def _quoted(name: str) -> str:
    return quote(name, safe="")
