"""The look of our pages: colours for light and dark, type, tables and charts; on a phone, on paper.

The dashboard, the report and the page of a replay share it. Colours are variables, set once for
light and once for dark; every text has a contrast of at least 4.8 to 1, every fill of a status 3.3
to 1. No rule refers to anything outside of the page.
"""

from __future__ import annotations

__all__ = ["CHART_CSS", "PAGE_CSS", "REPORT_CSS", "STYLESHEET"]

_LIGHT = """\
--bg:#f4f6f8;--card:#fff;--ink:#1b222b;--soft:#566170;--line:#d5dbe2;--hair:#e8ecf0;
--link:#0a55a5;--hover:#eef3f8;
--critical:#a8201a;--warning:#7f5200;--undecided:#2a5a9e;--ok:#1b6539;--none:#566170;
--fc:#b3261e;--fw:#b87500;--fu:#5f90c9;--fo:#579b74;--fn:#8b95a1;
--reference:#9dbbdc;--refline:#5079a8;--current:#b84a08;--band:#b84a0829;
--estimate:#6b3fa0;--eband:#6b3fa01f;--out:#b84a0814"""

_DARK = """\
--bg:#0f141a;--card:#171d25;--ink:#e6ebf1;--soft:#9aa6b4;--line:#303a46;--hair:#232b35;
--link:#7db8f5;--hover:#1e2731;
--critical:#ff9087;--warning:#eab54d;--undecided:#93bdf0;--ok:#74d19b;--none:#9aa6b4;
--fc:#e5534b;--fw:#b9822a;--fu:#5c86bd;--fo:#3a7f57;--fn:#6f7b89;
--reference:#3f6186;--refline:#7aa3d1;--current:#ff9d57;--band:#ff9d5733;
--estimate:#c4a1f5;--eband:#c4a1f526;--out:#ff9d5714"""

_TYPE = """\
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);overflow-wrap:break-word;
font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main{max-width:1120px;margin:auto;padding:16px 24px 56px}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
h1,h2,h3,p{margin:0;overflow-wrap:anywhere}
h2{font-size:14px;font-weight:600}
h3{font-size:14px;font-weight:600;display:inline}
section h3{display:block;margin:12px 0 4px}
.soft{color:var(--soft);font-size:12px}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
p a,li a{text-decoration:underline;text-decoration-thickness:1px;text-underline-offset:2px}
.foot{color:var(--soft);font-size:12px;margin-top:24px}
"""

_PANELS = """\
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;margin:0 0 16px;
padding:14px 16px;min-width:0}
.card>h2{margin:0 0 10px}
.say{border-left:4px solid var(--s,var(--line));padding:16px 20px}
.say h1{font-size:20px;line-height:1.35;font-weight:600;letter-spacing:-.005em;max-width:75ch}
.say .name{font-size:13px;color:var(--soft);margin-bottom:6px;display:flex;gap:4px 8px;
align-items:center;flex-wrap:wrap}
.say .name b:not(.st){color:var(--ink)}
.say .soft{max-width:92ch;margin-top:4px}
.todo{margin:10px 0 0;padding:0;list-style:none;counter-reset:t;max-width:92ch}
.todo li{counter-increment:t;padding:2px 0 2px 26px;position:relative;overflow-wrap:anywhere}
.todo li:before{content:counter(t);position:absolute;left:0;top:4px;width:18px;height:18px;
border-radius:9px;background:var(--hover);color:var(--soft);font-size:11px;font-weight:600;
text-align:center;line-height:18px}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));margin:14px 0 0;
border-top:1px solid var(--hair)}
.facts div{padding:10px 16px 0 0}.facts dt{font-size:12px;color:var(--soft)}
.facts dd{margin:0;font-size:16px;font-weight:600;font-variant-numeric:tabular-nums;
overflow-wrap:anywhere}
.facts small{font-size:12px;font-weight:400;color:var(--soft);display:block}
.pairs{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:4px 20px;margin:8px 0 0;
font-size:13px}
.pairs dt{color:var(--soft)}.pairs dd{margin:0;overflow-wrap:anywhere}
summary{cursor:pointer;color:var(--soft);font-size:12px;padding:5px 0;min-height:28px}
"""

