// What pages gain by a script. Everything works without it: this adds speed, not abilities.
'use strict';

const said = document.getElementById('said');
const say = (text) => { said.textContent = text; };

// Live: the server sends the parts of the page that changed. Nothing is swapped while somebody is in it.
const fresh = document.getElementById('fresh');
let stream;
function busy(part) {
  const at = document.activeElement;
  return at && at !== document.body && part.contains(at) || !getSelection().isCollapsed && part.contains(getSelection().anchorNode);
}
function state(text, off) {
  fresh.hidden = false;
  fresh.lastElementChild.textContent = text;
  fresh.firstElementChild.classList.toggle('off', off);
}
function follow() {
  stream?.close();
  stream = undefined;
  if (document.hidden) return;
  stream = new EventSource('/console/live?page=' + encodeURIComponent(document.body.dataset.live));
  stream.onopen = () => state('Live', false);
  stream.onerror = () => state('Paused at ' + new Date().toLocaleTimeString(), true);
  stream.addEventListener('parts', (event) => {
    for (const [id, html] of Object.entries(JSON.parse(event.data))) {
      const part = document.getElementById(id);
      if (!part || busy(part)) continue;
      part.outerHTML = html;
      document.dispatchEvent(new CustomEvent('swapped', { detail: id }));
    }
  });
}
if (fresh && 'EventSource' in window) {
  document.addEventListener('visibilitychange', follow);
  follow();
}

// Questions: a link to one opens it in a dialog. Where that fails, the link is followed.
const ask = document.getElementById('ask');
document.addEventListener('click', async (event) => {
  const link = event.target.closest('a[data-ask]');
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    try {
      const answer = await fetch(link.href);
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const form = page.querySelector('[data-question]');
      if (!answer.ok || !form) throw new Error();
      form.querySelector('h2').classList.remove('vh');
      ask.replaceChildren(document.adoptNode(form));
      ask.showModal();
    } catch { location.href = link.href; }
    return;
  }
  const closer = event.target.closest('dialog [data-close]');
  if (closer) {
    event.preventDefault();
    closer.closest('dialog').close();
  }
  const copy = event.target.closest('[data-copy]');
  if (copy) {
    await navigator.clipboard?.writeText(copy.dataset.copy);
    say('Copied ' + copy.dataset.copy);
  }
});
// A form is sent once.
document.addEventListener('submit', (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  else if (event.target.method === 'post') event.target.dataset.sent = 'yes';
});
addEventListener('pageshow', () => { for (const form of document.forms) delete form.dataset.sent; });
// What takes an action back is offered for ten seconds.
for (const form of document.querySelectorAll('[data-fades]')) setTimeout(() => form.remove(), 10000);
// A choice that leads somewhere does so at once; without a script its button does.
for (const field of document.querySelectorAll('[data-submits]')) field.addEventListener('change', () => field.form.requestSubmit());

// A clock runs on between two news of it, at its own speed.
let ticking, since;
setInterval(() => {
  const clock = document.querySelector('[data-ticks]');
  if (clock !== ticking) [ticking, since] = [clock, Date.now()];
  if (!clock) return;
  const at = new Date(Number(clock.dataset.ticks) + (Date.now() - since) * Number(clock.dataset.speed));
  const part = (options) => new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', ...options }).format(at);
  clock.textContent = part({ weekday: 'short' }) + ' ' + part({ day: 'numeric', month: 'short' }) + ' ' + part({ timeStyle: 'medium' });
}, 1000);

// Keys: single letters act outside of fields and dialogs, unless they are turned off.
let after = '';
document.addEventListener('keydown', (event) => {
  if (!('keys' in document.body.dataset)) return;
  const field = event.target.closest('input, textarea, select, [contenteditable]');
  if (event.key === 'Escape' && field) field.blur();
  if (field || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  const first = after;
  after = event.key === 'g' ? 'g' : '';
  if (first === 'g') {
    document.querySelector('.nav a[data-key="' + CSS.escape(event.key) + '"]')?.click();
    return;
  }
  const open = (selector) => document.querySelector(selector)?.click();
  switch (event.key) {
    case '/': event.preventDefault(); document.querySelector('.find input').focus(); break;
    case '?': document.getElementById('keys').showModal(); break;
    case 'j': move(1); break;
    case 'k': move(-1); break;
    case 'x': document.activeElement.querySelector?.('input[type=checkbox]')?.click(); break;
    case 'e': document.querySelector('[data-explain]')?.focus(); break;
    case '[': open('[data-previous]'); break;
    case ']': open('[data-next]'); break;
    case 't': open('[data-table]'); break;
    case 'Enter': if (document.activeElement.matches('[data-row]:not(a)')) document.activeElement.querySelector('a')?.click(); break;
    case 'Escape': open('[data-up]'); break;
  }
});
// j and k go through what the page marks as its list.
function move(by) {
  const all = [...document.querySelectorAll('[data-row]')];
  if (!all.length) return;
  const at = all.indexOf(document.activeElement.closest('[data-row]'));
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by))];
  next.focus();
  next.scrollIntoView({ block: 'nearest' });
}
