"""A stand-in for api.anthropic.com that speaks the Messages API and plays a plan from a file.

`plan` chooses the next turn of a conversation, `wire` puts turns into Anthropic's shapes and counts tokens, `server`
answers over HTTP, with faults on demand. Nothing here reaches the network.
"""