_STATUS = """\
.C{--s:var(--critical);--f:var(--fc)}.W{--s:var(--warning);--f:var(--fw)}
.U{--s:var(--undecided);--f:var(--fu)}.O{--s:var(--ok);--f:var(--fo)}
.I{--s:var(--none);--f:var(--fn)}
.st{display:inline-block;color:var(--s);background:color-mix(in srgb,var(--s) 11%,var(--card));
border:1px solid color-mix(in srgb,var(--s) 45%,var(--card));border-radius:10px;padding:1px 8px;
font-size:11px;line-height:16px;font-weight:600;letter-spacing:.02em;white-space:nowrap}
"""

_TABLES = """\
table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:600;color:var(--soft);font-size:12px;white-space:nowrap}
th,td{padding:6px 12px 6px 0;border-bottom:1px solid var(--hair);vertical-align:middle}
td:last-child,th:last-child{padding-right:0}
tbody tr:last-child>*{border-bottom:0}
tbody tr:hover{background:var(--hover)}
tbody th{font-weight:500;color:var(--ink);font-size:13px;white-space:normal;
overflow-wrap:anywhere;min-width:0}
tbody th>a{font-weight:600}
td{overflow-wrap:anywhere}
.n{text-align:right;white-space:nowrap}.nw{white-space:nowrap}
th small{color:var(--soft);font-weight:400}
.clamp{display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden;
font-size:12px}
.wide{overflow-x:auto;background:
linear-gradient(to right,var(--card) 12px,transparent 28px) left/40px 100% no-repeat local,
linear-gradient(to left,var(--card) 12px,transparent 28px) right/40px 100% no-repeat local,
linear-gradient(to right,#0003,transparent) left/10px 100% no-repeat scroll,
linear-gradient(to left,#0003,transparent) right/10px 100% no-repeat scroll}
.wide tbody th{white-space:nowrap;overflow-wrap:normal;position:sticky;left:0;
background:var(--card)}
.tests :is(th,td):nth-child(n+2):nth-child(-n+7){text-align:right;white-space:nowrap}
.wide .note{min-width:190px;font-size:12px}
"""

