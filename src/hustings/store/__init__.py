"""The object store: where finished recordings live."""
