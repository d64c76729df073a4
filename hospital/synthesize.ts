import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Chart } from './chart.ts';
import { ChartBuilder, emptyCopy } from './chart-builder.ts';
import { at, type Day, isoDate, isoTime, parseDay } from './dates.ts';
import { bundleText } from './fhir-writer.ts';
import { adtMessages, mergeMessages } from './hl7-adt.ts';
import { mistypedResult, oruMessages, strayResult } from './hl7-oru.ts';
import type { Message } from './hl7-segments.ts';
import { patientChart } from './patients.ts';
import { mrnOf } from './people.ts';
import { randomFrom } from './random.ts';
import { dispenseLines } from './rxfill-writer.ts';

export type SynthesizeOptions = {
  patients: number;
  seed: number;
  anchor: string;
  out: string;
  progress?: (done: number, of: number) => void;
};
export type Manifest = {
  seed: number;
  anchor: string;
  patients: number;
  resources: Record<string, number>;
  messages: Record<string, number>;
  files: Record<string, { resources?: number; messages?: number; lines?: number; bytes: number }>;
  merges: { from: string; into: string }[];
  people: { mrn: string; archetype: string; appointmentAt: string | null; alsoAt?: string }[];
};

/** Which patients were once registered twice, by index, and how the number of the second registration is found. */
const TWICE = [2, 9];
const LAST_INDEX = 8_999_000;

/**
 * Writes an invented hospital: EHR Bundles, pharmacy fills and HL7 feeds of the same people, dated back from the anchor day.
 * The same options write the same bytes on any machine. A folder that holds an earlier hospital is emptied first, any other is refused.
 */
export function synthesize(options: SynthesizeOptions): Manifest {
  const { patients, seed, out } = options;
  if (!Number.isInteger(patients) || patients < 1 || patients > 1_000_000)
    throw new Error('patients must be a whole number from 1 to 1000000');
  if (!Number.isInteger(seed) || seed < 0) throw new Error('seed must be a whole number, 0 or more');
  const anchor = parseDay(options.anchor);
  clear(out);
  for (const folder of ['fhir/north-ehr', 'fhir/rxfill', 'hl7']) mkdirSync(join(out, folder), { recursive: true });

  const manifest: Manifest = { seed, anchor: isoDate(anchor), patients, resources: {}, messages: {}, files: {}, merges: [], people: [] };
  const adt: Message[] = [];
  const lab: Message[] = [];
  const dispenses: string[] = [];
  for (let index = 0; index < patients; index++) {
    const chart = patientChart(seed, index, anchor);
    writeBundle(out, chart, manifest);
    for (const line of dispenseLines(chart)) dispenses.push(line);
    const random = randomFrom(`${seed}/${index}/feeds`);
    adt.push(...adtMessages(chart, random));
    lab.push(...oruMessages(chart, random));
    if (TWICE.includes(index)) registerTwice(chart, seed, index, anchor, { adt, lab, manifest });
    manifest.people.push(personLine(chart));
    options.progress?.(index + 1, patients);
  }
  writeLines(out, dispenses, manifest);
  writeFeed(out, 'hl7/north-adt.hl7', adt, manifest);
  writeFeed(out, 'hl7/north-lab.hl7', lab, manifest);
  writeFileSync(join(out, 'manifest.json'), `${JSON.stringify(manifest, undefined, 1)}\n`);
  return manifest;
}

function clear(out: string): void {
  if (!existsSync(join(out, 'manifest.json'))) return;
  const earlier: unknown = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
  if (typeof earlier !== 'object' || earlier === null || !('seed' in earlier))
    throw new Error('the folder holds a manifest of something else');
  for (const folder of ['fhir', 'hl7', 'manifest.json']) rmSync(join(out, folder), { recursive: true, force: true });
}

function writeBundle(out: string, chart: Chart, manifest: Manifest): void {
  const path = `fhir/north-ehr/${chart.person.mrn}.json`;
  const { text, types } = bundleText(chart);
  writeFileSync(join(out, path), text);
  let resources = 0;
  for (const [type, count] of Object.entries(types)) {
    manifest.resources[type] = (manifest.resources[type] ?? 0) + count;
    resources += count;
  }
  manifest.files[path] = { resources, bytes: Buffer.byteLength(text) };
}

function writeLines(out: string, lines: string[], manifest: Manifest): void {
  const path = 'fhir/rxfill/dispenses.ndjson';
  manifest.files[path] = { lines: lines.length, bytes: writeAll(join(out, path), lines) };
  manifest.resources['MedicationDispense'] = lines.length;
}

