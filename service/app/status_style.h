// The look of /statusz.
#pragma once

namespace mutexd::app {

// Light or dark as the browser is, in one column on a narrow screen.
inline constexpr char kStatusStyle[] = R"css(
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--text:#1b2430;--dim:#667085;--line:#e3e7ed;
--good:#157f4c;--warn:#a15c00;--bad:#b42318;--bar:#3b6fd4;--track:#e8ecf2}
@media(prefers-color-scheme:dark){:root{--bg:#11151b;--card:#191f27;--text:#e6eaf0;--dim:#93a0b2;
--line:#2a323d;--good:#4cc38a;--warn:#e5a13a;--bad:#f47067;--bar:#6d9bf1;--track:#2a323d}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1080px;margin:0 auto;padding:24px 20px 48px}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:6px 14px;margin-bottom:20px}
h1{font-size:24px;margin:0;letter-spacing:-.01em}
h2{font-size:13px;margin:0 0 10px;color:var(--dim);text-transform:uppercase;letter-spacing:.06em}
header p{margin:0;color:var(--dim)}header nav{margin-left:auto;font-size:13px}
a{color:var(--bar)}
.state{font-weight:600;font-size:13px;padding:2px 10px;border-radius:99px;color:var(--card)}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}
.state.good{background:var(--good);color:var(--card)}
.state.warn{background:var(--warn);color:var(--card)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:16px}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 18px;
min-width:0}
.wide{grid-column:1/-1}
dl{display:grid;grid-template-columns:auto 1fr;gap:4px 16px;margin:0}
dt{color:var(--dim)}dd{margin:0;text-align:right;overflow-wrap:anywhere;
font-variant-numeric:tabular-nums}
.budget{margin:0 0 12px}.budget p{margin:0 0 4px;display:flex;justify-content:space-between;gap:12px;
font-variant-numeric:tabular-nums}
.bar{height:8px;border-radius:4px;background:var(--track);overflow:hidden}
.bar i{display:block;height:100%;background:var(--bar);border-radius:4px}
.bar.low i{background:var(--bad)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px}
th{text-align:left;font-weight:500;color:var(--dim)}
th,td{padding:6px 14px 6px 0;border-top:1px solid var(--line);white-space:nowrap;
vertical-align:top}
thead th{border-top:0}
td.text{white-space:normal;overflow-wrap:anywhere;min-width:90px}
pre{margin:0;overflow-x:auto;font:13px/1.6 ui-monospace,"DejaVu Sans Mono",Menlo,monospace}
pre span,.dim{color:var(--dim)}td.dim{font-size:12px}
@media(max-width:520px){main{padding:16px 12px 32px}.cards{grid-template-columns:1fr}
header nav{margin-left:0;width:100%}section{padding:14px}
table,tbody,tr,td{display:block}thead{display:none}
tr{border-top:1px solid var(--line);padding:8px 0}tr:first-child{border-top:0}
td{border:0;padding:1px 0;white-space:normal;overflow-wrap:anywhere}
td::before{content:attr(data-name);display:inline-block;min-width:76px;color:var(--dim)}}
)css";

}  // namespace mutexd::app
