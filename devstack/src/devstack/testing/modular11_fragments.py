"""A match as modular11 prints it, made by hand with invented names."""


def fragment(
    *,
    when: str = "10/18/25 09:30am",
    score: str = "2&nbsp:&nbsp1",
    home: str = "Harbor FC",
    away: str = "Quarry SC (North)",
    age: str = "U14",
    competition: str = "League",
    division: str = "Northeast",
    gender: str = "MALE",
    crest: str = "",
    pager: str = " 1 page out of 5 ",
) -> str:
    """One match as the site prints it, twice, with its pager."""
    return f"""<div class="container-fluid container-table-matches"><div class="container-row">
 <div class="row table-content-row hidden-xs" js-match-group="{division}" js-match-bracket="{competition}">
  <div class="col-sm-1 pad-0">  100123 <br> {gender} </div>
  <div class="col-sm-2"> {when} <a><div class="container-location"><p data-title="Field 2 - Riverside Park Complex">Field 2 - River...</p></div></a></div>
  <div class="col-sm-1 pad-0"> {age} </div>
  <div class="col-sm-2"> {competition} <br> {division} </div>
  <div class="col-sm-6 pad-0"><div class="row container-teams-info">
   <div class="col-sm-3 container-first-team">{crest}<p data-title="{home}">Harb...</p></div>
   <div class="col-sm-2 container-score"><span class="score-match-table">{score}</span></div>
   <div class="col-sm-3 container-second-team"><p data-title="{away}">Quarry SC (No...</p></div></div></div></div>
 <div class="visible-xs"><div class="row table-content-row">100123 {when} {home} {score} {away}</div></div></div></div>
 <div class="text-center" js-paginator><div class="current-pages">{pager}</div>
 <ul class="pagination"><li><a js-page="2">Next</a></li></ul></div>"""  # noqa: E501
