/** What the broker knows of an access key; the ARN becomes the principal to which ACLs are bound. */
export interface KnownCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  arn: string;
  /** Temporary credentials have one, and are refused without it. */
  sessionToken?: string;
  expiresAt?: Date;
}

export interface SecureKafkaOptions {
  region: string;
  credentials: readonly KnownCredentials[];
  /** SCRAM-SHA-512 users by name. */
  users: Record<string, string>;
  /** How long a session may last without a new authentication; MSK's is the token's 15 minutes. */
  reauthenticationMaxMs?: number;
}
