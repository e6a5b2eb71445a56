"""What of the Messages API is known here, by name: what passes, and what is refused because nobody can bound its cost.

A test compares these lists with the types of the pinned `anthropic` package, so that an upgrade asks.
"""

from __future__ import annotations

FIELDS = frozenset(
    {
        "model",
        "max_tokens",
        "messages",
        "system",
        "stream",
        "metadata",
        "stop_sequences",
        "temperature",
        "top_p",
        "top_k",
        "thinking",
        "tools",
        "tool_choice",
        "output_config",
        "output_format",
        "cache_control",
        "service_tier",
        "speed",
        "inference_geo",
        "context_management",
        "diagnostics",
        "fallbacks",
        "fallback_credit_token",
    }
)
"""Top-level fields of a request that pass. Some of them are looked into."""
FIELDS_REFUSED = {
    "thread": "it cannot be metered, its earlier turns lie at upstream",
    "mcp_servers": "it cannot be metered, what it feeds the model is not in the request",
    "container": "it cannot be metered, what it feeds the model is not in the request",
    "compaction": "it cannot be metered, nothing bounds the length of the summary",
    "billing_policy": "whom upstream bills is the operator's to say",
}

MESSAGE_FIELDS = frozenset({"role", "content", "clear_at", "output_config"})
ROLES = frozenset({"user", "assistant", "system"})

SOURCES = frozenset({"base64", "text", "content"})
"""Kinds of source whose content stands in the request itself."""
SOURCES_REFUSED = frozenset({"url", "file"})

TOOLS = {
    "custom": 0,
    "bash_20241022": 500,
    "bash_20250124": 500,
    "text_editor_20241022": 1000,
    "text_editor_20250124": 1000,
    "text_editor_20250429": 1000,
    "text_editor_20250728": 1000,
    "memory_20250818": 1500,
    "computer_20241022": 2000,
    "computer_20250124": 2000,
    "computer_20251124": 2000,
}
"""Tools that the client runs, with what each costs at most beside its own bytes, in tokens. What it answers with comes
back in a request of the client's."""
TOOLS_REFUSED = frozenset(
    {
        "code_execution_20250522",
        "code_execution_20250825",
        "code_execution_20260120",
        "code_execution_20260521",
        "browser_toolset_20260801",
        "computer_toolset_20260801",
        "web_search_20250305",
        "web_search_20260209",
        "web_search_20260318",
        "web_fetch_20250910",
        "web_fetch_20260209",
        "web_fetch_20260309",
        "web_fetch_20260318",
        "advisor_20260301",
        "tool_search_tool_bm25",
        "tool_search_tool_bm25_20251119",
        "tool_search_tool_regex",
        "tool_search_tool_regex_20251119",
        "mcp_toolset",
    }
)
"""Tools that upstream runs, which feed the model as much as they like, and sets of tools of no published cost."""

EDITS = frozenset({"clear_tool_uses_20250919", "clear_thinking_20251015"})
"""Edits of `context_management` that only take away."""
EDITS_REFUSED = frozenset({"compact_20260112"})

