"""Servers that already run elsewhere, named by the environment: used instead of our own."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.local.missing import Missing
from deploy.topics.admin import KafkaAccess

SERVICES = ("orders", "routing", "notify")


@dataclass(frozen=True, slots=True)
class GivenServers:
    """What the environment names, as it stands there.

    KAFKA_BOOTSTRAP_SERVERS, KAFKA_SECURITY_PROTOCOL, KAFKA_COPIES and <USER>_KAFKA_USERNAME / _PASSWORD;
    <SERVICE>_DATABASE_URL, <SERVICE>_OWNER_DATABASE_URL, <SERVICE>_AUDITOR_DATABASE_URL.
    """

    environment: Mapping[str, str]

    @property
    def has_kafka(self) -> bool:
        """Whether a broker is named."""
        return bool(self.environment.get("KAFKA_BOOTSTRAP_SERVERS"))

    @property
    def has_databases(self) -> bool:
        """Whether databases are named; one named means that all must be."""
        return any(self.environment.get(f"{service.upper()}_DATABASE_URL") for service in SERVICES)

    @property
    def wants_access_rules(self) -> bool:
        """Whether the access rules are ours to set: always on our own broker, by request on a given one."""
        return not self.has_kafka or self.environment.get("KAFKA_SET_ACCESS_RULES") == "1"

    @property
    def copies(self) -> int:
        """How many brokers of a given cluster hold each record."""
        return int(self.environment.get("KAFKA_COPIES", "1"))

    def kafka(self, user: str) -> KafkaAccess:
        """A user's way into the given broker; without a name for this user, the name is the user's own."""
        prefix = f"{user.upper()}_KAFKA"
        return KafkaAccess(
            self.environment["KAFKA_BOOTSTRAP_SERVERS"],
            self.environment.get(f"{prefix}_USERNAME", user),
            self.environment.get(f"{prefix}_PASSWORD", ""),
            self.environment.get("KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT"),
        )

    def database_url(self, login: str, service: str) -> str:
        """A given database's address for a login.

        Errors: Missing when the environment names some databases but not this one.
        """
        kind = {service: "", f"{service}_owner": "_OWNER", "auditor": "_AUDITOR"}[login]
        name = f"{service.upper()}{kind}_DATABASE_URL"
        if not self.environment.get(name):
            raise Missing(f"some databases are named by the environment, but {name} is not: set it too, or none")
        return self.environment[name]


def given_servers() -> GivenServers:
    """What this process's environment names."""
    return GivenServers(dict(os.environ))
