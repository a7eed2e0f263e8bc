"""Topics and access rules on a broker that runs elsewhere, named by the environment."""

import os

from deploy.topics.access_rules import apply_access_rules
from deploy.topics.admin import KafkaAccess, connect
from deploy.topics.create_topics import create_topics


def set_up_topics(access: KafkaAccess, copies: int) -> None:
    """Bring the broker to what the topic table says. A second time changes nothing."""
    admin = connect(access)
    create_topics(admin, copies)
    apply_access_rules(admin)


if __name__ == "__main__":
    administrator = KafkaAccess(
        os.environ["KAFKA_BOOTSTRAP_SERVERS"],
        os.environ["KAFKA_USERNAME"],
        os.environ["KAFKA_PASSWORD"],
        os.environ.get("KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT"),
    )
    set_up_topics(administrator, copies=int(os.environ.get("KAFKA_COPIES", "1")))
