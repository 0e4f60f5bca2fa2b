import { awsCredentials } from "@millrace/connections";
import { examineAws } from "./aws-identity.ts";
import type { Surroundings } from "./diagnose.ts";
import type { Examination } from "./examination.ts";
import { examineKafka } from "./kafka/examine.ts";
import { usesIam } from "./needs.ts";
import { examineRedis } from "./redis.ts";
import { examineSchemaRegistry } from "./schema-registry.ts";
import type { DoctorSettings, Subject } from "./subject.ts";

/**
 * The dependencies that every process has: its AWS identity with IAM, Kafka, Redis, and the schema registry if
 * configured.
 */
export function examineCommon(
  subject: Subject,
  settings: DoctorSettings,
  { environment, identity, credentials }: Surroundings,
): Examination[] {
  const examinations = [
    examineKafka(subject, settings, credentials),
    examineRedis(settings, credentials),
    ...examineSchemaRegistry(settings),
  ];
  if (!usesIam(settings)) return examinations;
  const region = settings.AWS_REGION ?? settings.OPENAI_API_KEY_SECRET_ARN?.split(":")[3] ?? "us-east-1";
  const provider = credentials ?? awsCredentials(settings.AWS_ROLE_SESSION_NAME);
  return [examineAws(region, environment, provider, identity), ...examinations];
}
