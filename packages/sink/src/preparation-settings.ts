import { described, variable } from "@millrace/shared";

/** Who makes what is to be there before the first message. */
export const preparationSettings = {
  POSTGRES_MIGRATE: described(
    variable.flag().default(true),
    "Bring the database up to date at the start; false: it was done before (dist/prepare.js).",
  ),
  OPENSEARCH_CREATE_INDEX: described(
    variable.flag().default(true),
    "Create the index with the first batch; false: a missing index is a start-up error.",
  ),
};
