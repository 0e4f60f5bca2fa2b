import { readFileSync } from "node:fs";
import { ReadFailed, SelectionTooLarge } from "@millrace/kafka";
import { ConfigurationError, describeCause, handleStopSignals } from "@millrace/shared";
import { StackError } from "@millrace/stack";
import { Command } from "commander";
import { costCommand } from "./commands/cost.ts";
import { deadLettersCommand } from "./commands/dead-letters.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { generateCommand } from "./commands/generate.ts";
import { latencyCommand } from "./commands/latency.ts";
import { loadCommand } from "./commands/load.ts";
import { startCommand } from "./commands/start.ts";
import { traceCommand } from "./commands/trace.ts";
import { verifyCommand } from "./commands/verify.ts";
import { CommandError } from "./errors.ts";
import { explainService, ServiceFailed } from "./services.ts";

/** sysexits.h: a configuration error. */
const EXIT_CONFIGURATION = 78;
/** As a shell reports a command that Ctrl-C ended. */
const EXIT_INTERRUPTED = 130;

// A reader that stops early, such as head, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

/** Errors whose message tells the user what to do. */
const userErrors = [CommandError, StackError, ConfigurationError, ReadFailed, SelectionTooLarge];

const stop = handleStopSignals({
  signals: ["SIGINT", "SIGTERM", "SIGHUP"],
  onStop: () => process.stderr.write("\nStopping …\n"),
  onHardStop() {
    process.stderr.write("Stopped at once. `npm run stack -- down` stops anything left running.\n");
    process.exit(EXIT_INTERRUPTED);
  },
});
const program = new Command("millrace")
  .description("Kafka messages in; searchable vectors and an audit row for every message out.")
  .version(version())
  .showHelpAfterError()
  .addCommand(startCommand(stop))
  .addCommand(doctorCommand())
  .addCommand(verifyCommand(stop))
  .addCommand(deadLettersCommand())
  .addCommand(costCommand(stop))
  .addCommand(traceCommand())
  .addCommand(latencyCommand(stop))
  .addCommand(generateCommand(stop))
  .addCommand(loadCommand(stop));

try {
  await program.parseAsync();
} catch (error) {
  // An interrupted command fails in various ways, which are no news to the user.
  if (!stop.aborted) process.stderr.write(`${await explain(error)}\n`);
  process.exitCode = exitCodeOf(error);
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return version;
}

function exitCodeOf(error: unknown): number {
  if (stop.aborted) return EXIT_INTERRUPTED;
  return error instanceof ConfigurationError ? EXIT_CONFIGURATION : 1;
}

/** A bug keeps its stack trace. */
async function explain(error: unknown): Promise<string> {
  if (!(error instanceof Error)) return describeCause(error);
  if (error instanceof ServiceFailed) return await explainService(error);
  const isUsers = userErrors.some((type) => error instanceof type);
  return isUsers ? error.message : (error.stack ?? describeCause(error));
}
