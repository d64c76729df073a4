import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acknowledger } from './ack.ts';
import { locateHl7 } from './locate.ts';
import { readHl7File } from './read-file.ts';
import type { Hl7Result } from './read-message.ts';

const data = join(process.env['COUNTERSIGN_SAMPLES'] ?? join(import.meta.dirname, '../../../../shared/data'), 'hl7v2');
const folders = ['messages/messages', 'ms-converter/SampleData/Hl7v2'].map((folder) => join(data, folder));
const there = folders.every((folder) => existsSync(folder));
const files = there ? folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name))) : [];
const ack = acknowledger({ application: 'C', facility: 'C', now: () => '2026-03-05T07:15:00.000Z', sequence: () => 'A1' });

it.skipIf(there)('says that the sample messages are absent', () => console.info(`skipped: no sample messages at ${data}`));

describe.skipIf(!there)('messages nobody here wrote', () => {
  it('R124: each is read or set aside with a reason, every byte is in its coverage, and each is answered', () => {
    let facts = 0;
    for (const file of files) {
      const bytes = readFileSync(file);

      const result = read(bytes);

      const found = result.people.flatMap((one) => one.facts).length + result.merges.length;
      expect(found + result.rejections.length, basename(file)).toBeGreaterThan(0);
      expect(
        result.rejections.every((one) => /^[a-z-]+$/.test(one.reason)),
        basename(file),
      ).toBe(true);
      expect(uncovered(bytes, result), basename(file)).toBe('');
      expect(ack(bytes, { ok: true }).code, basename(file)).toBe('AA');
      facts += found;
    }
    expect(files).toHaveLength(258);
    expect(facts).toBeGreaterThan(600);
  });

  it('R143: every atom of every fact leads to bytes, and reading twice gives the same facts', () => {
    for (const file of files) {
      const bytes = readFileSync(file);
      const { people } = read(bytes);
      for (const fact of people.flatMap((one) => one.facts)) {
        for (const atom of fact.atoms) {
          const { start, end } = locateHl7(bytes, atom.path, fact.origins[atom.origin]?.envelope);
          expect(end, `${basename(file)} ${fact.type}.${atom.name} ${atom.path}`).toBeGreaterThan(start);
        }
      }
      expect(read(bytes).people).toEqual(people);
    }
  });

  it('agrees with another converter on who, how many, which codes, values, units and times', () => {
    const expected = readFileSync(join(data, 'ms-converter/expected-facts.jsonl'), 'utf8').trim().split('\n');
    const differences: string[] = [];
    let compared = 0;
    for (const line of expected) {
      const facts = JSON.parse(line) as Expected;
      if (facts.kind !== 'Hl7v2') continue;
      const result = read(readFileSync(join(data, 'ms-converter', facts.source)));
      if (result.rejections.some((one) => one.item === '') || result.merges.length > 0) continue;
      const found = compare(facts, contentsOf(result));
      differences.push(...found.map((one) => `${facts.name} ${one}`));
      compared++;
    }
    expect(compared).toBe(71);
    expect(differences).toEqual([]);
  });
});

type Coding = [system: string | null, code: string | null, display: string | null] | null;
type Expected = {
  kind: string;
  name: string;
  source: string;
  patients: { ids: string[]; names: [string | null, string[] | null][]; birthDate: string | null; gender: string | null }[];
  observations: [Coding, unknown, string | null, string, string | null][];
  allergies: [Coding, unknown][];
  immunizations: [Coding, ...unknown[]][];
};
type Content = { [key: string]: unknown };
type Concept = { coding?: { code: string }[]; text?: string };

/** Structure differs by vendor; what the message itself says must not. */
function compare(expected: Expected, ours: Content[]): string[] {
  const differences: string[] = [];
  const patients = ours.filter((one) => one['resourceType'] === 'Patient');
  for (const [index, patient] of expected.patients.entries()) {
    const mine = patients[index];
    if (!mine) {
      differences.push('patient');
      continue;
    }
    if ((mine['birthDate'] ?? null) !== patient.birthDate) differences.push('birthDate');
    if ((mine['gender'] ?? null) !== patient.gender) differences.push('gender');
    const [name] = (mine['name'] ?? []) as { family?: string }[];
    if ((name?.family ?? null) !== (patient.names[0]?.[0] ?? null)) differences.push('family name');
  }
  differences.push(...expected.observations.flatMap((one) => compareObservation(one, ours)));
  for (const [type, list, field] of [
    ['AllergyIntolerance', expected.allergies, 'code'],
    ['Immunization', expected.immunizations, 'vaccineCode'],
  ] as const) {
    for (const [coding] of list)
      if (coding && !ours.some((one) => one['resourceType'] === type && names(one[field], coding)))
        differences.push(`${type} ${coding[1]}`);
  }
  return differences;
}

function compareObservation([coding, value, unit, , at]: Expected['observations'][number], ours: Content[]): string[] {
  // Results the vendor makes up from PDA and ACC, and funding remarks under a vaccination, have no place here.
  if (!coding?.[1] || typeof value !== 'number') return [];
  const same = ours.filter((one) => one['resourceType'] === 'Observation' && names(one['code'], coding));
  const quantities = same.map((one) => one['valueQuantity'] as { value: number; unit?: string } | undefined);
  if (!quantities.some((one) => one?.value === value && (unit === null || one.unit === unit))) return [`${coding[1]} ${value} ${unit}`];
  const times = same.map((one) => Date.parse(String(one['effectiveDateTime'])));
  return at === null || times.includes(Date.parse(at)) ? [] : [`${coding[1]} at ${at}`];
}

function names(concept: unknown, coding: NonNullable<Coding>): boolean {
  const { coding: codes = [], text } = (concept ?? {}) as Concept;
  return codes.some((one) => one.code === coding[1]) || (coding[1] === null && text === coding[2]);
}

function read(bytes: Uint8Array): Hl7Result {
  return readHl7File(bytes, { source: 'sample', receipt: '11111111-1111-4111-8111-111111111111', authorities: new Map() });
}

function contentsOf(result: Hl7Result): Content[] {
  return result.people.flatMap((one) => one.facts.map((fact) => JSON.parse(fact.content) as Content));
}

/** What neither a coverage line nor structure accounts for: separators, segment names, line ends and blanks are structure. */
function uncovered(bytes: Uint8Array, result: Hl7Result): string {
  const rest = Buffer.from(bytes);
  for (const line of result.coverage().lines) rest.fill(0, line.start, line.end);
  return rest
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .replaceAll('\0', '')
    .replaceAll(/(^|[\r\n])[A-Z][A-Z0-9]{2}/g, '')
    .replaceAll(/[|^~&\r\n\\]/g, '')
    .trim();
}
