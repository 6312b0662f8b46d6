"""What runs inside a sandbox, beside the program: sent there as text, so standard library and Python 3.11 only.

`runner` is the main program. The factory's own side of the conversation is `workers.sandboxes.conversation`.
"""
