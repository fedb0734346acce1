// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What nearly every test starts with: a daemon, a browser, the pages, and participants in a room.

import { after, before, test } from 'node:test';

import { launchBrowser, openPage } from './browser.mjs';
import { startDaemon } from './daemon.mjs';
import { startSite } from './site.mjs';
import { joinToken } from './token.mjs';

/** A browser page whose `window.lk` (pages/client.js) is one participant. */
export class Participant {
  constructor(page, identity) {
    this.page = page;
    this.identity = identity;
  }

  /** Calls a function of pages/client.js in the page. */
  call(name, ...values) {
    return this.page.evaluate(([n, v]) => window.lk[n](...v), [name, values]);
  }

  close() {
    return this.page.context().close();
  }
}

/**
 * Starts everything before the tests of a file and ends it after them. `options` are the daemon's (null: the tests
 * start their own and put it into `stage.daemon`), `chromium`
 * more arguments of the browser's.
 * Use `stage.test(name, async (stage) => ...)`: pages a test leaves open are closed after it.
 */
export function makeStage(options = {}, chromium = []) {
  const stage = {
    daemon: null,
    browser: null,
    open: [],

    /** Opens pages/client.js and joins; `client` is one of site.mjs. */
    async join(room, identity, { client = 'newest', options: roomOptions = {}, grants = {}, connect = true, before: script } = {}) {
      const page = await openPage(stage.browser, stage.site.url(client), { before: script });
      stage.open.push(page);
      await page.waitForFunction(() => window.lk);
      const participant = new Participant(page, identity);
      participant.token = joinToken(room, identity, grants);
      if (connect) await participant.call('join', stage.daemon.url, participant.token, roomOptions);
      return participant;
    },

    async page(url, more) {
      const page = await openPage(stage.browser, url, more);
      stage.open.push(page);
      return page;
    },

    test(name, run, { timeout = 60000 } = {}) {
      test(name, { timeout }, async () => {
        try {
          await run(stage);
        } catch (error) {
          const printed = stage.open.map((page, i) => `page ${i}: ${page.printed.slice(-12).join('\n  ')}`);
          error.message = [error.message, ...printed, stage.daemon?.log().slice(-3000)].join('\n');
          throw error;
        } finally {
          await Promise.all(stage.open.splice(0).map((page) => page.context().close()));
        }
      });
    },
  };
  before(async () => {
    [stage.daemon, stage.browser, stage.site] = await Promise.all([options && startDaemon(options), launchBrowser(chromium), startSite()]);
  });
  after(async () => {
    await stage.browser?.close();
    await stage.site?.stop();
    await stage.daemon?.stop();
  });
  return stage;
}
