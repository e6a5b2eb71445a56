"""Write a feed's documents again through pandas, as a pipeline would: its columns get pandas' types, its dates too.

usage: write_feed.py SCHEDULE STANDINGS OUT_SCHEDULE OUT_STANDINGS iso|epoch
"""

import json
import sys
from pathlib import Path

import pandas as pd

schedule, standings, *outs, dates = sys.argv[1:]
content = json.loads(Path(schedule).read_text(encoding="utf-8"))
frame = pd.DataFrame(content["events"])
frame["start_time"] = pd.to_datetime(frame["start_time"])
content["events"] = json.loads(frame.to_json(orient="records", date_format=dates, date_unit="ms"))
Path(outs[0]).write_text(json.dumps(content), encoding="utf-8")

tables = json.loads(Path(standings).read_text(encoding="utf-8"))
for bracket in tables["competition_season"]["competition_brackets"]:
    bracket["standings"] = json.loads(pd.DataFrame(bracket["standings"]).to_json(orient="records"))
Path(outs[1]).write_text(json.dumps(tables), encoding="utf-8")
