#!/bin/bash
# Kafka's own command is part of a module that the local stack does without; this one asks the broker as well.
exec java -Xmx64m -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp "/opt/kafka/libs/*" \
  kafka.admin.ConfigCommand --describe --entity-type brokers --entity-name 1 "$@"
