-- Up Migration
-- One row for every message of the source topics: INFO where it was indexed, ERROR with the reason where it was dead-lettered.
CREATE TABLE demo_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    timestamp timestamptz NOT NULL DEFAULT now(),
    kafka_topic text NOT NULL,
    kafka_partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    message_content text,
    embedding_model text,
    embedding_dimensions integer,
    opensearch_index text,
    opensearch_doc_id text,
    log_level text NOT NULL CHECK (log_level IN ('INFO', 'ERROR')),
    error_code text,
    error_cause text,
    UNIQUE (kafka_topic, kafka_partition, kafka_offset)
);
-- Down Migration
DROP TABLE demo_log;
