/** The steps, in order; each dependency has those that apply to it. */
export const steps = ["dns", "tcp", "tls", "authentication", "authorization", "probe", "cleanup"] as const;
export type Step = (typeof steps)[number];
