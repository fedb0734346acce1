// SPDX-License-Identifier: LGPL-2.1-or-later

import fs from 'node:fs';

import { chromium } from 'playwright-core';

const kArguments = [
  '--no-sandbox',
  '--use-fake-device-for-media-stream=fps=30',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--auto-select-desktop-capture-source=Entire screen',
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
];

function executable() {
  const found = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'].find((file) => file && fs.existsSync(file));
  if (!found) throw new Error('no Chromium: install it or set CHROMIUM');
  return found;
}

/** `more`: arguments of Chromium's; `wrap` makes a program of it that starts it elsewhere. */
export function launchBrowser(more = [], { wrap = (program) => program } = {}) {
  return chromium.launch({ executablePath: wrap(executable()), headless: true, args: [...kArguments, ...more] });
}

/** A page that keeps what it prints, for the message of a failing test. `content`: what is at `url`, where it can be reached from nowhere. */
export async function openPage(browser, url, { before, content } = {}) {
  const context = await browser.newContext({ permissions: ['camera', 'microphone', 'clipboard-read', 'clipboard-write'] });
  if (content) await context.route(url, (route) => route.fulfill({ body: content, contentType: 'text/html' }));
  const page = await context.newPage();
  page.printed = [];
  page.on('console', (message) => page.printed.push(message.text().slice(0, 500)));
  page.on('pageerror', (error) => page.printed.push(`uncaught ${error.message}`));
  if (before) await page.addInitScript(before.script, before.argument);
  await page.goto(url);
  return page;
}
