import { noTracing, type Tracing } from "./tracing.ts";

/** Exports by OTLP over HTTP if an endpoint is set; otherwise OpenTelemetry is not even loaded. */
export async function openTracing(
  service: string,
  instance: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Tracing> {
  const endpoint = environment.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? environment.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (!endpoint) return noTracing;
  const { openTelemetry } = await import("./open-telemetry.ts");
  return openTelemetry(service, instance);
}
