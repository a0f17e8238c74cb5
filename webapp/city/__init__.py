"""城市审计: from a city's total to the weigh ticket, computed again on the way."""
