"""Alerts, dashboards and scrape configurations: promtool, and every name held against what the services export."""

import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from devstack.kubernetes import manifests
from devstack.places import ROOT
from iron_claw.metrics import Metrics
from missing_table.ingest.metrics import Outside
from missing_table.server import health
from missing_table.web import middleware

HERE = ROOT / "deploy" / "grafana"
DASHBOARDS = sorted(HERE.glob("dashboards/*.json"))
OPERATIONS = ROOT / "docs" / "operations.md"
OTHERS = {"up": set(), "probe_success": set(), "probe_ssl_earliest_cert_expiry": set()}
"""Prometheus's own, and the blackbox exporter's."""
ALWAYS = {"le", "job", "instance"}
NAME = re.compile(
    r"\b(?:mt|missing_table|iron_claw|gen_ai|probe|rabbitmq|up)(?:_[a-z_]+)?\b(?=\s*(?:\{|\[|\)|[-+*/=<>]|$))"
)


@cache
def exported() -> dict[str, set[str]]:
    """Every sample name that a service of ours exports, with its labels."""
    assert health.AGE and middleware.REQUESTS  # imported: they register themselves
    outside = Outside("postgresql://nobody@127.0.0.1:1/none", "amqp://nobody@127.0.0.1:1//")
    found: dict[str, set[str]] = dict(OTHERS)
    for family in outside.collect():
        found[family.name] = set(family._labelnames)  # type: ignore[attr-defined]
    for registry in (Metrics().registry, REGISTRY):
        for collector in list(registry._collector_to_names):
            labels = getattr(collector, "_labelnames", None)
            if labels is None:
                continue
            for family in collector.describe():
                ends = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(family.type, [""])
                for end in ends:
                    found[family.name + end] = set(labels)
    return found


def expressions() -> list[tuple[str, str]]:
    """Every PromQL expression with where it stands."""
    found = []
    for group in yaml.safe_load((HERE / "alerts.yml").read_text())["groups"]:
        found += [(rule["alert"], rule["expr"]) for rule in group["rules"]]
    for file in DASHBOARDS:
        for panel in json.loads(file.read_text())["panels"]:
            found += [(f"{file.stem}: {panel['title']}", target["expr"]) for target in panel["targets"]]
    return found


def promtool(*arguments: str | Path) -> str:
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, cwd=HERE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_takes_the_rules_and_the_scrape_configurations() -> None:
    promtool("check", "rules", "alerts.yml")
    for name in ("prometheus-home.yml", "prometheus-cloud.yml"):
        promtool("check", "config", "--syntax-only", name)


def test_every_alert_fires_on_its_trouble_and_stays_quiet_on_a_good_day() -> None:
    promtool("test", "rules", "alerts.test.yml")
    tested: dict[str, set[bool]] = {}
    for case in yaml.safe_load((HERE / "alerts.test.yml").read_text())["tests"]:
        for one in case["alert_rule_test"]:
            tested.setdefault(one["alertname"], set()).add(bool(one["exp_alerts"]))
    alerts = {rule["alert"] for group in alert_groups() for rule in group["rules"]}
    assert tested == {alert: {True, False} for alert in alerts}


def alert_groups() -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = yaml.safe_load((HERE / "alerts.yml").read_text())["groups"]
    return groups


def test_what_the_issue_asks_for_has_an_alert() -> None:
    text = (HERE / "alerts.yml").read_text()
    wanted = (
        "missing_table_fresh",
        "mt_quarantine_open",
        'mt_queue_messages{queue="matches.dead"}',
        'mt_queue_messages{queue="matches"}',
        "iron_claw_month_used_ratio) > 0.9",
        "score_canary",
        'status=~"5.."',
        "cert_expiry",
    )
    assert not [part for part in wanted if part not in text]


def test_every_alert_has_a_severity_and_a_paragraph_for_the_person_it_wakes() -> None:
    text = OPERATIONS.read_text(encoding="utf-8")
    for group in alert_groups():
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in ("page", "look")
            assert rule["annotations"]["summary"]
            assert f"| `{rule['alert']}` |" in text, f"docs/operations.md does not say what to do about {rule['alert']}"


