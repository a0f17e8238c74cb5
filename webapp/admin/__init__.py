"""管理: users and roles, factors in two persons' hands, the network's tables, periods, the security log."""
