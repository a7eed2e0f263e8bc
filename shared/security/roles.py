"""Who may do what: one table, deny by default."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What somebody is to the street. Crews, building heads by link and residents are no accounts."""

    OPERATOR = "operator"
    DISPATCHER = "dispatcher"
    CREW = "crew"
    BUILDING_HEAD = "building_head"
    RESIDENT = "resident"
    OFFICER = "officer"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """One thing that can be allowed."""

    PLACE_ORDER = "place_order"
    CHANGE_HOUSEHOLD = "change_household"
    IMPORT_REGISTER = "import_register"
    SEE_CONTACT = "see_contact"
    SEE_MASKED_CONTACT = "see_masked_contact"
    SEE_NEEDS = "see_needs"
    PLAN_ROUNDS = "plan_rounds"
    CORRECT_DELIVERY = "correct_delivery"
    MARK_STOP = "mark_stop"
    ADMIT_CREW = "admit_crew"
    CHANGE_ZONE = "change_zone"
    READ_BULLETIN = "read_bulletin"
    MANAGE_ACCOUNTS = "manage_accounts"
    READ_AUDIT = "read_audit"
    REPLAY_EVENTS = "replay_events"


PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.OPERATOR: frozenset(
        {
            Permission.PLACE_ORDER,
            Permission.CHANGE_HOUSEHOLD,
            Permission.IMPORT_REGISTER,
            Permission.SEE_CONTACT,
            Permission.SEE_NEEDS,
            Permission.READ_BULLETIN,
        }
    ),
    Role.DISPATCHER: frozenset(
        {
            Permission.PLACE_ORDER,
            Permission.SEE_MASKED_CONTACT,
            Permission.PLAN_ROUNDS,
            Permission.CORRECT_DELIVERY,
            Permission.ADMIT_CREW,
            Permission.READ_BULLETIN,
        }
    ),
    Role.CREW: frozenset({Permission.SEE_MASKED_CONTACT, Permission.MARK_STOP}),
    Role.BUILDING_HEAD: frozenset({Permission.PLACE_ORDER, Permission.SEE_MASKED_CONTACT}),
    Role.RESIDENT: frozenset({Permission.PLACE_ORDER}),
    Role.OFFICER: frozenset({Permission.CHANGE_ZONE, Permission.READ_BULLETIN}),
    # An administrator keeps accounts and events moving and sees nobody's data.
    Role.ADMINISTRATOR: frozenset({Permission.MANAGE_ACCOUNTS, Permission.REPLAY_EVENTS}),
    Role.AUDITOR: frozenset({Permission.READ_AUDIT, Permission.READ_BULLETIN}),
}

STAFF_ROLES: Final = frozenset(Role) - {Role.CREW, Role.RESIDENT}


def has_permission(roles: Iterable[Role], permission: Permission) -> bool:
    """Whether any of these roles carries the permission."""
    return any(permission in PERMISSIONS[role] for role in roles)
