// The data of the page and the few helpers that all views share. Remote text reaches the page as textContent only.
const SVG = 'http://www.w3.org/2000/svg';
const $ = (id) => document.getElementById(id);

/** An element: tag with optional .classes, attributes, children (texts or nodes). */
const el = (spec, attributes, ...children) => {
  const [tag, ...classes] = spec.split('.');
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(' ');
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
};

const glyph = (verdict) => {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', `mp-glyph mp-t-${verdict}`);
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#mp-${verdict}`);
  svg.append(use);
  return svg;
};

/** Counts by verdict as a stacked bar. */
const meter = (counts) => {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'mp-meter');
  svg.setAttribute('viewBox', '0 0 100 6');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  const all = counts.reduce((sum, count) => sum + count, 0) || 1;
  let x = 0;
  counts.forEach((count, verdict) => {
    if (!count) return;
    const rect = document.createElementNS(SVG, 'rect');
    rect.setAttribute('class', `mp-${D.verdicts[verdict]}`);
    for (const [name, value] of Object.entries({x, y: 0, width: (100 * count) / all, height: 6})) rect.setAttribute(name, value);
    x += (100 * count) / all;
    svg.append(rect);
  });
  return svg;
};

/** Our own prose puts commands in backticks. */
const prose = (text) => {
  const parts = text.split('`');
  return parts.length % 2 ? parts.map((part, n) => (n % 2 ? el('code', null, part) : part)) : [text];
};

const decode = async (id) => {
  const bytes = Uint8Array.from(atob($(id).textContent), (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).json();
};

let D; // the columns, see blob.py
let exchanges = null; // a promise of the exchanges, once the first evidence is opened
const evidence = () => (exchanges ||= decode('mp-evidence'));

const requirementOf = (row) => D.requirements[D.rows.requirement[row]];
const verdictOf = (row) => D.verdicts[D.rows.verdict[row]];
const subjectOf = (row) => D.subjects[D.rows.subject[row]];
const targetOf = (row) => D.targets[D.rows.target[row]];

/** The measurements of a row: [{what, measured, limit, level}]. */
const measurementsOf = (row) => {
  const flat = D.rows.measured[row];
  const found = [];
  for (let n = 0; n < flat.length; n += 3) {
    const [what, limit] = D.scales[flat[n]];
    found.push({what, limit, measured: flat[n + 1], level: D.verdicts[flat[n + 2]]});
  }
  return found;
};

const clausesOf = (requirement, framework) => {
  const all = requirement.controls.flatMap((code) => (D.bundles[code] || {})[framework] || []);
  return [...new Set(all)];
};
