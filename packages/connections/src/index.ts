// The identity at AWS: keys, signatures, secrets, and the clock that signatures depend on.

export { clockSkewMs, clockSkewOfMessageMs, describeClockSkew } from "./aws/clock.ts";
export { type AwsCredentials, type AwsCredentialsProvider, awsCredentials } from "./aws/credentials.ts";
export { exposeIdentity } from "./aws/expose-identity.ts";
export { checkIdentity } from "./aws/identity-settings.ts";
export { openSecret, type SecretReader } from "./aws/secret.ts";
export { awsSettings, iamFlag } from "./aws/settings.ts";
export { openSigner } from "./aws/signature.ts";

// TLS.

export { pemPath, type TlsOptions, type TlsPaths, tlsOptions } from "./tls.ts";

// Redis, single or a cluster.

export { groupByNode, isCluster, readValues } from "./redis/cluster.ts";
export { firstConnection, openRedis, type Redis } from "./redis/redis.ts";
export { redisScript } from "./redis/script.ts";
export { type RedisSettings, redisSettings } from "./redis/settings.ts";

// The schema registry.

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
