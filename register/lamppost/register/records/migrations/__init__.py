"""The steps that make and change the tables, in the package so that every install has them."""
