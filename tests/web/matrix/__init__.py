"""Who may do what in the studio: the table, the people, and how each route is called."""
