import { describe, expect, it } from 'vitest';
import { summaryFor } from '../../test/browser/fixtures/summary.ts';
import { layOut, tallyOf, withAddition, withChange } from './draft.ts';

const proposal = summaryFor('p');

describe('R134: the draft as it is laid out and sent back', () => {
  it('puts what the chart contradicts in the left-out list and walks it last', () => {
    const { sections, leftOut, order } = layOut(proposal);

    expect(leftOut.map((one) => one.id)).toEqual(['p:s-lisinopril', 'p:s-breast']);
    expect(sections.flatMap((one) => one.sentences).some((one) => one.verdict.outcome === 'contradicted')).toBe(false);
    expect(order).toHaveLength(proposal.sentences.length);
    expect(order.slice(-2)).toEqual(leftOut);
  });

  it('keeps a human’s own contradicted sentence in the draft, marked', () => {
    const own = {
      ...proposal,
      sentences: proposal.sentences.map((one) =>
        one.id === 'p:s-breast' ? { ...one, author: { kind: 'human' as const, id: 'h' }, selected: true } : one,
      ),
    };

    expect(layOut(own).leftOut.map((one) => one.id)).toEqual(['p:s-lisinopril']);
    expect(tallyOf(own)).toEqual({ proven: 11, look: 3, withheld: 1, selected: 12 });
  });

  it('sends every sentence in order with one changed, and never selects what was withheld', () => {
    const sent = withChange(proposal, 'p:s-hold', { selected: true });

    expect(sent.map((one) => one.id)).toEqual(proposal.sentences.map((one) => one.id));
    expect(sent.filter((one, index) => one.selected !== proposal.sentences[index]!.selected).map((one) => one.id)).toEqual(['p:s-hold']);
    expect(sent.find((one) => one.id === 'p:s-breast')?.selected).toBe(false);
  });

  it('puts a sentence of one’s own after the chosen one, in its section, without an id', () => {
    const sent = withAddition(proposal, 'p:s-furosemide', { text: 'Own words.' });
    const at = sent.findIndex((one) => one.text === 'Own words.');

    expect(sent[at]).toEqual({ text: 'Own words.', section: 'Medication changes', selected: true });
    expect(sent[at - 1]?.id).toBe('p:s-furosemide');
  });
});
