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

export function readPlan(folder: string, environment: string): Plan {
  return JSON.parse(readFileSync(`${folder}/${environment}.json`, "utf8"));
}
