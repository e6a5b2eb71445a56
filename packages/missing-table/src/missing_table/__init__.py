"""The league: rules, ingest, API and pages."""
