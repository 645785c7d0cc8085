"""SQL of partners: subscriptions, the events that they can replay, webhooks, and the order in which these go."""
