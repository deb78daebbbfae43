"""The wire between judge and student process: frames on a socket, values inside them.

Both sides import this package; inside the sandbox it is (with ``autograder.student``) all that exists of the
autograder. It imports numpy and msgpack, and torch or pandas only where they are already loaded.
"""

from autograder.wire.codec import Callback, Remote, Undecodable, decode, encode, tensor_bytes, untraced
from autograder.wire.frames import Connection, ConnectionClosed, DeadlinePassed, FrameTooLarge, Unasked

# The first byte of what an exercise process sends: the answer to the request, or a question before it.
REPLY = b"R"
CALLBACK = b"C"

__all__ = [
    "CALLBACK",
    "REPLY",
    "Callback",
    "Connection",
    "ConnectionClosed",
    "DeadlinePassed",
    "FrameTooLarge",
    "Remote",
    "Unasked",
    "Undecodable",
    "decode",
    "encode",
    "tensor_bytes",
    "untraced",
]
