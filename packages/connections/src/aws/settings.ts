import { described, variable } from "@millrace/shared";
import { z } from "zod";

/** The settings for signing, part of the settings of each service that supports IAM. The key comes from the provider chain. */
export const awsSettings = {
  AWS_REGION: described(
    z
      .string()
      .regex(/^[a-z]{2,4}(-[a-z]+)+-\d$/, { error: "not a region such as eu-west-1" })
      .optional(),
    "Region for which requests and tokens are signed; required with IAM. EKS sets it for IRSA.",
  ),
  AWS_ROLE_SESSION_NAME: described(
    z
      .string()
      .regex(/^[\w+=,.@-]{2,64}$/, { error: "not an STS session name" })
      .default("millrace"),
    "Name of the STS session under IRSA. It is part of the principal that MSK sees, so it must not change while a connection lives.",
  ),
};

/** Turns on IAM authentication for one service. */
export const iamFlag = (service: string, note = "") =>
  described(variable.flag().default(false), `Authenticate to ${service} by IAM${note}.`);
