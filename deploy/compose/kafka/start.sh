#!/usr/bin/env bash
# Formats an empty disk with the users of deploy/local/kafka/broker.py, then becomes the broker.
set -eu
umask 077
users=/tmp/format.arguments
{
  printf 'format\n--ignore-formatted\n--standalone\n-t\n%s\n-c\n/etc/baimi/server.properties\n' "$CLUSTER_ID"
  for user in orders routing notify auditor admin; do
    variable=${user^^}_KAFKA_PASSWORD
    printf -- '--add-scram=SCRAM-SHA-256=[name=%s,password=%s]\n' "$user" "${!variable}"
  done
  printf -- '--add-scram=SCRAM-SHA-256=[name=broker,password=%s]\n' "$BROKER_PASSWORD"
} > $users
/opt/kafka/bin/kafka-run-class.sh kafka.tools.StorageTool @$users > /dev/null
rm $users
exec /opt/kafka/bin/kafka-server-start.sh /etc/baimi/server.properties
