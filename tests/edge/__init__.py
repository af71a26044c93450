"""Tests of the edge: real sockets, real NATS servers, real players."""
