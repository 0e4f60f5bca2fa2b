export { clockSkewMs, clockSkewOfMessageMs, describeClockSkew } from "./aws/clock.ts";
export { type AwsCredentials, type AwsCredentialsProvider, awsCredentials } from "./aws/credentials.ts";
export { exposeIdentity } from "./aws/expose-identity.ts";
export { checkIdentity, type IdentitySettings, identityProblems } from "./aws/identity-settings.ts";
export { openSecret, type SecretLocation, type SecretReader } from "./aws/secret.ts";
export { awsSettings, iamFlag } from "./aws/settings.ts";
export { openSigner } from "./aws/signature.ts";
export { groupByNode, isCluster, readValues } from "./redis/cluster.ts";
export { firstConnection, openRedis, type Redis } from "./redis/redis.ts";
export { redisScript } from "./redis/script.ts";
export { type RedisSettings, redisSettings } from "./redis/settings.ts";
export {
  askRegistry,
  isListOfSchemaTypes,
  type RegistryAddress,
  type RegistryAnswer,
  registryAddress,
  SCHEMA_TYPES_PATH,
  type SchemaRegistrySettings,
  schemaRegistrySettings,
} from "./schema-registry.ts";
export { pemPath, type TlsOptions, type TlsPaths, tlsOptions } from "./tls.ts";
