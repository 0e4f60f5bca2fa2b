import {
  connectProducer,
  createTopicReader,
  type DeadLetterSelection,
  type OutgoingRecord,
  readDeadLetters,
} from "@millrace/kafka";
import { type DeadLetter, messageId, type PoisonCode, poisonCodes, replayRecord } from "@millrace/shared";
import { Command, Option } from "commander";
import { type Clients, openClients } from "../clients.ts";
import { CommandError } from "../errors.ts";
import { ask } from "../services.ts";

interface Options {
  topic?: string;
  code?: PoisonCode;
  json?: true;
  all?: true;
}

/** Enough of a value to recognize it. */
const SHOWN_BYTES = 2_000;

export function deadLettersCommand(): Command {
  return new Command("dead-letters")
    .description("list dead letters, and send them through the pipeline again")
    .addCommand(
      selecting(new Command("list"))
        .description("print one line per dead letter")
        .option("--json", "print one JSON object per line")
        .action(list),
    )
    .addCommand(
      new Command("show")
        .description("show everything about one dead letter: its reason, stage, headers and value")
        .argument("<id>", "topic-partition-offset")
        .option("--json", "print it as JSON, with the value in base64")
        .action(show),
    )
    .addCommand(
      selecting(new Command("replay"))
        .description("send dead letters through the pipeline again, under their original identity")
        .argument("[ids...]", "topic-partition-offset of each")
        .option("--all", "all dead letters that match the other options")
        .action(replay),
    );
}

function selecting(command: Command): Command {
  return command
    .option("--topic <topic>", "only from this source topic")
    .addOption(new Option("--code <code>", "only with this reason").choices([...poisonCodes]));
}

function selection({ topic, code }: Options, ids?: readonly string[]): DeadLetterSelection {
  return { ...(topic !== undefined && { topic }), ...(code !== undefined && { code }), ...(ids && { ids }) };
}

async function read({ kafka, config }: Clients, selected: DeadLetterSelection): Promise<DeadLetter[]> {
  await using reader = createTopicReader(kafka);
  return await ask("kafka", readDeadLetters(reader, config.DEAD_LETTERS_TOPIC, selected));
}

async function list(options: Options): Promise<void> {
  await using clients = openClients(process.env, "cli");
  const letters = await read(clients, selection(options));
  for (const letter of letters) say(options.json ? JSON.stringify(summary(letter)) : line(letter));
  if (!options.json) process.stderr.write(`${letters.length} dead letters\n`);
}

async function show(id: string, options: Options): Promise<void> {
  await using clients = openClients(process.env, "cli");
  const [letter] = await read(clients, { ids: [id] });
  if (!letter) throw new CommandError(`No dead letter has the ID ${id}: see millrace dead-letters list.`);
  const headers = letter.headers.map(([name, value]) => [name, value?.toString() ?? null]);
  if (options.json) {
    const value = letter.value?.toString("base64") ?? null;
    return say(JSON.stringify({ ...summary(letter), key: letter.key?.toString() ?? null, headers, value }));
  }
  for (const [name, fact] of Object.entries(summary(letter))) say(`${`${name}:`.padEnd(12)}${fact}`);
  for (const [name, value] of headers) say(`header:     ${name} = ${value}`);
  say(`value:      ${letter.value?.subarray(0, SHOWN_BYTES).toString() ?? "(none)"}`);
}

async function replay(ids: string[], options: Options): Promise<void> {
  if (ids.length === 0 && !options.all)
    throw new CommandError("Name the dead letters to replay: their IDs, or --all (with --topic or --code).");
  await using clients = openClients(process.env, "cli");
  const letters = await read(clients, selection(options, ids.length > 0 ? ids : undefined));
  const unknown = ids.filter((id) => !letters.some(({ origin }) => messageId(origin) === id));
  if (unknown.length > 0)
    throw new CommandError(`No dead letter has the ID ${unknown.join(", ")}; nothing was replayed.`);
  const refused = await send(clients, letters);
  say(`replayed=${letters.length - refused.length}`);
  if (refused.length === 0) return;
  const { REPLAY_TOPIC } = clients.config;
  throw new CommandError(
    `Too large for ${REPLAY_TOPIC}: ${refused.map(({ origin }) => messageId(origin)).join(", ")}. Raise its max.message.bytes and try again.`,
  );
}

/** @returns those that are too large for the topic */
async function send({ kafka, patience, config }: Clients, letters: readonly DeadLetter[]): Promise<DeadLetter[]> {
  await using producer = await connectProducer(kafka, patience);
  const written = new Map<OutgoingRecord, DeadLetter>();
  for (const letter of letters) written.set(replayRecord(letter), letter);
  const { refused } = await producer.send(config.REPLAY_TOPIC, [...written.keys()]);
  return refused.flatMap(({ item }) => written.get(item) ?? []);
}

function summary({ origin, fault, stage, attempts, failedAt, value }: DeadLetter) {
  const bytes = value?.length ?? 0;
  return { id: messageId(origin), code: fault.code, cause: fault.cause, stage, attempts, failedAt, bytes };
}

function line(letter: DeadLetter): string {
  const { id, code, cause, stage, failedAt } = summary(letter);
  return `${failedAt}  ${id}  ${stage}  ${code}  ${cause}`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
