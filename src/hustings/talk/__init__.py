"""What the crowd writes: messages, questions and votes. Pure.

Its log is a stream of its own, so that it never waits beside the sound. An entry is a batch;
`evolve` folds entries into what a page shows.
"""

from hustings.talk.count import Count
from hustings.talk.message import Asked, Piece, Said, Tally, Voted, ballot, decode, encode
from hustings.talk.state import Talk, evolve, fold

__all__ = [
    "Asked",
    "Count",
    "Piece",
    "Said",
    "Talk",
    "Tally",
    "Voted",
    "ballot",
    "decode",
    "encode",
    "evolve",
    "fold",
]
