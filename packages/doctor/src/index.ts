export { examineAtStart } from "./at-start.ts";
export { type Examination, examine } from "./check.ts";
export { examineCommon } from "./common.ts";
export { type DiagnoseOptions, diagnose, type ListExaminations, type Surroundings } from "./diagnose.ts";
export { examineEmbedRoute } from "./embed-route.ts";
export { examineEmbedding, usesOpenAi } from "./embedding.ts";
export { identityOf } from "./identity.ts";
export { examineKafka } from "./kafka/examine.ts";
export { networkFailure } from "./network.ts";
export { examineOpenSearch } from "./opensearch/examine.ts";
export { dataAccessPolicy, policyOf, type TrustKind, trustPolicyOf } from "./policies.ts";
export { examinePostgres } from "./postgres/examine.ts";
export { redactor } from "./redact.ts";
export { examineRedis } from "./redis.ts";
export {
  type DependencyName,
  type DependencyReport,
  type Report,
  type Step,
  type StepReport,
  steps,
} from "./report.ts";
export { type DoctorSettings, type RoleName, roleNames, type Subject } from "./subject.ts";
export { remedyText, type VerdictCode, verdicts } from "./verdicts.ts";
