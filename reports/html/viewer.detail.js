// One result in full: what was measured against what, why it matters, what to do, and the very exchanges.

const seconds = (value) => (value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(1)} s`);

const exchangeNode = ([kind, where, request, answer, sha256, size, truncated, started, took]) =>
  el('article.mp-exchange', null,
    el('header', null,
      el('pre.mp-ask', null, request),
      el('span', null, kind), el('span.mp-mono', null, where), el('span', null, started.replace('T', ' ')), el('span', null, seconds(took))),
    el('pre.mp-answer', {tabindex: 0, 'aria-label': 'Answer'}, answer || '(no output)'),
    el('footer', null, `${size} bytes, sha256 `, el('span.mp-mono', null, sha256), truncated ? ', cut here: the snapshot has the rest' : ''));

/** Fill `box` with the exchanges and attachments of `row`. */
const fillEvidence = async (box, row) => {
  const attachments = (D.sparse.attachments[row] || []).map(([name, text]) =>
    el('article.mp-exchange', null, el('header', null, el('pre.mp-ask', null, name)), el('pre.mp-answer', {tabindex: 0}, text)));
  const ids = D.sparse.exchanges[row] || [];
  box.replaceChildren(...attachments);
  if (!ids.length && !attachments.length) box.append(el('p.mp-quiet', null, 'No exchange was recorded for this result.'));
  if (!ids.length) return;
  const all = await evidence();
  const nodes = ids.map((id) => all[id]).filter(Boolean).map(exchangeNode);
  box.append(...nodes.slice(0, 20));
  if (nodes.length > 20) {
    const rest = el('button.mp-toggle', {type: 'button', onclick: () => rest.replaceWith(...nodes.slice(20))}, `${nodes.length - 20} more exchanges`);
    box.append(rest);
  }
};

const measuredTable = (row) => {
  const found = measurementsOf(row);
  if (!found.length) return null;
  return el('div.mp-scroll', null, el('table.mp-measured', null,
    el('thead', null, el('tr', null, ['', 'What', 'Measured', 'Required'].map((name) => el('th', {scope: 'col'}, name)))),
    el('tbody', null, found.map((entry) => el('tr', null,
      el('td', null, glyph(entry.level)), el('td', null, entry.what),
      el(`td.mp-value.mp-t-${entry.level}`, null, entry.measured), el('td.mp-limit', null, entry.limit))))));
};

/** The panel under an opened row; `grown` is called whenever its height may have changed. */
const detail = (row, grown) => {
  const requirement = requirementOf(row);
  const verdict = verdictOf(row);
  const message = D.sparse.message[row];
  const told = measurementsOf(row).some((entry) => entry.level !== 'pass');
  const box = el('div', null);
  const clauses = D.frameworks.map((framework) => [framework, clausesOf(requirement, framework.code)]).filter(([, found]) => found.length);
  const node = el('div.mp-detail', {role: 'region', 'aria-label': requirement.title},
    el('h3', null, requirement.title),
    el('div.mp-tags', null, el(`span.mp-t-${verdict}`, null, D.words[D.rows.verdict[row]]), el('span.mp-id', null, requirement.id),
      el(`span.mp-tag.mp-${requirement.severity}`, null, requirement.severity), el('span.mp-tag', null, D.layer_names[requirement.layer]),
      el('span.mp-place', null, subjectOf(row)), el('span', null, `${D.rows.ms[row]} ms`)),
    measuredTable(row),
    message && !told ? el('p.mp-message', null, message) : null,
    el('dl.mp-why', null,
      el('dt', null, 'Fix'), el('dd', null, prose(requirement.fix)), el('dt', null, 'Why'), el('dd', null, prose(requirement.why)),
      requirement.refs.length ? [el('dt', null, 'Refs'), el('dd', null, requirement.refs.join('; '))] : null,
      el('dt', null, 'Check'), el('dd.mp-mono', null, requirement.check)),
    clauses.length ? el('details.mp-more', {ontoggle: grown}, el('summary', null, 'Clauses'), el('ul.mp-plain', null, clauses.map(([framework, found]) =>
      el('li', null, `${framework.title}: ${found.join(', ')} `, framework.proofread ? null : el('span.mp-tag', null, 'mapping, not verified'))))) : null,
    box);
  fillEvidence(box, row).catch((error) => box.append(el('p', null, `The evidence cannot be read: ${error.message}`))).finally(grown);
  return node;
};
