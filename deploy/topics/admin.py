"""How set-up work signs in to Kafka: one administrator's connection, retried while a broker is young."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import TypeVar

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from shared.basics.clock import SystemClock

Answer = TypeVar("Answer")
ASK_WITHIN_S = 5.0
ASK_AGAIN_AFTER_S = 0.02
_clock = SystemClock()


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """Where a broker is and as whom to sign in."""

    bootstrap: str
    username: str
    password: str
    security_protocol: str = "SASL_PLAINTEXT"

    def settings(self) -> dict[str, str | int | float]:
        """The same as librdkafka's settings; its own log lines stay quiet, failures come as exceptions."""
        sign_in = {
            "sasl.mechanism": "SCRAM-SHA-256",
            "sasl.username": self.username,
            "sasl.password": self.password,
        }
        return {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": self.security_protocol,
            **(sign_in if self.security_protocol.startswith("SASL") else {}),
            "reconnect.backoff.ms": 20,
            "reconnect.backoff.max.ms": 200,
            "log_level": 0,
        }


def connect(access: KafkaAccess) -> AdminClient:
    """An administrator's client; it connects with its first question."""
    return AdminClient(access.settings())


def is_answering(access: KafkaAccess) -> bool:
    """Whether the broker lets this user in and knows at least one live node."""
    try:
        return bool(connect(access).list_topics(timeout=1.0).brokers)
    except KafkaException:
        return False


def patiently(ask: Callable[[], Answer], within_s: float = 20.0) -> Answer:
    """Ask until it is answered: a young broker refuses or knows nothing for a moment.

    Errors: KafkaException, the last one, when time is up.
    """
    until_s = _clock.monotonic() + within_s
    while True:
        try:
            return ask()
        except KafkaException:
            if _clock.monotonic() > until_s:
                raise
            Event().wait(ASK_AGAIN_AFTER_S)
