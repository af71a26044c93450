"""What the stage costs, loses and delays, against Janus AudioBridge: same clients, same network."""
