"""Drives WebKit for a test, as node/browsers/drive.mjs drives the others. Runs in an environment of its own."""

import json
import sys

from selenium import webdriver
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service

BROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser"


def answer(said: dict[str, object]) -> None:
    """Write a line."""
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Obey each line of stdin until it ends."""
    options = Options()
    options.binary_location = sys.argv[1] if len(sys.argv) > 1 else BROWSER
    options.add_argument("--automation")
    driver = webdriver.WebKitGTK(options=options, service=Service("/usr/bin/WebKitWebDriver"))
    driver.set_window_size(430, 900)
    driver.set_script_timeout(60)
    answer({"value": driver.capabilities.get("browserVersion")})
    for line in sys.stdin:
        name, *given = json.loads(line)
        try:
            if name == "go":
                driver.get(*given)
                answer({"value": None})
            elif name == "run":
                script = (
                    "const done = arguments[arguments.length - 1];"
                    f"(async () => {{ {given[0]} }})()"
                    ".then((value) => done({value}), (fault) => done({fault: String(fault)}))"
                )
                found = driver.execute_async_script(script)
                answer({"value": found.get("value"), **({"fault": found["fault"]} if "fault" in found else {})})
            else:
                answer({"value": []})
        except Exception as error:  # whatever it is, the test is to say it
            answer({"fault": str(error)})
    driver.quit()


main()
