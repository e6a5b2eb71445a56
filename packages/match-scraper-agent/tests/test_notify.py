"""What is told of a run that has ended."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from pydantic import SecretStr

from devstack.testing.agent_workshop import Workshop
from match_scraper_agent.report import exit_code, printed


class Listener(BaseHTTPRequestHandler):
    """A webhook that keeps what it was sent, and answers with the server's `status`."""

    def do_POST(self) -> None:
        self.server.heard.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.mark.parametrize("status", [200, 500])
async def test_the_webhook_gets_the_report_and_its_failure_is_a_warning(workshop: Workshop, status: int) -> None:
    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        server.heard = []  # type: ignore[attr-defined]
        server.status = status  # type: ignore[attr-defined]
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            url = SecretStr(f"http://127.0.0.1:{server.server_port}/hooks/topsecret")
            workshop.settings = workshop.settings.model_copy(update={"webhook_url": url})
            result = await workshop.plain()
        finally:
            server.shutdown()
            thread.join()
        (message,) = server.heard  # type: ignore[attr-defined]
    assert exit_code(result) == 0
    assert message["run"]["run_id"] == result.run_id
    assert "u14-hg-northeast" in message["text"]
    warned = [text for text in result.warnings if "webhook" in text]
    assert warned == ([] if status == 200 else ["the webhook answers 500: see AGENT_WEBHOOK_URL"])
    assert "topsecret" not in printed(result)
