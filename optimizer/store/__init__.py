"""The only door to the database: schema, migrations, append-only writes."""