function writeFeed(out: string, path: string, messages: Message[], manifest: Manifest): void {
  const ordered = messages
    .map((message, order) => ({ message, order }))
    .sort((a, b) => a.message.sent - b.message.sent || a.order - b.order);
  for (const { message } of ordered) manifest.messages[message.kind] = (manifest.messages[message.kind] ?? 0) + 1;
  const bytes = writeAll(
    join(out, path),
    ordered.map(({ message }) => message.text),
  );
  manifest.files[path] = { messages: ordered.length, bytes };
}

/** Writes parts with a line feed after each, in pieces: one string of a large hospital would be longer than a string may be. */
function writeAll(path: string, parts: readonly string[]): number {
  const file = openSync(path, 'w');
  let bytes = 0;
  for (let start = 0; start < parts.length; start += 500) {
    const piece = Buffer.from(`${parts.slice(start, start + 500).join('\n')}\n`, 'utf8');
    for (let offset = 0; offset < piece.length; ) offset += writeSync(file, piece, offset);
    bytes += piece.length;
  }
  closeSync(file);
  return bytes;
}

function registerTwice(
  chart: Chart,
  seed: number,
  index: number,
  anchor: Day,
  to: { adt: Message[]; lab: Message[]; manifest: Manifest },
): void {
  const duplicate = mrnOf(seed, LAST_INDEX - index);
  const registered = at(anchor - 41, 9, 5);
  to.adt.push(...mergeMessages(chart, duplicate, registered, at(anchor - 37, 14, 20)));
  const desk = new ChartBuilder(chart.person, chart.archetype, anchor, randomFrom(`${seed}/${index}/twice`));
  to.lab.push(strayResult(emptyCopy(chart), desk.draw('thyroid', { ago: 41, who: 'primary1', hour: 9 }), duplicate));
  to.lab.push(mistypedResult(emptyCopy(chart), desk.draw('lipids', { ago: 3, who: 'primary1', hour: 8 })));
  to.manifest.merges.push({ from: duplicate, into: chart.person.mrn });
}

function personLine(chart: Chart): Manifest['people'][number] {
  const [first, second] = [...chart.appointments].sort((a, b) => b.start - a.start);
  return {
    mrn: chart.person.mrn,
    archetype: chart.archetype,
    appointmentAt: first ? isoTime(first.start) : null,
    ...(second ? { alsoAt: isoTime(second.start) } : {}),
  };
}

const HELP = `Usage: node hospital/synthesize.ts --patients N --seed S --anchor YYYY-MM-DD --out DIR [--progress]

Writes an invented hospital: DIR/fhir/north-ehr/<mrn>.json (a FHIR R4 Bundle a patient), DIR/fhir/rxfill/dispenses.ndjson (pharmacy),
DIR/hl7/north-adt.hl7 and DIR/hl7/north-lab.hl7 (HL7 v2.5.1), DIR/manifest.json. The same options give the same bytes.

  --patients N   how many people, default 60
  --seed S       which hospital, default 7
  --anchor DATE  the day that the charts lead up to; tomorrow's clinic is the day after it
  --out DIR      where to write
  --progress     a line on standard error while it works
`;

function main(): number {
  const { values } = parseArgs({
    options: {
      patients: { type: 'string', default: '60' },
      seed: { type: 'string', default: '7' },
      anchor: { type: 'string' },
      out: { type: 'string' },
      progress: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (values.anchor === undefined || values.out === undefined) {
    process.stderr.write(`--anchor and --out are needed\n\n${HELP}`);
    return 2;
  }
  const progress = (done: number, of: number): void => {
    if (done % 25 === 0 || done === of) process.stderr.write(`synthesize: ${done} of ${of} patients\n`);
  };
  const options = { patients: Number(values.patients), seed: Number(values.seed), anchor: values.anchor, out: values.out };
  const manifest = synthesize(values.progress ? { ...options, progress } : options);
  const resources = Object.values(manifest.resources).reduce((sum, count) => sum + count, 0);
  const messages = Object.values(manifest.messages).reduce((sum, count) => sum + count, 0);
  process.stdout.write(`${JSON.stringify({ patients: manifest.patients, resources, messages, out: values.out })}\n`);
  return 0;
}

if (import.meta.main) {
  try {
    process.exitCode = main();
  } catch (error) {
    process.stderr.write(`synthesize: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}
