import { readFileSync } from "node:fs";
import { ConfigurationError, describeCause, described } from "@millrace/shared";
import { z } from "zod";

/** Options of Node's `tls.connect`. */
export interface TlsOptions {
  ca?: string;
  cert?: string;
  key?: string;
  rejectUnauthorized: true;
}

/** PEM files, each with the variable that names it, for the error about an unreadable file. */
export type TlsPaths = Partial<Record<"ca" | "cert" | "key", { variable: string; path: string | undefined }>>;

/**
 * TLS that always checks the server's certificate and its name: a connection that others can read must not carry a token.
 * Without a path of authorities it trusts those that Node includes.
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