CHART_CSS = """\
svg{display:block;overflow:visible}
svg text{font:11px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--soft);
font-variant-numeric:tabular-nums}
svg .ink{fill:var(--ink)}svg .m{text-anchor:middle}svg .e,.yax text{text-anchor:end}
svg .halo{paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}
.g{display:grid;grid-template-columns:44px minmax(0,1fr);column-gap:8px}
.g+.g{margin-top:7px}.g>.soft{font-size:11px;white-space:nowrap}.g svg{width:100%}
.plot *{vector-effect:non-scaling-stroke}
.grid{stroke:var(--hair);fill:none}.axis{stroke:var(--line);fill:none}
.cur{stroke:var(--current);fill:none;stroke-width:1.8;stroke-linejoin:round}
.curdot,.curf{fill:var(--current)}.curh{stroke:var(--current);fill:none}
.est{stroke:var(--estimate);fill:none;stroke-width:1.6;stroke-dasharray:5 3}
.band{fill:var(--band)}.eband{fill:var(--eband)}
.reff{fill:var(--reference);stroke:var(--refline);stroke-width:1}
.refl{stroke:var(--refline);fill:none;stroke-width:1.2}
.warnl{stroke:var(--fw);stroke-dasharray:6 4;fill:none;stroke-width:1.2}
.critl{stroke:var(--fc);stroke-dasharray:2 3;fill:none;stroke-width:1.5}
.inc{fill:var(--fc);opacity:.09}.incl{stroke:var(--fc);stroke-width:1.5}
.mark{stroke:var(--soft);stroke-dasharray:3 3}
.wait{fill:var(--fn);opacity:.13}.outz{fill:var(--out)}
.strip{width:100%;height:18px}.big .strip{height:40px}
.strip .C{fill:var(--fc)}.strip .W{fill:var(--fw)}.strip .U{fill:var(--fu)}
.strip .O{fill:var(--fo)}
.strip .I{fill:none;stroke:var(--fn);stroke-dasharray:2 2;vector-effect:non-scaling-stroke}
.heat{table-layout:fixed}.heat .c1{width:180px;overflow-wrap:anywhere}.heat .c2{width:130px}
.heat .c4{width:116px}.heat .c5{width:130px}.heat .c6{width:120px}
.heat :is(td,tbody th){padding-top:3px;padding-bottom:3px}.heat th,.heat td{white-space:normal}
.heat .x{display:flex;justify-content:space-between;gap:8px;font-weight:400}
.bul{width:104px;height:14px;background:var(--hair)}.bul .b{fill:var(--f)}
.bul .k{stroke:var(--ink)}.bul .kw{stroke:var(--soft);stroke-dasharray:2 1.5}
.bul .ci{stroke:var(--ink);stroke-width:1.3;opacity:.75}
.bul .over{stroke:var(--card);stroke-width:2}.bul path{fill:none}
.bars svg{width:100%;height:20px;min-width:60px}.bars tbody th{width:150px}
.bars :is(th,td):nth-child(n+3){text-align:right;white-space:nowrap}
.bars .reff{stroke-width:.6}
.key{display:flex;flex-wrap:wrap;gap:2px 16px;font-size:12px;color:var(--soft);margin:8px 0 0;
list-style:none;padding:0}
.key svg{display:inline-block;vertical-align:-1px;margin-right:5px}
.sq{max-width:260px;width:100%}.sq .refl{stroke-width:2.2}.sq .diag{stroke-dasharray:3 3}
figure{margin:0}figcaption{font-size:12px;color:var(--soft)}
.curves{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,220px),1fr));gap:16px;
margin-top:12px}
"""
"""What `panel`, `strip`, `effect_bar` and `category_table` need of a page."""

_SWITCHES = """\
.filter{display:flex;flex-wrap:wrap;gap:8px;align-items:center;font-size:12px;margin:0 0 8px;
position:relative}
.sw{position:relative}
.tg{position:absolute;left:0;width:1px;height:1px;margin:0;opacity:0;pointer-events:none}
.pill{display:inline-flex;gap:5px;align-items:center;min-height:28px;padding:2px 10px;
border:1px solid var(--line);border-radius:14px;color:var(--soft);cursor:pointer}
.pill b{color:var(--s,var(--ink))}
.pill:has(:checked){border-color:var(--ink);color:var(--ink)}
:is(.pill,.tabs label):has(:focus-visible){outline:2px solid var(--link);outline-offset:2px}
.tabs{display:flex;font-size:12px;margin:0 0 8px}
.tabs label{padding:4px 10px;min-height:28px;border:1px solid var(--line);margin-left:-1px;
cursor:pointer;color:var(--soft)}
.tabs label:first-of-type{border-radius:6px 0 0 6px}
.tabs label:last-of-type{border-radius:0 6px 6px 0}
.tabs label:has(:checked){color:var(--ink);font-weight:600;background:var(--hover)}
.v2,.v3{display:none}
.sw:has(.r2:checked) .v2,.sw:has(.r3:checked) .v3{display:block}
.sw:has(.r2:checked) .v1,.sw:has(.r3:checked) .v1{display:none}
"""

