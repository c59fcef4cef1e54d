/** Colours and markers of filters (instrument-center.md §5.3): marker first, colour second. */
const FILTERS: Readonly<Record<string, { readonly marker: string; readonly light: string; readonly dark: string }>> = {
  B: { marker: 'triangle', light: '#3749FF', dark: '#73A6FF' },
  g: { marker: 'circle', light: '#08A279', dark: '#4FF07A' },
  r: { marker: 'square', light: '#90431F', dark: '#ED581F' },
  i: { marker: 'diamond', light: '#9165CD', dark: '#DBA7C8' },
  z: { marker: 'down', light: '#3E1512', dark: '#96704F' },
  zy: { marker: 'down', light: '#3E1512', dark: '#96704F' },
  y: { marker: 'star', light: '#DB770A', dark: '#FFF04A' },
  gri: { marker: 'plus', light: '#1E0035', dark: '#D8FFD3' },
  w: { marker: 'plus', light: '#1E0035', dark: '#D8FFD3' },
  J: { marker: 'pentagon', light: '#125F6A', dark: '#4F62F5' },
  H: { marker: 'cross', light: '#35098A', dark: '#BE3FA5' },
};

export const filterColour = (filter: string): string => (filter in FILTERS ? `var(--f-${filter})` : 'var(--ink)');
export const filterMarker = (filter: string) => (FILTERS[filter]?.marker ?? 'circle') as import('./svg.ts').Marker;

const tokens = (theme: 'light' | 'dark'): string =>
  Object.entries(FILTERS)
    .map(([name, colours]) => `--f-${name}:${colours[theme]}`)
    .join(';');

