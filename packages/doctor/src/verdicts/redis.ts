import { type Verdict, verdict } from "./verdict.ts";

export const redisVerdicts = {
  redis_iam_refused: verdict(
    "authentication",
    "ElastiCache refused the IAM token.",
    "Allow elasticache:Connect on the cache and the user as below. The user's ID must equal its name, and the user must be in the cache's user group. Then check REDIS_IAM_CACHE_NAME, REDIS_IAM_SERVERLESS, AWS_REGION, the key and the clock.",
  ),
  redis_password_refused: verdict(
    "authentication",
    "Redis refused the user name or password.",
    "Check REDIS_USERNAME and REDIS_PASSWORD.",
  ),
  redis_password_wanted: verdict(
    "authentication",
    "Redis requires a password.",
    "Set REDIS_PASSWORD, or REDIS_USE_IAM_AUTH=true.",
  ),
  redis_denied: verdict(
    "probe",
    "The user may not run this command on this key.",
    "Grant the user its keys and commands, for example ACL SETUSER {user} ~{prefix}:* +@read +@write +@connection.",
  ),
} as const satisfies Record<string, Verdict>;
