import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasChromium, openChromium, openPage } from './browser.ts';
import { potassiumOru } from './fixtures/receipts.ts';
import { openFixture, signInAs } from './site.ts';

describe.skipIf(!hasChromium)('pages for those who connect and those who answer for it', () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof openFixture>>;
  let page: Page;

  beforeAll(async () => {
    browser = await openChromium();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    server = await openFixture();
    page = await openPage(browser);
    await signInAs(page, server.url, 'integration');
    server.state.calls.length = 0;
  });
  afterEach(async () => {
    await page.context().close();
    await server.close();
  });

  it('feeds: who is silent in one sentence, and the refused field lit by its bytes', async () => {
    await page.goto(`${server.url}/feeds`);
    await page.getByRole('heading', { name: 'Transcription, MDM has been silent since 06:29' }).waitFor();
    await page.locator('mark').first().waitFor();

    expect(await page.locator('mark').allTextContents()).toEqual(['19660921']);
    expect(await page.locator('.is-conflict').textContent()).toContain('154–162');
    expect(await page.locator('.coverage').textContent()).toContain('454 of 454 bytes accounted for');
    expect(await page.locator('.ack').textContent()).toContain('MSA|AE|NL26112301187');
  });

  it('feeds: J moves to the next item and R replays it once', async () => {
    await page.goto(`${server.url}/feeds`);
    await page.getByText('Known MRN with another').first().waitFor();

    await page.keyboard.press('j');
    await page.waitForURL('**/feeds?item=q-2');
    await page.keyboard.press('r');
    await page.getByText('Taken up for replay').waitFor();
    await page.keyboard.press('r');
    await page.waitForTimeout(100);

    expect(server.state.calls.map((one) => one.path)).toEqual(['/api/quarantine/q-2/replay']);
  });

  it('explain: sends the standard’s line ends, shows fields and ACK, and says that nothing is stored', async () => {
    await page.goto(`${server.url}/explain`);
    await page.getByLabel('Message to explain').fill(potassiumOru.replaceAll('\r', '\n'));
    await page.keyboard.press('Control+Enter');
    await page.getByText('Would be answered, AA').waitFor();

    expect(server.state.calls[0]).toEqual({ method: 'POST', path: '/api/explain', body: potassiumOru });
    expect(await page.locator('.fields').textContent()).toContain('Observation.valueQuantity.value');
    expect(await page.getByText('Nothing on this page is stored.').isVisible()).toBe(true);
  });

  it('R101: the journal’s proof is checked in the page, and a changed log is found', async () => {
    await page.goto(`${server.url}/journal`);
    await page.getByText('4,821').first().waitFor();
    await page.keyboard.press('v');
    await page.getByText(/Proven: Entry/).waitFor();
    await page.getByText('Proven: The checkpoint is signed by').waitFor();

    await page.route('**/api/journal/inclusion*', async (route) => {
      const answer = await route.fetch();
      const body = (await answer.json()) as { proof: string[] };
      await route.fulfill({
        json: {
          ...body,
          proof: body.proof.map((one, index) => (index === 0 ? one.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) : one)),
        },
      });
    });
    await page.keyboard.press('v');

    await page.getByText(/Not proven: Entry/).waitFor();
  });

  it('R101: a note with one letter changed is not signed any more', async () => {
    await page.route('**/api/journal/checkpoint', async (route) => {
      const body = (await (await route.fetch()).json()) as { note: string; keys: string[] };
      await route.fulfill({ json: { ...body, note: body.note.replace('\n4821\n', '\n4820\n') } });
    });
    await page.goto(`${server.url}/journal`);
    await page.getByText('4,820').first().waitFor();
    await page.keyboard.press('v');

    await page.getByText('Not proven: The checkpoint is not signed').waitFor();
  });

  it('R101: a log that was rolled back is found by the browser that saw more of it', async () => {
    await page.goto(`${server.url}/journal`);
    await page.getByText('4,821').first().waitFor();
    await page.evaluate(() =>
      localStorage.setItem('journal-seen', JSON.stringify({ origin: 'countersign.example/north', size: 5000, root: '00'.repeat(32) })),
    );

    await page.keyboard.press('v');

    await page.getByText('It was rolled back').waitFor();
  });

  it('measure: first a sentence, then the numbers with their formula', async () => {
    await page.goto(`${server.url}/measure`);

    await page.getByRole('heading', { name: 'Of 214 drafts offered since 24 Oct 2026, 151 were signed (71 %)' }).waitFor();
    expect(await page.locator('.measure-formulas').textContent()).toContain('median of signed.at');
  });

  it('patients: found by name and opened by keyboard', async () => {
    await signInAs(page, server.url, 'clinician');
    await page.goto(`${server.url}/patients`);
    await page.getByText('25 patients').waitFor();

    await page.keyboard.press('/');
    await page.keyboard.type('osgood');
    await page.getByText('1 match').waitFor();
    await page.keyboard.press('Enter');

    await page.waitForURL('**/patients/person-osgood');
    await page.getByText('Allergies: penicillin (rash)').waitFor();
  });
});
