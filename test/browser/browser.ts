import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { NOW } from './fixtures/people.ts';

const path = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

/** How long a condition may take to come true on a busy machine; what is waited for is always a condition, never this time. */
const PATIENCE_MS = 20_000;

/** `expect` over something that becomes true. */
export function eventually<T>(read: () => T | Promise<T>) {
  return expect.poll(read, { timeout: PATIENCE_MS, interval: 50 });
}

/** Debian's Chromium; without it the browser tests are skipped with one line. */
export const hasChromium = existsSync(path);

export function openChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: path,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export type Look = { width?: number; height?: number; theme?: 'light' | 'dark'; clock?: boolean };

/** A page of its own context, with the clock at the fixture's morning unless told otherwise. */
export async function openPage(browser: Browser, look: Look = {}): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: look.width ?? 1440, height: look.height ?? 900 },
    colorScheme: look.theme ?? 'light',
    reducedMotion: 'reduce',
    timezoneId: 'Pacific/Auckland',
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  if (look.clock !== false) await page.clock.install({ time: NOW });
  return page;
}
