// Makes pages live: server-sent events, charts, keys. Every page works without it.
(() => {
  'use strict';
  const root = document.documentElement;
  root.classList.add('script');
  const self = document.currentScript;

  const drawn = new Map(); // charts by their place
  // Parts that the server keeps fresh: <main data-live="/live/now"> and <div data-part="totals"> within.
  let stream = null;
  let state = 'on';
  const say = (s) => {
    state = s;
    for (const e of document.querySelectorAll('[data-live-state]')) e.dataset.liveState = s;
  };
  const place = (name, html) => {
    for (const e of document.querySelectorAll('[data-part="' + CSS.escape(name) + '"]')) {
      const unfolded = [...e.querySelectorAll('details[id][open]')].map((d) => d.id);
      const plots = [...drawn].filter(([c]) => e.contains(c));
      for (const [, plot] of plots) plot.root.remove();
      const held = e.contains(document.activeElement) ? document.activeElement.closest('tr[id]')?.id : '';
      if (window.htmx && htmx.swap) htmx.swap({ target: e, sourceElement: e, text: html, swap: 'innerMorph' });
      else e.innerHTML = html;
      // What a person has unfolded stays so, and a row that has the focus keeps it.
      for (const [c, plot] of plots) if (c.isConnected) c.append(plot.root);
      for (const id of unfolded) { const d = document.getElementById(id); if (d) d.open = true; }
      if (held && !e.contains(document.activeElement)) document.getElementById(held)?.querySelector('a')?.focus();
      charts(e);
    }
  };
  const lines = new Map(); // of each part, as the stream told them
  const part = (name, now) => { lines.set(name, now); place(name, now.join('\n')); };
  const open = () => {
    const at = document.querySelector('[data-live]');
    if (!at || stream || document.hidden) return;
    stream = new EventSource(at.dataset.live);
    stream.addEventListener('open', () => say('on'));
    stream.addEventListener('error', () => {
      say('lost');
      // The browser comes back by itself, but after a refusal: then we do, later.
      if (stream && stream.readyState === EventSource.CLOSED) { close(); setTimeout(() => state === 'lost' && open(), 10000); }
    });
    stream.addEventListener('part', (e) => { const [name, ...now] = e.data.split('\n'); part(name, now); });
    // Lines that are new, among runs of lines that are there: ui.Topic says how.
    stream.addEventListener('change', (e) => {
      const [name, ...how] = e.data.split('\n');
      const old = lines.get(name) || [];
      part(name, how.flatMap((h) => {
        if (h[0] !== '=') return [h.slice(1)];
        const [from, count] = h.slice(1).split(',').map(Number);
        return old.slice(from, from + count);
      }));
    });
  };
  const close = () => { if (stream) { stream.close(); stream = null; } };
  const toggle = () => {
    if (!document.querySelector('[data-live]')) return;
    if (state === 'off') { say('on'); open(); } else { close(); say('off'); }
  };
  // A page in the background watches nothing.
  document.addEventListener('visibilitychange', () => { if (document.hidden) close(); else if (state !== 'off') open(); });
  addEventListener('pagehide', close);
  addEventListener('pageshow', () => { if (state !== 'off') open(); });

  // Charts: <div class="chart" data-chart="{…}"> as of ui.Series. uPlot is fetched when a page has one.
  let uplot = null;
  const library = () => uplot ||= new Promise((done, failed) => {
    const css = document.createElement('link');
    css.rel = 'stylesheet';
    css.href = self.dataset.chartStyle;
    const js = document.createElement('script');
    js.src = self.dataset.chart;
    js.onload = () => done(window.uPlot);
    js.onerror = failed;
    document.head.append(css, js);
  });
  const whole = [...Array(12).keys()].flatMap((n) => [1, 2, 5].map((d) => d * 10 ** n)); // money has no fractions
  const charts = async (within) => {
    const all = [...within.querySelectorAll('.chart[data-chart]')];
    if (!all.length) return;
    const UPlot = await library();
    for (const [e, plot] of drawn) if (!e.isConnected) { plot.destroy(); drawn.delete(e); }
    for (const e of all) {
      const s = JSON.parse(e.dataset.chart);
      const data = [s.times, ...s.lines.map((l) => l.values)];
      const was = drawn.get(e);
      if (was && e.contains(was.root)) { was.setData(data); continue; }
      if (was) was.destroy();
      const long = s.times[s.times.length - 1] - s.times[0] > 72000;
      const zone = s.zone ? { timeZone: s.zone } : {};
      const clock = (t) => new Date(t * 1000).toLocaleString(root.lang, { ...zone, ...(long ? { month: 'numeric', day: 'numeric' } : {}), hour: '2-digit', minute: '2-digit', hour12: false });
      const style = getComputedStyle(root);
      const ink = (name) => {
        const probe = document.createElement('span');
        probe.style.color = 'var(--' + name + ')';
        e.append(probe);
        const c = getComputedStyle(probe).color;
        probe.remove();
        return c;
      };
      const font = '12px ' + style.fontFamily;
      const axis = { stroke: ink('soft'), grid: { stroke: ink('line'), width: 1 }, ticks: { stroke: ink('line'), width: 1 }, font };
      const figures = new Intl.NumberFormat(root.lang);
      const value = (v) => v == null ? '–' : (s.unit || '') + figures.format(v);
      drawn.set(e, new UPlot({
        ...(s.zone ? { tzDate: (t) => UPlot.tzDate(new Date(t * 1000), s.zone) } : {}),
        width: e.clientWidth, height: Math.max(e.clientHeight, 220),
        scales: { y: { range: (u, lo, hi) => [Math.min(0, lo), Math.max(hi, 1) * 1.05] } },
        axes: [{ ...axis, space: long ? 100 : 60, values: (u, ticks) => ticks.map(clock) },
          { ...axis, size: 72, incrs: s.unit ? whole : undefined, values: (u, ticks) => ticks.map(value) }],
        series: [{ label: '\u2003', value: (u, t) => t == null ? '–' : clock(t) },
          ...s.lines.map((l, i) => ({ label: l.name, stroke: ink(['ok', 'warn', 'bad'].includes(l.kind) ? l.kind : i ? 'soft' : 'accent'), width: s.bars ? 0 : 2, dash: i ? [6, 4] : undefined,
            ...(s.bars ? { paths: UPlot.paths.bars({ size: [0.8, 40], align: 1 }), fill: ink(i ? 'soft' : 'accent'), points: { show: false } } : {}), value: (u, v) => value(v) }))],
      }, data, e));
    }
  };
  addEventListener('resize', () => { for (const [e, plot] of drawn) plot.setSize({ width: e.clientWidth, height: Math.max(e.clientHeight, 220) }); });
  document.addEventListener('htmx:after:swap', (e) => charts(e.target instanceof Element ? e.target : document.body));

  // Keys: "?" tells them, "g" and a letter leads to a page, "e" and a letter gives an order of the page.
  let waiting = 0;
  let acting = 0;
  // Rows of a list: j and k go down and up, Enter follows the link that has the focus.
  const row = (by) => {
    const links = [...document.querySelectorAll('main [data-rows] tbody th a')];
    const at = links.indexOf(document.activeElement);
    const to = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by];
    if (to) { to.focus(); to.scrollIntoView({ block: 'nearest' }); }
  };
  const typing = (e) => e.target.closest('input, textarea, select, [contenteditable], dialog');
  document.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
    if (e.key === 'Escape') for (const d of document.querySelectorAll('details.pop[open]')) { d.open = false; d.firstElementChild.focus(); }
    if (typing(e) || root.dataset.keys === 'off') return;
    if (waiting && Date.now() - waiting < 1500 && /^[a-z]$/.test(e.key)) {
      waiting = 0;
      const link = document.querySelector('nav [data-key="' + e.key + '"]');
      if (link) { e.preventDefault(); link.click(); }
      return;
    }
    if (acting && Date.now() - acting < 1500 && /^[a-z]$/.test(e.key)) {
      acting = 0;
      const act = document.querySelector('main [data-act="' + e.key + '"]');
      if (act) { e.preventDefault(); act.click(); }
      return;
    }
    waiting = e.key === 'g' ? Date.now() : 0;
    acting = e.key === 'e' ? Date.now() : 0;
    if (e.key === 'j' || e.key === 'k') row(e.key === 'j' ? 1 : -1);
    if (e.key === '?') { e.preventDefault(); show('keys'); }
    if (e.key === 'p') toggle();
    if (e.key === '/') {
      const f = document.querySelector('main input[type="search"], main [data-search]');
      if (f) { e.preventDefault(); f.focus(); f.select(); }
    }
  });

  // Dialogs: data-open="id" opens one. <form method="dialog"> closes it.
  const show = (id) => { const d = document.getElementById(id); if (d && !d.open) d.showModal(); };
  document.addEventListener('click', (e) => {
    const opener = e.target.closest('[data-open]');
    if (opener) { e.preventDefault(); show(opener.dataset.open); }
    if (e.target.closest('[data-close]')) e.target.closest('dialog')?.close();
    if (e.target.closest('[data-live-toggle]')) toggle();
    for (const d of document.querySelectorAll('details.pop[open]')) if (!d.contains(e.target)) d.open = false;
    // A second click on a button that gives an order does not give it twice.
    if (e.target.tagName === 'DIALOG') e.target.close();
  });
  document.addEventListener('submit', (e) => {
    const f = e.target;
    if (f.method !== 'post' || e.defaultPrevented) return;
    if (f.dataset.sent) { e.preventDefault(); return; }
    f.dataset.sent = 'yes';
    setTimeout(() => delete f.dataset.sent, 5000);
  });
  // What asks before it does: <button data-confirm="dialog-id"> is plain HTML, a dialog with the form in it.

  open();
  charts(document.body);
})();
