import { openClients } from "@millrace/cli";

export type Services = ReturnType<typeof openServices>;

/** Direct connections to the services, bypassing the proxies and the pipeline's processes. */
export function openServices(environment: Readonly<Record<string, string>>) {
  const clients = openClients(environment, "faults");
  const groups = ["ingest", "embed", "sink"].map((stage) => `${clients.config.KAFKA_GROUP_PREFIX}-${stage}`);
  return { ...clients, groups };
}

export async function withAdmin<Result>(
  { kafka }: Services,
  act: (admin: ReturnType<Services["kafka"]["admin"]>) => Promise<Result>,
): Promise<Result> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await act(admin);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
