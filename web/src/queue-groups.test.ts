import { describe, expect, it } from 'vitest';
import type { WorklistItem } from '../../src/core/api.ts';
import { filterQueue, groupQueue, urgencyOf } from './queue-groups.ts';

const ZONE = 'America/Chicago';
const NOW = Date.parse('2026-11-23T15:41:00Z'); // Monday 09:41

describe('R107: the queue by urgency', () => {
  it.each`
    dueAt                          | urgency
    ${'2026-11-23T15:40:59Z'}      | ${'Overdue'}
    ${'2026-11-23T16:20:00Z'}      | ${'Due within the hour'}
    ${'2026-11-23T16:41:00Z'}      | ${'Due within the hour'}
    ${'2026-11-23T16:42:00Z'}      | ${'Today'}
    ${'2026-11-24T05:59:00Z'}      | ${'Today'}
    ${'2026-11-24T06:00:00Z'}      | ${'Tomorrow'}
    ${'2026-11-27T16:00:00Z'}      | ${'This week'}
    ${'2026-12-02T16:00:00Z'}      | ${'Later'}
    ${'2026-11-23T10:20:00-06:00'} | ${'Due within the hour'}
    ${null}                        | ${'No due time'}
  `('$dueAt is $urgency', ({ dueAt, urgency }) => {
    expect(urgencyOf(dueAt, NOW, ZONE)).toBe(urgency);
  });

  it('orders by instant, not by the text of the time, and the same queue always the same', () => {
    const items = [
      item('b', '2026-11-23T10:20:00-06:00'),
      item('c', null),
      item('a', '2026-11-23T16:00:00Z'),
      item('d', '2026-11-23T15:00:00Z'),
    ];

    const order = groupQueue(items, NOW, ZONE).flatMap((group) => group.items.map((one) => one.id));

    expect(order).toEqual(['d', 'a', 'b', 'c']);
    expect(groupQueue([...items].reverse(), NOW, ZONE).flatMap((group) => group.items.map((one) => one.id))).toEqual(order);
  });

  it.each`
    filter                   | ids
    ${{}}                    | ${['a', 'b', 'c']}
    ${{ due: 'today' }}      | ${['a']}
    ${{ due: 'week' }}       | ${['a', 'b']}
    ${{ pack: 'inbox' }}     | ${[]}
    ${{ q: 'osgood VISIT' }} | ${['a', 'b', 'c']}
    ${{ q: '4471' }}         | ${['a', 'b', 'c']}
    ${{ q: 'nobody' }}       | ${[]}
  `('filters by $filter', ({ filter, ids }) => {
    const items = [item('a', '2026-11-23T18:00:00Z'), item('b', '2026-11-25T18:00:00Z'), item('c', null)];

    expect(filterQueue(items, filter, NOW, ZONE).map((one) => one.id)).toEqual(ids);
  });
});

function item(id: string, dueAt: string | null): WorklistItem {
  return {
    id,
    pack: 'documentation',
    patient: 'p',
    title: 'Pre-visit summary',
    why: 'Visit 10:20',
    whyUtc: 'Visit 10:20',
    changedSince: 0,
    state: 'offered',
    withheld: 0,
    offeredAt: '2026-11-23T13:00:00Z',
    dueAt,
    person: {
      id: 'p',
      name: 'Osgood, Lenora',
      birthDate: null,
      sex: null,
      mrn: '4471902',
      deceased: null,
      allergies: { state: 'not-recorded', items: [] },
    },
    tally: { proven: 1, unproven: 0, contradicted: 0, selected: 1 },
    restsOn: { facts: 1, sources: 1 },
    with: null,
  };
}
