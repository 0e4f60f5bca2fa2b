import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

interface Line {
  action: string;
  status: string;
  details?: { port?: number; dependency?: string };
}

/** The api as a process, on a free port. */
export class ApiProcess implements AsyncDisposable {
  readonly lines: Line[] = [];
  #child: ChildProcess;

  constructor(environment: Record<string, string>) {
    const main = new URL("../src/main.ts", import.meta.url).pathname;
    this.#child = spawn(process.execPath, ["--conditions=millrace", main], {
      env: { ...process.env, HOST: "127.0.0.1", PORT: "0", ...environment },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const { stdout } = this.#child;
    if (stdout) createInterface({ input: stdout }).on("line", (line) => this.lines.push(JSON.parse(line)));
  }

  get url(): string {
    const port = this.lines.find(({ details }) => details?.port !== undefined)?.details?.port;
    return `http://127.0.0.1:${port}`;
  }

  get isListening(): boolean {
    return this.lines.some(({ details }) => details?.port !== undefined);
  }

  logged(action: string): boolean {
    return this.lines.some((line) => line.action === action);
  }

  stop(): Promise<number | null> {
    this.#child.kill("SIGTERM");
    return this.exited();
  }

  async exited(): Promise<number | null> {
    if (this.#child.exitCode === null) await once(this.#child, "exit");
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
