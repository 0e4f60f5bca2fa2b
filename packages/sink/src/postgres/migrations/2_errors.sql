-- Up Migration
-- The messages that are given up, newest first, without a walk through all the others.
CREATE INDEX demo_log_errors ON demo_log (id DESC) WHERE log_level = 'ERROR';
-- Down Migration
DROP INDEX demo_log_errors;
