import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { hasChromium, openChromium } from '../test/browser/browser.ts';
import { openSite, type Site, signInAs } from '../test/browser/site.ts';
import { type Bench, type BenchOptions, type BenchRow, notMeasured, percentile, rounded } from './bench.ts';

const NAME = 'ui';
const ROUNDS = 10;

/**
 * First contentful paint of the queue and of the review on loopback, each in a browser context without a cache. The floor
 * is a page of one word in the same browser in the same run. COUNTERSIGN_URL measures a running server instead of the
 * fixture that the browser tests use.
 */
export const bench: Bench = { name: NAME, run };

async function* run(options: BenchOptions): AsyncIterable<BenchRow> {
  if (!hasChromium) {
    yield { ...notMeasured(NAME, 'first_paint_ms', 'ms'), database: 'none', note: 'not measured: no Chromium' };
    return;
  }
  const rounds = options.size ?? (options.full ? ROUNDS * 5 : ROUNDS);
  const [browser, site] = await Promise.all([openChromium(), openSite()]);
  const empty = await serveOneWord();
  try {
    const floor = percentile(await paints(browser, () => empty.url, rounds), 0.5);
    const draft = await firstDraft(browser, site);
    for (const [metric, path] of [
      ['first_paint_ms', '/queue'],
      ['first_paint_review_ms', `/review/${draft}`],
    ] as const) {
      const times = await paints(browser, () => site.url + path, rounds, site);
      const value = percentile(times, 0.5);
      yield {
        name: NAME,
        metric,
        value: rounded(value),
        unit: 'ms',
        floor: rounded(floor),
        ratio: rounded(value / floor),
        n: rounds,
        p95: rounded(percentile(times, 0.95)),
        budget: 1000,
        server: site.fixture ? 'fixture' : 'real',
      };
    }
  } finally {
    await browser.close();
    await site.close();
    await empty.close();
  }
}

async function paints(browser: Browser, address: () => string, rounds: number, site?: Site): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    if (site) {
      await signInAs(page, site.url, 'clinician');
      // Cookies stay, cached files go: every round loads as a first visit does.
      await (await context.newCDPSession(page)).send('Network.clearBrowserCache');
    }
    await page.goto(address(), { waitUntil: 'load' });
    times.push(await page.evaluate(paintTime));
    await context.close();
  }
  return times;
}

/** Waits for the first contentful paint (W3C Paint Timing) in the page itself. */
function paintTime(): Promise<number> {
  return new Promise((resolve) => {
    new PerformanceObserver((list) => {
      const entry = list.getEntriesByName('first-contentful-paint')[0];
      if (entry) resolve(entry.startTime);
    }).observe({ type: 'paint', buffered: true });
  });
}

async function firstDraft(browser: Browser, site: Site): Promise<string> {
  const page = await browser.newPage();
  await signInAs(page, site.url, 'clinician');
  const id = await page.evaluate(async () => ((await (await fetch('/api/worklist')).json()) as { items: { id: string }[] }).items[0]?.id);
  await page.close();
  if (!id) throw new Error('the queue is empty: there is no review to open');
  return id;
}

async function serveOneWord(): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((_, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>.</title>word'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close };
}
