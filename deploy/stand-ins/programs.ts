// Fetches what `npm start` fetches and says where it lies, as NAME=FOLDER lines: the services' programs, for images.
import { install } from "../../packages/stack/src/cache.ts";
import { plainProgress } from "../../packages/stack/src/progress.ts";
import { kafka } from "../../packages/stack/src/services/kafka.ts";
import { opensearch } from "../../packages/stack/src/services/opensearch.ts";
import { postgres } from "../../packages/stack/src/services/postgres.ts";

const progress = plainProgress((line) => process.stderr.write(`${line}\n`));
for (const { name, component } of [kafka, opensearch, postgres]) {
  process.stdout.write(`${name}=${await install(component, progress)}\n`);
}
