import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { fixedClock } from './clock.ts';
import { demoIdentities, openPseudonyms, SESSION_MS, Sessions, tokenOf } from './identity.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-identity-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const caller = demoIdentities[0]!;

it('offers every role, the clinicians being two', () => {
  expect(demoIdentities.map((one) => one.role).sort()).toEqual(['clinician', 'clinician', 'governance', 'integration']);
  expect(new Set(demoIdentities.map((one) => one.id)).size).toBe(demoIdentities.length);
});

it('finds who is behind a token, until it is closed', () => {
  const sessions = new Sessions(fixedClock('2026-11-22T10:00:00Z'));
  const [one, other] = [sessions.open(caller).token, sessions.open(caller).token];

  sessions.close(one);

  expect([sessions.find(one), sessions.find(other), sessions.find(''), sessions.find('nonsense')]).toEqual([
    undefined,
    caller,
    undefined,
    undefined,
  ]);
  expect(Buffer.from(other, 'base64url')).toHaveLength(32);
});

it('lets a session end after a shift', () => {
  const clock = fixedClock('2026-11-22T10:00:00Z');
  const sessions = new Sessions(clock);
  const { token, session } = sessions.open(caller);

  clock.advance(SESSION_MS - 1);
  expect([sessions.find(token), sessions.takeExpired()]).toEqual([caller, []]);
  clock.advance(1);
  expect(sessions.find(token)).toBeUndefined();
  expect([sessions.takeExpired(), sessions.takeExpired()]).toEqual([[session], []]);
});

it('keeps no token, only its digest', () => {
  const sessions = new Sessions(fixedClock('2026-11-22T10:00:00Z'));
  const { token } = sessions.open(caller);

  expect(inspect(sessions, { showHidden: true, depth: 9 })).not.toContain(token);
});

it.each`
  authorization   | cookies                           | token
  ${'Bearer abc'} | ${undefined}                      | ${'abc'}
  ${'bearer abc'} | ${{ countersign_session: 'xyz' }} | ${'abc'}
  ${undefined}    | ${{ countersign_session: 'xyz' }} | ${'xyz'}
  ${'Basic abc'}  | ${undefined}                      | ${undefined}
  ${'Bearer a b'} | ${undefined}                      | ${undefined}
  ${undefined}    | ${{ other: 'xyz' }}               | ${undefined}
`('reads the token of $authorization and $cookies', ({ authorization, cookies, token }) => {
  expect(tokenOf({ headers: { authorization }, ...(cookies ? { cookies } : {}) })).toBe(token);
});

it('names a caller the same way in every process on the folder, and otherwise elsewhere', () => {
  const [here, again] = [openPseudonyms(folder), openPseudonyms(folder)];
  const elsewhere = openPseudonyms(mkdtempSync(join(folder, 'other-')));

  expect(here('halloran')).toMatch(/^p-[0-9a-f]{32}$/);
  expect(again('halloran')).toBe(here('halloran'));
  expect(here('marsh')).not.toBe(here('halloran'));
  expect(elsewhere('halloran')).not.toBe(here('halloran'));
  expect(statSync(join(folder, 'pseudonym.key')).mode & 0o777).toBe(0o600);
});

it('refuses a damaged key instead of renaming everybody', () => {
  const damaged = mkdtempSync(join(folder, 'damaged-'));
  writeFileSync(join(damaged, 'pseudonym.key'), readFileSync(join(folder, 'pseudonym.key'), 'utf8').slice(0, 20));

  expect(() => openPseudonyms(damaged)).toThrow('not a 256-bit key');
});
