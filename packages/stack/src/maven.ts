import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { StackError } from "./errors.ts";
import type { ProgressReporter } from "./progress.ts";

const DEPENDENCY_PLUGIN_VERSION = "3.8.1";

/** Coordinates as Maven writes them: group, artifact and version. */
export interface Artifact {
  group: string;
  artifact: string;
  version: string;
}

/** An archive to unpack, or a file to copy, into a directory of the component, without its dependencies. */
export interface ExtraArtifact extends Artifact {
  goal: "unpack" | "copy";
  type: "jar" | "zip" | "tar.gz";
  classifier?: string;
  into: string;
  /** Which files to unpack, as Ant patterns. */
  includes?: string;
}

export interface MavenRecipe {
  /** Copied into `lib` with all their dependencies. */
  libraries: Artifact[];
  extras: ExtraArtifact[];
  /**
   * Parent POMs that an artifact names but Maven Central lacks. Maven refuses an artifact without its parent, so an
   * empty one is built beside the recipe; only for artifacts whose dependencies don't matter.
   */
  missingParents?: Artifact[];
}

export function recipeHash(recipe: MavenRecipe, ...sources: string[]): string {
  const hash = createHash("sha256").update(pom(recipe));
  for (const source of sources) hash.update(source);
  return hash.digest("hex").slice(0, 8);
}

/** Lets Maven fill a directory: the user's settings (mirrors, proxies, local repository) apply as everywhere. */
export async function fetchByMaven(
  recipe: MavenRecipe,
  directory: string,
  report: { title: string; totalBytes: number; progress: ProgressReporter },
): Promise<void> {
  await writeFile(join(directory, "pom.xml"), pom(recipe));
  for (const parent of recipe.missingParents ?? []) {
    await mkdir(join(directory, parent.artifact), { recursive: true });
    await writeFile(join(directory, parent.artifact, "pom.xml"), emptyPom(parent));
  }
  const options = ["--batch-mode", "-Dstyle.color=never", "--file", "pom.xml", "validate"];
  const maven = spawn("mvn", options, { cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
  let bytes = 0;
  const errors: string[] = [];
  createInterface(maven.stdout).on("line", (line) => {
    bytes += downloadedBytes(line);
    if (line.startsWith("[ERROR]")) errors.push(line.slice("[ERROR]".length).trim());
    report.progress.fetching(report.title, bytes, report.totalBytes);
  });
  // Maven's launcher reports problems here, such as a wrong JAVA_HOME.
  createInterface(maven.stderr).on("line", (line) => errors.push(line));
  const [code] = await once(maven, "close").catch(() => {
    throw mavenMissing();
  });
  if (code !== 0) throw new StackError(failure(report.title, errors));
}

function mavenMissing(): StackError {
  return new StackError(
    "Maven fetches Kafka, OpenSearch and Redis, but `mvn` was not found: install it (Debian: apt install maven; macOS: brew install maven).",
  );
}

function failure(title: string, errors: string[]): string {
  const reason = errors.find((line) => /\w/.test(line)) ?? "no reason given";
  return `Maven could not fetch ${title} (${reason}): check the network and any proxy or mirror in ~/.m2/settings.xml, then try again.`;
}

/** Maven prints after each file: `Downloaded from central: https://… (45 kB at 1.2 MB/s)`. */
export function downloadedBytes(line: string): number {
  const [, amount, unit] = /Downloaded from .* \((\d+(?:\.\d+)?) (B|kB|MB|GB) at /.exec(line) ?? [];
  const scale = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 }[unit ?? "B"] ?? 1;
  return amount === undefined ? 0 : Number(amount) * scale;
}

export function pom({ libraries, extras, missingParents = [] }: MavenRecipe): string {
  const executions = extras.map((extra, index) =>
    execution(
      `extra-${index}`,
      extra.goal,
      `<artifactItems><artifactItem>${item(extra)}</artifactItem></artifactItems>`,
    ),
  );
  if (libraries.length > 0) {
    const options = `<outputDirectory>${folder("lib")}</outputDirectory><includeScope>runtime</includeScope>`;
    executions.push(execution("libraries", "copy-dependencies", options));
  }
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>millrace</groupId><artifactId>stack</artifactId><version>1</version><packaging>pom</packaging>
${missingParents.map(({ artifact }) => `<modules><module>${artifact}</module></modules>\n`).join("")}<dependencies>
${libraries.map((library) => `<dependency>${coordinates(library)}</dependency>`).join("\n")}
</dependencies>
<build><plugins><plugin>
<groupId>org.apache.maven.plugins</groupId>
<artifactId>maven-dependency-plugin</artifactId>
<version>${DEPENDENCY_PLUGIN_VERSION}</version>
<executions>
${executions.join("\n")}
</executions>
</plugin></plugins></build>
</project>
`;
}

function emptyPom(artifact: Artifact): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
${coordinates(artifact)}<packaging>pom</packaging>
</project>
`;
}

function execution(id: string, goal: string, configuration: string): string {
  return `<execution><id>${id}</id><phase>validate</phase><goals><goal>${goal}</goal></goals><configuration>${configuration}</configuration></execution>`;
}

function item(extra: ExtraArtifact): string {
  const includes = extra.includes ? `<includes>${extra.includes}</includes>` : "";
  const classifier = extra.classifier ? `<classifier>${extra.classifier}</classifier>` : "";
  return `${coordinates(extra)}<type>${extra.type}</type>${classifier}<outputDirectory>${folder(extra.into)}</outputDirectory>${includes}`;
}

function coordinates({ group, artifact, version }: Artifact): string {
  return `<groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>`;
}

function folder(name: string): string {
  return `\${project.basedir}/${name}`;
}
