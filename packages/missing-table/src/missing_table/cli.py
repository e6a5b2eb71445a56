"""The command line `missing-table`: collects the commands of each subject, has none of its own.

Exit codes: 0 done, 1 it failed, 2 bad usage or settings.
"""

import sys

import typer

from match_contract.zones import use_locked_zones
from missing_table.accounts import cli as accounts_cli
from missing_table.forecasts import cli as forecasts_cli
from missing_table.ingest import cli as ingest_cli
from missing_table.server import cli as server_cli
from missing_table.settings import SettingsError

app = typer.Typer(name="missing-table", no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def front_door() -> None:
    """The league's database: schema, ingest, API, forecasts."""
    use_locked_zones()


ingest_cli.register(app)
server_cli.register(app)
accounts_cli.register(app)
forecasts_cli.register(app)


def main() -> None:
    """Runs the command line; a missing or malformed setting is one sentence and exit code 2."""
    try:
        app()
    except SettingsError as error:
        sys.stderr.write(f"missing-table: {error}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
