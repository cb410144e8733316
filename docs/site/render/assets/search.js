'use strict';
// The search of the documentation: a function of the index and of what somebody typed. It knows no page, so that
// tests call it too.

// nudgeSearch returns the sections that have every word, or words that begin so. Words in a heading count most.
globalThis.nudgeSearch = (index, typed, most) => {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const phrase = words.join(' ');
  const found = [];
  index.forEach((entry, place) => {
    entry.lower ??= [entry.h, entry.p, entry.t].map((text) => text.toLowerCase());
    let score = 0;
    for (const word of words) {
      const one = scoreOf(entry.lower, word);
      if (!one) return;
      score += one;
    }
    const [heading, , text] = entry.lower;
    if (heading === phrase) score += 200;
    else if (phrase.length > shortest && heading.startsWith(phrase) || whole(heading, phrase)) score += 60;
    if (text.startsWith(phrase) && whole(text, phrase)) score += 50;
    else if (words.length > 1 && begins(text, phrase) >= 0) score += 40;
    if (whole(text, phrase)) score += 30;
    found.push({ entry, score, place });
  });
  found.sort((a, b) => b.score - a.score || a.place - b.place);
  return found.slice(0, most).map((f) => f.entry);
};

// So many letters begin nearly anything: a word of no more counts where it is whole.
const shortest = 2;

// scoreOf says how well a section fits a word; 0 is not at all.
function scoreOf([heading, page, text], word) {
  let score = 0;
  if (begins(heading, word) >= 0) score += whole(heading, word) ? 50 : word.length > shortest ? 30 : 10;
  if (begins(page, word) >= 0) score += 10;
  if (begins(text, word) >= 0) score += whole(text, word) ? 8 : 4;
  return score;
}

const letter = /[\p{L}\p{N}_]/u;

// begins is where a word of the text begins with a part; a part that begins with a sign may be anywhere.
function begins(text, part) {
  const anywhere = !letter.test(part[0]);
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
    if (anywhere || at === 0 || !letter.test(text[at - 1])) return at;
  }
  return -1;
}

// whole reports whether the text has the part as whole words.
function whole(text, part) {
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
    const after = text[at + part.length];
    if ((at === 0 || !letter.test(text[at - 1])) && (after === undefined || !letter.test(after))) return true;
  }
  return false;
}

// nudgeExcerpt is the part of a section around the first place of a word, and the words to show in it.
globalThis.nudgeExcerpt = (entry, typed) => {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const lower = entry.t.toLowerCase();
  const phrase = begins(lower, words.join(' '));
  const places = words.map((word) => begins(lower, word)).filter((at) => at >= 0);
  const at = phrase >= 0 ? phrase : places.length ? Math.min(...places) : 0;
  const from = at < 60 ? 0 : lower.indexOf(' ', at - 60) + 1 || at;
  const text = entry.t.slice(from, from + 160);
  return { text: (from ? '… ' : '') + text + (from + 160 < entry.t.length ? ' …' : ''), words };
};
