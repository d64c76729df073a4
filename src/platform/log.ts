import pino from 'pino';

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** What a log line may carry besides its event: ids, codes, counts, durations. There is no field for text, so no patient data has a way in. */
export type LogFields = Partial<Record<LogField, string | number | boolean | bigint | null | undefined>>;

export type Log = {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
};

/** Events are named like journal kinds (`receipt.stored`). Lines are JSON on standard error, or go to `write`. */
export function createLog(options: { level?: LogLevel; write?: (line: string) => void } = {}): Log {
  const { level = 'info', write } = options;
  // The allow list below is the guard; redaction is a second one for what a library might hand to pino directly.
  const settings: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    messageKey: 'event',
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: ['*.authorization', '*.cookie', '*.password', '*.token', 'authorization', 'cookie', 'password', 'token'],
      remove: true,
    },
  };
  const logger = write ? pino(settings, { write }) : pino(settings, pino.destination({ fd: 2, sync: true }));
  return {
    debug: (event, fields) => logger.debug(allowed(fields), eventName(event)),
    info: (event, fields) => logger.info(allowed(fields), eventName(event)),
    warn: (event, fields) => logger.warn(allowed(fields), eventName(event)),
    error: (event, fields) => logger.error(allowed(fields), eventName(event)),
  };
}

/** A log that says nothing, for tests. */
export const silentLog: Log = createLog({ level: 'silent' });

const fields = [
  'at',
  'attempt',
  'bytes',
  'code',
  'connection',
  'count',
  'door',
  'error',
  'facts',
  'file',
  'host',
  'kind',
  'line',
  'method',
  'milliseconds',
  'model',
  'pack',
  'pid',
  'port',
  'position',
  'proposal',
  'quarantined',
  'queued',
  'reason',
  'receipt',
  'rejected',
  'requestId',
  'role',
  'route',
  'run',
  'segment',
  'sequence',
  'signal',
  'size',
  'source',
  'state',
  'status',
  'stored',
  'surface',
  'table',
  'verb',
  'version',
] as const;

export type LogField = (typeof fields)[number];
const known: ReadonlySet<string> = new Set(fields);

// Ids, codes, routes and file names are one word; names of people and texts of messages are not. HL7 has | and ^, also refused.
const oneWord = /^[\w.:@/+*~=-]{1,200}$/;

/** Only listed fields with numbers, booleans and one-word text pass; the rest is counted, so that its author notices. */
function allowed(given: LogFields = {}): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  let withheld = 0;
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (known.has(key) && passes(value)) kept[key] = typeof value === 'bigint' ? String(value) : value;
    else withheld += 1;
  }
  return withheld === 0 ? kept : { ...kept, withheld };
}

function passes(value: unknown): boolean {
  if (typeof value === 'string') return oneWord.test(value);
  return value === null || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint';
}

function eventName(event: string): string {
  return /^[a-z][a-z0-9_.-]{0,79}$/.test(event) ? event : 'event.unnamed';
}
