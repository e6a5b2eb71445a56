"""The application as a whole: routes of all subjects, the server, the documents about it."""
