"""All that the instructor's page shows, in one piece of plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tornado.web import HTTPError

from autograder.course.text import plain_text
from autograder.errors import CourseFault
from autograder.service.orders import Order
from autograder.service.overview import ClassView, Summary, class_view, queue_view, summaries

if TYPE_CHECKING:
    from autograder.service.web.server import Services

DECIDED = 5  # orders that are decided and still shown
_OPEN = ("waiting", "running", "proposed")


def class_data(services: Services, assignment: str) -> dict[str, Any]:
    """The class in ``assignment``, "" for the first. Raises CourseFault, and HTTPError where there is no such one."""
    reader = services.reader
    found = summaries(reader)
    names = [summary.name for summary in found]
    if assignment and assignment not in names:
        raise HTTPError(404, "there is no such assignment")
    chosen = assignment or _busiest(found)
    roster, fault = _roster(services)
    view = class_view(reader, roster, chosen) if chosen else None
    queue = queue_view(reader, datetime.now(UTC))
    shown = _orders(reader.orders())
    return {
        "assignments": [asdict(summary) for summary in found],
        "class": asdict(view) if view else None,
        "orders": shown,
        "roster_fault": fault,
        **queue,
        "news": _news(view, shown, queue),
    }


def _busiest(found: list[Summary]) -> str:
    """What an instructor most likely wants to see: where work waits, else where most have submitted."""
    return max(found, key=lambda one: (one.waiting, one.submitted)).name if found else ""


def _roster(services: Services) -> tuple[Mapping[str, str], str]:
    """The students of the gradebook, and why they cannot be read where they cannot: the page says so."""
    try:
        return services.roster.names(), ""
    except CourseFault as fault:
        return {}, plain_text(str(fault), 500)


def _orders(orders: list[Order]) -> list[dict[str, Any]]:
    """The newest first: all that are open, and some that are decided. Where records lie is nobody's business."""
    newest = list(reversed(orders))
    decided = [order.id for order in newest if order.state not in _OPEN][:DECIDED]
    return [_order(order) for order in newest if order.state in _OPEN or order.id in decided]


def _order(order: Order) -> dict[str, Any]:
    data = {**asdict(order), "at": order.at.isoformat(), "reason": plain_text(order.reason, 2000)}
    del data["records"]
    return data


def _news(view: ClassView | None, orders: list[dict[str, Any]], queue: dict[str, Any]) -> dict[str, str]:
    """Sentences that a page reads out when they change."""
    told = {f"order {order['id']}": f"Regrading {order['assignment']}: {order['state']}" for order in orders}
    told["engine"] = "" if queue["engine"]["running"] else "Grading has stopped"
    told["faults"] = f"{len(queue['faults'])} faults of the service" if queue["faults"] else ""
    if view:
        told["flagged"] = f"{len(view.flagged)} attempts to look at" if view.flagged else ""
    return told
