import { resolve } from 'node:path';
import { z } from 'zod';
import { AppError } from '../core/errors.ts';

/** A value that is never printed: text, JSON and inspection show `[secret]`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]';
  }
}

/** What a process may do of the whole; many may run beside each other on one PostgreSQL. */
export const roles = ['all', 'api', 'worker', 'intake'] as const;
export type ServeRole = (typeof roles)[number];

const variables = z.object({
  DATABASE_URL: url(['postgres:', 'postgresql:'])
    .optional()
    .describe('A PostgreSQL server, 15 or later. Without it the embedded database in the data folder serves.'),
  NATS_URL: url(['nats:', 'tls:'])
    .optional()
    .describe(
      'A NATS server with JetStream, to wake workers in other processes. Messages carry ids only. Without it the job queue in the database serves alone.',
    ),
  COUNTERSIGN_DATA: z
    .string()
    .default('.countersign')
    .describe('The data folder: embedded database, intake segments, keys, control socket. One process at a time.'),
  COUNTERSIGN_ROLE: z
    .enum(roles, `must be one of ${roles.join(', ')}`)
    .default('all')
    .describe(
      "What this process does: `api` HTTP doors, `worker` jobs and the journal's sequencer, `intake` the HL7 and FHIR doors, `all` everything. Roles other than `all` need `DATABASE_URL`.",
    ),
  COUNTERSIGN_HOST: z
    .string()
    .regex(/^[\w.:-]+$/, 'must be a host name or an address')
    .default('127.0.0.1')
    .describe('Where HTTP and MLLP listen. Off loopback TLS is required and demo identities do not exist.'),
  COUNTERSIGN_PORT: port().default(8080).describe('Port of HTTP; 0 takes a free one.'),
  COUNTERSIGN_MLLP_PORT: port().default(2575).describe('Port of the HL7 v2 listener (MLLP); 0 takes a free one.'),
  COUNTERSIGN_TLS_CERT: z.string().optional().describe('File with the certificate chain (PEM).'),
  COUNTERSIGN_TLS_KEY: z.string().optional().describe('File with the private key (PEM).'),
  COUNTERSIGN_PUBLIC_URL: url(['http:', 'https:'])
    .optional()
    .describe('How browsers and EHRs reach this server, for links in cards and for SMART launch. Made of host and port when absent.'),
  COUNTERSIGN_EHR_FHIR_BASE: url(['http:', 'https:'])
    .optional()
    .describe('FHIR R4 base of the EHR that signed notes are written to. The demo uses the play hospital.'),
  COUNTERSIGN_EHR_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'must be one word')
    .transform((value) => new Secret(value))
    .optional()
    .describe('Bearer token for that FHIR base. Secret.'),
  COUNTERSIGN_PACKS: z
    .string()
    .default('')
    .transform((list) =>
      list
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    )
    .describe(
      'Packs of the site, beside ours: module names or paths (`./packs/round.js,@site/packs`), each exporting `pack`. Code of theirs runs in this process.',
    ),
  COUNTERSIGN_SITE_NAME: z
    .string()
    .max(100, 'must be at most 100 characters')
    .default('North Hospital')
    .describe('Name of the site, shown to people and written into documents.'),
  COUNTERSIGN_SITE_ZONE: z
    .string()
    .refine(isZone, 'must be an IANA time zone such as America/Chicago')
    .default('America/Chicago')
    .describe('Time zone of the site: what "today" and "tomorrow" mean to its clinicians.'),
  COUNTERSIGN_FEED_ZONES: pairs(isZoneOrOffset, 'must be a list such as LAB=-06:00,RIS=America/Chicago').describe(
    'Zones of HL7 feeds that send times without one, by the name of the feed (northlab.north=-06:00). Without an entry such a time is kept, flagged and not used.',
  ),
  COUNTERSIGN_AUTHORITIES: pairs(isUri, 'must be a list such as MRN=urn:oid:1.2.3,NHS=https://fhir.nhs.uk/Id/nhs-number').describe(
    'Identifier system of each HL7 assigning authority namespace, so that an identifier means the same from HL7 and from FHIR.',
  ),
  COUNTERSIGN_RECEIPT_MAX_BYTES: z
    .string()
    .regex(/^\d+$/, 'must be a number of bytes')
    .transform(Number)
    .pipe(z.number().min(1024, 'must be at least 1024').max(1_000_000_000, 'must be at most 1000000000'))
    .prefault('67108864')
    .describe('Largest payload taken in, in bytes. What is larger is refused with an answer that says so.'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'must be one of fatal, error, warn, info, debug, trace, silent')
    .default('info')
    .describe('How much is logged. No level logs patient data.'),
});

