import { type Verdict, verdict } from "./verdict.ts";

export const networkVerdicts = {
  dns_not_found: verdict(
    "dns",
    "The name has no address here.",
    "Check {address}. A private name (MSK, RDS, ElastiCache, a VPC endpoint) resolves only in its VPC, or in one that is peered and associated with its private hosted zone.",
  ),
  dns_failed: verdict(
    "dns",
    "The name server does not answer.",
    "Check the cluster's DNS: the CoreDNS pods, and egress from this pod to port 53 over UDP and TCP.",
  ),
  tcp_refused: verdict(
    "tcp",
    "The host answers, and nothing listens on this port.",
    "Check the port in {address} and that the service runs ({ports}).",
  ),
  tcp_timeout: verdict(
    "tcp",
    "Nothing comes back: packets are dropped on the way.",
    "Allow inbound TCP {port} in the service's security group from this pod's security group or subnet; then look at network ACLs, routes and NetworkPolicies.",
  ),
  tcp_unreachable: verdict(
    "tcp",
    "There is no way to the host, or the connection was cut.",
    "Check the routes between the two VPCs or subnets, and {address}.",
  ),
  tls_untrusted: verdict(
    "tls",
    "The server's certificate comes from an authority that is not trusted here.",
    "Set {ca} to the PEM file of the authority that signed it; for RDS the bundle from truststore.pki.rds.amazonaws.com.",
  ),
  tls_host_mismatch: verdict(
    "tls",
    "The server's certificate is made out to another name.",
    "Set {address} to a name in the certificate: the service's own endpoint instead of an alias, an address or a tunnel.",
  ),
  tls_expired: verdict(
    "tls",
    "The server's certificate has ended or has not begun.",
    "Renew the server's certificate, and check this machine's clock.",
  ),
  tls_not_spoken: verdict(
    "tls",
    "The server does not speak TLS on this port.",
    "Set {address} to the service's TLS port, or turn TLS off by {tls}; with IAM it can't be turned off.",
  ),
  tls_timeout: verdict(
    "tls",
    "The connection is open and the server says nothing.",
    "Something else listens at {address}, or a proxy in between waits: check the port, and whether it speaks TLS.",
  ),
  tls_failed: verdict("tls", "The TLS handshake failed otherwise.", "Check {ca} and the server's TLS settings."),
} as const satisfies Record<string, Verdict>;
