"""An LLM gateway that is metered by RADIUS. Knows nothing of soccer."""
