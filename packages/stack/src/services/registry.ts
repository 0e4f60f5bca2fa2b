import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Component } from "../cache.ts";
import { cacheDirectory } from "../directories.ts";
import { HOST, REGISTRY_LOGIN } from "../environment.ts";
import { compilerOptions, heapMegabytes } from "../jvm.ts";
import { fetchByMaven, type MavenRecipe, recipeHash } from "../maven.ts";
import type { Launch, LaunchContext, Service } from "../service.ts";
import type { Ports } from "../state.ts";

const VERSION = "3.0.9";
const TITLE = `Apicurio Registry ${VERSION}`;

const recipe: MavenRecipe = {
  libraries: [],
  extras: [
    {
      ...{ group: "io.apicurio", artifact: "apicurio-registry-app", version: VERSION },
      ...{ goal: "unpack", type: "tar.gz", classifier: "all", into: "app" },
    },
  ],
  missingParents: [{ group: "io.apicurio", artifact: "apicurio-registry", version: VERSION }],
};

/** A schema registry with a Confluent-compatible API. */
export const registry: Service = {
  name: "registry",
  title: TITLE,
  get component(): Component {
    return {
      title: TITLE,
      key: `registry-${VERSION}-${recipeHash(recipe)}`,
      root: cacheDirectory(),
      fill: (directory, progress) => fetchByMaven(recipe, directory, { title: TITLE, totalBytes: 109e6, progress }),
    };
  },
  stopSignal: "SIGTERM",
  portsOf: (ports) => [ports.registry, ports.registryManagement],
  home: (directory) => join(directory, "registry"),
  prepare,
  answers,
};

async function prepare({ programs, home, java, ports }: LaunchContext): Promise<Launch> {
  await mkdir(home, { recursive: true });
  const { user, password, reader } = REGISTRY_LOGIN;
  const users = "quarkus.security.users.embedded";
  const properties = {
    "quarkus.http.host": HOST,
    "quarkus.http.port": ports.registry,
    "quarkus.management.port": ports.registryManagement,
    "apicurio.storage.kind": "sql",
    // H2 in a file, so that the ids in the topics keep their schemas over a restart.
    "apicurio.datasource.url": `jdbc:h2:file:${join(home, "data")}`,
    "quarkus.http.auth.basic": true,
    "apicurio.authn.mechanism.priority": "basic",
    "apicurio.auth.role-based-authorization": true,
    [`${users}.enabled`]: true,
    [`${users}.plain-text`]: true,
    [`${users}.users.${user}`]: password,
    [`${users}.roles.${user}`]: "sr-admin",
    [`${users}.users.${reader.user}`]: reader.password,
    [`${users}.roles.${reader.user}`]: "sr-readonly",
  };
  return {
    command: java,
    arguments: [
      "-Xms64m",
      `-Xmx${heapMegabytes("MILLRACE_REGISTRY_HEAP_MB", 512)}m`,
      "-XX:+UseSerialGC",
      ...compilerOptions(),
      ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
      ...["-jar", join(programs, "app", `apicurio-registry-app-${VERSION}-runner.jar`)],
    ],
  };
}

async function answers(ports: Ports): Promise<boolean> {
  try {
    const { user, password } = REGISTRY_LOGIN;
    const response = await fetch(`http://${HOST}:${ports.registry}/apis/ccompat/v7/subjects`, {
      headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` },
      signal: AbortSignal.timeout(4_000),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