export type VariableName = keyof z.infer<typeof variables>;

export type Config = {
  readonly databaseUrl: string | undefined;
  readonly natsUrl: string | undefined;
  /** Absolute path. */
  readonly dataFolder: string;
  readonly role: ServeRole;
  readonly host: string;
  readonly port: number;
  readonly mllpPort: number;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** Without a slash at its end; when derived from port 0 the caller replaces it once the port is known. */
  readonly publicUrl: string;
  /** True when only this machine can reach the server: demo identities exist, Host and Origin are checked. */
  readonly loopback: boolean;
  readonly ehrFhirBase: string | undefined;
  readonly ehrToken: Secret | undefined;
  readonly packs: readonly string[];
  readonly siteName: string;
  readonly siteZone: string;
  readonly feedZones: Readonly<Record<string, string>>;
  readonly authorities: Readonly<Record<string, string>>;
  readonly receiptMaxBytes: number;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
};

/**
 * Reads the environment once, command-line flags over it. Refuses unknown `COUNTERSIGN_*` names, bad values and plaintext off
 * loopback with one line each; values are not repeated in them, as they may be secrets.
 */
export function loadConfig(
  env: Readonly<Record<string, string | undefined>>,
  overrides: Partial<Record<VariableName, string | undefined>> = {},
): Config {
  const given: Record<string, string> = {};
  for (const [name, value] of [...Object.entries(env), ...Object.entries(overrides)]) {
    if (value !== undefined && value !== '') given[name] = value;
  }
  const parsed = variables.safeParse(given);
  const problems = [...unknownNames(given), ...(parsed.error?.issues ?? []).map((issue) => `${String(issue.path[0])} ${issue.message}`)];
  if (parsed.success) problems.push(...contradictions(parsed.data));
  if (!parsed.success || problems.length > 0) throw new AppError('config_invalid', problems.join('\n'));
  return freeze(parsed.data);
}

/** True for names and addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/** docs/configuration.md, made from the schema above; a test compares. */
export function configurationMarkdown(): string {
  const rows = Object.entries(variables.shape).map(
    ([name, schema]) => `| \`${name}\` | ${defaultOf(schema)} | ${schema.description ?? ''} |`,
  );
  return `# Configuration

Environment variables, read once at start. An unknown \`COUNTERSIGN_*\` name or a bad value stops the start with one line that says
what to change. Flags of \`countersign serve\` win over them. This page is generated from \`src/platform/config.ts\`.

| variable | default | meaning |
| --- | --- | --- |
${rows.join('\n')}
`;
}

/** Read by tests and their tools, not by the server. */
const testVariables = ['COUNTERSIGN_KILL_AT', 'COUNTERSIGN_SAMPLES'];

function unknownNames(given: Record<string, string>): string[] {
  const known = [...Object.keys(variables.shape), ...testVariables];
  return Object.keys(given)
    .filter((name) => name.startsWith('COUNTERSIGN_') && !known.includes(name))
    .map((name) => `${name} is not known; see docs/configuration.md`);
}

type Values = z.infer<typeof variables>;

