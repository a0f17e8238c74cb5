"""Documents that other systems read and write: iLEAP data types and the PACT envelope around them."""
