"""Every knob of routing: what planning costs, where its files are, how fast work goes."""

from pathlib import Path

from pydantic import Field, field_validator

from services.routing.actions.waves.build_problem import PlanningRules
from services.routing.domain.quiet_hours import read_quiet_hours
from services.routing.planning.problem import Rules, Weights
from services.routing.planning.time_model import LiftTimes, StairTimes, TimeModel
from shared.settings import ServiceSettings


class RoutingSettings(ServiceSettings):
    """What routing reads from the environment.

    The times of work are those of `formats/rounds` (futian-9001): 1.1 m/s on streets 1.3 times the straight line,
    lifts and stairs as measured there.
    """

    http_port: int = Field(default=8002, ge=1, le=65535)

    # Loaded at the start when given and nothing is loaded yet; else they come by the pages.
    estate_file: Path | None = None
    roster_file: Path | None = None

    # Search seconds a drop point, the seed of the search, how many drop points at once, memory of a search.
    plan_seconds: float = Field(default=2.0, ge=0.2, le=600)
    plan_seed: int = 1
    plan_workers: int = Field(default=2, ge=1, le=16)
    plan_memory_mib: int = Field(default=1024, ge=256)

    walk_mps: float = Field(default=1.1, gt=0)
    walk_detour: float = Field(default=1.3, ge=1)
    load_s: int = Field(default=150, ge=0)
    load_s_per_package: int = Field(default=3, ge=0)
    door_s: int = Field(default=25, ge=0)
    lift_wait_s: int = Field(default=35, ge=0)
    lift_s_per_floor: int = Field(default=3, ge=0)
    lift_stop_s: int = Field(default=12, ge=0)
    lift_walk_down_s: int = Field(default=9, ge=0)
    stairs_up_s: int = Field(default=13, ge=0)
    stairs_down_s: int = Field(default=8, ge=0)
    stairs_climb_s: int = Field(default=20, ge=0)
    stairs_carry_g: int = Field(default=22_000, gt=0)
    stairs_up_ms_per_floor_kg: int = Field(default=250, ge=0)
    weight_crew_s: int = Field(default=1, ge=0)
    weight_late_s: int = Field(default=1, ge=0)

    # Rules a street may switch on; without them plans are made as ever. What nobody sets is off.
    # Seconds a crew disinfects before it enters positive buildings, after clean ones.
    disinfect_s: int = Field(default=0, ge=0, le=3600)
    # Whether positive buildings get crews of their own, who enter no clean building that day.
    own_crews: bool = False
    # Seconds from the beginning of a round within which what is cold is at its door; 0 for no limit.
    cold_limit_s: int = Field(default=0, ge=0, le=86_400)
    # Local hours in which nobody is visited, such as 22:00-07:00; several are parted by commas.
    quiet_hours: str = ""
    # Seconds of work after which a crew rests before its next round, 0 for no rest; and how long it rests.
    rest_after_s: int = Field(default=0, ge=0, le=86_400)
    rest_s: int = Field(default=0, ge=0, le=86_400)

    @field_validator("quiet_hours")
    @classmethod
    def _can_be_read(cls, text: str) -> str:
        read_quiet_hours(text)
        return text

    def planning_rules(self) -> PlanningRules:
        """What every plan is made with."""
        return PlanningRules(
            model=TimeModel(
                walk_mps=self.walk_mps,
                detour=self.walk_detour,
                load_s=self.load_s,
                load_s_per_package=self.load_s_per_package,
                door_s=self.door_s,
                lift=LiftTimes(self.lift_wait_s, self.lift_s_per_floor, self.lift_stop_s, self.lift_walk_down_s),
                stairs=StairTimes(
                    self.stairs_up_s,
                    self.stairs_down_s,
                    self.stairs_climb_s,
                    self.stairs_carry_g,
                    self.stairs_up_ms_per_floor_kg,
                ),
            ),
            weights=Weights(self.weight_crew_s, self.weight_late_s),
            zone=self.zone(),
            product=Rules(
                disinfect_s=self.disinfect_s,
                own_crews=self.own_crews,
                cold_limit_s=self.cold_limit_s or None,
                rest_after_s=self.rest_after_s or None,
                rest_s=self.rest_s,
            ),
            quiet=read_quiet_hours(self.quiet_hours),
        )
