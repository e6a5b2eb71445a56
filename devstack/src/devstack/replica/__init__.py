"""The source replica: www.mlssoccer.com and both viewer platforms, played on loopback (see README.md beside this file).

`start` runs one inside this process, `launch` runs `python -m devstack.replica`; both give a `Replica` to talk to. What
the real site serves and how it misbehaves is described in the project's source-site page; this is no copy of anyone's
data: the season is invented (`season`), or read from a folder that somebody else gives.
"""

from devstack.replica.handle import Replica, launch, start

__all__ = ["Replica", "launch", "start"]
