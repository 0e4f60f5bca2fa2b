import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HOST } from "./environment.ts";
import { runTool } from "./tool.ts";

/** Paths of PEM files: an authority, and the certificates that it signed. */
export interface Certificates {
  caPath: string;
  server: { certificatePath: string; keyPath: string };
  /** Its common name is `client`. */
  client: { certificatePath: string; keyPath: string };
}

/** Creates an authority for one test run with openssl, valid for a day. */
export async function makeCertificates(directory: string): Promise<Certificates> {
  const caPath = join(directory, "ca.crt");
  const caKeyPath = join(directory, "ca.key");
  const newKey = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const ca = [...newKey, "-x509", "-days", "1", "-subj", "/CN=test authority", "-keyout", caKeyPath, "-out", caPath];
  await openssl(ca);
  const issue = async (name: string) => {
    const [keyPath, requestPath, certificatePath, extensionsPath] = ["key", "csr", "crt", "ext"].map((extension) =>
      join(directory, `${name}.${extension}`),
    ) as [string, string, string, string];
    await writeFile(extensionsPath, `subjectAltName=IP:${HOST},DNS:localhost\n`);
    await openssl([...newKey, "-subj", `/CN=${name}`, "-keyout", keyPath, "-out", requestPath]);
    const authority = ["-CA", caPath, "-CAkey", caKeyPath, "-CAcreateserial"];
    const output = ["-days", "1", "-extfile", extensionsPath, "-out", certificatePath];
    await openssl(["x509", "-req", "-in", requestPath, ...authority, ...output]);
    return { certificatePath, keyPath };
  };
  // One after the other: they share the authority's serial number.
  const server = await issue("server");
  return { caPath, server, client: await issue("client") };
}

async function openssl(args: string[]): Promise<void> {
  await runTool("Making a certificate for a test", "openssl", args);
}
