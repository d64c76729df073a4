import { describe, expect, it } from 'vitest';
import type { Sentence } from '../../core/proposal.ts';
import { documentReference, documentText, provenance, type SignedDocument } from './document.ts';

describe('the document of a signed proposal', () => {
  it('prints title, headings in page order and released sentences only', () => {
    const input = signed([
      sentence('1', 'Problems', 'Type 2 diabetes (since 2009).'),
      sentence('2', 'Results', 'HbA1c was 8.1 % on 2 Sep 2026.'),
      sentence('3', 'Results', 'Never to be released.', { selected: false }),
    ]);

    expect(documentText(input)).toBe(
      [
        'Pre-visit summary',
        '',
        'Results',
        '- HbA1c was 8.1 % on 2 Sep 2026.',
        '',
        'Problems',
        '- Type 2 diabetes (since 2009).',
        '',
        'Drafted by software, reviewed and signed by Dr. Rivera, 2026-11-22 08:14 UTC.',
        '',
      ].join('\n'),
    );
  });

  it('R130: says under each heading, or before the signature, what the page had no room for', () => {
    const input = signed([sentence('1', 'Results', 'A.')]);
    const omitted = [
      { section: 'Results', number: 3, what: 'further abnormal results' },
      { section: 'Medication changes', number: 1, what: 'order on hold' },
    ];

    expect(documentText({ ...input, content: { ...input.content, omitted } })).toContain(
      ['Results', '- A.', '(Not shown: 3 further abnormal results.)', '', '(Not shown: 1 order on hold.)', '', 'Drafted by'].join('\n'),
    );
  });

  it("R30: labels a human's sentence that still says the writer's words, in all three places", () => {
    const derived = { ...human('1', 'Results', 'Note: A.'), wordsOf: { sentences: ['a'], writer: 'built-in@1' } };
    const input = signed([derived]);

    expect(documentReference(input)).toMatchObject({ meta: { security: [{ code: 'AIAST' }] }, contained: [{ resourceType: 'Device' }] });
    expect(provenance(input, 'DocumentReference/1')).toMatchObject({ reason: [{ coding: [{ code: 'AIAST' }] }] });
    expect(documentText(input)).toContain('Drafted in part by software');
  });

  it('R30: labels what the writer wrote and names it as a Device beside the signer', () => {
    const resource = documentReference(signed([sentence('1', 'Results', 'A.'), human('2', 'Results', 'B.')]));

    expect(resource).toMatchObject({
      resourceType: 'DocumentReference',
      meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'AIAST' }] },
      identifier: [{ system: 'urn:countersign:proposal', value: 'p-1' }],
      status: 'current',
      docStatus: 'final',
      type: { coding: [{ system: 'http://loinc.org', code: '34133-9' }] },
      subject: { reference: 'Patient/77' },
      date: '2026-11-22T08:14:00.000Z',
      author: [{ identifier: { system: 'urn:staff', value: 'riv' }, display: 'Dr. Rivera' }, { reference: '#ai-writer' }],
      authenticator: { identifier: { system: 'urn:staff', value: 'riv' } },
      contained: [{ resourceType: 'Device', id: 'ai-writer' }],
    });
  });

  it('R30: a document in human words alone carries no label and no Device', () => {
    const input = signed([human('1', 'Results', 'B.'), sentence('2', 'Results', 'A.', { selected: false })]);

    const text = JSON.stringify([documentReference(input), provenance(input, 'DocumentReference/9')]);

    expect(text).not.toMatch(/AIAST|Device|ai-writer|"ai"/);
    expect(documentText(input)).toContain('Written and signed by Dr. Rivera');
  });

  it('R143: says for each sentence who wrote it and which fact versions it rests on, without source bytes', () => {
    const resource = documentReference(signed([sentence('1', 'Results', 'A.'), human('2', 'Results', 'B.')]));

    expect(JSON.parse(decoded(resource, 1))).toEqual({
      proposal: 'p-1',
      run: 'run-1',
      asOf: '2026-11-22T08:00:00.000Z',
      sentences: [
        { id: '1', section: 'Results', text: 'A.', author: 'ai', verdict: 'proven', evidence: ['fact-1/2'] },
        { id: '2', section: 'Results', text: 'B.', author: 'human', verdict: 'unproven', evidence: [] },
      ],
    });
    expect(JSON.stringify(resource)).not.toContain('secret quote');
  });

  it('keeps every character of the text', () => {
    const input = signed([sentence('1', 'Results', 'Ångström ≥ 5 µg/L “quoted” 😀.')]);

    expect(decoded(documentReference(input), 0)).toBe(documentText(input));
  });

  it('R98: refuses a contradicted sentence of the writer, even acknowledged', () => {
    const input = signed([sentence('1', 'Results', 'A.', { verdict: { outcome: 'contradicted', reasons: [] }, acknowledged: true })]);

    for (const build of [documentText, documentReference, (one: SignedDocument) => provenance(one, 'DocumentReference/9')]) {
      expect(() => build(input)).toThrowError(expect.objectContaining({ code: 'contradicted' }));
    }
  });

  it("releases a human's own contradicted sentence only when they acknowledged it", () => {
    const verdict = { outcome: 'contradicted' as const, reasons: [] };

    expect(documentText(signed([human('1', 'Results', 'B.', { verdict, acknowledged: true })]))).toContain('- B.');
    expect(() => documentText(signed([human('1', 'Results', 'B.', { verdict })]))).toThrowError(
      expect.objectContaining({ code: 'contradicted' }),
    );
  });

  it('refuses a document of nothing', () => {
    expect(() => documentReference(signed([sentence('1', 'Results', 'A.', { selected: false })]))).toThrowError(
      expect.objectContaining({ code: 'nothing_selected' }),
    );
  });

  it('R106: the Provenance names the drafting Device, the signer as verifier and legal authenticator, and the run', () => {
    const resource = provenance(signed([sentence('1', 'Results', 'A.')]), 'DocumentReference/9');

    expect(resource).toMatchObject({
      target: [{ reference: 'DocumentReference/9' }],
      recorded: '2026-11-22T08:14:00.000Z',
      reason: [{ coding: [{ code: 'AIAST' }] }],
      agent: [
        { type: { coding: [{ code: 'author' }] }, who: { reference: '#ai-writer' } },
        { type: { coding: [{ code: 'verifier' }] }, who: { display: 'Dr. Rivera' } },
        { type: { coding: [{ code: 'legal' }] }, who: { display: 'Dr. Rivera' } },
      ],
      entity: [{ role: 'source', what: { identifier: { system: 'urn:countersign:run', value: 'run-1' } } }],
    });
  });
});

