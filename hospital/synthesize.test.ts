import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archetypes } from './archetypes/index.ts';
import { parseDay } from './dates.ts';
import { splitFeed } from './mllp-sender.ts';
import { patientChart } from './patients.ts';
import { type Manifest, synthesize } from './synthesize.ts';

const ANCHOR = '2026-11-22';
const folders: string[] = [];
let out: string;
let manifest: Manifest;

beforeAll(() => {
  out = folder();
  manifest = synthesize({ patients: 32, seed: 7, anchor: ANCHOR, out });
});
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

describe('a synthesised hospital', () => {
  it('writes the same bytes for the same seed and anchor, and others for another seed', () => {
    const again = folder();
    const other = folder();
    synthesize({ patients: 32, seed: 7, anchor: ANCHOR, out: again });
    synthesize({ patients: 32, seed: 8, anchor: ANCHOR, out: other });

    expect(contents(again)).toEqual(contents(out));
    expect(contents(other)).not.toEqual(contents(out));
  });

  it('begins with the smaller hospital of the same seed', () => {
    const small = folder();
    synthesize({ patients: 5, seed: 7, anchor: ANCHOR, out: small });

    for (const { mrn } of manifest.people.slice(0, 5)) {
      const path = `fhir/north-ehr/${mrn}.json`;
      expect(readFileSync(join(small, path), 'utf8')).toBe(readFileSync(join(out, path), 'utf8'));
    }
  });

  it('refuses a folder whose manifest is not its own, and nonsense options', () => {
    const foreign = folder();
    writeFileSync(join(foreign, 'manifest.json'), '{"name":"somebody else"}');

    expect(() => synthesize({ patients: 1, seed: 7, anchor: ANCHOR, out: foreign })).toThrow('something else');
    expect(() => synthesize({ patients: 0, seed: 7, anchor: ANCHOR, out: folder() })).toThrow('patients');
    expect(() => synthesize({ patients: 1, seed: -1, anchor: ANCHOR, out: folder() })).toThrow('seed');
    expect(() => synthesize({ patients: 1, seed: 7, anchor: '2026-02-30', out: folder() })).toThrow('no such date');
  });

  it('holds every archetype, each person once, under seven digits', () => {
    expect(new Set(manifest.people.map((person) => person.archetype))).toEqual(new Set(archetypes.map((archetype) => archetype.id)));
    expect(archetypes.length).toBeGreaterThanOrEqual(14);
    expect(new Set(manifest.people.map((person) => person.mrn)).size).toBe(32);
    for (const { mrn } of manifest.people) expect(mrn).toMatch(/^\d{7}$/);
  });

  it('counts in the manifest what stands in the files', () => {
    const bundles = readdirSync(join(out, 'fhir/north-ehr'));
    const lines = readFileSync(join(out, 'fhir/rxfill/dispenses.ndjson'), 'utf8').trimEnd().split('\n');
    const total = Object.entries(manifest.resources).reduce((sum, [type, count]) => sum + (type === 'MedicationDispense' ? 0 : count), 0);

    expect(bundles.length).toBe(32);
    expect(bundles.reduce((sum, name) => sum + resourcesOf(name).length, 0)).toBe(total);
    expect(lines.length).toBe(manifest.resources['MedicationDispense']);
    expect([...feed('north-adt'), ...feed('north-lab')].length).toBe(
      Object.values(manifest.messages).reduce((sum, count) => sum + count, 0),
    );
    for (const [path, { bytes }] of Object.entries(manifest.files)) expect(readFileSync(join(out, path)).length).toBe(bytes);
  });

  it('books tomorrow between nine and five for most', () => {
    const booked = manifest.people.filter((person) => person.appointmentAt?.startsWith('2026-11-23T'));

    expect(booked.length).toBeGreaterThan(24);
    for (const { appointmentAt } of booked) expect(appointmentAt).toMatch(/^2026-11-23T(09|1[0-6]):[024]0:00-06:00$/);
  });

  it('sends every kind of message an interface must survive', () => {
    const kinds = Object.keys(manifest.messages);
    const lab = feed('north-lab').map((message) => message.toString('utf8'));

    expect(kinds).toEqual(
      expect.arrayContaining(['ADT^A01', 'ADT^A03', 'ADT^A04', 'ADT^A08', 'ADT^A40', 'ORU^R01 P', 'ORU^R01 F', 'ORU^R01 C', 'ORU^R01 W']),
    );
    expect(new Set(lab).size).toBeLessThan(lab.length);
    for (const part of ['|SN|', '|NM|', '|TX|', '|FT|', '\rNTE|', '\rZLB|'])
      expect(lab.some((message) => message.includes(part))).toBe(true);
    expect(manifest.merges.length).toBe(2);
  });

  it('ends segments with CR, sends in time order, and writes no time without a zone', () => {
    for (const name of ['north-adt', 'north-lab']) {
      const messages = feed(name).map((message) => message.toString('utf8'));
      // A repeat carries the time of its first sending, so it is left out of the order.
      const sent = messages.filter((message, index) => messages.indexOf(message) === index).map((message) => message.split('|')[6] ?? '');

      expect(sent).toEqual([...sent].sort());
      for (const message of messages) {
        expect(message.endsWith('\r')).toBe(true);
        expect(message).not.toContain('\n');
        const times = message.split(/[|\r]/).filter((value) => /^\d{12,14}/.test(value));
        expect(times.filter((time) => !/^\d{14}-0[56]00$/.test(time))).toEqual([]);
        const observed = message.split('\r').filter((line) => line.startsWith('OBX|'));
        expect(observed.filter((line) => !/-0[56]00$/.test(line.split('|')[14] ?? ''))).toEqual([]);
      }
    }
  });

  it('follows summer time: what happened before 1 November carries -05:00, what came after -06:00', () => {
    const texts = [
      ...manifest.people.map(({ mrn }) => readFileSync(join(out, `fhir/north-ehr/${mrn}.json`), 'utf8')),
      readFileSync(join(out, 'fhir/rxfill/dispenses.ndjson'), 'utf8'),
    ];
    const times = texts.flatMap((text) => text.match(/2026-\d\d-\d\dT\d\d:\d\d:\d\d-\d\d:\d\d/g) ?? []);
    const summer = times.filter((time) => time > '2026-03-08T03' && time < '2026-11-01T02');

    expect(summer.length).toBeGreaterThan(100);
    for (const time of times) expect(time.endsWith(time > '2026-03-08T03' && time < '2026-11-01T02' ? '-05:00' : '-06:00')).toBe(true);
  });

  it('names one patient by one number in every source', () => {
    const known = new Set([...manifest.people.map((person) => person.mrn), ...manifest.merges.map((merge) => merge.from)]);

    for (const message of [...feed('north-adt'), ...feed('north-lab')]) {
      const pid = message
        .toString('utf8')
        .split('\r')
        .find((segment) => segment.startsWith('PID|'));
      const [, mrn] = /^(\d{7})\^\^\^NORTH&2\.999\.1\.1&ISO\^MR$/.exec(pid?.split('|')[3] ?? '') ?? [];
      expect(known).toContain(mrn);
    }
    for (const { mrn } of manifest.people) {
      const patient = resourcesOf(`${mrn}.json`)[0];
      expect(patient?.['identifier']).toMatchObject([{ system: 'urn:oid:2.999.1.1', value: mrn }]);
    }
  });

  it('gives no result twice: what the laboratory feed carries is not in the EHR export', () => {
    for (const { mrn } of manifest.people) {
      for (const resource of resourcesOf(`${mrn}.json`)) {
        if (!/^(lab|rep|path)-/.test(String(resource['id']))) continue;
        expect(String(resource['issued']) < '2026-07-25').toBe(true);
      }
    }
  });

  it('resolves every reference inside a Bundle', () => {
    for (const { mrn } of manifest.people) {
      const resources = resourcesOf(`${mrn}.json`);
      const ids = new Set(resources.map((resource) => `${String(resource['resourceType'])}/${String(resource['id'])}`));
      expect(ids.size).toBe(resources.length);
      const named = [...JSON.stringify(resources).matchAll(/"reference":"([^"]+)"/g)].map(([, reference = '']) => reference);
      expect(named.filter((reference) => !ids.has(reference))).toEqual([]);
    }
  });

  it('keeps the zeros that a laboratory prints', () => {
    const text = readFileSync(join(out, `fhir/north-ehr/${manifest.people[0]?.mrn}.json`), 'utf8');

    expect(text).toMatch(/"valueQuantity":\{"value":\d+\.\d*0,/);
    expect(text).not.toContain('@n:');
  });
});

describe('charts', () => {
  it('have nobody pregnant who is no woman of that age, and prostates in men only', () => {
    for (let index = 0; index < 300; index++) {
      const chart = patientChart(3, index, parseDay(ANCHOR));
      const keys = chart.conditions.map((condition) => condition.key);
      if (keys.includes('pregnancy')) expect(chart.person.sex === 'female' && chart.person.age >= 18 && chart.person.age <= 45).toBe(true);
      if (keys.includes('prostateCancer')) expect(chart.person.sex).toBe('male');
    }
  });

  it('hold nothing from the future but appointments and due dates, and nothing from before birth', () => {
    const anchor = parseDay(ANCHOR);
    for (let index = 0; index < 120; index++) {
      const chart = patientChart(11, index, anchor);
      const moments = [
        ...chart.encounters.flatMap((entry) => [entry.start, entry.end]),
        ...chart.reports.flatMap((entry) => [entry.drawn, entry.resulted]),
        ...chart.medications.map((entry) => entry.start),
        ...chart.notes.map((entry) => entry.at),
        ...chart.images.map((entry) => entry.at),
        ...chart.pathology.map((entry) => entry.at),
        ...chart.immunizations.map((entry) => entry.at),
        ...chart.conditions.flatMap((entry) => [entry.onset * 1440, entry.recorded, (entry.abated ?? entry.onset) * 1440]),
      ];
      expect(moments.filter((moment) => moment >= anchor * 1440 || moment < chart.person.birth * 1440)).toEqual([]);
      expect(chart.medications.filter((entry) => entry.end !== undefined && entry.end < entry.start)).toEqual([]);
      expect(chart.conditions.filter((entry) => entry.abated !== undefined && entry.abated < entry.onset)).toEqual([]);
      expect(chart.reports.filter((entry) => entry.resulted <= entry.drawn)).toEqual([]);
    }
  });

  it('prescribe nothing that the same chart calls an allergy', () => {
    for (let index = 0; index < 300; index++) {
      const chart = patientChart(5, index, parseDay(ANCHOR));
      const allergic = chart.allergies.some((entry) => entry.allergen === 'penicillin' && entry.certainty === 'confirmed');
      if (allergic) expect(chart.medications.some((entry) => entry.drug.name === 'amoxicillin')).toBe(false);
    }
  });
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'hospital-'));
  folders.push(path);
  return path;
}

function contents(root: string): Record<string, string> {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((entry) => [
      join(entry.parentPath, entry.name).slice(root.length),
      readFileSync(join(entry.parentPath, entry.name), 'latin1'),
    ]),
  );
}

function resourcesOf(name: string): Record<string, unknown>[] {
  const bundle = JSON.parse(readFileSync(join(out, 'fhir/north-ehr', name), 'utf8')) as { entry: { resource: Record<string, unknown> }[] };
  return bundle.entry.map((entry) => entry.resource);
}

function feed(name: string): Buffer[] {
  return splitFeed(readFileSync(join(out, `hl7/${name}.hl7`)));
}
