#!/bin/bash
# Protego 0.7, Scrapy's parser of robots.txt: a byte order mark makes it lose the first group of rules.
#
# One would guess: a file that an editor saved as "UTF-8 with BOM" forbids what it says; the mark is no part of its text.
# What happens: the mark is taken for a part of the first line, so "User-agent: *" is no field that the parser knows, and the
# rules below it belong to no group. Everything is allowed, and no error is raised.
# Why it matters: a reader of feeds that hands over the decoded text of an answer reads what the site forbids. Decode with
# "utf-8-sig", or take the mark off, before the parser sees it.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q protego==0.7.0
"$work/venv/bin/python" - << 'END'
from importlib.metadata import version

from protego import Protego

RULES = b"User-agent: *\nDisallow: /private/\n"
address = "https://site.example/private/feed.json"
plain = Protego.parse(RULES.decode()).can_fetch(address, "reader")
marked = b"\xef\xbb\xbf" + RULES
behind = Protego.parse(marked.decode("utf-8")).can_fetch(address, "reader")
without = Protego.parse(marked.decode("utf-8-sig")).can_fetch(address, "reader")
print("protego", version("protego"))
print("allowed: plain", plain, "- behind a mark", behind, "- with the mark taken off", without)
raise SystemExit(0 if (plain, behind, without) == (False, True, False) else 1)
END
