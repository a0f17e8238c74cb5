"""The JSON API under ``/api/v1``: one module per resource; what all of them share stands in this package.

documented      what an endpoint takes and gives, for OpenAPI
idempotency     the same POST twice is one POST
paging          cursors
reading         bodies and queries, every fault at once
"""
