import type { Dashboard } from "./grafana.ts";
import { graph, rateOf, stat } from "./panels.ts";

export const awsIdentity: Dashboard = {
  name: "aws-identity",
  title: "Millrace: AWS identity",
  description: "Which services are reached by IAM, and whether credentials are there to sign with.",
  rows: [
    {
      title: "Identity",
      panels: [
        stat("By IAM", "short", "1: the process authenticates to the service by IAM.", {
          expr: "max by (service, dependency) (millrace_iam_enabled)",
          legend: "{{service}} → {{dependency}}",
        }),
        stat("Services answer", "short", "1: authenticated and answering; 0: waited for. The process's log says why.", {
          expr: "min by (service, dependency) (millrace_dependency_up)",
          legend: "{{service}} → {{dependency}}",
        }),
      ],
    },
    {
      title: "Credentials",
      panels: [
        graph("Asked for", "reqps", "Once for each signature. Failures: the chain has none, or STS is away.", {
          expr: rateOf("millrace_aws_credentials_requests_total", "service, status"),
          legend: "{{service}}: {{status}}",
        }),
        graph("Time left", "s", "Until the credentials last signed with end; they are renewed five minutes before.", {
          expr: "(millrace_aws_credentials_expiry_timestamp_seconds > 0) - time()",
          legend: "{{service}}: {{instance}}",
        }),
        graph(
          "Refused",
          "reqps",
          "Attempts that failed for what must be mended by hand, missing permissions among them.",
          {
            expr: rateOf('millrace_retries_total{code="misconfigured"}', "service, dependency"),
            legend: "{{service}} → {{dependency}}",
          },
        ),
      ],
    },
  ],
};
