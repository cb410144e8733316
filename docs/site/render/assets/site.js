'use strict';
// What the pages do beside being read: search, copy, and links to headings. Without this script they can be read.
(() => {
  const root = document.documentElement.dataset.root;

  // Search.
  const form = document.querySelector('.find');
  const input = document.getElementById('find');
  const list = document.getElementById('found');
  const count = document.getElementById('found-count');
  const most = 12;
  let selected = -1;
  form.hidden = false;

  // The index is large, so it comes when somebody searches.
  let loading = false;
  const load = () => {
    if (loading) return;
    loading = true;
    const script = document.createElement('script');
    script.src = root + document.documentElement.dataset.index;
    script.onload = show;
    document.head.append(script);
  };

  const marked = (text, words) => {
    const out = document.createDocumentFragment();
    const form = new RegExp(words.map((w) => w.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')).join('|'), 'gi');
    let from = 0;
    for (const hit of text.matchAll(form)) {
      const mark = document.createElement('mark');
      mark.textContent = hit[0];
      out.append(text.slice(from, hit.index), mark);
      from = hit.index + hit[0].length;
    }
    out.append(text.slice(from));
    return out;
  };

  const item = (entry, i) => {
    const li = document.createElement('li');
    li.id = 'found-' + i;
    li.role = 'option';
    li.dataset.to = root + entry.a;
    const { text, words } = nudgeExcerpt(entry, input.value);
    const title = document.createElement('b');
    title.append(marked(entry.h, words));
    li.append(title);
    if (entry.p !== entry.h) {
      const page = document.createElement('span');
      page.className = 'page';
      page.textContent = ' · ' + entry.p;
      li.append(page);
    }
    const excerpt = document.createElement('small');
    excerpt.append(marked(text, words));
    li.append(excerpt);
    return li;
  };

  const close = () => {
    list.hidden = true;
    selected = -1;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  };

  const select = (i) => {
    const items = list.children;
    if (!items.length) return;
    selected = (i + items.length) % items.length;
    [...items].forEach((li, n) => li.setAttribute('aria-selected', String(n === selected)));
    items[selected].scrollIntoView({ block: 'nearest' });
    input.setAttribute('aria-activedescendant', items[selected].id);
  };

  function show() {
    if (!globalThis.nudgeIndex || !input.value.trim()) {
      count.textContent = '';
      return close();
    }
    const found = nudgeSearch(nudgeIndex, input.value, most);
    list.replaceChildren(...found.map(item));
    count.textContent = found.length ? found.length + ' found' : 'nothing found';
    list.hidden = !found.length;
    input.setAttribute('aria-expanded', String(!list.hidden));
    if (found.length) select(0);
  }

  const open = () => {
    const to = list.children[selected];
    if (!list.hidden && to) location.href = to.dataset.to;
  };

  input.addEventListener('focus', load);
  input.addEventListener('input', () => { load(); show(); });
  input.addEventListener('blur', close);
  form.addEventListener('submit', (e) => { e.preventDefault(); open(); });
  input.addEventListener('keydown', (e) => {
    const keys = {
      ArrowDown: () => (list.hidden ? show() : select(selected + 1)),
      ArrowUp: () => select(selected - 1),
      Escape: () => (list.hidden ? input.blur() : close()),
    };
    if (!keys[e.key] || e.isComposing) return;
    e.preventDefault();
    keys[e.key]();
  });
  list.addEventListener('mousedown', (e) => {
    const li = e.target.closest('li');
    if (!li) return;
    e.preventDefault();
    select([...list.children].indexOf(li));
    open();
    close();
  });
  document.addEventListener('keydown', (e) => {
    if (e.key === 'Escape' && ['#pages', '#contents'].includes(location.hash)) location.hash = '#content';
    if (e.key !== '/' || e.ctrlKey || e.metaKey || e.altKey || e.target.matches('input, textarea')) return;
    e.preventDefault();
    input.focus();
    input.select();
  });

  // Copy: of a block of commands with output, the commands alone.
  if (navigator.clipboard) {
    for (const pre of document.querySelectorAll('main pre')) {
      const code = pre.querySelector('code');
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'copy';
      button.textContent = 'Copy';
      button.addEventListener('click', async () => {
        const lines = code.textContent.split('\n');
        const commands = lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
        const shown = code.classList.contains('language-console') && commands.length ? commands.join('\n') + '\n' : code.textContent;
        try {
          await navigator.clipboard.writeText(shown);
          button.textContent = 'Copied';
        } catch {
          button.textContent = 'Not copied';
        }
        setTimeout(() => { button.textContent = 'Copy'; }, 1500);
      });
      const block = document.createElement('div');
      block.className = 'block';
      pre.replaceWith(block);
      block.append(pre, button);
    }
  }

  // Links to headings.
  for (const heading of document.querySelectorAll('main :is(h2, h3, h4)[id]')) {
    const link = document.createElement('a');
    link.className = 'anchor';
    link.href = '#' + heading.id;
    link.textContent = '#';
    link.setAttribute('aria-label', 'Link to ' + heading.textContent);
    heading.append(link);
  }

  // What scrolls sideways can be reached with the keyboard, and has a name.
  const reach = () => {
    for (const box of document.querySelectorAll('main :is(pre, .scroll)')) {
      const attributes = { tabindex: '0', role: 'group', 'aria-label': box.matches('pre') ? 'Code' : 'Table' };
      const scrolls = box.scrollWidth > box.clientWidth;
      for (const [name, value] of Object.entries(attributes)) {
        if (scrolls) box.setAttribute(name, value);
        else box.removeAttribute(name);
      }
    }
  };
  reach();
  addEventListener('resize', reach);
})();
