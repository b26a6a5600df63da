"""What is counted for Prometheus. Labels hold routes and codes; never a path, a question or an address."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.assistant import Assistant

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class Metrics:
    """The counters of one app, in a registry of their own."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self.answers = Counter("jianfu_answers", "Answers given, by outcome.", ["outcome"], registry=registry)
        self.answer_seconds = Histogram(
            "jianfu_answer_seconds",
            "Time from a question's arrival to its answer.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.errors = Counter("jianfu_errors", "Error responses, by code.", ["code"], registry=registry)
        self.rate_limited = Counter(
            "jianfu_rate_limited", "Requests turned away for asking too often.", registry=registry
        )
        self.requests = Counter("jianfu_requests", "Responses sent.", ["method", "route", "status"], registry=registry)
        self.in_flight = Gauge("jianfu_requests_in_flight", "Requests being served.", registry=registry)
        self._ready = Gauge("jianfu_ready", "1 when questions can be answered.", registry=registry)
        self._knowledge = Gauge(
            "jianfu_knowledge", "Always 1; what answers come from.", ["version", "mode"], registry=registry
        )

    def count_error(self, code: str) -> None:
        """An error response of this code was made."""
        self.errors.labels(code).inc()
        if code == "too_many_requests":
            self.rate_limited.inc()

    def page(self, assistant: Assistant | None) -> bytes:
        """Everything in Prometheus's text format; `assistant` is None while there is none."""
        self._ready.set(assistant is not None)
        self._knowledge.clear()
        if assistant is not None:
            self._knowledge.labels(assistant.knowledge.version, assistant.mode).set(1)
        return generate_latest(self._registry)
