import { described, variable } from "@millrace/shared";

/** Whether the process creates its table and index itself. */
export const preparationSettings = {
  POSTGRES_MIGRATE: described(
    variable.flag().default(true),
    "Run database migrations at startup; false: they have run already (dist/prepare.js).",
  ),
  OPENSEARCH_CREATE_INDEX: described(
    variable.flag().default(true),
    "Create the index with the first batch; false: a missing index is a startup error.",
  ),
};
