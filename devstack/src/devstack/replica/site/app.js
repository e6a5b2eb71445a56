// The viewer: reads the key from the address, fetches its two documents and shows what they hold.
const root = document.getElementById("app");
const PER_PAGE = 100;

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

async function read(kind, key) {
  const response = await fetch(`/data/${kind}/${key}.json`);
  if (!response.ok) throw new Error(`${kind}: ${response.status}`);
  if (!(response.headers.get("content-type") ?? "").includes("json")) return null;
  return response.json();
}

function matches(schedule) {
  const list = element("table", { class: "schedule" });
  for (const event of (schedule.events ?? []).slice(0, PER_PAGE)) {
    const score = event.home_score === null ? "v" : `${event.home_score} - ${event.away_score}`;
    list.append(
      element("tr", { class: "match", "data-game": String(event.game_key) },
        element("td", {}, String(event.start_time)),
        element("td", {}, event.home_organisation?.name ?? ""),
        element("td", {}, score),
        element("td", {}, event.away_organisation?.name ?? "")));
  }
  return list;
}

function tables(standings) {
  const all = element("div", { class: "standings" });
  for (const bracket of standings.competition_season.competition_brackets) {
    const table = element("table", {}, element("caption", {}, `${bracket.age_group.name} ${bracket.name}`));
    for (const row of bracket.standings) {
      table.append(element("tr", {}, element("td", {}, String(row.position)), element("td", {}, row.team.name)));
    }
    all.append(table);
  }
  return all;
}

async function show() {
  const [, kind, key] = location.hash.split("/");
  if (!key) {
    root.replaceChildren(element("p", {}, "Choose a competition."));
    return;
  }
  root.replaceChildren(element("p", { class: "loading" }, "Loading"));
  try {
    const [schedule, standings] = await Promise.all([read("schedule", key), read("standings", key)]);
    const known = schedule ?? standings;
    if (known === null) {
      root.replaceChildren(element("p", { class: "unpublished" }, "This competition is not published yet."));
      return;
    }
    const links = element("nav", {});
    for (const sibling of known.linked_competition_seasons ?? []) {
      links.append(element("a", { href: `#/${kind}/${sibling.key}` }, sibling.name), " ");
    }
    root.replaceChildren(links, kind === "standings" && standings ? tables(standings) : matches(schedule ?? {}));
  } catch (error) {
    root.replaceChildren(element("p", { class: "failed" }, String(error)));
  }
}

addEventListener("hashchange", show);
show();
