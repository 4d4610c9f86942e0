"""The look of the HTML report: light, dark, on a phone and on paper."""

from __future__ import annotations

from driftwatch.render.drawing.charts import CHART_CSS
from driftwatch.render.drawing.curves import CURVE_CSS

__all__ = ["STYLESHEET"]

_LIGHT = """\
--page:#f6f7f9;--card:#fff;--ink:#1b2430;--soft:#5b6675;--line:#dfe3e8;--link:#0b5cad;
--reference:#a9c1dd;--current:#c8500a;
--critical:#b3261e;--warning:#8a5a00;--undecided:#6b6000;--ok:#1c6b3c;--none:#5b6675"""

_DARK = """\
--page:#11161d;--card:#1a212b;--ink:#e4e9f0;--soft:#9aa7b6;--line:#313b48;--link:#7db8f5;
--reference:#44607f;--current:#ff9d57;
--critical:#ff8a80;--warning:#f0b849;--undecided:#e3d661;--ok:#6fcf97;--none:#9aa7b6"""

_PAGE = """\
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:72rem;margin:auto;padding:1.5rem 1.25rem 4rem}
h1{font-size:1.05rem;font-weight:600;color:var(--soft);margin:0;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.2rem 0 .6rem}
h3{font-size:1.05rem;margin:0;overflow-wrap:anywhere}
h3 small{font-weight:400;color:var(--soft);margin-left:.4rem}
p{margin:.4rem 0;overflow-wrap:anywhere}
a{color:var(--link);text-decoration:none}
a:hover{text-decoration:underline}
header,section,.card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;
padding:1rem 1.2rem}
header{border-top:4px solid var(--s)}
.verdict{font-size:1.45rem;line-height:1.35;font-weight:600;margin:.5rem 0 .8rem}
.counts b{margin-right:.3rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.2rem;margin:1rem 0 0;
font-size:.87rem}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
"""

_STATUS = """\
.C{--s:var(--critical)}
.W{--s:var(--warning)}
.U{--s:var(--undecided)}
.O{--s:var(--ok)}
.I{--s:var(--none)}
b.C,b.W,b.U,b.O,b.I{display:inline-block;color:var(--s);border:1px solid;border-radius:1rem;
padding:.15rem .55rem;font-size:.7rem;line-height:1.2;font-weight:700;letter-spacing:.04em;
vertical-align:.15em;white-space:nowrap;background:color-mix(in srgb,var(--s) 11%,transparent)}
.verdict b{font-size:.95rem}
"""

_TABLES = """\
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.85rem;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:600;color:var(--soft);white-space:nowrap}
th,td{padding:.35rem .9rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}
.two td:first-child{width:1%;min-width:9rem;overflow-wrap:anywhere}
.over td:nth-child(2){overflow-wrap:anywhere;min-width:8rem}
.over td:is(:nth-child(n+5):not(:last-child)){white-space:nowrap}
.over td:last-child{min-width:14rem}
details td,details th{white-space:nowrap;padding-right:.7rem}
summary{cursor:pointer;color:var(--soft);font-size:.85rem}
"""

_FEATURES = """\
section{margin:0 0 .9rem;border-left:4px solid var(--s);break-inside:avoid;
scroll-margin-top:.5rem;display:grid;grid-template-columns:minmax(0,1fr) minmax(0,30rem);
gap:.4rem 1.6rem}
section:target{outline:2px solid var(--s)}
details{grid-column:1/-1}
figure{margin:0}
.why{font-size:.87rem;color:var(--soft)}
.key{font-size:.87rem;color:var(--soft);margin:-.3rem 0 .8rem}
.key i{display:inline-block;width:1.1rem;height:.7rem;margin-right:.35rem;
background:var(--reference)}
.key i+i{height:0;margin-left:.9rem;border-top:.2rem solid var(--current);vertical-align:.25em}
"""

_PHONE = """\
@media(max-width:48rem){
main{padding:.75rem .6rem 3rem}
section,dl{grid-template-columns:minmax(0,1fr)}
dd{margin-bottom:.4rem}
.verdict{font-size:1.2rem}
.over :is(th,td):is(:nth-child(3),:last-child){display:none}
.metrics :is(th,td):nth-child(n+6){display:none}
}
"""

_PAPER = """\
body{background:none;font-size:11px;print-color-adjust:exact;-webkit-print-color-adjust:exact}
main{max-width:none;padding:0}
section{grid-template-columns:minmax(0,1fr) minmax(0,20rem)}
h2{break-after:avoid}
tr{break-inside:avoid}
details:not([open]){display:none}
"""

STYLESHEET = (
    f":root{{color-scheme:light dark;{_LIGHT}}}\n"
    f"@media screen and (prefers-color-scheme:dark){{:root{{{_DARK}}}}}\n"
    f"{_PAGE}{_STATUS}{_TABLES}{_FEATURES}{CHART_CSS}{CURVE_CSS}{_PHONE}"
    f"@media print{{\n:root{{color-scheme:light}}\n{_PAPER}}}\n"
)
"""Everything the page looks like; one letter a status: C, W, U, O, I."""
