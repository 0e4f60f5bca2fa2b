import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import {
  type Component,
  cacheDirectory,
  fetchByMaven,
  findJava,
  type MavenRecipe,
  type ProgressReporter,
  recipeHash,
  runTool,
} from "@millrace/stack";

const source = join(import.meta.dirname, "..", "..", "java", "MskIamCallbackHandler.java");

/** Uses a compiler from Maven, since everything else needs only a Java runtime. */
export function handlerComponent(kafkaPrograms: string): Component {
  const title = "Kafka's handler for MSK IAM tokens";
  const recipe: MavenRecipe = {
    libraries: [],
    extras: [
      {
        ...{ group: "org.eclipse.jdt", artifact: "ecj", version: "3.38.0" },
        ...{ goal: "copy", type: "jar", into: "compiler" },
      },
    ],
  };
  const fill = async (directory: string, progress: ProgressReporter): Promise<void> => {
    await fetchByMaven(recipe, directory, { title, totalBytes: 4e6, progress });
    const [compiler = ""] = await readdir(join(directory, "compiler"));
    const library = join(kafkaPrograms, "lib");
    const jars = (await readdir(library)).sort().map((jar) => join(library, jar));
    const options = ["-17", "-nowarn", "-cp", jars.join(delimiter), "-d", join(directory, "classes")];
    const command = ["-jar", join(directory, "compiler", compiler), ...options, source];
    await runTool(`Compiling ${title}`, await findJava(), command);
  };
  const key = `msk-iam-handler-${recipeHash(recipe, readFileSync(source, "utf8"))}`;
  return { title, key, root: cacheDirectory(), fill };
}
