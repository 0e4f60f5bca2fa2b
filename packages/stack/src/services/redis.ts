import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Component } from "../cache.ts";
import { cacheDirectory } from "../directories.ts";
import { HOST } from "../environment.ts";
import { exchange } from "../exchange.ts";
import { fetchByMaven, type MavenRecipe, recipeHash } from "../maven.ts";
import { platformProgram } from "../platform.ts";
import type { Launch, LaunchContext, Service } from "../service.ts";
import type { Ports } from "../state.ts";

/** A Java library for tests that contains plain Redis executables for each platform. */
const VERSION = "1.4.4";
const TITLE = "Redis 6.2";

const executables = {
  "linux-x64": "redis-server-6.2.6-v5-linux-amd64",
  "linux-arm64": "redis-server-6.2.7-linux-arm64",
  "darwin-x64": "redis-server-6.2.6-v5-darwin-amd64",
  "darwin-arm64": "redis-server-6.2.6-v5-darwin-arm64",
};

export const redis: Service = {
  name: "redis",
  title: TITLE,
  get component() {
    return component();
  },
  stopSignal: "SIGTERM",
  portsOf: (ports) => [ports.redis],
  home: (directory) => join(directory, "redis"),
  prepare,
  answers,
};

function component(): Component {
  const executable = platformProgram(TITLE, executables);
  const recipe: MavenRecipe = {
    libraries: [],
    extras: [
      {
        group: "com.github.codemonstur",
        artifact: "embedded-redis",
        version: VERSION,
        goal: "unpack",
        type: "jar",
        into: "bin",
        includes: executable,
      },
    ],
  };
  return {
    title: TITLE,
    key: `redis-${VERSION}-${recipeHash(recipe)}`,
    root: cacheDirectory(),
    async fill(directory, progress) {
      await fetchByMaven(recipe, directory, { title: TITLE, totalBytes: 25e6, progress });
      await chmod(join(directory, "bin", executable), 0o755);
    },
  };
}

export function redisProgram(programs: string): string {
  return join(programs, "bin", platformProgram(TITLE, executables));
}

async function prepare({ programs, home, ports }: LaunchContext): Promise<Launch> {
  await mkdir(home, { recursive: true });
  const settings = {
    bind: HOST,
    port: `${ports.redis}`,
    dir: home,
    // An orderly stop keeps the data. It can all be rebuilt, so a crash may lose up to an hour.
    save: ["3600", "1"],
    appendonly: "no",
    maxmemory: "256mb",
    "maxmemory-policy": "volatile-lru",
    // Redis would overwrite its command line, which identifies the stack's processes.
    "set-proc-title": "no",
  };
  return {
    command: redisProgram(programs),
    arguments: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value].flat()),
  };
}

async function answers(ports: Ports): Promise<boolean> {
  const answer = await exchange(ports.redis, Buffer.from("PING\r\n"), (bytes) => bytes.includes("\r\n"));
  return answer?.toString("latin1").startsWith("+PONG") ?? false;
}
