import { ensureBuilt } from "@millrace/console/build";
import { topicSettings } from "@millrace/kafka";
import { aborted, readConfiguration } from "@millrace/shared";
import {
  isFree,
  lease,
  type Pipeline,
  pipelineDirectory,
  requireStartable,
  stackDirectory,
  startPipeline,
} from "@millrace/stack";
import { Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import { openClients } from "../clients.ts";
import { CommandError } from "../errors.ts";
import { fileMessages } from "../messages/file.ts";
import { readmeMessages } from "../messages/readmes.ts";
import { checkMessages } from "../start/publish.ts";
import { ensureSourceTopic, runSample, type SampleRun } from "../start/run.ts";
import { lastLine, summaryJson, summaryText } from "../start/summary.ts";

/** The port on which people expect the api. */
const USUAL_PORT = 8080;

interface StartOptions {
  messages?: string;
  once?: true;
  json?: true;
  stack: string;
  port?: number;
}

const help = `
The extension of FILE decides how it is read:
  .csv              the column "text" (RFC 4180: quoted fields may contain commas and line breaks)
  .jsonl, .ndjson   {"text": "…"}, or {"valueBase64": "…"} for any bytes and null for no value; "key" is optional;
                    any other line is published unchanged
  any other         text, one message per line, including empty lines
Messages go through POST /publish; those that it can't carry (bytes that are not UTF-8, no value, over 1,000,000 bytes)
go straight to Kafka. Broken messages end up in the dead-letter topic and in demo_log, with the reason.

Data is kept between starts. Each start counts only its own messages.`;

export function startCommand(stop: AbortSignal): Command {
  return new Command("start")
    .description("run the whole pipeline on this machine, and real messages through it")
    .option("--messages <file>", "your own messages; default: paragraphs from the dependencies' README files")
    .option("--once", "stop after the messages; exit code 0 only if all counts agree")
    .option("--json", "print the summary as JSON")
    .option("--stack <name>", "stack to run on, started if needed", "default")
    .option("--port <port>", `port of the api; default: ${USUAL_PORT} if it is free`, parsePort)
    .addHelpText("after", help)
    .action(async (options: StartOptions) => conclude(await start(options, stop), options));
}

/** Acquires the stack, the processes and the clients in this order, and releases them in reverse. */
async function start(options: StartOptions, stop: AbortSignal): Promise<SampleRun> {
  const source = options.messages === undefined ? readmeMessages() : await fileMessages(options.messages);
  const total = await checkMessages(source, readConfiguration(z.object(topicSettings), process.env));
  const logDirectory = pipelineDirectory(stackDirectory(options.stack));
  const wanted = { logDirectory, onProgress: say, ...(options.port !== undefined && { apiPort: options.port }) };
  await requireStartable(wanted);
  const startedAt = performance.now();
  // The api's page is built while the services start.
  const built = ensureBuilt();
  built.catch(() => undefined);
  await using stack = await lease({ name: options.stack, onProgress: say });
  await built;
  stop.throwIfAborted();
  await using services = openClients({ ...process.env, ...stack.env }, "cli", stop);
  await ensureSourceTopic(services);
  const usual = (await isFree(USUAL_PORT)) && { apiPort: USUAL_PORT };
  await using pipeline = await startPipeline({ stack: stack.env, ...usual, ...wanted });
  say(`ingest, embed, sink and api: ready after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
  const failed = unexpectedExit(pipeline, stop);
  const sample = runSample({ source, total, pipeline, services, giveUp: options.once === true });
  const run = await Promise.race([sample, failed]);
  const summary = options.json
    ? summaryJson(run, pipeline.api)
    : summaryText(run, source.title, pipeline.api, !options.once);
  process.stdout.write(`${summary}\n`);
  for (const problem of run.problems) say(`The counts do not agree: ${problem}.`);
  if (options.once) return run;
  say("\nThe pipeline keeps running; press Ctrl-C to stop it.");
  await Promise.race([aborted(stop), failed]);
  return run;
}

/** Prints the last line, after everything that was started has stopped. */
function conclude(run: SampleRun, { once, json }: StartOptions): void {
  if (!once) return;
  if (run.problems.length > 0) process.exitCode = 1;
  // With --json, standard output contains JSON only.
  (json ? process.stderr : process.stdout).write(`${lastLine(run)}\n`);
}

/** Rejects when a process exits unexpectedly. */
async function unexpectedExit(pipeline: Pipeline, stop: AbortSignal): Promise<never> {
  const exits = pipeline.processes.map(async ({ name, log, exited }) => ({ name, log, ...(await exited) }));
  const { name, log, code, signal } = await Promise.race(exits);
  // The other waits of the caller see the signal themselves.
  if (stop.aborted) return new Promise<never>(() => undefined);
  throw new CommandError(`${name} exited with ${signal ?? `code ${code}`}: see its log, ${log}.`);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new InvalidArgumentError("Not a port: give a whole number from 1 to 65535.");
}
