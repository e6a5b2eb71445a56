"""HTML of a page's head and first view. The structure is that of frontend/README.md; every value is escaped here."""

from datetime import datetime
from html import escape

from missing_table.pages.crest import crest_of
from missing_table.pages.view import View
from missing_table.tables.schemas import Table, TableRow
from missing_table.words import NAME, moment_of, one_of, plain, say

_FORM = {"W": "won", "T": "tied", "L": "lost"}


def _head(css: str, name: str) -> str:
    """Return a column's head: its short form, with the long one for whoever asks."""
    return (
        f'<th scope="col" class="{css}"><abbr title="{say("table", name)}">{one_of("table", "short", name)}</abbr></th>'
    )


_COLUMNS = "".join(
    [
        "<tr>",
        _head("c-pos", "position"),
        f'<th scope="col" class="c-move"><span class="visually-hidden">{say("table", "movement")}</span></th>',
        f'<th scope="col" class="c-team">{say("table", "team")}</th>',
        _head("c-num", "played"),
        *(_head("c-num c-wide", name) for name in ("won", "tied", "lost", "goalsFor", "goalsAgainst")),
        _head("c-num", "points"),
        _head("c-num c-ppm", "ppm"),
        _head("c-num", "gd"),
        f'<th scope="col" class="c-form">{say("table", "form")}</th></tr>',
    ]
)


def head_of(view: View, public_url: str | None, today: datetime | None = None) -> str:
    """Title, description, canonical address, Open Graph; and the moment that MT_TODAY sets, for the browser's clock."""
    title, description = escape(plain(view.title)), escape(plain(view.description))
    site = escape((public_url or "").rstrip("/"))
    address = site + escape(view.path)
    lines = [f"<title>{title} · {NAME}</title>", f'<meta name="description" content="{description}">']
    if today is not None:
        lines.append(f'<meta name="mt-now" content="{today.isoformat()}">')
    if not view.found or not view.listed:
        return "\n".join([*lines, '<meta name="robots" content="noindex">'])
    return "\n".join(
        [
            *lines,
            f'<link rel="canonical" href="{address}">',
            f'<meta property="og:title" content="{title}">',
            f'<meta property="og:description" content="{description}">',
            '<meta property="og:type" content="website">',
            f'<meta property="og:site_name" content="{NAME}">',
            f'<meta property="og:url" content="{address}">',
            f'<meta property="og:image" content="{site}/share.png">',
            '<meta name="twitter:card" content="summary_large_image">',
        ]
    )


def body_of(view: View) -> str:
    """The first view; with the table's data for the browser's code where there is a table."""
    kicker = f'<p class="kicker">{escape(view.kicker)}</p>' if view.kicker else ""
    facts = facts_of(view.table) if view.table else ""
    table = table_of(view.table, view) if view.table else ""
    return (
        f'<div class="shell" data-page="{view.kind}"><header class="top"><div class="wrap top__row">'
        f'<a class="brand" href="/">{NAME}</a></div></header><main id="content" class="wrap"><div class="page-head">'
        f"{kicker}<h1>{escape(view.heading)}</h1>{facts}</div>{table}</main></div>"
        f"{_page_data(view.table) if view.table else ''}"
    )


def facts_of(table: Table) -> str:
    """Return how the table was made, and when the league published what it is made of. All are ours, by its rules."""
    label = say("bracket", "computed" if table.bracket.computed else "byRules")
    synced = table.bracket.synced_at
    published = say("fresh", "never")
    if synced is not None:
        stamp = f"{synced:%Y-%m-%dT%H:%M:%SZ}"
        published = f'{say("fresh", "published")} <time datetime="{stamp}">{moment_of(synced)}</time>'
    return f'<p class="facts"><span class="chip">{label}</span> <span>{published}</span></p>'


def table_of(table: Table, view: View) -> str:
    """The card with the table."""
    caption = escape(f"{view.heading}, {table.bracket.league}, {table.bracket.season}")
    rows = "".join(_row(row) for row in table.rows)
    return (
        f'<div class="card card--flush"><table class="table"><caption class="visually-hidden">{caption}</caption>'
        f"<thead>{_COLUMNS}</thead><tbody>{rows}</tbody></table></div>"
    )


def _row(row: TableRow) -> str:
    crest = crest_of(row.team.name)
    wide = "".join(
        f'<td class="c-num c-wide">{n}</td>' for n in (row.won, row.tied, row.lost, row.goals_for, row.goals_against)
    )
    form = "".join(f'<span class="form__r form__r--{_FORM[f.result]}">{f.result}</span>' for f in row.form)
    return (
        f'<tr><td class="c-pos">{row.position}</td><td class="c-move">{_move(row)}</td>'
        f'<th scope="row" class="c-team"><a class="team-name" href="/teams/{row.team.id}">'
        f'<span class="crest crest--c{crest.colour} crest--p{crest.pattern}" aria-hidden="true">{escape(crest.letters)}'
        f'</span><span class="team-name__text">{escape(row.team.name)}</span></a></th>'
        f'<td class="c-num">{row.played}</td>{wide}<td class="c-num">{row.points}</td>'
        f'<td class="c-num c-ppm">{row.points_per_match:.2f}</td><td class="c-num">{_signed(row.goal_difference)}</td>'
        f'<td class="c-form"><span class="form">{form}</span></td></tr>'
    )


def _move(row: TableRow) -> str:
    before = row.previous_position
    if before is None or before == row.position:
        return ""
    way, arrow = ("up", "▲") if before > row.position else ("down", "▼")
    return f'<span class="move move--{way}" title="{say("table", way, {"from": before})}">{arrow}</span>'


def _signed(value: int) -> str:
    return f"+{value}" if value > 0 else f"−{-value}" if value < 0 else "0"


def _page_data(table: Table) -> str:
    """Answers of the API by address, which spare the first view its requests. `<` is escaped: it stands in a script."""
    bracket = table.bracket
    body = table.model_dump_json().replace("<", "\\u003c")
    data = f'{{"/api/brackets/{bracket.id}/table":{body}}}'
    return f'<script type="application/json" id="page-data">{data}</script>'
