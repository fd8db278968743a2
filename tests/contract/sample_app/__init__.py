"""A Functions app folder for the tests of the host."""
