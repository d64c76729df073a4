import { describe, expect, it } from 'vitest';
import { eventually, hasChromium } from './browser.ts';
import { deskFor, signInAs } from './site.ts';

type Sent = { method: string; path: string; body: unknown };
type Sentences = { sentences: { id?: string; text: string; selected: boolean; acknowledged?: boolean }[] };

describe.skipIf(!hasChromium)('the review by keyboard alone', () => {
  const desk = deskFor('clinician');

  it('R107: walks the queue with J and K and opens with Enter', async () => {
    await desk.page.goto(`${desk.server.url}/queue`);
    await desk.page.getByText('25 open items').waitFor();

    await desk.press('j', 'j', 'j', 'j', 'k', 'j');
    expect(await desk.page.locator('tr[aria-current=true]').textContent()).toContain('Osgood');
    await desk.press('Enter');

    await desk.page.getByRole('heading', { name: 'Pre-visit summary' }).waitFor();
    expect(desk.page.url()).toBe(`${desk.server.url}/review/p-osgood`);
  });

  it('R107: what arrives is announced and waits until it is asked for', async () => {
    await desk.page.goto(`${desk.server.url}/queue`);
    await desk.page.getByText('25 open items').waitFor();
    await desk.page.clock.runFor(11_000);
    const before = await desk.page.locator('tbody tr').allTextContents();

    desk.server.arrive();
    await desk.page.clock.runFor(11_000);
    await desk.page.getByText('2 new items, show').waitFor();
    expect(await desk.page.locator('tbody tr').allTextContents()).toEqual(before);
    await desk.press('r');

    await desk.page.getByText('27 open items').waitFor();
  });

  it('R107: filters stand in the URL as words', async () => {
    await desk.page.goto(`${desk.server.url}/queue?pack=inbox&due=today`);
    await desk.page.getByText('5 open items').waitFor();

    await desk.press('/');
    await desk.page.keyboard.type('inr');

    await desk.page.getByText('1 open item', { exact: true }).waitFor();
    expect(desk.page.url()).toContain('pack=inbox');
    expect(desk.page.url()).toContain('q=inr');
  });

  it('R134: arrows change the evidence, with the value’s bytes lit and their place said', async () => {
    await desk.openDraft('p-osgood');
    expect(await lit()).toEqual(['5.6', 'first K 6.5 hemolyzed, redrawn K 5.6']);
    expect(await desk.page.locator('.provenance').first().textContent()).toContain('bytes 459–462 of 585');
    expect(await desk.page.locator('.facts .is-replaced').textContent()).toContain('6.5 mmol/L');

    await desk.press('ArrowDown', 'ArrowDown', 'ArrowDown');
    await eventually(lit).toEqual(['40']);
    await desk.press('ArrowUp', 'ArrowUp', 'ArrowUp');
    await eventually(async () => (await lit())[0]).toBe('5.6');
  });

  it('R134: hovering shows the evidence too', async () => {
    await desk.openDraft('p-osgood');

    await desk.page.getByText('Furosemide was changed').hover();
    await desk.page.mouse.move(300, 329);

    await eventually(lit).toEqual(['40']);
  });

  it('R135: an unproven sentence cannot be accepted before its source was opened', async () => {
    await desk.openDraft('p-osgood');
    await desk.press('ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown');
    await desk.page.getByText('Open its source').waitFor();
    expect(await lit()).toEqual([]);

    await desk.press('a');
    await desk.settled();
    expect(desk.server.state.calls).toEqual([]);
    await desk.press('o');
    await eventually(lit).toEqual(['will hold spironolactone tonight']);
    await desk.press('a');
    await desk.page.getByText('Accepted by you: it will be signed').waitFor();

    expect(desk.server.state.calls.map((one) => one.path)).toEqual([
      '/api/lineage/p-osgood%3As-hold/opened',
      '/api/proposals/p-osgood/edit',
    ]);
    expect(selectedOf(desk.server.state.calls.at(-1)!)).toContain('p-osgood:s-hold');
    await desk.page.getByRole('button', { name: 'Sign 12 sentences' }).waitFor();
  });

  it('R135: what the chart contradicts cannot be accepted by any key', async () => {
    await desk.openDraft('p-osgood');
    for (let i = 0; i < 14; i++) await desk.press('ArrowDown');
    expect(await desk.page.locator('[aria-current=true].sentence').textContent()).toContain('Newly diagnosed breast cancer');

    await desk.press('o', 'a');
    await desk.settled();

    expect(desk.server.state.calls).toEqual([]);
  });

  it('R109: edits in place, checked as it is typed, with the difference, and keeps a contradiction only when it was seen', async () => {
    await desk.openDraft('p-osgood');
    await desk.press('e');
    await desk.page.getByLabel('Rewrite this sentence').fill('Potassium was 6.5 mmol/L on 20 Nov 2026, high.');
    await desk.page.getByText('the chart says 5.6 mmol/L').waitFor();
    expect(await desk.page.locator('.diff del').first().textContent()).toContain('5.6');
    expect(await desk.page.locator('.diff ins').first().textContent()).toContain('6.5');

    await desk.press('Enter');
    await desk.settled();
    expect(desk.server.state.calls).toEqual([]);
    await desk.press('Tab', 'Space', 'Tab', 'Enter');
    await desk.page.getByText('yours, chart disagrees').first().waitFor();

    const sent = desk.server.state.calls[0]!.body as Sentences;
    expect(sent.sentences[0]).toMatchObject({
      id: 'p-osgood:s-potassium',
      text: 'Potassium was 6.5 mmol/L on 20 Nov 2026, high.',
      selected: true,
      acknowledged: true,
    });
    expect(sent.sentences).toHaveLength(15);
  });

  it('R109: Escape leaves the words as they were', async () => {
    await desk.openDraft('p-osgood');
    await desk.press('e');
    await desk.page.getByLabel('Rewrite this sentence').fill('Something else.');
    await desk.press('Escape');

    await desk.page.getByText('Potassium was 5.6 mmol/L on 20 Nov 2026').waitFor();
    expect(desk.server.state.calls).toEqual([]);
  });

  it('R135: signs after ten seconds in which U takes it back', async () => {
    await desk.openDraft('p-osgood');
    await desk.press('s');
    await desk.page.getByText('Signature given for Osgood, Lenora T.').waitFor();
    await desk.page.getByRole('heading', { name: 'Discharge summary' }).waitFor();
    await desk.page.clock.runFor(8000);
    await desk.press('u');
    await desk.page.clock.runFor(20_000);
    expect(desk.server.state.calls).toEqual([]);

    await desk.openDraft('p-osgood');
    await desk.press('s');
    await desk.page.getByText('Signature given for').waitFor();
    await desk.page.clock.runFor(11_000);
    await desk.page.getByText('Signed: osgood', { exact: false }).waitFor();

    expect(desk.server.state.calls.map((one) => one.path)).toEqual(['/api/proposals/p-osgood/signature']);
    expect(desk.server.state.calls[0]!.body).toEqual({ contentHash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('R135: a page that is closed within the ten seconds sends nothing, and the next one says so', async () => {
    desk.page.on('dialog', (dialog) => void dialog.accept());
    await desk.openDraft('p-osgood');
    await desk.press('s');
    await desk.page.getByText('Signature given for').waitFor();

    await desk.page.reload();
    await desk.page.getByText('One signature was not sent').waitFor();
    await desk.page.clock.runFor(30_000);

    expect(desk.server.state.calls).toEqual([]);
    await desk.page.getByRole('link', { name: 'Open the draft' }).click();
    await desk.page.waitForURL('**/review/p-osgood');
  });

  it('R135: a stale draft shows what changed and leads to the fresh one', async () => {
    await desk.openDraft('p-stale');
    await desk.press('s');
    await desk.page.clock.runFor(11_000);
    await desk.page.getByRole('link', { name: 'Open the draft' }).click();
    await desk.page.getByText('Hemoglobin of 23 Nov 2026').waitFor();
    expect(await desk.page.locator('.signing .primary').isDisabled()).toBe(true);

    await desk.press('s', 'f');

    await desk.page.waitForURL('**/review/p-fresh');
    expect(desk.server.state.calls.filter((one) => one.path.endsWith('/signature'))).toHaveLength(1);
  });

  it('R135: a signature refused because a message is not read yet says so, keeps the draft signable, and is sent again', async () => {
    await desk.openDraft('p-unread');
    await desk.press('s');
    await desk.page.clock.runFor(11_000);
    await desk.page
      .getByRole('link', { name: 'Open the draft' })
      .or(desk.page.getByRole('button', { name: 'Send again' }))
      .first()
      .waitFor();
    expect(await desk.page.locator('.held').textContent()).toContain('has arrived and is not read yet; nothing was written');
    await desk.page.goBack();

    await desk.page.getByText('a message that may be about this patient arrived at 09:41 and has not been read yet').waitFor();
    const notice = desk.page.locator('.notice[role=alert]');
    expect(await notice.textContent()).not.toMatch(/chart changed|fresh draft/i);
    expect(await notice.getByRole('link', { name: 'Feeds' }).getAttribute('href')).toBe('/feeds');
    expect(await desk.page.locator('.signing .primary').isEnabled()).toBe(true);
    desk.server.state.unread = false;
    await notice.getByRole('button', { name: 'sign again' }).press('Enter');
    await desk.page.getByText(/Signed by you/).waitFor();

    expect(desk.server.state.calls.filter((one) => one.path.endsWith('/signature'))).toHaveLength(2);
  });

  it('R109: whose words a sentence is stands beside it, and is told while it is written', async () => {
    await desk.openDraft('p-osgood');
    await desk.press('ArrowDown', 'e');
    const field = desk.page.getByLabel('Rewrite this sentence');
    await field.fill('Creatinine rose from 1.21 to 1.52 mg/dL from 11 Aug to 20 Nov 2026');
    await desk.page.getByText('AI label kept:').waitFor();
    await field.fill('Kidney function is worse; creatinine 1.52 mg/dL.');
    await desk.page.getByText('signed as your own words, without the AI label').waitFor();
    await field.fill('Creatinine rose from 1.21 to 1.52 mg/dL since August.');
    await desk.page.getByText('AI label kept:').waitFor();
    await desk.press('Enter');

    await desk.page.getByText('yours, proven, AI label kept').last().waitFor();
    await desk.page.getByText('It is signed as the human’s and labelled as AI-written').waitFor();
  });

  it('R109: a signed note of which facts changed since says so, with old and new value, in the queue, on the note and in the chart', async () => {
    await desk.page.goto(`${desk.server.url}/queue?state=signed`);
    await desk.page.getByText('signed, 2 facts changed since').waitFor();
    await desk.press('Enter');
    await desk.page.getByText('2 facts this note relied on changed since it was signed.').waitFor();
    const [potassium, furosemide] = await desk.page.locator('.review-changes li').allInnerTexts();
    expect(potassium).toMatch(/Potassium.* 6\.5 mmol\/L 5\.6 mmol\/L corrected, 20 Nov 2026 07:02/);
    expect(await desk.page.locator('.sentence').first().innerText()).toContain('changed since signed');
    await desk.page.getByText('It was proven when it was signed').waitFor();
    expect(furosemide).toMatch(/Furosemide.*40 mg.*retracted, 21 Nov 2026 03:12/);

    await desk.page.getByRole('link', { name: 'Its versions and bytes' }).first().press('Enter');
    await desk.page.getByText('2 versions, newest first').waitFor();
    expect(await desk.page.locator('.chart-documents li').first().innerText()).toContain(
      '2 facts this note relied on changed since it was signed',
    );
    expect(await desk.page.locator('.chart-documents li').last().innerText()).not.toContain('changed');
  });

  it('R135: a draft that somebody decided before says so', async () => {
    await desk.openDraft('p-decided');
    await desk.press('s');
    await desk.page.clock.runFor(11_000);

    await desk.page.getByText('Somebody decided it before').waitFor();
  });

  it('R135: declines and escalates with a reason, without covering the draft', async () => {
    await desk.openDraft('p-osgood');
    await desk.press('d');
    await desk.page.getByRole('radio', { name: 'Already documented' }).waitFor();
    await desk.press('Enter');
    await desk.settled();
    expect(desk.server.state.calls).toEqual([]);
    expect(await desk.page.getByText('Potassium was 5.6 mmol/L').isVisible()).toBe(true);
    await desk.press('6', 'Enter');
    await desk.page.waitForURL('**/review/p-pruitt');
    await desk.page.getByRole('heading', { name: 'Discharge summary' }).waitFor();

    await desk.press('x');
    await desk.page.getByRole('radio', { name: 'Outside my field' }).waitFor();
    await desk.press('4', 'Tab');
    await desk.page.keyboard.type('Ask nephrology');
    await desk.press('Enter');
    await desk.page.waitForURL('**/review/p-adeyemi');

    expect(desk.server.state.calls.map((one) => [one.path, one.body])).toEqual([
      ['/api/proposals/p-osgood/decline', { code: 'duplicate', reason: '' }],
      ['/api/proposals/p-pruitt/escalate', { code: 'outside-field', reason: 'Ask nephrology' }],
    ]);
  });

  it('R135: “other” is sent only with words beside it, and words alone are “other”', async () => {
    await desk.openDraft('p-osgood');
    await desk.press('d', '8', 'Enter');
    await desk.settled();
    expect(desk.server.state.calls).toEqual([]);

    await desk.page.keyboard.type('It is for 2 sisters');
    await desk.press('Enter');
    await desk.page.waitForURL('**/review/p-pruitt');

    expect(desk.server.state.calls[0]!.body).toEqual({ code: 'other', reason: 'It is for 2 sisters' });
  });

  it('R107: C claims and gives back, and the queue says with whom each draft is', async () => {
    await desk.page.goto(`${desk.server.url}/queue`);
    await desk.page.getByText('25 open items').waitFor();
    const row = desk.page.locator('tr[aria-current=true]');
    expect(await row.locator('td').last().textContent()).toBe('pool');

    await desk.press('c');
    await eventually(() => row.locator('td').last().textContent()).toBe('you');
    await desk.page.getByText('With you until 09:55').waitFor();
    await desk.press('c');
    await eventually(() => row.locator('td').last().textContent()).toBe('pool');

    expect(desk.server.state.calls.map((one) => one.path.split('/').at(-1))).toEqual(['claim', 'release']);
  });

  it('R107: who claims what a colleague has is told who has it', async () => {
    await desk.openDraft('p-pruitt');
    await desk.press('c');

    await desk.page.getByText('Dr. Tunde Adeyemi has this draft until 09:55').waitFor();
  });

  it('R107: H hands on with a reason, to a colleague by name', async () => {
    await desk.openDraft('p-osgood');
    await desk.press('h');
    await desk.page.getByRole('textbox', { name: 'Why' }).fill('Knows the family');
    await desk.press('Enter');
    await desk.page.waitForURL('**/review/p-pruitt');

    expect(desk.server.state.calls[0]).toMatchObject({
      path: '/api/proposals/p-osgood/hand-off',
      body: { to: 'adeyemi', reason: 'Knows the family' },
    });
  });

  it('R107: what a colleague has is signed knowing that, and never locked', async () => {
    desk.server.lend('p-osgood');
    await desk.openDraft('p-osgood');
    await desk.page.getByText('Dr. Tunde Adeyemi is working on this draft until 09:55.').waitFor();
    expect(await desk.page.locator('.signing').textContent()).toContain('It is with Dr. Tunde Adeyemi.');

    await desk.press('s');
    await desk.page.clock.runFor(11_000);
    await desk.page.getByText('Signed: osgood', { exact: false }).waitFor();
  });

  it('walks the queue draft by draft without going back to it', async () => {
    await desk.openDraft('p-osgood');
    await desk.page.getByText(/next: Pruitt/).waitFor();
    await desk.press('ArrowRight');
    await desk.page.waitForURL('**/review/p-pruitt');
    await desk.page.getByRole('heading', { name: 'Discharge summary' }).waitFor();
    await desk.press('ArrowLeft');
    await desk.page.waitForURL('**/review/p-osgood');

    await desk.settled();
    expect(desk.server.state.calls).toEqual([]);
  });

  it('a session that ends while a sentence is written takes nothing along', async () => {
    await desk.openDraft('p-osgood');
    await desk.press('e');
    await desk.page.getByLabel('Rewrite this sentence').fill('Potassium was 5.6 mmol/L, and she feels well.');
    desk.server.state.signedIn = undefined;
    await desk.page.clock.runFor(11_000);
    await desk.page.getByText('Your session has ended.').waitFor();
    expect(await desk.page.getByLabel('Rewrite this sentence').inputValue()).toContain('she feels well');

    await desk.page.getByRole('link', { name: 'Sign in and go on' }).click();
    await desk.page.getByRole('button', { name: /Dr. Ines Halloran/ }).waitFor();
    await desk.press('1');
    await desk.page.waitForURL('**/review/p-osgood');

    await eventually(() => desk.page.getByLabel('Rewrite this sentence').inputValue()).toContain('she feels well');
  });

  it('nobody reads what somebody else was writing', async () => {
    await desk.openDraft('p-osgood');
    await desk.press('e');
    await desk.page.getByLabel('Rewrite this sentence').fill('Something only the first reader knows.');
    desk.server.state.signedIn = undefined;
    await desk.page.clock.runFor(11_000);
    await desk.page.getByRole('link', { name: 'Sign in and go on' }).click();
    await desk.page.getByRole('button', { name: /Ruth Abernathy/ }).waitFor();
    await desk.press('3');
    await desk.page.waitForURL('**/review/p-osgood');
    await desk.page.locator('.sentence[aria-current=true]').waitFor();

    expect(await desk.page.getByText('Something only the first reader knows.').count()).toBe(0);
  });

  it('R135: somebody else who signs in from another tab sends no signature given here', async () => {
    await desk.openDraft('p-osgood');
    await desk.press('s');
    await desk.page.getByText('Signature given for').waitFor();
    const tab = await desk.page.context().newPage();
    await tab.goto(`${desk.server.url}/signin`);
    await tab.getByRole('button', { name: /Ruth Abernathy/ }).click();
    await tab.waitForURL((url) => url.pathname !== '/signin');

    await desk.page.getByText('Ruth Abernathy signed in from another tab').waitFor();
    await desk.page.clock.runFor(20_000);
    await desk.settled();

    expect(desk.server.state.calls.filter((one) => one.path.endsWith('/signature'))).toEqual([]);
  });

  it('a server that comes back is noticed, and what failed meanwhile is asked again', async () => {
    desk.server.state.silent = true;
    await desk.page.goto(`${desk.server.url}/queue`);
    await desk.page.clock.runFor(20_000);
    await desk.page.getByText('Countersign does not answer').waitFor();

    desk.server.state.silent = false;
    await desk.page.clock.runFor(20_000);

    await desk.page.getByText('25 open items').waitFor();
    expect(await desk.page.getByText('Countersign does not answer').count()).toBe(0);
  });

  it('offline: says so and signs nothing', async () => {
    await desk.openDraft('p-osgood');
    await desk.page.context().setOffline(true);
    await desk.page.getByText('This computer is offline. What you see').waitFor();

    await desk.press('s');
    await desk.page.clock.runFor(15_000);

    expect(desk.server.state.calls).toEqual([]);
    expect(await desk.page.locator('.signing .primary').isDisabled()).toBe(true);
  });

  it('says when the session ended, the server is silent, or the demo still loads', async () => {
    desk.server.state.loading = true;
    await desk.page.goto(`${desk.server.url}/queue`);
    await desk.page.getByText('charts and messages, 124 of 200').waitFor();

    desk.server.state.silent = true;
    await desk.page.clock.runFor(20_000);
    await desk.page.getByText('Countersign does not answer').waitFor();

    desk.server.state.silent = false;
    desk.server.state.signedIn = undefined;
    await desk.page.goto(`${desk.server.url}/review/p-osgood`);
    await desk.page.waitForURL('**/signin?next=*');
    await desk.page.getByRole('button', { name: /Dr. Ines Halloran/ }).waitFor();
    await desk.press('1');
    await desk.page.waitForURL('**/review/p-osgood');
  });

  it('R134: only a clinician may sign; others read', async () => {
    await signInAs(desk.page, desk.server.url, 'governance');
    desk.server.state.calls.length = 0;
    await desk.openDraft('p-osgood');

    await desk.page.getByText('Only a clinician may sign').waitFor();
    await desk.press('s', 'e', 'd', 'a');
    await desk.page.clock.runFor(15_000);

    expect(desk.server.state.calls).toEqual([]);
  });

  function lit(): Promise<string[]> {
    return desk.page.locator('mark.value').allTextContents();
  }
});

function selectedOf(call: Sent): (string | undefined)[] {
  return (call.body as Sentences).sentences.filter((one) => one.selected).map((one) => one.id);
}
