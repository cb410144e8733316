// Where the focus is, and what is wrong with it there. It returns null when the focus left the page.
(() => {
  const e = document.activeElement;
  if (!e || e === document.body || e === document.documentElement) return null;
  globalThis.stops ??= [];
  const again = stops.includes(e), faults = [];
  if (again) return { again };
  stops.push(e);

  // How it and what is around it look, in what can show a focus.
  const shown = ['outlineStyle', 'outlineWidth', 'outlineColor', 'boxShadow', 'borderTopColor', 'borderTopWidth', 'stroke', 'strokeWidth'];
  const near = [e, ...[...e.querySelectorAll('*')].slice(0, 12)];
  for (let up = e.parentElement, n = 0; up && n < 3; up = up.parentElement, n++) near.push(up);
  const look = () => near.map((x) => {
    const style = getComputedStyle(x);
    const line = style.outlineStyle === 'none' || style.outlineStyle !== 'auto' && parseFloat(style.outlineWidth) < 2;
    return shown.map((p) => p.startsWith('outline') && line ? '' : style[p]).join('|');
  }).join('\n');
  const box = e.getBoundingClientRect(), focused = look();
  const x = [0.5, 0.1, 0.9], y = [0.5, 0.2, 0.8];
  const reached = x.some((dx) => y.some((dy) => {
    const hit = document.elementFromPoint(box.left + box.width * dx, box.top + box.height * dy);
    return hit && (hit === e || e.contains(hit) || hit.contains(e) || [...(e.labels ?? [])].some((l) => l.contains(hit)));
  }));
  if (!reached) faults.push('is hidden when it has the focus');
  e.blur();
  if (look() === focused) faults.push('looks the same with the focus as without');
  e.focus({ focusVisible: true, preventScroll: true });
  if (!e.computedName.trim()) faults.push('has no name');

  const id = e.id ? '#' + e.id : '', of = e.getAttribute('class');
  const element = e.localName + id + (of ? '.' + of.trim().split(/\s+/).join('.') : '');
  return { element, name: e.computedName, role: e.computedRole, main: !!e.closest('main'), faults };
})()
