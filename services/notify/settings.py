"""Every knob of notify, its unit and its default."""

from datetime import time
from typing import Self

from pydantic import Field, SecretStr, model_validator

from services.notify.domain.message import Capability
from shared.settings import ServiceSettings

# Two calls must fit into a lease several times over: what is sent late may be somebody else's by then.
_CALLS_IN_A_LEASE = 3


class NotifySettings(ServiceSettings):
    """What notify needs to start, beside what every service needs."""

    http_port: int = Field(default=8003, ge=1, le=65535)

    sms_provider_url: str = "http://127.0.0.1:8011"
    sms_provider_key: SecretStr = SecretStr("")
    sms_provider_capability: Capability = Capability.QUERYABLE
    sms_call_limit_s: float = Field(default=3.0, gt=0)

    lease_s: float = Field(default=12.0, gt=0)
    batch: int = Field(default=96, ge=1, le=1000)
    calls_at_once: int = Field(default=16, ge=1, le=64)

    quiet_from: time = time(22)
    quiet_to: time = time(7)
    hotline_number: str = "6200 1234"

    # Status links that show nothing: so many at once, and so many a minute after that, by each process. Behind a
    # proxy on another machine, uvicorn's FORWARDED_ALLOW_IPS must name it, or all residents are one address.
    missed_links_per_address: int = Field(default=30, ge=1)
    missed_links_per_address_a_minute: float = Field(default=6.0, gt=0)
    missed_links_overall: int = Field(default=600, ge=1)
    missed_links_overall_a_minute: float = Field(default=60.0, gt=0)

    @model_validator(mode="after")
    def _lease_outlasts_calls(self) -> Self:
        if self.lease_s < _CALLS_IN_A_LEASE * self.sms_call_limit_s:
            message = "LEASE_S must be at least three times SMS_CALL_LIMIT_S"
            raise ValueError(message)
        return self
