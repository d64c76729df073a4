import { existsSync, mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { IdentityView, WorklistItem } from '../../src/core/api.ts';
import { openChromium, openPage } from './browser.ts';
import { startFixtureServer } from './fixture-server.ts';

const web = fileURLToPath(new URL('../../web/', import.meta.url));

/** Give COUNTERSIGN_URL to run the journeys that need no prepared data against a real server instead of the fixture. */
const realUrl = process.env['COUNTERSIGN_URL'];

export type Site = { url: string; fixture: Awaited<ReturnType<typeof startFixtureServer>> | undefined; close: () => Promise<void> };

/** The UI as it would be served: the built files of this tree behind the fixture's API, or a real server. */
export async function openSite(): Promise<Site> {
  if (realUrl) return { url: realUrl.replace(/\/$/, ''), fixture: undefined, close: async () => undefined };
  const fixture = await openFixture();
  return { url: fixture.url, fixture, close: fixture.close };
}

/** The fixture alone, for what a real server cannot be asked to do. */
export async function openFixture() {
  return startFixtureServer({ dist: await builtUi() });
}

/** A browser for a file, and for each of its tests a fixture of its own with somebody signed in on a fresh page. */
export type Desk = {
  page: Page;
  server: Awaited<ReturnType<typeof openFixture>>;
  press(...keys: string[]): Promise<void>;
  openDraft(id: string): Promise<void>;
  /** Resolves once whatever the page set off before has reached the server: a later call of the page has been answered. */
  settled(): Promise<void>;
};

/** Sets a desk up before each test of the calling block and clears it after. */
export function deskFor(role: IdentityView['role']): Desk {
  const desk = {} as Desk;
  let browser: Browser;
  beforeAll(async () => {
    browser = await openChromium();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    const server = await openFixture();
    const page = await openPage(browser);
    await signInAs(page, server.url, role);
    server.state.calls.length = 0;
    Object.assign(desk, { page, server });
  });
  afterEach(async () => {
    // A route still being answered must not fail a test that has passed.
    await desk.page.unrouteAll({ behavior: 'ignoreErrors' });
    await desk.page.context().close();
    await desk.server.close();
  });

  desk.press = async (...keys) => {
    for (const key of keys) await desk.page.keyboard.press(key);
  };
  desk.openDraft = async (id) => {
    await desk.page.goto(`${desk.server.url}/review/${id}`);
    await desk.page.locator('.sentence[aria-current=true]').waitFor();
    await desk.page.locator('.facts, .evidence-title').first().waitFor();
  };
  desk.settled = () =>
    desk.page.evaluate(async () => {
      await fetch('/api/session').then((answer) => answer.text());
    });
  return desk;
}

/** Signs in through the API as the first demo identity of a role. */
export async function signInAs(page: Page, url: string, role: IdentityView['role']): Promise<void> {
  await page.goto(`${url}/signin`);
  // Left half loaded, the page would complain of the chunk it was still fetching.
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.evaluate(async (wanted) => {
    const { identities } = (await (await fetch('/api/demo/identities')).json()) as { identities: { id: string; role: string }[] };
    const identity = identities.find((one) => one.role === wanted)?.id;
    const answer = await fetch('/api/session', {
      method: 'POST',
      body: JSON.stringify({ identity }),
      headers: { 'content-type': 'application/json' },
    });
    if (!answer.ok) throw new Error(`sign-in answered ${answer.status}`);
  }, role);
}

/** An open draft to look at: the prepared one of the fixture, else the first of the real queue. */
export async function anyDraft(page: Page, site: Site): Promise<WorklistItem> {
  const items = await page.evaluate(async () => ((await (await fetch('/api/worklist')).json()) as { items: WorklistItem[] }).items);
  const found = site.fixture ? items.find((one) => one.id === 'p-osgood') : items.find((one) => one.tally.proven > 0);
  if (!found) throw new Error('the queue holds no draft to look at');
  return found;
}

/** web/dist where it is newer than its sources, else a build of its own in a temporary folder. */
async function builtUi(): Promise<string> {
  const dist = join(web, 'dist');
  const index = join(dist, 'index.html');
  if (existsSync(index) && statSync(index).mtimeMs > newest(join(web, 'src'))) return dist;
  const outDir = mkdtempSync(join(tmpdir(), 'countersign-ui-'));
  const { build } = await import('vite');
  await build({ configFile: join(web, 'vite.config.ts'), logLevel: 'error', build: { outDir, emptyOutDir: true } });
  return outDir;
}

function newest(folder: string): number {
  return Math.max(
    0,
    ...readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );
}