BLOCKS = frozenset(
    {
        "text",
        "image",
        "document",
        "search_result",
        "thinking",
        "redacted_thinking",
        "tool_use",
        "tool_result",
        "tool_reference",
        "browser_state",
        "server_tool_use",
        "compaction",
        "fallback",
        "tool_addition",
        "tool_removal",
        "web_search_tool_result",
        "web_search_result",
        "web_search_tool_result_error",
        "web_fetch_tool_result",
        "web_fetch_result",
        "web_fetch_tool_result_error",
        "advisor_tool_result",
        "advisor_result",
        "advisor_redacted_result",
        "advisor_tool_result_error",
        "code_execution_tool_result",
        "code_execution_result",
        "encrypted_code_execution_result",
        "code_execution_output",
        "code_execution_tool_result_error",
        "bash_code_execution_tool_result",
        "bash_code_execution_result",
        "bash_code_execution_output",
        "bash_code_execution_tool_result_error",
        "text_editor_code_execution_tool_result",
        "text_editor_code_execution_create_result",
        "text_editor_code_execution_str_replace_result",
        "text_editor_code_execution_view_result",
        "text_editor_code_execution_tool_result_error",
        "tool_search_tool_result",
        "tool_search_tool_search_result",
        "tool_search_tool_result_error",
        "mcp_tool_use",
        "mcp_tool_result",
        "mcp_tool_listing",
    }
)
"""Blocks that pass, whose cost stands in their bytes. What tools said that ran at upstream is told again as text."""
BLOCKS_REFUSED = frozenset({"container_upload"})
PARTS = frozenset(
    {
        "ephemeral",
        "char_location",
        "content_block_location",
        "page_location",
        "search_result_location",
        "web_search_result_location",
        "direct",
        "code_execution_20250825",
        "code_execution_20260120",
        "code_execution_20260521",
        "tool_definition",
        "mcp_tool_reference",
        "mcp_toolset_reference",
        "tab_opened",
        "download_started",
        "download_completed",
        "download_failed",
    }
)
"""Objects with a type inside of blocks, which are no blocks themselves: marks, places, callers, references."""

BETAS = frozenset(
    {
        "message-batches-2024-09-24",
        "prompt-caching-2024-07-31",
        "computer-use-2024-10-22",
        "computer-use-2025-01-24",
        "computer-use-2025-11-24",
        "pdfs-2024-09-25",
        "token-counting-2024-11-01",
        "token-efficient-tools-2025-02-19",
        "output-128k-2025-02-19",
        "output-300k-2026-03-24",
        "files-api-2025-04-14",
        "mcp-client-2025-04-04",
        "mcp-client-2025-11-20",
        "mcp-client-2026-09-15",
        "mcp-tunnels-2026-06-22",
        "dev-full-thinking-2025-05-14",
        "interleaved-thinking-2025-05-14",
        "code-execution-2025-05-22",
        "extended-cache-ttl-2025-04-11",
        "context-1m-2025-08-07",
        "context-management-2025-06-27",
        "model-context-window-exceeded-2025-08-26",
        "skills-2025-10-02",
        "fast-mode-2026-02-01",
        "user-profiles-2026-03-24",
        "user-profiles-2026-08-18",
        "user-profiles-2026-09-04",
        "user-profiles-billing-2026-10-01",
        "advisor-tool-2026-03-01",
        "managed-agents-2026-04-01",
        "dreaming-2026-04-21",
        "thinking-token-count-2026-05-13",
        "server-side-fallback-2026-06-01",
        "server-side-fallback-2026-07-01",
        "fallback-credit-2026-06-01",
        "fallback-credit-2026-07-01",
        "agent-memory-2026-07-22",
        "mid-conversation-tool-changes-2026-07-01",
        "compact-2026-01-12",
        "compact-2026-09-04",
        "structured-outputs-2025-11-13",
        "task-budgets-2026-03-13",
        "thinking-display-updates-2026-08-18",
        "mid-conversation-output-config-2026-07-01",
        "thinking-binding-controls-2026-08-01",
        "mid-conversation-system-clear-at-2026-08-21",
        "inline-tools-2026-09-15",
        "ce-plugins-2026-09-01",
        "spend-limit-reads-2026-09-26",
        "telemetry-destinations-2026-08-11",
        "webhooks-2026-10-07",
        "admin-user-sign-out-2026-10-08",
        "message-threads-2026-08-12",
        "analytics-usage-cost-2026-08-24",
        "experimental-claude-tag-2026-10-21",
        "cache-diagnosis-2026-04-07",
        "ce-user-management-2026-07-13",
        "ce-claude-code-managed-settings-2026-10-06",
    }
)
"""Beta features of the header `anthropic-beta`. What one lets a body hold is looked for in the body."""
CLIENTS_BETAS = frozenset(
    {
        "claude-code-20250219",
        "effort-2025-11-24",
        "fine-grained-tool-streaming-2025-05-14",
        "mid-conversation-system-2026-04-07",
        "prompt-caching-scope-2026-01-05",
    }
)
"""Features that clients ask for and the SDK's types do not name: Claude Code and others, as seen."""
