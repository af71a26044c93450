"""What goes on in a space: who talks, chat, hands, questions, polls, pins, and joining in."""
