import { parseMessageId } from "@millrace/shared";
import { Command } from "commander";
import { openClients } from "../clients.ts";
import { CommandError } from "../errors.ts";
import { readJourney } from "../trace/journey.ts";
import { tree } from "../trace/tree.ts";

export function traceCommand(): Command {
  return new Command("trace")
    .description("one message's way through the stages as a tree with times, and what became of it")
    .argument("<id>", "topic-partition-offset, as POST /publish answers it")
    .option("--json", "as JSON")
    .action(trace);
}

async function trace(id: string, { json }: { json?: true }): Promise<void> {
  const place = parseMessageId(id);
  if (!place) throw new CommandError(`${id} is no message: an id is topic-partition-offset, such as messages-3-41.`);
  await using clients = openClients(process.env, "cli");
  const journey = await readJourney(clients, place, process.env);
  if (!journey.record && !journey.progress && !journey.row) {
    const unanswered = journey.progressFailure === undefined ? "" : ` ${journey.progressFailure}`;
    throw new CommandError(`Neither Kafka nor Redis nor PostgreSQL knows ${id}.${unanswered}`);
  }
  process.stdout.write(`${json ? JSON.stringify(journey) : tree(journey)}\n`);
}
