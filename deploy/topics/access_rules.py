"""Who may do what on Kafka, derived from the topic table: the writer writes, the readers read, nobody else."""

from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from deploy.topics.admin import ASK_WITHIN_S, patiently
from shared.contracts.topics import SERVICES, TOPICS, Topic

AUDITOR = "auditor"
ANY_HOST = "*"
CLUSTER = "kafka-cluster"
# None stands for any name, principal or host; the package's own types forgot it.
_ANY_RULE = AclBindingFilter(
    ResourceType.ANY,
    None,  # type: ignore[arg-type]
    ResourcePatternType.ANY,
    None,  # type: ignore[arg-type]
    None,  # type: ignore[arg-type]
    AclOperation.ANY,
    AclPermissionType.ANY,
)


def access_rules(topics: Sequence[Topic] = TOPICS) -> list[AclBinding]:
    """Every permission there is; what is not listed is refused.

    A service writes, describes and creates topics under its own name, reads the topics whose table row lists
    it, and uses consumer groups under its own name. The auditor reads every topic, in groups of its own.
    """
    rules = [rule for service in SERVICES for rule in _of_service(service)]
    rules += [
        rule for topic in topics for reader in (*topic.readers, AUDITOR) for rule in _of_reader(reader, topic)
    ]
    return rules + _own_groups(AUDITOR)


def apply_access_rules(admin: AdminClient, topics: Sequence[Topic] = TOPICS) -> int:
    """Put the rules in force, wait until they are, return how many. A second time changes nothing.

    Errors: KafkaException when the broker does not answer or refuses.
    """
    rules = access_rules(topics)

    def apply() -> int:
        for creation in admin.create_acls(rules, request_timeout=ASK_WITHIN_S).values():
            creation.result(ASK_WITHIN_S)
        return len(rules)

    count = patiently(apply)
    patiently(lambda: _see_all(admin, rules))
    return count


def _see_all(admin: AdminClient, rules: Sequence[AclBinding]) -> None:
    """A controller confirms a rule before the broker obeys it; who signs in meanwhile is refused for good."""
    in_force = set(admin.describe_acls(_ANY_RULE, request_timeout=ASK_WITHIN_S).result(ASK_WITHIN_S))
    if not in_force.issuperset(rules):
        raise KafkaException(KafkaError(KafkaError.INVALID_REQUEST, "access rules are not in force yet"))


def _of_service(service: str) -> list[AclBinding]:
    own = (AclOperation.WRITE, AclOperation.DESCRIBE, AclOperation.CREATE, AclOperation.READ)
    return [
        *(_allow(service, operation, _prefixed(ResourceType.TOPIC, f"{service}.")) for operation in own),
        # A forgetful broker is found out by its cluster id; an idempotent producer needs the second right.
        _allow(service, AclOperation.DESCRIBE, _exactly(ResourceType.BROKER, CLUSTER)),
        _allow(service, AclOperation.IDEMPOTENT_WRITE, _exactly(ResourceType.BROKER, CLUSTER)),
        *_own_groups(service),
    ]


def _of_reader(reader: str, topic: Topic) -> list[AclBinding]:
    place = _exactly(ResourceType.TOPIC, topic.name)
    return [_allow(reader, operation, place) for operation in (AclOperation.READ, AclOperation.DESCRIBE)]


def _own_groups(user: str) -> list[AclBinding]:
    place = _prefixed(ResourceType.GROUP, user)
    return [_allow(user, operation, place) for operation in (AclOperation.READ, AclOperation.DESCRIBE)]


Place = tuple[ResourceType, str, ResourcePatternType]


def _prefixed(kind: ResourceType, prefix: str) -> Place:
    return kind, prefix, ResourcePatternType.PREFIXED


def _exactly(kind: ResourceType, name: str) -> Place:
    return kind, name, ResourcePatternType.LITERAL


def _allow(user: str, operation: AclOperation, place: Place) -> AclBinding:
    return AclBinding(*place, f"User:{user}", ANY_HOST, operation, AclPermissionType.ALLOW)
