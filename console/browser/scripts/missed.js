// What the Tab key should reach and did not. Of radio buttons with one name, one is enough.
(() => {
  const all = document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]');
  const stopped = globalThis.stops ?? [];
  return [...all].filter((e) => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({ visibilityProperty: true }) && !e.closest('[inert]'))
    .filter((e) => !stopped.includes(e) && !(e.type === 'radio' && stopped.some((s) => s.type === 'radio' && s.name === e.name)))
    .map((e) => e.outerHTML.slice(0, 120));
})()
