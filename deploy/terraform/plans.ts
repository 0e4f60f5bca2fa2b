// The environments' mocked plans, as ./check leaves them.
import { readFileSync } from "node:fs";

export const environments = ["dev", "staging", "prod"] as const;

export interface Planned {
  address: string;
  type: string;
  name: string;
  values: Record<string, unknown>;
}

export interface Plan {
  outputs: Record<string, unknown>;
  resources: Planned[];
}

/** The mocks answer each environment with the host names of dev's services; here they get its own. */
export function readPlan(folder: string, environment: string): Plan {
  const text = readFileSync(`${folder}/${environment}.json`, "utf8");
  return JSON.parse(text.replaceAll("millrace-dev", `millrace-${environment}`));
}