/** One sheet for phone, desk and paper. No fonts, no pictures, nothing from elsewhere. */
export const pageStyle = `
:root{color-scheme:light dark;--paper:#fcfcfa;--card:#fff;--ink:#16181d;--soft:#5a6270;--line:#dfe2e6;--accent:#0b5d63;--found:#b03325;--alert:#b87800;--ok:#0b5d63;--watch:#b36b00;--shade:#f3f4f2;${tokens('light')}}
@media (prefers-color-scheme:dark){:root{--paper:#0e1217;--card:#151b22;--ink:#e8ebef;--soft:#9aa5b3;--line:#2a323c;--accent:#5fe6bf;--found:#ff8a6b;--alert:#ffe94a;--ok:#5fe6bf;--watch:#ffe94a;--shade:#1a212a;${tokens('dark')}}.pix{filter:invert(1)}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1180px;margin:0 auto;padding:12px 16px 48px}
h1{font-size:1.35rem;line-height:1.25;margin:.2em 0 .1em;letter-spacing:-.01em}
h2{font-size:1.12rem;margin:2.2rem 0 .7rem;padding-top:.9rem;border-top:1px solid var(--line);letter-spacing:-.005em}
h3{font-size:.95rem;margin:0 0 .35rem}
p{margin:.35em 0}
a{color:var(--accent)}
.soft{color:var(--soft)}.small{font-size:.83rem}
.eyebrow{font-size:.74rem;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);margin:0}
.asis{text-transform:none;letter-spacing:0}
.tag{display:inline-block;border:1px solid currentColor;border-radius:99px;padding:0 .6em;font-size:.74rem;line-height:1.6;white-space:nowrap}
.tag.ok{color:var(--ok)}.tag.watch{color:var(--watch)}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;font-size:.83rem;margin:.4rem 0 0}
.answer{background:var(--card);border:1px solid var(--line);border-left:5px solid var(--found);border-radius:8px;padding:12px 16px;margin:.8rem 0}
.answer.limit{border-left-color:var(--soft)}
.answer .big{font-size:1.75rem;line-height:1.15;font-weight:650;letter-spacing:-.02em;margin:.1rem 0}
.answer .big small{font-size:.55em;font-weight:400;color:var(--soft);letter-spacing:0}
.place{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.95rem;overflow-wrap:anywhere}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(132px,1fr));background:var(--card);border:1px solid var(--line);border-radius:8px;overflow:hidden;margin:.9rem 0}
.facts div{box-shadow:0 0 0 .5px var(--line);padding:.45rem .65rem}
.facts dt,.facts .k{font-size:.72rem;color:var(--soft);display:block}
.facts .v{font-weight:600;display:block}
.two{display:grid;grid-template-columns:minmax(0,1fr);gap:14px}
.plots{display:grid;grid-template-columns:minmax(0,1fr);gap:14px}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 10px 8px;min-width:0;break-inside:avoid}
figure.finder{max-width:680px;margin-top:12px}
figcaption{font-size:.8rem;color:var(--soft);margin-top:.3rem}
figure h3{margin:0 0 .3rem}
.plot,.chart,.cut{display:block;width:100%;height:auto;max-width:100%}
svg text{font-size:10.5px;fill:var(--soft)}
svg .axis{fill:var(--ink);font-size:11px}
svg .name{fill:currentColor;font-weight:600;font-size:11px}
.grid{stroke:var(--line);stroke-width:.7;fill:none}
.frame{fill:none;stroke:var(--soft);stroke-width:.8}
.mark{fill:currentColor;stroke:none}.hollow{fill:var(--card);stroke:currentColor;stroke-width:1.3}
.err,.limit{stroke:currentColor;stroke-width:1;fill:none}
.line{stroke:currentColor;stroke-width:1.5;fill:none}
.rule path{stroke:currentColor;stroke-width:1.1;stroke-dasharray:4 3;fill:none}.rule text{fill:currentColor;font-size:10.5px}
.cell{fill:var(--accent)}
.chart text{font-weight:600}
.trip{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:6px;max-width:420px}
.trip span{font-size:.72rem;color:var(--soft);display:block;text-align:center}
.trip svg{border:1px solid var(--line);border-radius:4px;background:#fff}
@media (prefers-color-scheme:dark){.trip svg{background:#000}}
.pix{image-rendering:pixelated}
table{border-collapse:collapse;font-size:.8rem;width:100%}
.wide{overflow-x:auto;-webkit-overflow-scrolling:touch}
th,td{padding:.22rem .5rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:600;position:sticky;top:0;background:var(--card)}
td.l,th.l{text-align:left}td.w{white-space:normal;min-width:9rem;text-align:left}.terms td{padding:.2rem .25rem}
tr.out td{color:var(--soft)}tr.out td:first-child{text-decoration:line-through}
details{margin:.4rem 0}
summary{cursor:pointer;color:var(--accent);font-size:.85rem}
.cand{background:var(--card);border:1px solid var(--line);border-radius:8px;margin:10px 0;break-inside:avoid}
.cand>summary{padding:.6rem .8rem;color:var(--ink);font-size:.95rem;display:flex;flex-wrap:wrap;gap:.1rem .7rem;align-items:baseline;list-style:none}
.cand>summary::-webkit-details-marker{display:none}
.cand>summary::before{content:"▸";color:var(--soft)}
.cand[open]>summary::before{content:"▾"}
.cand>summary b{font-weight:650}
.cand .body{padding:0 .8rem .8rem;display:grid;grid-template-columns:minmax(0,1fr);gap:12px}
.cand figure{border:0;padding:0;background:none}
.terms td:nth-child(3){white-space:nowrap}@media (max-width:500px){.terms td:nth-child(3){display:none}.terms td.w,.cand td.w{min-width:0}.cand td{padding:.2rem .25rem}}
.bar{display:inline-block;height:.6em;border-radius:2px;background:var(--accent);vertical-align:middle}
.bar.neg{background:var(--found)}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--shade);border-radius:6px;padding:.6rem .8rem;font-size:.8rem;margin:.4rem 0}
.warn{border-left:4px solid var(--watch);padding:.15rem .8rem;margin:.5rem 0;font-size:.88rem}
.hash{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.75rem}
@media (min-width:760px){.plots{grid-template-columns:repeat(2,minmax(0,1fr))}.two{grid-template-columns:minmax(0,1.15fr) minmax(0,1fr)}.cand .body{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}}
@media (min-width:1080px){.plots.three{grid-template-columns:repeat(3,minmax(0,1fr))}}
@media print{:root{--paper:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb}body{font-size:9.5pt}main{max-width:none;padding:0}nav,.noprint{display:none}.pix{filter:none}.plots{grid-template-columns:repeat(2,minmax(0,1fr))}.two{grid-template-columns:1.1fr 1fr}.cand{break-inside:auto}.cand .body{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}.plot,.chart{max-height:62mm}h2{break-after:avoid;margin-top:1rem}details:not([open]){display:none}.wide{overflow:visible}th,td{padding:.1rem .3rem;font-size:7.5pt}@page{margin:14mm}}
`;