function contradictions(values: Values): string[] {
  const problems: string[] = [];
  const { COUNTERSIGN_TLS_CERT: cert, COUNTERSIGN_TLS_KEY: key, COUNTERSIGN_HOST: host } = values;
  if ((cert === undefined) !== (key === undefined)) problems.push('COUNTERSIGN_TLS_CERT and COUNTERSIGN_TLS_KEY go together');
  const role = values.COUNTERSIGN_ROLE;
  if (role !== 'all' && values.DATABASE_URL === undefined) {
    problems.push(`the role ${role} shares its work with other processes and needs DATABASE_URL: the embedded database has room for one`);
  }
  if (!isLoopback(host) && (cert === undefined || key === undefined)) {
    problems.push(
      'COUNTERSIGN_HOST is not loopback, so COUNTERSIGN_TLS_CERT and COUNTERSIGN_TLS_KEY are required: plaintext stays on this machine',
    );
  }
  return problems;
}

function freeze(values: Values): Config {
  const { COUNTERSIGN_TLS_CERT: certFile, COUNTERSIGN_TLS_KEY: keyFile, COUNTERSIGN_HOST: host, COUNTERSIGN_PORT: port } = values;
  const tls = certFile !== undefined && keyFile !== undefined ? Object.freeze({ certFile, keyFile }) : undefined;
  return Object.freeze({
    databaseUrl: values.DATABASE_URL,
    natsUrl: values.NATS_URL,
    dataFolder: resolve(values.COUNTERSIGN_DATA),
    role: values.COUNTERSIGN_ROLE,
    host,
    port,
    mllpPort: values.COUNTERSIGN_MLLP_PORT,
    tls,
    publicUrl: (values.COUNTERSIGN_PUBLIC_URL ?? ownUrl(host, port, tls !== undefined)).replace(/\/$/, ''),
    loopback: isLoopback(host),
    ehrFhirBase: values.COUNTERSIGN_EHR_FHIR_BASE?.replace(/\/$/, ''),
    ehrToken: values.COUNTERSIGN_EHR_TOKEN,
    packs: Object.freeze(values.COUNTERSIGN_PACKS),
    siteName: values.COUNTERSIGN_SITE_NAME,
    siteZone: values.COUNTERSIGN_SITE_ZONE,
    feedZones: Object.freeze(values.COUNTERSIGN_FEED_ZONES),
    authorities: Object.freeze(values.COUNTERSIGN_AUTHORITIES),
    receiptMaxBytes: values.COUNTERSIGN_RECEIPT_MAX_BYTES,
    logLevel: values.LOG_LEVEL,
  });
}

function ownUrl(host: string, port: number, tls: boolean): string {
  const name = isLoopback(host) ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `${tls ? 'https' : 'http'}://${name}:${port}`;
}

function port() {
  return z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port number from 0 to 65535')
    .transform(Number)
    .pipe(z.number().max(65_535, 'must be a port number from 0 to 65535'));
}

function url(protocols: string[]) {
  const message = `must be a URL starting with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;
  return z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), message);
}

/** `A=b,C=d` as a record without a prototype. */
function pairs(accepts: (value: string) => boolean, message: string) {
  return z
    .string()
    .default('')
    .transform((text, context) => {
      const record: Record<string, string> = Object.create(null);
      for (const pair of text.split(',').filter((one) => one.trim() !== '')) {
        const [, name, value] = /^\s*([^=]+?)\s*=\s*(.+?)\s*$/.exec(pair) ?? [];
        if (name === undefined || value === undefined || name in record || !accepts(value)) {
          context.addIssue({ code: 'custom', message });
          return z.NEVER;
        }
        record[name] = value;
      }
      return record;
    });
}

function isZone(name: string): boolean {
  try {
    // Offsets such as +02:00 are zones to Intl, but a site has daylight saving: only names are taken.
    new Intl.DateTimeFormat('en', { timeZone: name });
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

function isZoneOrOffset(text: string): boolean {
  return /^[+-](0\d|1[0-4]):[0-5]\d$/.test(text) || isZone(text);
}

function isUri(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\S+$/i.test(text);
}

function defaultOf(schema: z.ZodType): string {
  const parsed = schema.safeParse(undefined);
  const value = parsed.success ? parsed.data : undefined;
  return value === undefined || (typeof value === 'object' && value !== null) ? '' : `\`${String(value)}\``;
}
