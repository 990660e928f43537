// The list of all results: filtered by tables of hits, drawn only where it is seen, usable without a mouse.

const results = (() => {
  const state = {v: new Set(), l: '', t: '', s: '', q: '', o: 'worst'};
  const order = {};
  let found = [];
  let open = -1; // place in `found` of the opened row
  let openHeight = 0;
  let active = 0; // place in `found` that the keyboard is at
  let drawn = new Map(); // place -> node
  let list, tools, told, toggles;

  const ranks = () => ({severity: D.requirements.map((item) => D.severities.indexOf(item.severity)), layer: D.requirements.map((item) => D.layers.indexOf(item.layer))});
  const orders = {
    worst: () => { const {severity, layer} = ranks(); const {verdict, requirement} = D.rows; return (a, b) => verdict[a] - verdict[b] || severity[requirement[a]] - severity[requirement[b]] || layer[requirement[a]] - layer[requirement[b]] || a - b; },
    target: () => (a, b) => D.rows.target[a] - D.rows.target[b] || D.rows.verdict[a] - D.rows.verdict[b] || a - b,
    requirement: () => (a, b) => (requirementOf(a).id < requirementOf(b).id ? -1 : requirementOf(a).id > requirementOf(b).id ? 1 : a - b),
    slowest: () => (a, b) => D.rows.ms[b] - D.rows.ms[a] || a - b,
  };
  const sorted = (name) => (order[name] ||= Uint32Array.from(D.rows.verdict.keys()).sort(orders[name]()));

  const hits = (texts, word) => texts.map((text) => text.includes(word));
  const lower = {};
  const texts = () => {
    lower.requirements ||= D.requirements.map((item) => `${item.id} ${item.title} ${item.severity} ${item.layer}`.toLowerCase());
    lower.subjects ||= D.subjects.map((text) => text.toLowerCase());
    lower.targets ||= D.targets.map((text) => text.toLowerCase());
    lower.messages ||= new Map(Object.entries(D.sparse.message).map(([row, text]) => [Number(row), text.toLowerCase()]));
    return lower;
  };

  const filter = () => {
    const {requirement, target, subject, verdict} = D.rows;
    const known = texts();
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean).map((word) => ({
      word, requirement: hits(known.requirements, word), subject: hits(known.subjects, word), target: hits(known.targets, word)}));
    const wanted = D.requirements.map((item) => (!state.l || item.layer === state.l) && (!state.s || item.severity === state.s));
    const place = state.t ? D.targets.indexOf(state.t) : -2;
    const counts = D.verdicts.map(() => 0);
    const rows = [];
    for (const row of sorted(state.o)) {
      const need = requirement[row];
      if (!wanted[need] || (place !== -2 && target[row] !== place)) continue;
      if (!words.every((item) => item.requirement[need] || item.subject[subject[row]] || item.target[target[row]] || (known.messages.get(row) || '').includes(item.word))) continue;
      counts[verdict[row]] += 1;
      if (!state.v.size || state.v.has(D.verdicts[verdict[row]])) rows.push(row);
    }
    found = rows;
    return counts;
  };

  const height = () => parseFloat(getComputedStyle(list).getPropertyValue('--mp-row')) || 44;
  let rowHeight = 44;
  const top = (place) => place * rowHeight + (open >= 0 && place > open ? openHeight : 0);

  const lineNode = (place) => {
    const row = found[place];
    const requirement = requirementOf(row);
    const measurements = measurementsOf(row);
    const shown = measurements.find((entry) => entry.level !== 'pass') || measurements[0];
    const verdict = verdictOf(row);
    const value = shown ? `${shown.what}: ${shown.measured}` : D.sparse.message[row] || '';
    const button = el('button.mp-row', {type: 'button', id: `mp-row-${place}`, tabindex: place === active ? 0 : -1, 'aria-expanded': String(place === open),
      onclick: () => toggle(place), onfocus: () => { active = place; }},
      glyph(verdict), el('span.mp-id', null, requirement.id, el('span.mp-hidden', null, ` ${D.words[D.rows.verdict[row]]} `)),
      el('span.mp-title', {title: requirement.title}, requirement.title), el('span.mp-place', {title: subjectOf(row)}, subjectOf(row)), el('span.mp-value', null, value));
    const line = el('div.mp-line', {role: 'listitem', 'aria-setsize': found.length, 'aria-posinset': place + 1}, button);
    if (place === open) {
      const panel = detail(row, () => measure(panel));
      line.append(panel);
    }
    return line;
  };

  const measure = (panel) => {
    if (!panel.isConnected || open < 0) return;
    const tall = panel.getBoundingClientRect().height;
    if (tall !== openHeight) { openHeight = tall; draw(); }
  };

  const draw = () => {
    if (!list || !list.isConnected) return;
    list.style.height = `${Math.max(found.length * rowHeight + (open >= 0 ? openHeight : 0), 44)}px`;
    const from = -list.getBoundingClientRect().top;
    const until = from + innerHeight;
    const visible = (offset) => Math.floor((open >= 0 && offset > top(open) + rowHeight ? Math.max(offset - openHeight, top(open) + rowHeight) : offset) / rowHeight);
    const first = Math.max(0, visible(from) - 6);
    const last = Math.min(found.length - 1, visible(until) + 6);
    for (const [place, node] of drawn) if (place < first || place > last) { if (place !== open || !node.contains(document.activeElement)) { node.remove(); drawn.delete(place); } }
    for (let place = first; place <= last; place += 1) {
      let node = drawn.get(place);
      if (!node) { node = lineNode(place); drawn.set(place, node); list.append(node); if (place === open) measure(node.lastChild); }
      node.style.top = `${top(place)}px`;
    }
  };

  const redraw = () => { drawn.forEach((node) => node.remove()); drawn = new Map(); rowHeight = height(); draw(); };
  const toggle = (place) => {
    const before = open;
    open = open === place ? -1 : place;
    openHeight = 0;
    active = place;
    for (const changed of [before, place]) { const node = drawn.get(changed); if (node) { node.remove(); drawn.delete(changed); } }
    draw();
    focus(place);
  };
  const focus = (place) => {
    active = Math.min(Math.max(place, 0), found.length - 1);
    if (active < 0) return;
    const at = list.getBoundingClientRect().top + top(active);
    const above = tools.getBoundingClientRect().bottom + 4;
    if (at < above) scrollBy(0, at - above);
    else if (at + rowHeight > innerHeight) scrollBy(0, at + rowHeight - innerHeight + 4);
    draw();
    drawn.get(active)?.firstChild.focus({preventScroll: true});
  };

  const keys = (event) => {
    if (!event.target.classList.contains('mp-row')) { if (event.key === 'Escape' && open >= 0) toggle(open); return; }
    const page = Math.max(1, Math.floor(innerHeight / rowHeight) - 4);
    const moves = {ArrowDown: active + 1, j: active + 1, ArrowUp: active - 1, k: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: found.length - 1};
    if (event.key in moves && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); focus(moves[event.key]); }
    if (event.key === 'Escape' && open >= 0) toggle(open);
  };

  /** The address of the current filter, so that a link or the back button leads to it. */
  const address = () => {
    const parts = new URLSearchParams();
    if (state.v.size) parts.set('v', [...state.v].join(' '));
    for (const name of ['l', 't', 's', 'q']) if (state[name]) parts.set(name, state[name]);
    if (state.o !== 'worst') parts.set('o', state.o);
    return `#results${parts.size ? `?${parts}` : ''}`;
  };
  const apply = (remember = true) => {
    const counts = filter();
    open = -1; openHeight = 0; active = 0;
    toggles.forEach((button, n) => { button.lastChild.textContent = counts[n]; button.setAttribute('aria-pressed', String(state.v.has(D.verdicts[n]))); });
    told.textContent = `${found.length.toLocaleString()} of ${D.rows.verdict.length.toLocaleString()}`;
    $('mp-live').textContent = `${found.length} results`;
    list.replaceChildren(...(found.length ? [] : [el('p.mp-empty', null, 'Nothing matches. Loosen a filter.')]));
    drawn = new Map();
    redraw();
    if (remember) history.replaceState(null, '', address());
  };

  const select = (name, label, first, values) => el('select', {'aria-label': label, 'data-name': name, onchange: (event) => { state[name] = event.target.value; apply(); }},
    el('option', {value: first[0]}, first[1]), values.map(([value, text]) => el('option', {value}, text)));

  const build = () => {
    toggles = D.verdicts.map((verdict, n) => el('button.mp-toggle', {type: 'button', 'aria-pressed': 'false', onclick: () => { if (!state.v.delete(verdict)) state.v.add(verdict); apply(); }},
      glyph(verdict), D.words[n], el('span.mp-count', null, '')));
    told = el('span.mp-found', null);
    const pairs = (values) => values.map((value) => [value, value]);
    tools = el('div.mp-tools', {role: 'search'},
      el('input', {type: 'search', id: 'mp-q', placeholder: 'Search id, title, place, message ( / )', 'aria-label': 'Search', autocomplete: 'off', spellcheck: 'false', oninput: (event) => { state.q = event.target.value; apply(); }}),
      select('l', 'Layer', ['', 'every layer'], D.layers.map((layer) => [layer, D.layer_names[layer]])),
      select('t', 'Target', ['', 'every target'], pairs([...D.targets].sort())),
      select('s', 'Severity', ['', 'every severity'], pairs(D.severities)),
      select('o', 'Order', ['worst', 'worst first'], [['target', 'by target'], ['requirement', 'by requirement'], ['slowest', 'slowest first']]),
      el('div.mp-toggles', null, toggles, told));
    list = el('div.mp-list', {role: 'list', 'aria-label': 'Results', onkeydown: keys});
    $('mp-results').replaceChildren(tools, list);
    addEventListener('scroll', draw, {passive: true});
    addEventListener('resize', () => { if (rowHeight !== height() || open >= 0) redraw(); else draw(); });
  };

  const show = (query) => {
    if (!list) build();
    const parts = new URLSearchParams(query);
    state.v = new Set((parts.get('v') || '').split(' ').filter((verdict) => D.verdicts.includes(verdict)));
    for (const name of ['l', 't', 's', 'q']) state[name] = parts.get(name) || '';
    state.o = parts.get('o') in orders ? parts.get('o') : 'worst';
    $('mp-q').value = state.q;
    for (const box of tools.querySelectorAll('select')) box.value = state[box.dataset.name];
    apply(false);
  };

  /** For paper: the rows of the current filter as a plain table, as many as paper bears. */
  const table = () => {
    if (!list) build();
    if (!found.length) filter();
    const most = 1500;
    return el('div.mp-paper', null, el('h2', null, `Results: ${Math.min(found.length, most)} of ${found.length}`), el('table.mp-grid', null,
      el('thead', null, el('tr', null, ['Verdict', 'Requirement', 'Title', 'Where', 'Measured'].map((name) => el('th', {scope: 'col'}, name)))),
      el('tbody', null, found.slice(0, most).map((row) => {
        const shown = measurementsOf(row)[0];
        return el('tr', null, el('td.mp-nowrap', null, glyph(verdictOf(row)), ` ${D.words[D.rows.verdict[row]]}`), el('td.mp-id', null, requirementOf(row).id), el('td', null, requirementOf(row).title),
          el('td.mp-place', null, subjectOf(row)), el('td.mp-value', null, shown ? `${shown.measured} (${shown.limit})` : ''));
      }))));
  };

  return {show, table, search: () => { $('mp-q').focus(); $('mp-q').select(); }};
})();
