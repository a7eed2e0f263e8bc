"""Every knob that all services share: read from the environment, checked at start, secrets never printed."""

import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.basics.clock import Clock, clock_from

# What the launcher hands out in a demo; production must not start with it.
DEMO_SECRET_PREFIX = "demo-"  # noqa: S105  (a marker, not a secret)


class Environment(StrEnum):
    """How careful to be."""

    DEMO = "demo"
    TEST = "test"
    PRODUCTION = "production"


class Role(StrEnum):
    """Which half of a service this process is: pages and API, background loops, or both."""

    WEB = "web"
    WORK = "work"
    ALL = "all"


class UnusableSettings(ValueError):
    """Variables of the environment are missing or wrong: a line for each, and never what it holds."""


class ServiceSettings(BaseSettings):
    """What each service needs to start; a service adds its own fields."""

    # An error about one variable would otherwise show what the others hold, passwords too.
    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    environment: Environment = Environment.DEMO
    role: Role = Role.ALL

    database_url: SecretStr
    database_pool_size: int = Field(default=12, ge=2, le=60)

    kafka_bootstrap_servers: str
    kafka_username: str = ""
    kafka_password: SecretStr = SecretStr("")
    kafka_security_protocol: str = "SASL_PLAINTEXT"

    http_host: str = "127.0.0.1"
    http_port: int = Field(ge=1, le=65535)
    orders_url: str = "http://127.0.0.1:8001"
    routing_url: str = "http://127.0.0.1:8002"
    notify_url: str = "http://127.0.0.1:8003"

    clock_origin: datetime | None = None
    clock_anchor: datetime | None = None
    clock_factor: float = Field(default=1.0, gt=0)
    local_zone: str = "Asia/Shanghai"

    key_file: Path
    crash_at: str = ""

    @model_validator(mode="after")
    def _production_is_strict(self) -> Self:
        if self.environment is not Environment.PRODUCTION:
            return self
        wrong = [
            name
            for name, is_wrong in {
                "CLOCK_FACTOR must be 1": self.clock_factor != 1,
                "CRASH_AT must be empty": bool(self.crash_at),
                "KAFKA_SECURITY_PROTOCOL must be SASL_SSL": self.kafka_security_protocol != "SASL_SSL",
                "KAFKA_PASSWORD is a demo secret": _is_demo(self.kafka_password),
                "DATABASE_URL holds a demo secret": f":{DEMO_SECRET_PREFIX}"
                in self.database_url.get_secret_value(),
                "public addresses must be https": not all(
                    url.startswith("https://") for url in (self.orders_url, self.routing_url, self.notify_url)
                ),
            }.items()
            if is_wrong
        ]
        if wrong:
            message = "production refuses to start: " + "; ".join(wrong)
            raise ValueError(message)
        return self

    def clock(self) -> Clock:
        """The clock these settings describe."""
        return clock_from(self.clock_origin, self.clock_anchor, self.clock_factor)

    def zone(self) -> ZoneInfo:
        """The one local time zone of every screen."""
        return ZoneInfo(self.local_zone)

    @property
    def does_web(self) -> bool:
        """Whether this process serves pages."""
        return self.role in {Role.WEB, Role.ALL}

    @property
    def does_work(self) -> bool:
        """Whether this process runs the background loops."""
        return self.role in {Role.WORK, Role.ALL}


def _is_demo(secret: SecretStr) -> bool:
    return secret.get_secret_value().startswith(DEMO_SECRET_PREFIX)


_Settings = TypeVar("_Settings", bound=ServiceSettings)


def read_settings(kind: type[_Settings]) -> _Settings:
    """Reads a service's settings from the environment. Errors: UnusableSettings."""
    try:
        return kind()  # pydantic-settings fills the fields from the environment
    except ValidationError as error:
        lines = [_said(fault["loc"], fault["type"], fault["msg"]) for fault in error.errors()]
        raise UnusableSettings("\n".join(lines)) from None


def settings_or_exit(kind: type[_Settings]) -> _Settings:
    """Reads a service's settings; ends the process with what is missing or wrong."""
    try:
        return read_settings(kind)
    except UnusableSettings as error:
        sys.exit(f"{error}\ndeploy/compose/compose.yaml sets all variables a service needs.")


def _said(place: tuple[int | str, ...], kind: str, message: str) -> str:
    """Says one fault by the name of its variable."""
    reason = "is missing" if kind == "missing" else message.removeprefix("Value error, ")
    return ": ".join([".".join(str(part) for part in place).upper(), reason]) if place else reason
