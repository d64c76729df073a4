import { describe, expect, it } from 'vitest';
import { eventually, hasChromium } from './browser.ts';
import { potassiumOru } from './fixtures/receipts.ts';
import { deskFor, signInAs } from './site.ts';

describe.skipIf(!hasChromium)('pages for those who connect and those who answer for it', () => {
  const desk = deskFor('integration');

  it('feeds: who is silent in one sentence, and the refused field lit by its bytes', async () => {
    await desk.page.goto(`${desk.server.url}/feeds`);
    await desk.page.getByRole('heading', { name: 'Transcription, MDM has been silent since 06:29' }).waitFor();
    await desk.page.locator('mark').first().waitFor();

    expect(await desk.page.locator('mark').allTextContents()).toEqual(['19660921']);
    expect(await desk.page.locator('.is-conflict').textContent()).toContain('154–162');
    expect(await desk.page.locator('.coverage').textContent()).toContain('454 of 454 bytes accounted for');
    expect(await desk.page.locator('.ack').textContent()).toContain('MSA|AE|NL26112301187');
  });

  it('feeds: J moves to the next item and R replays it once', async () => {
    await desk.page.goto(`${desk.server.url}/feeds`);
    await desk.page.getByText('Known MRN with another').first().waitFor();

    await desk.page.keyboard.press('j');
    await desk.page.waitForURL('**/feeds?item=q-2');
    await desk.page.keyboard.press('r');
    await desk.page.getByText('Taken up for replay').waitFor();
    await desk.page.keyboard.press('r');
    await desk.settled();

    expect(desk.server.state.calls.map((one) => one.path)).toEqual(['/api/quarantine/q-2/replay']);
  });

  it('feeds: X dismisses with a reason, by keyboard alone', async () => {
    await desk.page.goto(`${desk.server.url}/feeds`);
    await desk.page.getByText('Known MRN with another').first().waitFor();

    await desk.press('x');
    await desk.page.getByRole('textbox', { name: 'Why' }).waitFor();
    await desk.press('Enter');
    await desk.settled();
    expect(desk.server.state.calls).toEqual([]);
    await desk.page.keyboard.type('Test message of the laboratory');
    await desk.press('Enter');
    await desk.page.getByText('dismissed: Test message of the laboratory').waitFor();

    expect(desk.server.state.calls.map((one) => [one.path, one.body])).toEqual([
      ['/api/quarantine/q-1/dismiss', { reason: 'Test message of the laboratory' }],
    ]);
  });

  it('feeds: A reads a feed again with a reason, by keyboard alone, and says how far it is and what it changed', async () => {
    await desk.page.goto(`${desk.server.url}/feeds`);
    await desk.page.getByText('12 not used: unit-unknown').waitFor();

    await desk.press('a');
    await eventually(() => desk.page.getByLabel('Which feed').inputValue()).toBe('North EHR, FHIR files');
    await desk.press('Tab', 'Enter');
    await desk.settled();
    expect(desk.server.state.calls).toEqual([]);
    await desk.page.keyboard.type('Its units are mapped now');
    await desk.press('Enter');
    await desk.page.getByText('Reading North EHR, FHIR files again: 0 of 4,000 receipts').waitFor();
    desk.server.state.rereads.set('North EHR, FHIR files', 1500);
    await desk.page.clock.runFor(1500);
    await desk.page.getByText('1,500 of 4,000 receipts').waitFor();
    desk.server.state.rereads.set('North EHR, FHIR files', 4000);
    await desk.page.clock.runFor(1500);

    await desk.page.getByText('North EHR, FHIR files was read again: 4,000 receipts.').waitFor();
    await desk.page.getByText('Facts not used: 12 before, 0 now.').waitFor();
    expect(desk.server.state.calls.map((one) => [one.path, one.body])).toEqual([
      ['/api/feeds/North%20EHR%2C%20FHIR%20files/reread', { reason: 'Its units are mapped now' }],
    ]);
  });

  it('feeds: only the integration role reads again', async () => {
    await signInAs(desk.page, desk.server.url, 'governance');
    desk.server.state.calls.length = 0;
    await desk.page.goto(`${desk.server.url}/feeds`);
    await desk.page.getByText('12 not used: unit-unknown').waitFor();

    await desk.press('a');
    await desk.settled();

    expect(await desk.page.getByLabel('Which feed').count()).toBe(0);
    expect(await desk.page.getByText('read a feed again').count()).toBe(0);
  });

  it('feeds: what was refused is said once', async () => {
    await desk.page.goto(`${desk.server.url}/feeds`);
    await desk.page.locator('mark').first().waitFor();

    const words = await desk.page.locator('.receipt-head').innerText();
    expect(words.toLowerCase().split('known mrn with another birth date')).toHaveLength(2);
  });

  it('R143: a fact of the chart opens to its bytes and says what its versions changed', async () => {
    await desk.page.goto(`${desk.server.url}/patients/person-osgood`);
    await desk.page
      .getByRole('button', { name: /Potassium/ })
      .first()
      .waitFor();
    await desk.press('h');
    while (!(await desk.page.locator('tr[aria-current=true]').innerText()).includes('5.6')) await desk.press('j');
    await desk.press('Enter');

    await desk.page.getByText('2 versions, newest first').waitFor();
    expect(await desk.page.locator('mark.value').allTextContents()).toEqual(['5.6']);
    expect(await desk.page.locator('.change').innerText()).toBe('value 6.5 5.6');
  });

  it('the chart as it was known at an instant stands in the URL, and 0 leads back to now', async () => {
    await desk.page.goto(`${desk.server.url}/patients/person-osgood`);
    await desk.page
      .getByRole('button', { name: /Potassium/ })
      .first()
      .waitFor();
    expect(await desk.page.locator('.chart tbody').innerText()).toContain('5.6');

    await desk.press('a');
    await desk.page.getByLabel('As known on').fill('2026-11-20T06:50');
    await desk.page.getByText('This is the chart as it was known on 20 Nov 2026 06:50').waitFor();
    await eventually(() => desk.page.locator('.chart tbody').innerText()).toContain('6.5');
    expect(await desk.page.locator('.chart tbody').innerText()).not.toContain('5.6');
    expect(desk.page.url()).toContain('known=2026-11-20T12%3A50%3A00.000Z');

    await desk.page.getByLabel('As known on').blur();
    await desk.press('0');
    await eventually(() => desk.page.locator('.chart tbody').innerText()).toContain('5.6');
  });

  it('explain: sends the standard’s line ends, shows fields and ACK, and says that nothing is stored', async () => {
    await desk.page.goto(`${desk.server.url}/explain`);
    await desk.page.getByLabel('Message to explain').fill(potassiumOru.replaceAll('\r', '\n'));
    await desk.page.keyboard.press('Control+Enter');
    await desk.page.getByText('Would be answered, AA').waitFor();

    expect(desk.server.state.calls[0]).toEqual({ method: 'POST', path: '/api/explain', body: potassiumOru });
    expect(await desk.page.locator('.fields').textContent()).toContain('Observation.valueQuantity.value');
    expect(await desk.page.getByText('Nothing on this page is stored.').isVisible()).toBe(true);
  });

  it('R101: the journal’s proof is checked in the page, and a changed log is found', async () => {
    await desk.page.goto(`${desk.server.url}/journal`);
    await desk.page.getByText('4,821').first().waitFor();
    await desk.page.keyboard.press('v');
    await desk.page.getByText(/Proven: Entry/).waitFor();
    await desk.page.getByText('Proven: The checkpoint is signed by').waitFor();

    await desk.page.route('**/api/journal/inclusion*', async (route) => {
      const answer = await route.fetch();
      const body = (await answer.json()) as { proof: string[] };
      await route.fulfill({
        json: {
          ...body,
          proof: body.proof.map((one, index) => (index === 0 ? one.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) : one)),
        },
      });
    });
    await desk.page.keyboard.press('v');

    await desk.page.getByText(/Not proven: Entry/).waitFor();
  });

  it('R101: a note with one letter changed is not signed any more', async () => {
    await desk.page.route('**/api/journal/checkpoint', async (route) => {
      const body = (await (await route.fetch()).json()) as { note: string; keys: string[] };
      await route.fulfill({ json: { ...body, note: body.note.replace('\n4821\n', '\n4820\n') } });
    });
    await desk.page.goto(`${desk.server.url}/journal`);
    await desk.page.getByText('4,820').first().waitFor();
    await desk.page.keyboard.press('v');

    await desk.page.getByText('Not proven: The checkpoint is not signed').waitFor();
  });

  it('R101: a log that was rolled back is found by the browser that saw more of it', async () => {
    await desk.page.goto(`${desk.server.url}/journal`);
    await desk.page.getByText('4,821').first().waitFor();
    await desk.page.evaluate(() =>
      localStorage.setItem('journal-seen', JSON.stringify({ origin: 'countersign.example/north', size: 5000, root: '00'.repeat(32) })),
    );

    await desk.page.keyboard.press('v');

    await desk.page.getByText('It was rolled back').waitFor();
  });

  it('measure: first a sentence, then the numbers with their formula', async () => {
    await desk.page.goto(`${desk.server.url}/measure`);

    await desk.page.getByRole('heading', { name: 'Of 214 drafts offered since 24 Oct 2026, 151 were signed (71 %)' }).waitFor();
    expect(await desk.page.locator('.measure-formulas').textContent()).toContain('median of signed.at');
    expect(await desk.page.getByRole('row', { name: /Already documented/ }).innerText()).toContain('12 of 19, 63 %');
  });

  it('patients: found by name and opened by keyboard', async () => {
    await signInAs(desk.page, desk.server.url, 'clinician');
    await desk.page.goto(`${desk.server.url}/patients`);
    await desk.page.getByText('25 patients').waitFor();

    await desk.page.keyboard.press('/');
    await desk.page.keyboard.type('osgood');
    await desk.page.getByText('1 match').waitFor();
    await desk.page.keyboard.press('Enter');

    await desk.page.waitForURL('**/patients/person-osgood');
    await desk.page.getByText('Allergies: penicillin (rash)').waitFor();
  });
});
