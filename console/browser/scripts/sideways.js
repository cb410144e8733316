// What is wider than the window, and what scrolls sideways without a keyboard.
(() => {
  const wide = document.scrollingElement.scrollWidth, room = innerWidth, faults = [];
  const name = (e) => {
    const id = e.id ? '#' + e.id : '', of = e.getAttribute('class');
    return e.localName + id + (of ? '.' + of.trim().split(/\s+/).join('.') : '');
  };
  const scrolls = (e) => ['auto', 'scroll'].includes(getComputedStyle(e).overflowX) && e.scrollWidth > e.clientWidth + 1;
  const inside = (e) => {
    for (let up = e.parentElement; up && up !== document.body && up !== document.documentElement; up = up.parentElement)
      if (getComputedStyle(up).overflowX !== 'visible') return true;
    return false;
  };
  if (wide > room) {
    const beyond = [...document.body.querySelectorAll('*')].filter((e) => {
      const box = e.getBoundingClientRect();
      return box.width > 0 && box.right + scrollX > room + 0.5 && !inside(e);
    });
    const deepest = beyond.filter((e) => !beyond.some((other) => other !== e && e.contains(other)));
    faults.push('the page is ' + wide + ' px wide in a window of ' + room + ': ' + deepest.slice(0, 5).map((e) => name(e.parentElement) + ' > ' + name(e)).join(', '));
  }
  for (const e of document.body.querySelectorAll('*')) {
    if (!scrolls(e) || e.matches('input, textarea, select')) continue;
    const reached = e.tabIndex >= 0 || e.querySelector('a[href], button:not(:disabled), input:not(:disabled), summary, [tabindex="0"]');
    if (!reached) faults.push(name(e) + ' scrolls sideways and the keyboard cannot reach it');
  }
  return faults;
})()
