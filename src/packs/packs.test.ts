import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { retrieve } from '../ai/retrieve/retrieve.ts';
import { draftAndVerify, inputsOf } from '../ai/run.ts';
import type { Chart, Fact } from '../core/fact.ts';
import type { Pack } from '../core/pack.ts';
import { readFhir } from '../interop/fhir/read-bundle.ts';
import { sha256Hex } from '../platform/digest.ts';
import { packs } from './index.ts';

const HEADINGS = ['Purpose', 'For whom, and not', 'Evidence', 'Known limits', 'Owner'];

it('packs have ids of their own, in lower case with hyphens', () => {
  const ids = packs.map((pack) => pack.id);

  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => /^[a-z]+(-[a-z]+)*$/.test(id))).toBe(true);
});

describe.each(packs.map((pack) => [pack.id, pack] as const))('pack %s', (id, pack) => {
  const folder = new URL(`./${id}/`, import.meta.url);

  it('says on its README what it is for, for whom not, on what evidence, within what limits and who owns it', () => {
    const readme = readFileSync(new URL('README.md', folder), 'utf8');

    expect([...readme.matchAll(/^## (.+)$/gm)].map((match) => match[1])).toEqual(HEADINGS);
  });

  it('shows in at least one place inside the EHR, counts at least one thing, and names what it may see', () => {
    expect(pack.surfaces.some((surface) => surface !== 'worklist')).toBe(true);
    expect(pack.kpis.length).toBeGreaterThan(0);
    expect(pack.needs.length).toBeGreaterThan(0);
    expect(pack.version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  const cases = readdirSync(new URL('cases/', folder)).filter((name) => name.endsWith('.yaml'));
  it('brings cases', () => expect(cases.length).toBeGreaterThan(0));

  it.each(cases)('case %s comes out as written, every sentence proven', (name) => {
    const given = parse(readFileSync(new URL(`cases/${name}`, folder), 'utf8')) as { asOf: string; chart: unknown[]; expect: string[] };
    const { chart } = retrieve(chartOf(given.chart, new Date(given.asOf).toISOString()), pack);

    const drafted = draftAndVerify(pack, chart, undefined);

    expect(drafted.sentences.map((sentence) => `${sentence.section} · ${sentence.text}`)).toEqual(given.expect);
    expect(drafted.sentences.filter((sentence) => sentence.verdict.outcome !== 'proven')).toEqual([]);
  });

  it.each(cases)('R138: case %s gives the same run whatever order the facts come in', (name) => {
    const given = parse(readFileSync(new URL(`cases/${name}`, folder), 'utf8')) as { asOf: string; chart: unknown[] };
    const asOf = new Date(given.asOf).toISOString();
    const forwards = retrieve(chartOf(given.chart, asOf), pack).chart;
    const backwards = retrieve(reversed(chartOf(given.chart, asOf)), pack).chart;

    expect(inputsOf(pack, backwards, undefined)).toEqual(inputsOf(pack, forwards, undefined));
    expect(draftAndVerify(pack, backwards, undefined)).toEqual(draftAndVerify(pack, forwards, undefined));
  });

  it('R1: a fact without a trust grade, or without the receipt it came from, is not retrieved', () => {
    for (const chart of charts(folder, cases)) {
      const stripped = { ...chart, facts: chart.facts.map((fact) => ({ ...fact, grade: undefined as unknown as Fact['grade'] })) };
      const rootless = { ...chart, facts: chart.facts.map((fact) => ({ ...fact, origins: [] })) };

      expect(retrieve(stripped, pack)).toMatchObject({ chart: { facts: [] }, refused: [{ reason: 'no-grade' }] });
      expect(retrieve(rootless, pack)).toMatchObject({ chart: { facts: [] }, refused: [{ reason: 'no-origin' }] });
    }
  });

  it('R1: nothing that it writes is proven by a fact of trust grade D', () => {
    const distrusted = charts(folder, cases).map((chart) => ({
      ...chart,
      facts: chart.facts.map((fact) => ({ ...fact, grade: 'D' as const })),
    }));

    expect(provenByFacts(pack, charts(folder, cases))).not.toEqual([]);
    expect(provenByFacts(pack, distrusted)).toEqual([]);
  });
});

/** The charts of a pack's cases, but for those that hold nothing. */
function charts(folder: URL, cases: readonly string[]): Chart[] {
  const read = cases.map((name) => parse(readFileSync(new URL(`cases/${name}`, folder), 'utf8')) as { asOf: string; chart: unknown[] });
  return read.filter(({ chart }) => chart.length > 0).map(({ asOf, chart }) => chartOf(chart, new Date(asOf).toISOString()));
}

/** Sentences that rest on facts; an absence is proven by a search. */
function provenByFacts(pack: Pack, given: readonly Chart[]): string[] {
  return given
    .flatMap((chart) => draftAndVerify(pack, retrieve(chart, pack).chart, undefined).sentences)
    .filter(({ verdict, supports }) => verdict.outcome === 'proven' && supports.some(({ kind }) => kind === 'atoms'))
    .map(({ text }) => text);
}

function chartOf(resources: unknown[], asOf: string): Chart {
  const bundle = { resourceType: 'Bundle', type: 'collection', entry: resources.map((resource) => ({ resource })) };
  const reading = readFhir(new Uint8Array(Buffer.from(JSON.stringify(bundle))), {
    source: 'case',
    receipt: 'r',
    contentType: 'application/fhir+json',
  });
  if (reading.rejections.length > 0) throw new Error(`a case holds invalid FHIR: ${JSON.stringify(reading.rejections)}`);
  const facts = reading.people.flatMap(({ facts: list }) =>
    list.map(
      (fact): Fact => ({
        ...fact,
        version: 1,
        sourcePerson: 'p',
        source: 'case',
        recordedAt: asOf,
        supersededAt: null,
        contentHash: sha256Hex(fact.content),
      }),
    ),
  );
  return { person: 'p', asOf, facts, superseded: [] };
}

function reversed(chart: Chart): Chart {
  return { ...chart, facts: [...chart.facts].reverse() };
}
