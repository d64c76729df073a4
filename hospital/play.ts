import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { serveEhr } from './ehr-server.ts';
import { type SendReport, sendMllp, splitFeed } from './mllp-sender.ts';

export type PlayOptions = {
  data: string;
  port: number;
  mllp?: { host: string; port: number };
  perMinute?: number;
  hostile?: boolean;
  signal?: AbortSignal;
};

const FEEDS = ['north-adt', 'north-lab'];

/** Sends the feeds of a synthesised hospital, one connection each, as registration desk and laboratory would. Resolves when both are through. */
export async function sendFeeds(options: Omit<PlayOptions, 'port'>): Promise<Record<string, SendReport>> {
  const { mllp } = options;
  if (!mllp) return {};
  const reports = await Promise.all(
    FEEDS.map(async (name, index) => {
      const messages = splitFeed(readFileSync(join(options.data, 'hl7', `${name}.hl7`)));
      const report = await sendMllp({
        ...mllp,
        messages,
        // An interface engine does not give up on a listener that is being restarted.
        tries: 200,
        ...(options.perMinute === undefined ? {} : { perMinute: options.perMinute }),
        ...(options.hostile ? { hostileSeed: index + 1 } : {}),
        ...(options.signal ? { signal: options.signal } : {}),
      });
      return [name, report] as const;
    }),
  );
  return Object.fromEntries(reports);
}

const HELP = `Usage: node hospital/play.ts --data DIR [--port 0] [--mllp HOST:PORT] [--rate N/min] [--hostile] [--attached]

The play hospital over a folder that the synthesiser wrote: a small FHIR R4 server on 127.0.0.1, and optionally the HL7 feeds over MLLP.
Prints {"fhirBase":"http://127.0.0.1:PORT/fhir"} on one line when it answers, and {"mllp":{...}} when the feeds are through.

  --data DIR      the synthesised hospital; what others write is kept in DIR/ehr.ndjson
  --port N        0 takes a free port (default)
  --mllp H:P      send DIR/hl7/*.hl7 there
  --rate N/min    so many messages a minute and feed, else as fast as they are answered
  --hostile       repeat, reorder and break frames now and then, in a fixed way
  --attached      end when standard input ends, so it never outlives the program that started it

Knobs for tests: POST /play/behaviour {"outage":true,"latencyMs":0,"conditionalCreate":true,"rejectTypes":[],"dropResponseAfterCommit":0,"failFirst":0,
"alter":["content","subject","docStatus","label","identifier"],"createTwice":0,"refuseUpdates":false,"lagReads":0,"tooMany":0},
GET /play/behaviour, GET /play/written?type=DocumentReference
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      port: { type: 'string', default: '0' },
      mllp: { type: 'string' },
      rate: { type: 'string' },
      hostile: { type: 'boolean', default: false },
      attached: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (values.data === undefined || !existsSync(join(values.data, 'manifest.json'))) {
    process.stderr.write(`--data must name a folder that the synthesiser wrote\n\n${HELP}`);
    return 2;
  }
  const mllp = address(values.mllp);
  const perMinute = values.rate === undefined ? undefined : Number.parseFloat(values.rate);
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535 || mllp === 'bad' || (perMinute !== undefined && !(perMinute > 0))) {
    process.stderr.write(`--port, --mllp or --rate cannot be read\n\n${HELP}`);
    return 2;
  }
  const running = await serveEhr({ data: values.data, port });
  process.stdout.write(`${JSON.stringify({ fhirBase: running.fhirBase })}\n`);
  const stop = new AbortController();
  const ended = new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve());
    if (values.attached) process.stdin.resume().once('end', () => resolve());
  });
  if (mllp) {
    const sending = {
      data: values.data,
      mllp,
      hostile: values.hostile,
      signal: stop.signal,
      ...(perMinute === undefined ? {} : { perMinute }),
    };
    sendFeeds(sending).then(
      (reports) => process.stdout.write(`${JSON.stringify({ mllp: reports })}\n`),
      (error: unknown) => process.stderr.write(`play: ${error instanceof Error ? error.message : 'the feeds failed'}\n`),
    );
  }
  await ended;
  stop.abort();
  await running.close();
  return 0;
}

function address(text: string | undefined): { host: string; port: number } | 'bad' | undefined {
  if (text === undefined) return undefined;
  const match = /^(.+):(\d{1,5})$/.exec(text);
  return match?.[1] === undefined ? 'bad' : { host: match[1], port: Number(match[2]) };
}

if (import.meta.main) {
  main().then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`play: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    },
  );
}
