"""Prometheus metrics: of the requests, and of the engine by what it wrote last. No name of a person is in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from autograder.service.reading import Reader

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


class Metrics:
    """The metrics of one application; ``reader`` is asked at each scrape."""

    def __init__(self, reader: Reader) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "autograder_web_requests", "Requests answered", ("page", "method", "status"), registry=self._registry
        )
        self.seconds = Histogram(
            "autograder_web_request_seconds", "Time to answer", ("page",), buckets=_SECONDS, registry=self._registry
        )
        self.limited = Counter("autograder_web_limited", "Requests refused for their rate", registry=self._registry)
        self._registry.register(_Engine(reader))

    def observe(self, page: str, method: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self.requests.labels(page, method, str(status)).inc()
        self.seconds.labels(page).observe(seconds)

    def text(self) -> bytes:
        """All metrics in Prometheus' text format. Raises CourseFault where the engine's state is damaged."""
        return generate_latest(self._registry)


class _Engine(Collector):
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def describe(self) -> Iterator[Metric]:
        """Nothing is read when the application starts."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """What the engine wrote last."""
        status, now = self._reader.status(), datetime.now(UTC)
        alive = status is not None and status.alive(now)
        yield GaugeMetricFamily("autograder_engine_up", "1 while the engine writes its state", float(alive))
        if status is None:
            return
        waits = [(now - one.arrived).total_seconds() for one in status.queue]
        for name, told, value in (
            ("engine_state_age_seconds", "Since the engine last wrote its state", (now - status.at).total_seconds()),
            ("engine_start_time_seconds", "When the engine was started", status.started.timestamp()),
            ("engine_workers", "Submissions that may be judged at the same time", status.workers),
            ("queue_length", "Attempts that wait", len(status.queue)),
            ("queue_oldest_seconds", "How long the oldest attempt has waited", max(waits, default=0.0)),
            ("running", "Attempts that are being judged", len(status.running)),
            ("faults", "Faults of the service that stand", len(status.faults)),
            ("inbound_refused", "Directories in the exchange that became no attempt", len(status.refused)),
        ):
            yield GaugeMetricFamily(f"autograder_{name}", told, float(value))
