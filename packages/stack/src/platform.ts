import { StackError } from "./errors.ts";

/** The entry for the current platform. */
export function platformProgram(title: string, programs: Record<string, string>): string {
  const platform = `${process.platform}-${process.arch}`;
  const program = programs[platform];
  if (program) return program;
  throw new StackError(
    `${title} is available for ${Object.keys(programs).join(", ")}, but not for ${platform}: use one of these platforms, or \`docker compose up\`.`,
  );
}
