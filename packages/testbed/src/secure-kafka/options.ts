/** What the broker knows of an access key; the ARN becomes the principal of ACLs. */
export interface KnownCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  arn: string;
  /** Present for temporary credentials, which are refused without it. */
  sessionToken?: string;
  expiresAt?: Date;
}

export interface SecureKafkaOptions {
  region: string;
  credentials: readonly KnownCredentials[];
  /** SCRAM-SHA-512 users by name. */
  users: Record<string, string>;
  /** How long a session may last without re-authentication; on MSK, the 15 minutes of the token. */
  reauthenticationMaxMs?: number;
}
