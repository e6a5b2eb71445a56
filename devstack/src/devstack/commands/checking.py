"""Commands that test, measure, build and audit."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from devstack import audit as advisories
from devstack import images as container_images
from devstack.checks import run_bench, run_findings, run_tests
from devstack.commands.options import (
    Data,
    Json,
    PortOffset,
    app,
    folder,
    out,
    plain,
    say,
)


@app.command()
def test(
    kind: Annotated[str, typer.Argument(help="fast, season, faults, images, fuzz, interop or all.")] = "fast",
    port_offset: PortOffset = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Set up and run the checks and the tests. The last line is pytest's own."""
    raise typer.Exit(run_tests(kind, say, as_json=as_json, out=out, port_offset=port_offset, data=data))


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="ingest, scrape, proxy, api or web.")],
    scale: Annotated[
        int | None, typer.Option(help="ingest alone: how it lands in a league of so many seasons.", min=1, max=100)
    ] = None,
    port_offset: PortOffset = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Measure one room against its peer; starts what it needs on free ports."""
    raise typer.Exit(run_bench(name, say, as_json=as_json, scale=scale))


@app.command()
def findings(port_offset: PortOffset = None, data: Data = None, as_json: Json = False) -> None:
    """Run the scripts of findings/ and print which behavior of other programs changed. 1 when one did."""
    raise typer.Exit(run_findings(say, as_json=as_json, out=out))


@app.command()
def images(
    *,
    names: Annotated[list[str] | None, typer.Argument(help="Which; all of the cluster's where none is named.")] = None,
    port_offset: PortOffset = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Build the container images and print the sizes of their compressed archives. 1 when one is above its limit."""
    built = container_images.Workshop(folder(data) / "images").build(container_images.names_of(names or []), say)
    if as_json:
        out([{**vars(image), "limit_mb": image.limit_mb, "fits": image.fits} for image in built])
    else:
        for image in built:
            plain(image.shown)
    raise typer.Exit(int(not all(image.fits for image in built)))


@app.command()
def audit(port_offset: PortOffset = None, data: Data = None, as_json: Json = False) -> None:
    """Ask the advisory sources about every locked package: 1 when one knows of a fault; SKIPPED is no pass."""
    report = advisories.audit(say, osv=os.environ.get("MT_OSV_URL") or advisories.OSV)
    if as_json:
        out(advisories.as_json(report))
    else:
        for line in advisories.lines(report):
            typer.echo(line)
    raise typer.Exit(report.exit_code)
