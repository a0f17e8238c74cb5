"""One waybill for the whole way: the document, the events that move it, and the rule that verifies a lot."""
