"""The events between services: one file a topic, named by its only writer."""
