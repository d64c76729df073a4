import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasChromium, openChromium, openPage } from './browser.ts';
import { openFixture, signInAs } from './site.ts';

type Sent = { method: string; path: string; body: unknown };
type Sentences = { sentences: { id?: string; text: string; selected: boolean; acknowledged?: boolean }[] };

describe.skipIf(!hasChromium)('the review by keyboard alone', () => {
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
    await signInAs(page, server.url, 'clinician');
    server.state.calls.length = 0;
  });
  afterEach(async () => {
    await page.context().close();
    await server.close();
  });

  it('R107: walks the queue with J and K and opens with Enter', async () => {
    await page.goto(`${server.url}/queue`);
    await page.getByText('25 open items').waitFor();

    await press('j', 'j', 'j', 'j', 'k', 'j');
    expect(await page.locator('tr[aria-current=true]').textContent()).toContain('Osgood');
    await press('Enter');

    await page.getByRole('heading', { name: 'Pre-visit summary' }).waitFor();
    expect(page.url()).toBe(`${server.url}/review/p-osgood`);
  });

  it('R107: what arrives is announced and waits until it is asked for', async () => {
    await page.goto(`${server.url}/queue`);
    await page.getByText('25 open items').waitFor();
    await page.clock.runFor(11_000);
    const before = await page.locator('tbody tr').allTextContents();

    server.arrive();
    await page.clock.runFor(11_000);
    await page.getByText('2 new items, show').waitFor();
    expect(await page.locator('tbody tr').allTextContents()).toEqual(before);
    await press('r');

    await page.getByText('27 open items').waitFor();
  });

  it('R107: filters stand in the URL as words', async () => {
    await page.goto(`${server.url}/queue?pack=inbox&due=today`);
    await page.getByText('5 open items').waitFor();

    await press('/');
    await page.keyboard.type('inr');

    await page.getByText('1 open item', { exact: true }).waitFor();
    expect(page.url()).toContain('pack=inbox');
    expect(page.url()).toContain('q=inr');
  });

  it('R134: arrows change the evidence, with the value’s bytes lit and their place said', async () => {
    await openDraft('p-osgood');
    expect(await lit()).toEqual(['5.6', 'first K 6.5 hemolyzed, redrawn K 5.6']);
    expect(await page.locator('.provenance').first().textContent()).toContain('bytes 459–462 of 585');
    expect(await page.locator('.facts .is-replaced').textContent()).toContain('6.5 mmol/L');

    await press('ArrowDown', 'ArrowDown', 'ArrowDown');
    await expect.poll(lit).toEqual(['40']);
    await press('ArrowUp', 'ArrowUp', 'ArrowUp');
    await expect.poll(async () => (await lit())[0]).toBe('5.6');
  });

  it('R134: hovering shows the evidence too', async () => {
    await openDraft('p-osgood');

    await page.getByText('Furosemide was changed').hover();
    await page.mouse.move(300, 329);

    await expect.poll(lit).toEqual(['40']);
  });

  it('R135: an unproven sentence cannot be accepted before its source was opened', async () => {
    await openDraft('p-osgood');
    await press('ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown');
    await page.getByText('Open its source').waitFor();
    expect(await lit()).toEqual([]);

    await press('a');
    await page.waitForTimeout(100);
    expect(server.state.calls).toEqual([]);
    await press('o');
    await expect.poll(lit).toEqual(['will hold spironolactone tonight']);
    await press('a');
    await page.getByText('Accepted by you: it will be signed').waitFor();

    expect(server.state.calls.map((one) => one.path)).toEqual(['/api/lineage/p-osgood%3As-hold/opened', '/api/proposals/p-osgood/edit']);
    expect(selectedOf(server.state.calls.at(-1)!)).toContain('p-osgood:s-hold');
    await page.getByRole('button', { name: 'Sign 12 sentences' }).waitFor();
  });

  it('R135: what the chart contradicts cannot be accepted by any key', async () => {
    await openDraft('p-osgood');
    for (let i = 0; i < 14; i++) await press('ArrowDown');
    expect(await page.locator('[aria-current=true].sentence').textContent()).toContain('Newly diagnosed breast cancer');

    await press('o', 'a');
    await page.waitForTimeout(150);

    expect(server.state.calls).toEqual([]);
  });

  it('R109: edits in place, checked as it is typed, with the difference, and keeps a contradiction only when it was seen', async () => {
    await openDraft('p-osgood');
    await press('e');
    await page.getByLabel('Rewrite this sentence').fill('Potassium was 6.5 mmol/L on 20 Nov 2026, high.');
    await page.getByText('the chart says 5.6 mmol/L').waitFor();
    expect(await page.locator('.diff del').first().textContent()).toContain('5.6');
    expect(await page.locator('.diff ins').first().textContent()).toContain('6.5');

    await press('Enter');
    await page.waitForTimeout(100);
    expect(server.state.calls).toEqual([]);
    await press('Tab', 'Space', 'Tab', 'Enter');
    await page.getByText('yours, chart disagrees').first().waitFor();

    const sent = server.state.calls[0]!.body as Sentences;
    expect(sent.sentences[0]).toMatchObject({
      id: 'p-osgood:s-potassium',
      text: 'Potassium was 6.5 mmol/L on 20 Nov 2026, high.',
      selected: true,
      acknowledged: true,
    });
    expect(sent.sentences).toHaveLength(15);
  });

  it('R109: Escape leaves the words as they were', async () => {
    await openDraft('p-osgood');
    await press('e');
    await page.getByLabel('Rewrite this sentence').fill('Something else.');
    await press('Escape');

    await page.getByText('Potassium was 5.6 mmol/L on 20 Nov 2026').waitFor();
    expect(server.state.calls).toEqual([]);
  });

  it('R135: signs after ten seconds in which U takes it back', async () => {
    await openDraft('p-osgood');
    await press('s');
    await page.getByText('Signature given for Osgood, Lenora T.').waitFor();
    await page.getByRole('heading', { name: 'Discharge summary' }).waitFor();
    await page.clock.runFor(8000);
    await press('u');
    await page.clock.runFor(20_000);
    expect(server.state.calls).toEqual([]);

    await openDraft('p-osgood');
    await press('s');
    await page.getByText('Signature given for').waitFor();
    await page.clock.runFor(11_000);
    await page.getByText('Signed: osgood', { exact: false }).waitFor();

    expect(server.state.calls.map((one) => one.path)).toEqual(['/api/proposals/p-osgood/signature']);
    expect(server.state.calls[0]!.body).toEqual({ contentHash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('R135: a page that is closed within the ten seconds sends nothing, and the next one says so', async () => {
    page.on('dialog', (dialog) => void dialog.accept());
    await openDraft('p-osgood');
    await press('s');
    await page.getByText('Signature given for').waitFor();

    await page.reload();
    await page.getByText('One signature was not sent').waitFor();
    await page.clock.runFor(30_000);

    expect(server.state.calls).toEqual([]);
    await page.getByRole('link', { name: 'Open the draft' }).click();
    await page.waitForURL('**/review/p-osgood');
  });

  it('R135: a stale draft shows what changed and leads to the fresh one', async () => {
    await openDraft('p-stale');
    await press('s');
    await page.clock.runFor(11_000);
    await page.getByRole('link', { name: 'Open the draft' }).click();
    await page.getByText('Hemoglobin of 23 Nov 2026').waitFor();
    expect(await page.locator('.signing .primary').isDisabled()).toBe(true);

    await press('s', 'f');

    await page.waitForURL('**/review/p-fresh');
    expect(server.state.calls.filter((one) => one.path.endsWith('/signature'))).toHaveLength(1);
  });

  it('R135: a draft that somebody decided before says so', async () => {
    await openDraft('p-decided');
    await press('s');
    await page.clock.runFor(11_000);

    await page.getByText('Somebody decided it before').waitFor();
  });

  it('R135: declines and escalates with a reason, without covering the draft', async () => {
    await openDraft('p-osgood');
    await press('d');
    await page.getByLabel('Reason').waitFor();
    await press('Enter');
    expect(server.state.calls).toEqual([]);
    expect(await page.getByText('Potassium was 5.6 mmol/L').isVisible()).toBe(true);
    await page.keyboard.type('Already documented');
    await press('Enter');
    await page.waitForURL('**/review/p-pruitt');
    await page.getByRole('heading', { name: 'Discharge summary' }).waitFor();

    await press('x');
    await page.getByLabel('Reason').waitFor();
    await page.keyboard.type('Outside my field');
    await press('Enter');
    await page.waitForURL('**/review/p-adeyemi');

    expect(server.state.calls.map((one) => [one.path, one.body])).toEqual([
      ['/api/proposals/p-osgood/decline', { reason: 'Already documented' }],
      ['/api/proposals/p-pruitt/escalate', { reason: 'Outside my field' }],
    ]);
  });

  it('offline: says so and signs nothing', async () => {
    await openDraft('p-osgood');
    await page.context().setOffline(true);
    await page.getByText('This computer is offline. What you see').waitFor();

    await press('s');
    await page.clock.runFor(15_000);

    expect(server.state.calls).toEqual([]);
    expect(await page.locator('.signing .primary').isDisabled()).toBe(true);
  });

  it('says when the session ended, the server is silent, or the demo still loads', async () => {
    server.state.loading = true;
    await page.goto(`${server.url}/queue`);
    await page.getByText('charts and messages, 124 of 200').waitFor();

    server.state.silent = true;
    await page.clock.runFor(20_000);
    await page.getByText('Countersign does not answer').waitFor();

    server.state.silent = false;
    server.state.signedIn = undefined;
    await page.goto(`${server.url}/review/p-osgood`);
    await page.waitForURL('**/signin?next=*');
    await page.getByText('Dr. Ines Halloran').waitFor();
    await press('1');
    await page.waitForURL('**/review/p-osgood');
  });

  it('R134: only a clinician may sign; others read', async () => {
    await signInAs(page, server.url, 'governance');
    server.state.calls.length = 0;
    await openDraft('p-osgood');

    await page.getByText('Only a clinician may sign').waitFor();
    await press('s', 'e', 'd', 'a');
    await page.clock.runFor(15_000);

    expect(server.state.calls).toEqual([]);
  });

  async function openDraft(id: string): Promise<void> {
    await page.goto(`${server.url}/review/${id}`);
    await page.locator('.sentence[aria-current=true]').waitFor();
    await page.locator('.facts, .evidence-title').first().waitFor();
  }

  async function press(...keys: string[]): Promise<void> {
    for (const key of keys) await page.keyboard.press(key);
  }

  function lit(): Promise<string[]> {
    return page.locator('mark.value').allTextContents();
  }
});

function selectedOf(call: Sent): (string | undefined)[] {
  return (call.body as Sentences).sentences.filter((one) => one.selected).map((one) => one.id);
}