@pytest.mark.parametrize(("where", "expression"), expressions(), ids=lambda value: value[:40])
def test_every_metric_and_label_exists(where: str, expression: str) -> None:
    bare = re.sub(r'"[^"]*"', '""', expression)
    without_selectors = re.sub(r"\{[^}]*\}", "{}", re.sub(r"\b(by|on|without)\s*\([^)]*\)", " ", bare))
    names = set(NAME.findall(without_selectors))
    assert names, where
    unknown = names - set(exported())
    assert not unknown, f"{where}: nobody exports {sorted(unknown)}"
    labels = ALWAYS.union(*(exported()[name] for name in names))
    asked = {label for part in re.findall(r"\bby\s*\(([^)]*)\)", bare) for label in re.split(r"[,\s]+", part) if label}
    for name, selector in re.findall(r"\b([a-z_]+)\{([^}]*)\}", bare):
        chosen = set(re.findall(r"([a-z_]+)\s*[=!]", selector))
        assert chosen <= exported()[name] | ALWAYS, f"{where}: {name} has no {chosen}"
    assert asked <= labels, f"{where}: there is no label {sorted(asked - labels)}"


def test_an_invented_metric_and_an_invented_label_are_found() -> None:
    for expression in ("max(mt_matches_lost) > 0", 'mt_queue_messages{vhost="x"} > 0', "sum by (host) (up)"):
        with pytest.raises(AssertionError):
            test_every_metric_and_label_exists("here", expression)


def test_dashboards_are_valid_and_every_expression_parses(tmp_path: Path) -> None:
    boards = [json.loads(file.read_text()) for file in DASHBOARDS]
    assert [board["uid"] for board in boards] == [file.stem for file in DASHBOARDS]
    assert {"mt-pipeline", "mt-gateway", "mt-api", "mt-freshness"} <= {board["uid"] for board in boards}
    for board in boards:
        numbers = [panel["id"] for panel in board["panels"]]
        assert len(set(numbers)) == len(numbers)
        assert len({tuple(panel["gridPos"].values()) for panel in board["panels"]}) == len(numbers)
    rules = [{"record": f"x:{n}", "expr": expression} for n, (_, expression) in enumerate(expressions())]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))
    promtool("check", "rules", file)


@pytest.mark.parametrize(
    ("config", "cluster"), [("prometheus-home.yml", "rancher-desktop"), ("prometheus-cloud.yml", "cloud")]
)
def test_every_scrape_target_is_a_service_whose_metrics_port_prometheus_may_reach(config: str, cluster: str) -> None:
    text = (HERE / config).read_text()
    targets = re.findall(r'"([a-z-]+)\.(match-scraper|iron-claw|missing-table)\.svc\.cluster\.local(?::(\d+))?"', text)
    every = manifests.cluster(cluster)
    services = {(o["metadata"]["name"], o["metadata"]["namespace"]): o for o in every if o["kind"] == "Service"}
    assert targets
    for name, space, port in targets:
        ports = [p["port"] for p in services[name, space]["spec"]["ports"]]
        assert int(port or 8000) in ports
    jobs = set(re.findall(r"job_name: ([a-z-]+)", text))
    used = {job for _, expression in expressions() for job in re.findall(r'job="([a-z-]+)"', expression)}
    other = (HERE / ("prometheus-cloud.yml" if cluster != "cloud" else "prometheus-home.yml")).read_text()
    assert used <= jobs | set(re.findall(r"job_name: ([a-z-]+)", other))


def test_pods_that_are_found_by_dns_are_found_when_they_are_not_ready() -> None:
    text = (HERE / "prometheus-cloud.yml").read_text()
    found = [
        name
        for job in yaml.safe_load(text)["scrape_configs"]
        for discovery in job.get("dns_sd_configs", [])
        for name in discovery["names"]
    ]
    services = {o["metadata"]["name"]: o["spec"] for o in manifests.cluster("cloud") if o["kind"] == "Service"}
    assert found
    for name in found:
        service = services[name.partition(".")[0]]
        assert service["clusterIP"] == "None"
        assert service["publishNotReadyAddresses"] is True, f"{name}: a pod that fails has no series, and no alarm"
