"""Makes the topics that shared/contracts/topics.py names, on a broker that may be new or half made."""

from collections.abc import Sequence
from concurrent.futures import Future

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.topics.admin import ASK_WITHIN_S, patiently
from shared.contracts.topics import TOPICS, Topic

MILLISECONDS_PER_HOUR = 3_600_000
TOPIC_IS_THERE = KafkaError.TOPIC_ALREADY_EXISTS
TOPIC_IS_ABSENT = KafkaError.UNKNOWN_TOPIC_OR_PART


def create_topics(admin: AdminClient, copies: int, topics: Sequence[Topic] = TOPICS) -> list[str]:
    """Create the topics that are absent, wait until all have leaders, return the created. A second time: none.

    Units:  copies is the number of brokers that hold each record.
    Errors: KafkaException when the broker does not answer or refuses.
    """
    created = patiently(lambda: _create_absent(admin, copies, topics))
    patiently(lambda: _see_all(admin, topics))
    return created


def delete_topics(admin: AdminClient, topics: Sequence[Topic] = TOPICS) -> None:
    """Delete these topics with all their records; an absent one is no error."""
    deletions = admin.delete_topics([topic.name for topic in topics], operation_timeout=ASK_WITHIN_S)
    for deletion in deletions.values():
        _failed_harmlessly(deletion, TOPIC_IS_ABSENT)


def _create_absent(admin: AdminClient, copies: int, topics: Sequence[Topic]) -> list[str]:
    # Asked of the controller, not of the client's list: that one may still show what was just deleted.
    wanted = [_as_new(topic, copies) for topic in topics]
    creations = admin.create_topics(wanted, operation_timeout=ASK_WITHIN_S, request_timeout=ASK_WITHIN_S)
    return [name for name, creation in creations.items() if not _failed_harmlessly(creation, TOPIC_IS_THERE)]


def _see_all(admin: AdminClient, topics: Sequence[Topic]) -> None:
    """A broker confirms a topic before its own list shows it; who asks in between believes it absent."""
    known = admin.list_topics(timeout=ASK_WITHIN_S).topics
    for topic in topics:
        partitions = known[topic.name].partitions.values() if topic.name in known else ()
        if len([each for each in partitions if each.leader >= 0]) < topic.partitions:
            raise KafkaException(KafkaError(KafkaError.LEADER_NOT_AVAILABLE, topic.name))


def _as_new(topic: Topic, copies: int) -> NewTopic:
    settings = {
        "retention.ms": str(topic.retention_hours * MILLISECONDS_PER_HOUR),
        "min.insync.replicas": str(max(1, copies - 1)),
    }
    return NewTopic(topic.name, num_partitions=topic.partitions, replication_factor=copies, config=settings)


def _failed_harmlessly(outcome: Future[None], harmless: int) -> bool:
    """Whether it failed in the one way that does no harm; any other failure is raised."""
    error = outcome.exception(ASK_WITHIN_S)
    if error is None:
        return False
    if isinstance(error, KafkaException) and error.args[0].code() == harmless:
        return True
    raise error
