import { describe, expect, it } from 'vitest';
import type { FeedView, KpiView } from '../../src/core/api.ts';
import { feedsSentence } from './feeds-sentence.ts';
import { kpiRows, kpiSentence, kpiText } from './kpi-table.ts';

const ZONE = 'America/Chicago';
const NOW = Date.parse('2026-11-23T15:41:00Z');

describe('the one sentence on top', () => {
  it('names who is silent and since when', () => {
    const feeds = [feed('Lab', 'on-time'), feed('ADT', 'quarantine'), feed('Notes', 'silent'), feed('Fills', 'quiet')];

    expect(feedsSentence(feeds, 1, NOW, ZONE)).toBe(
      'One of four feeds is on time; one has sent too little to judge; one has one item waiting in quarantine; Notes has been silent since 06:29.',
    );
    expect(feedsSentence([feed('Lab', 'quiet'), feed('Notes', 'quiet')], 0, NOW, ZONE)).toBe(
      'None of two feeds is on time; two have sent too little to judge. Nothing waits in quarantine.',
    );
    expect(feedsSentence([feed('Lab', 'on-time')], 0, NOW, ZONE)).toBe('One of one feed is on time. Nothing waits in quarantine.');
    expect(feedsSentence([], 0, NOW, ZONE)).toBe('No feed has sent anything yet.');
  });

  it('says what was offered, signed and declined, and nothing that was not measured', () => {
    const kpis = [kpi('proposals.offered', 214, 214), kpi('proposals.signed', 151, 214), kpi('proposals.declined', 19, 214), minutes(null)];

    expect(kpiSentence(kpis, ZONE)).toBe('Of 214 drafts offered since 24 Oct 2026, 151 were signed (71 %) and 19 declined.');
    expect(kpiSentence([...kpis.slice(0, 3), minutes(42.5)], ZONE)).toContain('within 43 min of the offer');
    expect(kpiSentence([kpi('proposals.offered', 0, 0)], ZONE)).toContain('nothing to measure');
  });

  it('puts the whole first and keeps packs and roles apart', () => {
    const { columns, rows } = kpiRows([
      { ...kpi('proposals.signed', 3, 4), pack: 'inbox', role: 'clinician' },
      kpi('proposals.signed', 5, 8),
      kpi('proposals.offered', 8, 8),
    ]);

    expect(columns.map((one) => one.id)).toEqual(['proposals.signed', 'proposals.offered']);
    expect(rows.map((row) => [row.pack, row.role, kpiText(row.cells.get('proposals.signed'))])).toEqual([
      [null, null, '5'],
      ['inbox', 'clinician', '3'],
    ]);
    expect(kpiText(rows[1]!.cells.get('proposals.offered'))).toBe('not counted');
  });
});

function feed(source: string, state: FeedView['state']): FeedView {
  return {
    source,
    door: 'mllp',
    lastAt: '2026-11-23T12:29:40Z',
    lastHour: 1,
    strip: [],
    refusedToday: 0,
    quarantine: 0,
    flagged: [],
    lagP95Ms: null,
    usualGapMs: null,
    rereadSince: null,
    state,
  };
}

function kpi(id: string, numerator: number, denominator: number): KpiView {
  return {
    id,
    title: id,
    value: numerator,
    unit: 'proposals',
    numerator,
    denominator,
    from: '2026-10-24T15:00:00Z',
    to: '2026-11-23T15:00:00Z',
    formula: '',
    pack: null,
    role: null,
  };
}

function minutes(value: number | null): KpiView {
  return { ...kpi('minutes.offer_to_signature', 1, 1), value, unit: 'minutes' };
}