function decoded(resource: Record<string, unknown>, index: number): string {
  const content = resource['content'] as { attachment: { data: string } }[];
  return Buffer.from(content[index]!.attachment.data, 'base64').toString();
}

function signed(sentences: Sentence[]): SignedDocument {
  return {
    proposalId: 'p-1',
    runId: 'run-1',
    content: {
      title: 'Pre-visit summary',
      asOf: '2026-11-22T08:00:00.000Z',
      sections: ['Results', 'Problems'],
      sentences,
      omitted: [],
    },
    document: { loinc: '34133-9', title: 'Pre-visit summary' },
    writer: { name: 'built-in', version: '1' },
    signer: { system: 'urn:staff', value: 'riv', display: 'Dr. Rivera' },
    signedAt: '2026-11-22T08:14:00.000Z',
    subject: 'Patient/77',
  };
}

function sentence(id: string, section: string, text: string, change: Partial<Sentence> = {}): Sentence {
  return {
    id,
    section,
    text,
    author: { kind: 'writer', id: 'built-in@1' },
    selected: true,
    claims: [],
    verdict: { outcome: 'proven', reasons: [] },
    evidence: [
      {
        kind: 'span',
        fact: 'fact-1',
        version: 2,
        atom: 'value',
        receipt: 'r-1',
        path: 'x',
        start: 0,
        end: 1,
        steps: [],
        sha256: '00',
        quote: 'secret quote',
      },
    ],
    ...change,
  };
}

function human(id: string, section: string, text: string, change: Partial<Sentence> = {}): Sentence {
  return sentence(id, section, text, {
    author: { kind: 'human', id: 'rivera' },
    verdict: { outcome: 'unproven', reasons: [] },
    evidence: [],
    ...change,
  });
}
