import type { Dashboard } from "./grafana.ts";
import { graph, rateOf, stat } from "./panels.ts";

export const awsIdentity: Dashboard = {
  name: "aws-identity",
  title: "Millrace: AWS identity",
  description: "Which services are reached with IAM, and whether credentials are available.",
  rows: [
    {
      title: "Identity",
      panels: [
        stat("By IAM", "short", "1: the process authenticates to the service with IAM.", {
          expr: "max by (service, dependency) (millrace_iam_enabled)",
          legend: "{{service}} → {{dependency}}",
        }),
        stat(
          "Services answer",
          "short",
          "1: authenticated and answering; 0: the process is waiting for it, and its log says why.",
          {
            expr: "min by (service, dependency) (millrace_dependency_up)",
            legend: "{{service}} → {{dependency}}",
          },
        ),
      ],
    },
    {
      title: "Credentials",
      panels: [
        graph(
          "Requested",
          "reqps",
          "Once per signature. Failures: the chain has no credentials, or STS is unreachable.",
          {
            expr: rateOf("millrace_aws_credentials_requests_total", "service, status"),
            legend: "{{service}}: {{status}}",
          },
        ),
        graph("Time left", "s", "Until the credentials in use expire; they are renewed five minutes before.", {
          expr: "(millrace_aws_credentials_expiry_timestamp_seconds > 0) - time()",
          legend: "{{service}}: {{instance}}",
        }),
        graph(
          "Refused",
          "reqps",
          "Attempts that failed for a reason that someone must fix, such as missing permissions.",
          {
            expr: rateOf('millrace_retries_total{code="misconfigured"}', "service, dependency"),
            legend: "{{service}} → {{dependency}}",
          },
        ),
      ],
    },
  ],
};
