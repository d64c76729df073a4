import { expect, it } from 'vitest';
import { explainFhir } from './explain.ts';
import { decodeLocation, locateJson } from './json-locate.ts';

const FHIR = { source: 'bench', receipt: '', contentType: 'application/fhir+json' } as const;
const RESULT = `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"Größe"},
 "subject":{"reference":"Patient/1"},"valueQuantity":{"value":1.10,"unit":"m"},"device":{"display":"\\u00e9cran"}}`;

it('shows each element with its bytes and what it becomes', () => {
  const bytes = utf8(RESULT);
  const { fields, facts, coverage, segments } = explainFhir(bytes, FHIR);

  expect(fields.find((field) => field.path === 'valueQuantity.value')).toMatchObject({
    text: '1.10',
    state: 'mapped',
    becomes: 'Observation value',
  });
  expect(fields.find((field) => field.path === 'device.display')).toMatchObject({ text: 'écran', state: 'kept-unmapped', becomes: null });
  for (const field of fields) {
    const location = locateJson(bytes, field.path);
    expect([field.start, field.end, field.text]).toEqual([location.start, location.end, decodeLocation(bytes, location)]);
  }
  expect(facts).toMatchObject([{ type: 'Observation', status: 'final', grade: 'B', flags: ['code-missing'] }]);
  expect(JSON.stringify(facts)).toContain('"value":1.10');
  expect(segments.map((line) => line.start)).toEqual([0, bytes.indexOf(0x0a) + 1]);
  expect(coverage.mapped + coverage.keptUnmapped + coverage.held).toBe(fields.length);
});

it('shows what is refused, and holds all of it', () => {
  const { rejections, coverage, ack } = explainFhir(utf8(RESULT.replace('final', 'bogus')), FHIR);

  expect(rejections).toMatchObject([{ reason: 'resource-invalid' }]);
  expect([coverage.mapped, coverage.keptUnmapped]).toEqual([0, 0]);
  expect(JSON.parse(ack!)).toMatchObject({
    resourceType: 'OperationOutcome',
    issue: [{ expression: ['Observation.status'] }, { severity: 'information' }],
  });
});

it('holds one entry of a Bundle and maps its neighbour', () => {
  const text = `{"resourceType":"Bundle","type":"collection","entry":[{"resource":${RESULT.replace('final', 'bogus')}},{"resource":${RESULT}}]}`;
  const { lines } = explainFhir(utf8(text), FHIR).coverage;
  const stateAt = (path: string) => lines.find((line) => line.path === path)?.state;

  expect([stateAt('entry[0].resource.status'), stateAt('entry[1].resource.status'), stateAt('type')]).toEqual([
    'held',
    'mapped',
    'kept-unmapped',
  ]);
});

it('says why when nothing can be read', () => {
  expect(explainFhir(utf8('{"resourceType":'), FHIR)).toMatchObject({ format: 'fhir', facts: [], rejections: [{ reason: 'unreadable' }] });
});

it('shows an unreadable line of NDJSON as one held field at its place', () => {
  const { fields, rejections } = explainFhir(utf8(`${RESULT.replace('\n', '')}\n{"é\n`), {
    ...FHIR,
    contentType: 'application/fhir+ndjson',
  });

  expect(rejections).toMatchObject([{ item: 'line[1]', reason: 'unreadable' }]);
  expect(fields.at(-1)).toMatchObject({ path: 'line[1]', text: '{"é', state: 'held' });
});

function utf8(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}
