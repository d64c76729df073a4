import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IdentityView } from '../../src/core/api.ts';
import { hasChromium, type Look, openChromium, openPage } from './browser.ts';
import { anyDraft, openSite, type Site, signInAs } from './site.ts';

if (!hasChromium) console.warn('browser tests skipped: no Chromium (apt-get install -y chromium, or set CHROMIUM_PATH)');

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const REVIEW_JS_BUDGET = 250 * 1024;

type Screen = [name: string, role: IdentityView['role'] | undefined, path: string, act?: (page: Page) => Promise<void>];

const screens: Screen[] = [
  ['sign-in', undefined, '/signin'],
  ['queue', 'clinician', '/queue'],
  ['queue filter open', 'clinician', '/queue', (page) => page.getByRole('button', { name: /^state/ }).click()],
  ['queue without a match', 'clinician', '/queue?q=nobody-is-called-this'],
  ['review', 'clinician', '/review/:draft'],
  ['review, editing', 'clinician', '/review/:draft', (page) => page.keyboard.press('e')],
  ['review, declining', 'clinician', '/review/:draft', (page) => page.keyboard.press('d')],
  ['review, handing on', 'clinician', '/review/:draft', (page) => page.keyboard.press('h')],
  ['review, keys', 'clinician', '/review/:draft', (page) => page.keyboard.press('?')],
  ['patients', 'clinician', '/patients'],
  ['chart', 'clinician', '/patients/:patient'],
  ['chart, a fact and its bytes', 'clinician', '/patients/:patient', openFirstFact],
  ['chart as known before', 'clinician', '/patients/:patient?known=2026-11-20T12:50:00Z'],
  ['feeds', 'integration', '/feeds'],
  ['signed note of which facts changed', 'clinician', '/review/p-signed'],
  ['queue of signed notes', 'clinician', '/queue?state=signed'],
  ['feeds, reading again', 'integration', '/feeds', (page) => page.keyboard.press('a')],
  ['feeds, dismissing', 'integration', '/feeds', (page) => page.keyboard.press('x')],
  ['explain', 'integration', '/explain'],
  ['measure', 'governance', '/measure'],
  ['journal', 'governance', '/journal'],
  ['not permitted', 'clinician', '/feeds'],
  ['no such page', 'clinician', '/nowhere'],
];

describe.skipIf(!hasChromium)('every page', () => {
  let site: Site;
  let browser: Browser;

  beforeAll(async () => {
    [site, browser] = await Promise.all([openSite(), openChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  it.each(screens)('%s: axe finds nothing in either theme, and nothing scrolls sideways at 400 and 320 px', async (_, role, path, act) => {
    const { page, complaints, strangers } = await show(role, path, {}, act);

    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await violations(page), colorScheme).toEqual([]);
    }
    for (const width of [400, 320]) {
      await page.setViewportSize({ width, height: 900 });
      const sizes = await page.evaluate(() => ({ content: document.documentElement.scrollWidth, window: innerWidth }));
      expect(sizes.content, `at ${width} px`).toBeLessThanOrEqual(sizes.window);
    }

    expect(complaints, 'content policy and page errors').toEqual([]);
    expect(strangers, 'requests to other hosts').toEqual([]);
    await page.context().close();
  });

  it('keeps the review under its budget of script', async () => {
    const { page } = await show('clinician', '/review/:draft', { clock: false });

    const loaded = await page.evaluate(() => performance.getEntriesByType('resource').map((entry) => entry.name));
    const scripts = loaded.filter((url) => new URL(url).pathname.endsWith('.js'));
    expect(scripts.length).toBeGreaterThan(0);
    const sizes = await Promise.all(scripts.map(async (url) => gzipSync(Buffer.from(await (await fetch(url)).arrayBuffer())).length));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(REVIEW_JS_BUDGET);
    await page.context().close();
  });

  it('remembers the chosen theme, and names the zone of the site', async () => {
    const { page } = await show('clinician', '/queue', { theme: 'light' });

    await page.getByRole('button', { name: 'Dark theme' }).click();
    await page.reload();
    await page.getByRole('heading', { level: 1 }).waitFor();

    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(16, 20, 24)');
    expect(await page.locator('.topbar-site').textContent()).toMatch(/times in \S+/);
    await page.context().close();
  });

  async function show(role: IdentityView['role'] | undefined, path: string, look: Look, act?: (page: Page) => Promise<void>) {
    const page = await openPage(browser, { clock: site.fixture !== undefined, ...look });
    const complaints: string[] = [];
    const strangers: string[] = [];
    if (site.fixture) site.fixture.state.signedIn = undefined;
    page.on('console', (message) => /content security policy/i.test(message.text()) && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on(
      'request',
      (request) => !request.url().startsWith(site.url) && !/^(data|blob):/.test(request.url()) && strangers.push(request.url()),
    );
    if (role) await signInAs(page, site.url, role);
    const draft = path.includes(':') ? await anyDraft(page, site) : undefined;
    await page.goto(site.url + path.replace(':draft', draft?.id ?? '').replace(':patient', draft?.patient ?? ''));
    await page.waitForFunction(() => document.querySelector('h1') && !document.querySelector('.skeleton, [aria-busy=true]'));
    await act?.(page);
    // What a key set off is on screen once two frames were drawn.
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    return { page, complaints, strangers };
  }
});

async function openFirstFact(page: Page): Promise<void> {
  await page.keyboard.press('Enter');
  await page.locator('.fact-pane .source, .fact-pane .look').first().waitFor();
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    type Found = { violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] };
    const { axe } = globalThis as unknown as { axe: { run(): Promise<Found> } };
    const { violations } = await axe.run();
    return violations.flatMap((one) =>
      one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 160)} ${node.failureSummary.slice(0, 200)}`),
    );
  });
}
