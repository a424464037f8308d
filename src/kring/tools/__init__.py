"""Ready programs that the command line ships, written with the public names only.

In:  a session that runs them, and what the user asked for.
Out: lines on standard output: `exec.snoop(session, …)` for `kring exec`, and `live.follow(step)`,
     the loop that every live listing shares.
"""
