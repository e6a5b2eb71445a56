"""Runs a command as a terminal would, presses Ctrl-C when its output holds a text, and ends with its exit code.

interrupt.py TEXT COMMAND...
"""

import os
import signal
import subprocess
import sys

signal.signal(signal.SIGINT, signal.default_int_handler)  # bats ignores it, and so would our child
text, *command = sys.argv[1:]
child = subprocess.Popen(
    command,
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    text=True,
    start_new_session=True,
)
assert child.stdout is not None
pressed = False
for line in child.stdout:
    sys.stdout.write(line)
    if text in line and not pressed:
        pressed = True
        os.killpg(child.pid, signal.SIGINT)
sys.exit(child.wait())
