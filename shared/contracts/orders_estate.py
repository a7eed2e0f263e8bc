"""orders.estate-events: names of buildings and entrances, zones and their class. Written by orders alone."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from shared.contracts.envelope import Contract
from shared.contracts.topics import ESTATE_EVENTS


class ZoneClass(StrEnum):
    """How closed a zone is: 封控区, 管控区, 防范区, or open again."""

    SEALED = "sealed"
    CONTROLLED = "controlled"
    PRECAUTION = "precaution"
    LIFTED = "lifted"


class Handling(StrEnum):
    """Whether people ill with the virus live in a building: positive ones are served last, or by own crews."""

    CLEAN = "clean"
    POSITIVE = "positive"


class EntranceName(BaseModel):
    """One stair entrance (单元) and what it is called."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    entrance_id: str
    name: str | None


class _BuildingAsItStands(Contract):
    TOPIC: ClassVar[str] = ESTATE_EVENTS
    KEY_FIELD: ClassVar[str] = "building_id"

    building_id: str
    compound_id: str
    compound: str
    building: str
    community: str
    grid: str
    zone_id: str | None
    handling: Handling
    entrances: tuple[EntranceName, ...]


class BuildingRegistered(_BuildingAsItStands):
    """A building and its entrances have names now."""

    EVENT_TYPE: ClassVar[str] = "orders.building_registered"


class BuildingChanged(_BuildingAsItStands):
    """A building's facts are other than before; the event carries all of them."""

    EVENT_TYPE: ClassVar[str] = "orders.building_changed"


class ZoneChanged(Contract):
    """A zone has this class from this moment on."""

    TOPIC: ClassVar[str] = ESTATE_EVENTS
    KEY_FIELD: ClassVar[str] = "zone_id"
    EVENT_TYPE: ClassVar[str] = "orders.zone_changed"

    zone_id: str
    name: str
    community: str
    grid: str
    zone_class: ZoneClass
    valid_from: datetime