_PHONE = """\
@media(max-width:820px){
main{padding:10px 12px 40px}.card{padding:12px;border-radius:6px}
.say{padding:12px 14px}.say h1{font-size:17px}
.facts{grid-template-columns:1fr 1fr}.pairs{grid-template-columns:minmax(0,1fr);gap:0}
.pairs dd{margin-bottom:6px}
.g{grid-template-columns:34px minmax(0,1fr);column-gap:6px}
.t2{display:none}.desk{display:none!important}
table.stack,table.stack tbody{display:block}
table.stack thead{position:absolute;left:-99rem}
table.stack tr{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:3px 10px;padding:9px 0;
border-bottom:1px solid var(--hair)}
table.stack :is(th,td){display:block;border:0;padding:0;width:auto!important;
min-width:0!important;white-space:normal}
table.stack .full{grid-column:1/-1}
table.stack td:empty{display:none}
table.heat.stack tr{grid-template-columns:104px minmax(0,1fr) minmax(0,1fr)}
table.heat.stack .c1{grid-column:1/3}.heat :is(.c2,.c6){text-align:right}
.since .c6:not(:empty):before{content:"since "}.among .c6:not(:empty):before{content:"in "}
.bars td:nth-child(2){order:3;grid-column:1/-1}.bars :is(th,td):nth-child(4){display:none!important}
.pill,.tabs label,summary{min-height:36px}.tabs label{padding:8px 10px}
}
"""

_PAPER = """\
@media print{
:root{color-scheme:light}
body{background:none;font-size:11px}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
main{max-width:none;padding:0}
.filter,.tabs,.screen,details:not([open]),.end:not(:has([open])){display:none}
.soft,.foot,.clamp,.facts :is(dt,small){font-size:10px}
.card,tr,.g{break-inside:avoid}h2{break-after:avoid}
}
"""

PAGE_CSS = (
    f":root{{color-scheme:light dark;{_LIGHT}}}\n"
    f"@media screen and (prefers-color-scheme:dark){{:root{{{_DARK}}}}}\n"
    f"{_TYPE}{_PANELS}{_STATUS}{_TABLES}{_SWITCHES}"
)
"""Everything but the charts and what a narrow screen and paper change."""

STYLESHEET = f"{PAGE_CSS}{CHART_CSS}{_PHONE}{_PAPER}"
"""What every page needs; one letter a status: C, W, U, O, I."""

REPORT_CSS = """\
.fc{display:grid;grid-template-columns:minmax(0,5fr) minmax(0,6fr);gap:8px 24px;margin:6px 0;
scroll-margin-top:60px}
details.row{padding:8px 16px}
details.row:not([open]){margin-bottom:6px}
details.row>summary{list-style:none;color:var(--ink)}
details.row>summary::-webkit-details-marker{display:none}
details.row>summary:after{content:"show";float:right;color:var(--soft)}
details.row[open]>summary:after{content:"hide"}
.fc:target{outline:2px solid var(--link);outline-offset:4px;border-radius:4px}
.ovt .mn{width:104px}.ovt .ef{width:116px}.ovt tbody th{min-width:110px;width:17%}
.none{display:none;padding:12px 0;color:var(--soft)}
.az{columns:14em;padding:0;margin:6px 0;list-style:none;font-size:13px}
.az li{padding:4px 0;overflow-wrap:anywhere;break-inside:avoid}
@media(max-width:820px){
.fc{grid-template-columns:minmax(0,1fr)}
table.ovt.stack tr{grid-template-columns:92px 84px minmax(0,1fr);align-items:center}
.ovt .bul{width:80px}table.ovt.stack tbody th{grid-column:1/3}
table.perf.stack tr{grid-template-columns:5fr 5fr 8fr}
table.perf.stack tbody th{grid-column:1/3;position:static}
.perf td:nth-child(n+2):nth-child(-n+7){text-align:left}.perf td:nth-child(2){justify-self:end}
.perf td:nth-child(n+3):nth-child(-n+7):before{display:block;color:var(--soft);font-size:11px}
.perf td:nth-child(3):before{content:"reference"}.perf td:nth-child(4):before{content:"production"}
.perf td:nth-child(5):before{content:"95 % interval"}
.perf td:nth-child(6):before{content:"tolerated"}.perf td:nth-child(7):before{content:"p"}
table.perf.stack .told td:is(:nth-child(6),:nth-child(7)){display:none}
}
"""
"""What the report has besides."""
