import { parseMessageId } from "@millrace/shared";
import { Command } from "commander";
import { openClients } from "../clients.ts";
import { CommandError } from "../errors.ts";
import { readJourney } from "../trace/journey.ts";
import { tree } from "../trace/tree.ts";

export function traceCommand(): Command {
  return new Command("trace")
    .description("show a message's way through the stages as a tree with times, and its outcome")
    .argument("<id>", "topic-partition-offset, as POST /publish returns it")
    .option("--json", "print it as JSON")
    .action(trace);
}

async function trace(id: string, { json }: { json?: true }): Promise<void> {
  const place = parseMessageId(id);
  if (!place)
    throw new CommandError(`${id} is not a message ID: expected topic-partition-offset, such as messages-3-41.`);
  await using clients = openClients(process.env, "cli");
  const journey = await readJourney(clients, place, process.env);
  if (!journey.record && !journey.progress && !journey.row) {
    const unanswered = journey.progressFailure === undefined ? "" : ` ${journey.progressFailure}`;
    throw new CommandError(`Kafka, Redis and PostgreSQL have no trace of ${id}.${unanswered}`);
  }
  process.stdout.write(`${json ? JSON.stringify(journey) : tree(journey)}\n`);
}
