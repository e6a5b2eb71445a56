"""Everything on one machine: sets up, starts and watches the real servers and the stand-ins for what lies outside."""
