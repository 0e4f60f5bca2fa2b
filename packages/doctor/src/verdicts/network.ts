import { type Verdict, verdict } from "./verdict.ts";

export const networkVerdicts = {
  dns_not_found: verdict(
    "dns",
    "The host name does not resolve here.",
    "Check {address}. Private names (MSK, RDS, ElastiCache, VPC endpoints) resolve only in their own VPC, or in a peered VPC that is associated with the private hosted zone.",
  ),
  dns_failed: verdict(
    "dns",
    "The DNS server does not answer.",
    "Check the cluster's DNS: the CoreDNS pods, and egress from this pod to port 53 over UDP and TCP.",
  ),
  tcp_refused: verdict(
    "tcp",
    "The host answers, but nothing listens on this port.",
    "Check the port in {address} and that the service is running ({ports}).",
  ),
  tcp_timeout: verdict(
    "tcp",
    "No answer: packets are dropped on the way.",
    "Allow inbound TCP {port} in the service's security group from this pod's security group or subnet; then check network ACLs, routes and NetworkPolicies.",
  ),
  tcp_unreachable: verdict(
    "tcp",
    "There is no route to the host, or the connection was reset.",
    "Check the routes between the two VPCs or subnets, and {address}.",
  ),
  tls_untrusted: verdict(
    "tls",
    "The server's certificate is signed by an authority that is not trusted here.",
    "Set {ca} to the PEM file of the signing authority; for RDS, use the bundle from truststore.pki.rds.amazonaws.com.",
  ),
  tls_host_mismatch: verdict(
    "tls",
    "The server's certificate is issued for a different host name.",
    "Set {address} to a name in the certificate: the service's own endpoint, not an alias, an IP address or a tunnel.",
  ),
  tls_expired: verdict(
    "tls",
    "The server's certificate has expired or is not valid yet.",
    "Renew the server's certificate, and check this machine's clock.",
  ),
  tls_not_spoken: verdict(
    "tls",
    "The server does not speak TLS on this port.",
    "Set {address} to the service's TLS port, or disable TLS with {tls}. IAM requires TLS.",
  ),
  tls_timeout: verdict(
    "tls",
    "The connection is open, but the server sends nothing.",
    "Something else listens at {address}, or a proxy in between is waiting: check the port and whether it speaks TLS.",
  ),
  tls_failed: verdict(
    "tls",
    "The TLS handshake failed for another reason.",
    "Check {ca} and the server's TLS settings.",
  ),
} as const satisfies Record<string, Verdict>;
