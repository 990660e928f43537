// Every requirement with the clauses it supports: by layer, or by clause of one framework.

const requirements = (() => {
  let counts; // by requirement, by verdict

  const count = () => {
    counts = D.requirements.map(() => D.verdicts.map(() => 0));
    D.rows.requirement.forEach((need, row) => { counts[need][D.rows.verdict[row]] += 1; });
  };
  const worst = (need) => { const at = counts[need].findIndex((value) => value > 0); return D.verdicts[at < 0 ? D.verdicts.length - 1 : at]; };

  const rowNode = (need, clauses) => {
    const item = D.requirements[need];
    const told = counts[need].map((value, verdict) => (value ? `${value} ${D.words[verdict]}` : '')).filter(Boolean).join(', ');
    return el('tr', null, el('td', null, glyph(worst(need))), el('td.mp-id', null, el('a', {href: `#results?q=${encodeURIComponent(item.id)}`}, item.id)),
      el('td', null, item.title), el('td', null, el(`span.mp-tag.mp-${item.severity}`, null, item.severity)),
      el('td', null, clauses.join(', ')), el('td.mp-nowrap', {title: told}, meter(counts[need]), el('span.mp-hidden', null, told)));
  };
  const groupNode = (name, more) => el('tr.mp-group', null, el('td', {colspan: 6}, name, more ? ' ' : null, more));

  const byLayer = (framework) => D.layers.flatMap((layer) => {
    const inside = D.requirements.map((item, need) => need).filter((need) => D.requirements[need].layer === layer);
    inside.sort((a, b) => (D.requirements[a].id < D.requirements[b].id ? -1 : 1));
    const all = (item) => (framework ? clausesOf(item, framework) : item.controls);
    return [groupNode(D.layer_names[layer]), ...inside.map((need) => rowNode(need, all(D.requirements[need])))];
  });

  const byClause = (framework) => {
    const clauses = new Map();
    D.requirements.forEach((item, need) => clausesOf(item, framework).forEach((clause) => clauses.set(clause, [...(clauses.get(clause) || []), need])));
    const natural = new Intl.Collator('en', {numeric: true});
    return [...clauses.keys()].sort(natural.compare).flatMap((clause) => {
      const needs = clauses.get(clause);
      const failing = needs.filter((need) => worst(need) === 'fail').length;
      const unseen = needs.filter((need) => worst(need) === 'not_measured').length;
      const told = [failing ? `${failing} of ${needs.length} fail` : unseen ? '' : `${needs.length} without a failure`, unseen ? `${unseen} not measured` : ''].filter(Boolean).join(', ');
      return [groupNode(clause, el('span.mp-quiet', null, told)), ...needs.map((need) => rowNode(need, []))];
    });
  };

  const absent = () => (D.absent.length ? [groupNode('Without a subject in this estate'), ...D.absent.map(([id, title, reason]) =>
    el('tr', null, el('td', null, glyph('not_applicable')), el('td.mp-id', null, id), el('td', null, title), el('td'), el('td.mp-quiet', {colspan: 2}, reason)))] : []);

  const show = (query) => {
    if (!counts) count();
    const parts = new URLSearchParams(query);
    const framework = D.frameworks.find((item) => item.code === parts.get('fw'));
    const choose = el('select', {'aria-label': 'Framework', onchange: (event) => { location.hash = event.target.value ? `#requirements?fw=${event.target.value}` : '#requirements'; }},
      el('option', {value: ''}, 'by layer of the fault tree'), D.frameworks.map((item) => el('option', {value: item.code}, `by clause of ${item.title}${item.proofread ? '' : ' (mapping, not verified)'}`)));
    choose.value = framework ? framework.code : '';
    const body = framework ? byClause(framework.code) : [...byLayer(), ...absent()];
    $('mp-requirements').replaceChildren(
      el('div.mp-tools', null, choose, framework && !framework.proofread ? el('span.mp-tag', null, 'mapping, not verified') : null,
        el('span.mp-found', null, `${D.requirements.length} requirements judged, ${D.absent.length} without a subject`)),
      el('h2.mp-viewhead', null, framework ? `Requirements by clause: ${framework.title}` : 'Requirements by layer'),
      el('div.mp-card', null, el('div.mp-scroll', null, el('table.mp-grid', null,
        el('thead', null, el('tr', null, ['', 'Id', 'Requirement', 'Severity', framework ? '' : 'Controls', 'Results'].map((name) => el('th', {scope: 'col'}, name)))),
        el('tbody', null, body)))));
  };
  return {show};
})();
