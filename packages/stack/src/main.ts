import { Command, InvalidArgumentError, Option } from "commander";
import { DEFAULT_STACK } from "./directories.ts";
import { environmentLines } from "./environment.ts";
import { StackError } from "./errors.ts";
import { plainProgress, terminalProgress } from "./progress.ts";
import { bringUp, down, environment, reset, type StackOptions } from "./stack.ts";
import { type OptionalServiceName, optionalServiceNames, type ServiceName, serviceNames } from "./state.ts";
import { status } from "./status.ts";
import { statusTable } from "./status-table.ts";

interface NameOption {
  name: string;
}

interface UpOptions extends NameOption {
  with?: OptionalServiceName[];
  [port: `${string}Port`]: number;
}

const print = (line: string) => process.stderr.write(`${line}\n`);

const program = new Command("stack")
  .description("Real Kafka, OpenSearch, PostgreSQL and Redis on this machine, without Docker.")
  .configureHelp({ showGlobalOptions: true })
  .showHelpAfterError();

function subcommand(name: string, description: string): Command {
  const option = "name of the stack; each stack has its own ports and data";
  return program.command(name).description(description).option("--name <name>", option, DEFAULT_STACK);
}

const upCommand = subcommand(
  "up",
  "start the services that are not running; returns once every service answers",
).addOption(
  new Option("--with <service...>", "optional services to run too, until the stack is stopped").choices(
    optionalServiceNames,
  ),
);
for (const name of serviceNames) {
  upCommand.option(`--${name}-port <port>`, "default: the port used last time, otherwise a free one", parsePort);
}
upCommand.action(async ({ name, with: optional, ...ports }: UpOptions) => {
  const progress = process.stderr.isTTY ? terminalProgress() : plainProgress(print);
  const { env } = await bringUp({ name, with: optional ?? [], ports: wantedPorts(ports) }, progress);
  process.stdout.write(environmentLines(env));
});

subcommand("down", "stop all services, and processes left over from a killed start; data is kept").action(
  ({ name }: NameOption) => down({ name, onProgress: print }),
);

subcommand("reset", "stop all services and delete their data").action(({ name }: NameOption) =>
  reset({ name, onProgress: print }),
);

subcommand("status", "show which services and processes run, where and since when")
  .option("--json", "as JSON")
  .action(async ({ name, json }: NameOption & { json?: true }) => {
    const services = await status({ name });
    process.stdout.write(json ? `${JSON.stringify(services, undefined, 2)}\n` : statusTable(services));
  });

subcommand("env", "print the connection settings as KEY=VALUE lines")
  .option("--json", "as JSON")
  .action(async ({ name, json }: NameOption & { json?: true }) => {
    const settings = await environment(name);
    process.stdout.write(json ? `${JSON.stringify(settings, undefined, 2)}\n` : environmentLines(settings));
  });

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof StackError)) throw error;
  print(error.message);
  process.exitCode = 1;
}

/** Commander names the option `--kafka-port` kafkaPort. */
function wantedPorts(options: Record<string, number>): NonNullable<StackOptions["ports"]> {
  const given = serviceNames.flatMap((name): [ServiceName, number][] => {
    const port = options[`${name}Port`];
    return port === undefined ? [] : [[name, port]];
  });
  return Object.fromEntries(given);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new InvalidArgumentError("Not a port: give a whole number from 1 to 65535.");
}
