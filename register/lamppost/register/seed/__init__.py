"""A made-up city for trying things out; everything in it says that it is made up."""
