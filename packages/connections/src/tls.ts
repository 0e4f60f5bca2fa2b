import { readFileSync } from "node:fs";
import { ConfigurationError, describeCause, described } from "@millrace/shared";
import { z } from "zod";

/** What Node's `tls.connect` is told. */
export interface TlsOptions {
  ca?: string;
  cert?: string;
  key?: string;
  rejectUnauthorized: true;
}

/** PEM files, by the variable that names each one, so that an unreadable file is told by its variable. */
export type TlsPaths = Partial<Record<"ca" | "cert" | "key", { variable: string; path: string | undefined }>>;

/**
 * TLS that checks the server's certificate and its name, always: a connection that can be read by others must not
 * carry a token. Without a path of authorities, those that Node brings along are trusted.
 */
export function tlsOptions(paths: TlsPaths): TlsOptions {
  const options: TlsOptions = { rejectUnauthorized: true };
  for (const kind of ["ca", "cert", "key"] as const) {
    const file = paths[kind];
    if (file?.path === undefined) continue;
    try {
      options[kind] = readFileSync(file.path, "utf8");
    } catch (error) {
      throw new ConfigurationError([`${file.variable} can't be read: ${describeCause(error)}`]);
    }
  }
  return options;
}

/** A variable that names a PEM file. */
export const pemPath = (description: string) => described(z.string().optional(), description);
