"""The events feed for partners: crossings, responses and plans, in the order of their publication.

The relay adds what it has published; `GET /v1/events` answers pages, long polls and streams of server-sent events. The feed keeps its
events as long as the topics do. A cursor that is from before a restore is recognised. See decision 7.
"""
