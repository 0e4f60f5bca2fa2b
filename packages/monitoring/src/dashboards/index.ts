import { api } from "./api.ts";
import { awsIdentity } from "./aws-identity.ts";
import type { Dashboard } from "./grafana.ts";
import { pipeline } from "./pipeline.ts";
import { embed, ingest, sink } from "./stages.ts";

export const dashboards: readonly Dashboard[] = [pipeline, ingest, embed, sink, api, awsIdentity];
