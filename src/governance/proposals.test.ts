import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { LIVE } from './proposals.ts';

it('the states in which a draft is live are those of the index that keeps one a trigger', () => {
  const spine = readFileSync('migrations/0001_create_spine.sql', 'utf8');

  expect(spine).toContain(`create unique index proposal_live on proposal (pack, trigger_key) where state in (${LIVE});`);
});
