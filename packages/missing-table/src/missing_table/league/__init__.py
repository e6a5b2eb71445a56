"""The league's rules as pure functions of values: order of a table, form, status, weekends, what-if. No I/O."""
