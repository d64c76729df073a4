import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { documentation } from '../packs/documentation/index.ts';
import { loadSitePacks } from './site-packs.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-packs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PACK = `{ id: 'ward-round', version: '1', title: 'Ward round', purpose: 'p', owner: 'o', surfaces: ['worklist'], needs: [{ type: 'Observation' }],
  triggers: [{ type: 'Appointment', when: () => undefined }], kpis: [{ id: 'k', title: 'K', count: ['proposal.offered'] }],
  document: { loinc: '34117-2', title: 'Round' }, write: () => ({ title: 't', sections: [], sentences: [], omitted: [] }) }`;

it('loads a pack by its path, beside ours', async () => {
  writeFileSync(join(folder, 'round.mjs'), `export const pack = ${PACK};`);

  const packs = await loadSitePacks(['./round.mjs'], [documentation], folder);

  expect(packs.map((pack) => pack.id)).toEqual(['ward-round']);
});

it('our own packs keep the contract that is asked of others', async () => {
  writeFileSync(join(folder, 'ours.mjs'), 'export const pack = globalThis.ours;');
  Object.assign(globalThis, { ours: documentation });

  expect(await loadSitePacks(['./ours.mjs'], [], folder)).toEqual([documentation]);
});

it.each`
  what                          | module                                                             | complaint
  ${'no module'}                | ${undefined}                                                       | ${/it cannot be loaded \(ERR_MODULE_NOT_FOUND\)/}
  ${'a module that breaks'}     | ${'export const pack = {'}                                         | ${/it cannot be loaded/}
  ${'a module without a pack'}  | ${'export const other = 1;'}                                       | ${/it exports nothing named pack/}
  ${'a pack that cannot write'} | ${`export const pack = { ...${PACK}, write: 'words' };`}           | ${/write must be a function/}
  ${'a pack that sees nothing'} | ${`export const pack = { ...${PACK}, needs: [] };`}                | ${/needs /}
  ${'an id that is taken'}      | ${`export const pack = { ...${PACK}, id: '${'documentation'}' };`} | ${/its id documentation is taken/}
`('refuses $what, and names it', async ({ what, module, complaint }) => {
  const name = `./${String(what).replaceAll(' ', '-')}.mjs`;
  if (module) writeFileSync(join(folder, name), module);

  const loading = loadSitePacks([name], [documentation], folder);

  await expect(loading).rejects.toMatchObject({ code: 'config_invalid', message: expect.stringMatching(complaint) });
  await expect(loading).rejects.toThrow(`COUNTERSIGN_PACKS: ${name} is no pack`);
});

it('refuses a module that is not installed', async () => {
  await expect(loadSitePacks(['nobody-has-this'], [], folder)).rejects.toThrow(`no module of this name is installed in ${folder}`);
});
