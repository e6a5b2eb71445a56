#!/usr/bin/env bash
# One would guess: a solver whose option `output_flag` is set to false before anything is solved writes nothing.
# What happens: highspy 1.16.0 writes its banner to the process's stdout when the solver object is made, which is before
# any option can be set. Versions up to 1.15.1 are silent.
# Why it matters: a program whose stdout is JSON for another program is broken by an upgrade that no option can undo.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
seen() {
  python3 -m venv "$folder/$1"
  "$folder/$1/bin/pip" install --quiet --disable-pip-version-check "highspy==$1"
  "$folder/$1/bin/python" - <<'PYTHON'
import highspy

solver = highspy.Highs()
solver.setOptionValue("output_flag", False)
x = solver.addVariable(lb=0, ub=4, obj=1)
solver.run()
PYTHON
}
old=$(seen 1.15.1)
new=$(seen 1.16.0)
echo "highspy 1.15.1 wrote: '${old}'"
echo "highspy 1.16.0 wrote: '${new}'"
[ -z "$old" ] && [ "${new#Running HiGHS 1.16.0}" != "$new" ]
