import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import {
  type Component,
  cacheDirectory,
  findFreePorts,
  HOST,
  install,
  plainProgress,
  runTool,
  StackError,
} from "@millrace/stack";

const VERSION = "5.2.5";
const TITLE = `moto ${VERSION}`;
const STARTS_WITHIN_MS = 60_000;

/**
 * Responds as STS and Secrets Manager do. It checks neither signatures nor permissions: it proves the wiring of
 * requests and responses, not what a policy allows.
 */
export interface Moto extends AsyncDisposable {
  url: string;
  /** Creates a secret, or sets its current version; returns its ARN. */
  putSecret(name: string, text: string): Promise<string>;
}

const REGION = "eu-west-1";

/** Starts moto's server on a free port for tests; pip fetches it on first use. Needs Python 3 with pip. */
export async function startMoto(): Promise<Moto> {
  const progress = plainProgress((line) => process.stderr.write(`${line}\n`));
  const programs = await install(component(await pythonVersion()), progress);
  const [port] = await findFreePorts(1);
  const child = spawn("python3", ["-m", "moto.server", "-H", HOST, "-p", String(port)], {
    stdio: "ignore",
    env: { ...process.env, PYTHONPATH: programs },
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const url = `http://${HOST}:${port}`;
  const dispose = async () => {
    process.off("exit", kill);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    kill();
    await exit;
  };
  const deadlineMs = Date.now() + STARTS_WITHIN_MS;
  while (!(await answers(url))) {
    if (child.exitCode !== null || Date.now() > deadlineMs) {
      await dispose();
      throw new StackError(`${TITLE} does not start: try \`PYTHONPATH=${programs} python3 -m moto.server\`.`);
    }
    await sleep(100);
  }
  const putSecret = async (name: string, text: string): Promise<string> => {
    const replaced = await callSecretsManager(url, "PutSecretValue", { SecretId: name, SecretString: text });
    const done = replaced ?? (await callSecretsManager(url, "CreateSecret", { Name: name, SecretString: text }));
    if (!done) throw new StackError(`${TITLE} does not take the secret ${name}.`);
    return done.ARN;
  };
  return { url, putSecret, [Symbol.asyncDispose]: dispose };
}

/** `undefined` if it refuses. The signature is not checked; the region and service in it are. */
async function callSecretsManager(url: string, action: string, body: object): Promise<{ ARN: string } | undefined> {
  const headers = {
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": `secretsmanager.${action}`,
    authorization: `AWS4-HMAC-SHA256 Credential=any/20260101/${REGION}/secretsmanager/aws4_request`,
  };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  return answer.ok ? ((await answer.json()) as { ARN: string }) : undefined;
}

/**
 * Installs into a directory and not a virtual environment, since the cache moves the complete directory to its place.
 */
function component(python: string): Component {
  return {
    title: TITLE,
    // Some dependencies are compiled for one version of Python.
    key: `moto-${VERSION}-python-${python}`,
    root: cacheDirectory(),
    async fill(directory) {
      const options = ["--target", directory, "--no-input", "--disable-pip-version-check", "--quiet"];
      await runTool(`Fetching ${TITLE}`, "python3", ["-m", "pip", "install", ...options, `moto[server]==${VERSION}`]);
    },
  };
}

async function pythonVersion(): Promise<string> {
  try {
    const program = "import platform; print(platform.python_version())";
    return (await promisify(execFile)("python3", ["-c", program])).stdout.trim();
  } catch {
    throw new StackError(`${TITLE} needs Python 3 with pip: install it (Debian: apt install python3-pip).`);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/moto-api/data.json`)).ok;
  } catch {
    return false;
  }
}
