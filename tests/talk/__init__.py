"""What the crowd writes: its wire form and its fold."""
