import { isIPv4, isIPv6 } from "node:net";

/** Where mutexd listens when nobody says otherwise. */
export const DEFAULT_SERVER = "127.0.0.1:50051";

const FORMS = "write host:port such as 127.0.0.1:50051, [::1]:50051, or unix:/run/mutexd.sock";

// Schemes of gRPC for Node that are no paths of sockets.
const SCHEMES = ["dns:", "ipv4:", "ipv6:"];

/** Why an address cannot be dialled and how to mend it; nothing where it can. */
export function addressProblem(address: string): string | undefined {
  const problem = problemOf(address);
  return problem === undefined ? undefined : `"${address}" is not an address: ${problem}; ${FORMS}`;
}

function problemOf(address: string): string | undefined {
  if (address === "") return "it is empty";
  if (address.startsWith("unix:")) return address === "unix:" ? "the path is missing" : undefined;
  if (address.includes("://") && !address.startsWith("dns://")) return "it is a URL";
  if (SCHEMES.some((scheme) => address.startsWith(scheme))) return undefined;
  const colon = address.lastIndexOf(":");
  if (colon < 0 || address.endsWith("]")) return "the port is missing";
  const port = address.slice(colon + 1);
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
    return "the port is not a number from 1 to 65535";
  }
  const host = address.slice(0, colon);
  if (host === "") return "the host is missing";
  const bracketed = host.startsWith("[") && host.endsWith("]");
  if (!bracketed && host.includes(":")) return "an IPv6 address needs brackets";
  return undefined;
}

/** Whether what is sent to the address stays on this machine. */
export function isLocal(address: string): boolean {
  if (address.startsWith("unix:")) return true;
  const rest = address.replace(/^(dns:\/\/\/|dns:|ipv4:|ipv6:)/, "");
  const host = rest.slice(0, rest.lastIndexOf(":")).replace(/^\[(.*)\]$/, "$1");
  return (
    host === "localhost" || (isIPv4(host) && host.startsWith("127.")) || (isIPv6(host) && isLoopback6(host))
  );
}

// Every way to write ::1 is the same URL.
function isLoopback6(host: string): boolean {
  return URL.canParse(`http://[${host}]/`) && new URL(`http://[${host}]/`).hostname === "[::1]";
}
