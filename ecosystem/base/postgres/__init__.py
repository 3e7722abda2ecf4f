"""Our PostgreSQL backend for Django: it builds the wall between businesses into schema and SQL."""
